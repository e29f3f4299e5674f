# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Compare networks and input sizes by accuracy and time together.

Every model at every resolution is a candidate. All are called in turns in one process, picture to
mask, with the runtime and precision that lane_node would choose; accuracy is counted on labelled
pictures and on synthetic ones of a validation seed, at each model's own threshold.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Iterator
from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.benchmark.candidate_plot import write_plot
from lane_perception.benchmark.pictures import picture
from lane_perception.benchmark.timing import interleave
from lane_perception.benchmark.timing import milliseconds
from lane_perception.command import run_main
from lane_perception.data.synthetic import sample
from lane_perception.errors import UserError
from lane_perception.evaluation.line_f1 import LineScore
from lane_perception.evaluation.metrics import fit_to_label
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.json_file import write_report
from lane_perception.machine import describe_machine
from lane_perception.machine import module_line
from lane_perception.runtimes import find_file
from lane_perception.segmenter import parse_resolution
from lane_perception.segmenter import Segmenter

SYNTHETIC_SEED = 500_001    # of the range for validation
SYNTHETIC = 'synthetic'
SIZE = (480, 640)           # of the picture that is timed: height, width
RESULT = Path('benchmark/results/candidates.json')

Labeled = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True)
class Candidate:
    """A model at one input size."""

    name: str
    segmenter: Segmenter
    facts: dict[str, Any]


def open_candidates(models: Sequence[str], resolutions: Sequence[str], runtime: str,
                    precision: str) -> list[Candidate]:
    """
    Load every model at every resolution.

    :param models: shipped names, files or training runs.
    :param resolutions: HxW; '' is the model's own; none given: the own one only.
    :raises UserError: for a model or a resolution that cannot be.
    """
    found = []
    for model in models:
        own = None
        for text in resolutions or ['']:
            segmenter = Segmenter.load(model, runtime, 'auto', precision,
                                       resolution=parse_resolution(text))
            card = segmenter.runtimes[0].card
            file = find_file(model, runtime, precision=precision)
            own = (card.input_height, card.input_width)
            height, width = parse_resolution(text) or own
            name = card.name if card.precision != 'int8' else f'{card.name} int8'
            facts = {'model': name, 'architecture': card.architecture,
                     'resolution': f'{height}x{width}', 'own_resolution': f'{own[0]}x{own[1]}',
                     'runtime': segmenter.runtimes[0].name,
                     'precision': segmenter.runtimes[0].precision,
                     'file_mib': round(file.stat().st_size / 2**20, 2)}
            name = f'{name} {height}x{width}'
            if any(one.name == name for one in found):
                name = f'{model} {height}x{width}'
            if all(one.name != name for one in found):
                found.append(Candidate(name, segmenter, facts))
    return found


def synthetic_pictures(count: int) -> Iterator[Labeled]:
    """Yield synthetic pictures with their masks."""
    for index in range(count):
        drawn = sample(SYNTHETIC_SEED, index)
        yield drawn.image, drawn.mask


def real_pictures(data: str) -> Iterator[Labeled]:
    """Yield the labelled pictures of FOLDER or FOLDER:LABELS."""
    from lane_perception.evaluation.data_sources import open_source
    folder, _, labels = data.partition(':')
    for labeled in open_source(folder, labels, part='all').images():
        yield labeled.image, labeled.label


def score(candidates: list[Candidate], pictures: Iterator[Labeled]) -> dict[str, dict[str, Any]]:
    """Return accuracy by candidate, over one pass through the pictures."""
    scores = {one.name: (SegmentationScore(), LineScore()) for one in candidates}
    for image, label in pictures:
        for one in candidates:
            mask = fit_to_label(one.segmenter.mask(image), label)
            area, lines = scores[one.name]
            if area.add(mask, label).any():
                lines.add(mask, label)
    result = {}
    for name, (area, lines) in scores.items():
        if not len(area):
            raise UserError('a data set holds no picture of which anything is judged')
        area, line = area.result(), lines.result()
        result[name] = {'lane_iou': round(area['lane_iou'], 4), 'miou': round(area['miou'], 4),
                        'line_f1': round(line['line_f1'], 4),
                        'line_f1_at_2_percent': round(line['line_f1_at']['0.02'], 4)}
    return result


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = argparse.ArgumentParser(
        prog='python -m lane_perception.benchmark.candidates', description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('models', nargs='+', metavar='MODEL',
                        help='shipped name, model file or training run')
    parser.add_argument('--resolution', action='append', default=[], metavar='HxW',
                        help="of the input, pixels; may be repeated (without: each model's own)")
    parser.add_argument('--data', action='append', default=[], metavar='FOLDER[:LABELS]',
                        help='labelled pictures; may be repeated, the plot shows the first')
    parser.add_argument('--count', type=int, default=100, help='synthetic pictures')
    parser.add_argument('--runtime', default='auto')
    parser.add_argument('--precision', default='auto')
    parser.add_argument('--rounds', type=int, default=30, help='of calls in turns, at most')
    parser.add_argument('--budget', type=float, default=60.0, metavar='S',
                        help='seconds for those rounds')
    parser.add_argument('--out', type=Path, default=RESULT, metavar='FILE')
    parser.add_argument('--plot', type=Path, default=Path('docs/images/candidates.svg'),
                        metavar='FILE', help='SVG')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Measure the candidates, print the table, write the figures and the plot."""
    arguments = build_parser().parse_args(argv)
    if arguments.count < 1 or arguments.rounds < 1 or arguments.budget <= 0:
        raise UserError('--count and --rounds should be at least 1, --budget above 0')
    cv2.setNumThreads(1)
    candidates = open_candidates(arguments.models, arguments.resolution, arguments.runtime,
                                 arguments.precision)
    image = picture(*SIZE)
    times = interleave({one.name: _call(one, image) for one in candidates},
                       arguments.rounds, arguments.budget)
    rows = {one.name: {**one.facts, 'ms': milliseconds(times[one.name])} for one in candidates}
    sets = {SYNTHETIC: synthetic_pictures(arguments.count)}
    sets |= {_set_name(data): real_pictures(data) for data in arguments.data}
    for data, pictures in sets.items():
        print(f'[candidates] {data}', file=sys.stderr, flush=True)
        for name, figures in score(candidates, pictures).items():
            rows[name][data] = figures
    result = {'command': module_line('candidates', argv), 'machine': describe_machine(),
              'timed_picture': f'{SIZE[1]}x{SIZE[0]}', 'data': list(sets),
              'synthetic': f'{arguments.count} pictures, seed {SYNTHETIC_SEED}',
              'candidates': rows}
    write_report(arguments.out, result)
    write_plot(arguments.plot, result)
    for line in table(result):
        print(line)
    return 0


def _call(candidate: Candidate, image: NDArray[np.uint8]):
    return lambda: candidate.segmenter.mask(image)


def _set_name(data: str) -> str:
    folder, _, labels = data.partition(':')
    return ' '.join(filter(None, (Path(folder).name, labels)))


def table(result: dict[str, Any]) -> list[str]:
    """Return the lines of a Markdown table of the candidates, the quickest first."""
    head = ['model', 'architecture', 'input', 'runtime', 'ms', 'p90']
    for data in result['data']:
        head += [f'{data}: lane IoU', 'line F1 at 1 %', 'at 2 %']
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    for row in sorted(result['candidates'].values(), key=lambda one: one['ms']['p50']):
        cells = [row['model'], f"`{row['architecture']}`", row['resolution'],
                 f"{row['runtime']} {row['precision']}", f"{row['ms']['p50']:.2f}",
                 f"{row['ms']['p90']:.2f}"]
        for data in result['data']:
            cells += [f'{row[data][key]:.3f}' for key in
                      ('lane_iou', 'line_f1', 'line_f1_at_2_percent')]
        lines.append('| ' + ' | '.join(cells) + ' |')
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Score a model on the synthetic world, one factor at a time.

Pictures are drawn with everything left to chance and sorted into bins by what was drawn; each
factor sorts the same pictures anew. --pinned draws --count pictures for each of 71 bins instead,
the same scenes but for that factor. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import process_time
from typing import Any
from typing import Iterable
from typing import Sequence

import cv2
import numpy as np

from lane_perception.command import run_main
from lane_perception.data.synthetic.factors import bin_of
from lane_perception.data.synthetic.factors import bins_in_order
from lane_perception.data.synthetic.factors import factors
from lane_perception.data.synthetic.sampling import Sample
from lane_perception.data.synthetic.sampling import sample
from lane_perception.data.synthetic.stress import stress_bins
from lane_perception.data.synthetic.stress import STRESS_SEED
from lane_perception.errors import UserError
from lane_perception.evaluation.line_f1 import line_figures
from lane_perception.evaluation.line_f1 import LineScore
from lane_perception.evaluation.metrics import confusion
from lane_perception.evaluation.metrics import figures
from lane_perception.json_file import write_report
from lane_perception.machine import describe_machine
from lane_perception.machine import module_line
from lane_perception.runtimes import find_file
from lane_perception.segmenter import Segmenter

FLOOR = 0.80            # line F1 below which a bin is named
FEWEST = 15             # pictures that a bin needs to be judged
PINNED_SIZE = (640, 384)   # of the pictures of --pinned, width and height


class Rows:
    """Counts of single pictures by name, kept in a file so that a stopped run can go on."""

    def __init__(self, path: Path, subject: dict[str, Any]) -> None:
        """
        Take over what an earlier run left of the same subject.

        :param path: one JSON object a line, the subject first.
        """
        self._path = path
        self._rows: dict[str, dict[str, Any]] = {}
        lines = path.read_text().splitlines() if path.is_file() else []
        if lines and json.loads(lines[0]) == subject:
            for line in lines[1:]:
                try:
                    row = json.loads(line)
                except ValueError:
                    break   # the line during which the run was stopped
                self._rows[row['name']] = row
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open('w') as file:
            for row in (subject, *self._rows.values()):
                file.write(json.dumps(row) + '\n')

    def get(self, name: str) -> dict[str, Any] | None:
        """Return a picture's row, None when it has not been scored."""
        return self._rows.get(name)

    def add(self, row: dict[str, Any]) -> dict[str, Any]:
        """Keep a row."""
        self._rows[row['name']] = row
        with self._path.open('a') as file:
            file.write(json.dumps(row) + '\n')
        return row

    def done(self) -> None:
        """Remove the file: the table is written."""
        self._path.unlink()


def score_sample(segmenter: Segmenter, name: str, drawn: Sample) -> dict[str, Any]:
    """Return the raw counts of one picture."""
    mask, lines = segmenter.mask(drawn.image), LineScore()
    lines.add(mask, drawn.mask)
    return {'name': name, 'confusion': confusion(mask, drawn.mask).tolist(),
            'lines': lines.hits[0].tolist()}


def bin_figures(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of a bin over one confusion matrix and all line hits."""
    rows = list(rows)
    area = figures(np.array([row['confusion'] for row in rows]))
    at_one, at_two = (line_figures(np.array(hits)) for hits in np.sum(
        [row['lines'] for row in rows], axis=0))
    return {'images': len(rows),
            **{name: round(area[name], 4) for name in ('lane_iou', 'precision', 'recall')},
            'line_f1': round(at_one.f1, 4), 'line_precision': round(at_one.precision, 4),
            'line_recall': round(at_one.recall, 4), 'line_f1_at_2_percent': round(at_two.f1, 4)}


def sorted_table(segmenter: Segmenter, rows: Rows, count: int) -> dict[str, dict[str, Any]]:
    """Return figures by factor and bin over samples 0 to count - 1."""
    scored = []
    for index in range(count):
        row = rows.get(str(index))
        if row is None:
            drawn = sample(STRESS_SEED, index)
            row = rows.add({**score_sample(segmenter, str(index), drawn),
                            'factors': factors(STRESS_SEED, index, drawn)})
        scored.append(row)
        if (index + 1) % 50 == 0:
            print(f'{index + 1} of {count} pictures', file=sys.stderr, flush=True)
    table = {'none': {'all': bin_figures(scored)}}
    for factor in scored[0]['factors']:
        bins: dict[str, list[dict[str, Any]]] = {}
        for row in scored:
            bins.setdefault(bin_of(factor, row['factors'][factor]), []).append(row)
        table[factor] = {name: bin_figures(bins[name])
                         for name in bins_in_order(factor, set(bins))}
    return table


def pinned_table(segmenter: Segmenter, rows: Rows, count: int) -> dict[str, dict[str, Any]]:
    """Return figures by factor and bin over samples that differ in that factor alone."""
    table: dict[str, dict[str, Any]] = {}
    for factor, bins in stress_bins(PINNED_SIZE).items():
        for name, settings in bins.items():
            scored = []
            for index in range(count):
                key = f'{factor}/{name}/{index}'
                scored.append(rows.get(key) or rows.add(score_sample(
                    segmenter, key, sample(STRESS_SEED, index, settings))))
            table.setdefault(factor, {})[name] = bin_figures(scored)
        print(f'{factor} is done', file=sys.stderr, flush=True)
    return table


def weak_bins(table: dict[str, dict[str, Any]]) -> list[str]:
    """Return the bins of enough pictures whose line F1 lies below FLOOR."""
    return [f'{factor}: {name}' for factor, bins in table.items() for name, row in bins.items()
            if row['line_f1'] < FLOOR and row['images'] >= FEWEST]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = argparse.ArgumentParser(
        prog='python -m lane_perception.benchmark.stress', description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--model', default='lane_lite', help='shipped name or path')
    parser.add_argument('--count', type=int, default=500,
                        help='pictures; with --pinned: in each bin')
    parser.add_argument('--pinned', action='store_true',
                        help='draw pictures for each bin that differ in its factor alone')
    parser.add_argument('--out', type=Path, default=Path('benchmark/results/stress.json'))
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Score the bins, print the table and write the file."""
    arguments = build_parser().parse_args(argv)
    if arguments.count < 1:
        raise UserError(f'--count {arguments.count} should be at least 1')
    cv2.setNumThreads(1)
    segmenter = Segmenter.load(arguments.model)
    file = find_file(arguments.model).stat()
    rows = Rows(arguments.out.with_suffix('.rows.jsonl'),
                {'model': segmenter.name, 'bytes': file.st_size, 'time': file.st_mtime_ns,
                 'precision': segmenter.runtimes[0].precision,
                 'seed': STRESS_SEED, 'pinned': arguments.pinned})
    table = (pinned_table if arguments.pinned else sorted_table)(segmenter, rows, arguments.count)
    print('| factor | bin | pictures | lane IoU | line F1 |\n|---|---|---|---|---|')
    for factor, bins in table.items():
        for name, row in bins.items():
            print(f'| {factor} | {name} | {row["images"]} | {row["lane_iou"]:.3f} | '
                  f'{row["line_f1"]:.3f} |')
    weak = weak_bins(table)
    write_report(arguments.out, {
        'command': module_line('stress', argv), 'machine': describe_machine(),
        'model': segmenter.name, 'seed': STRESS_SEED, 'pinned': arguments.pinned,
        'cpu_s': round(process_time(), 1), 'factors': table, 'line_f1_below_0.80': weak})
    rows.done()
    print(f'line F1 below {FLOOR} in bins of {FEWEST} pictures or more: '
          f'{", ".join(weak) or "none"}; {process_time():.0f} CPU seconds')
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Score models on a labelled data set, and show it."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any
from typing import Sequence

from lane_perception.command import VerbParser
from lane_perception.command import note_unused
from lane_perception.command import run_main
from lane_perception.data.results_folder import REPORT
from lane_perception.data.results_folder import open_results
from lane_perception.data.results_folder import remove_earlier
from lane_perception.data.splits import PARTS
from lane_perception.errors import UserError
from lane_perception.geometry.lane import LaneSettings
from lane_perception.evaluation.variants import POSTPROCESS
from lane_perception.progress import Progress
from lane_perception.segmenter import TTA

EXIT_WORSE = 3
OTHER_RESULTS = ('report.html', 'worst.jpg', 'overlay.mp4')   # overlay.mp4: of replay


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of evaluate's arguments."""
    parser = VerbParser(
        prog='evaluate', description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        epilog='Options that may be given several times are combined: every model with every '
               'runtime, and so on. Exits 3 when worse than the baseline by more than --allow.')
    parser.add_argument('--data', required=True, help='folder of labelled images, or '
                        'synthetic:SEED')
    parser.add_argument('--labels', default='', help='where the labels are, when the folder has '
                        'several kinds')
    parser.add_argument('--class', dest='classes', action='append', default=[],
                        help='class of a COCO or labelme label that is a marking; a,b are two; '
                        'may be repeated')
    parser.add_argument('--split', default='', help='split file; without it the split.json in the '
                        'folder')
    parser.add_argument('--part', default='auto', choices=('auto', 'all', *PARTS),
                        help='of the split; auto: test where there is a split file, else all')
    parser.add_argument('--count', type=int, default=200, help='images of synthetic:SEED')
    parser.add_argument('--model', action='append', default=[],
                        help='shipped name or path, a,b,c is an ensemble; may be repeated '
                        '(default: lane_lite)')
    parser.add_argument('--runtime', action='append', default=[],
                        help='auto, onnxruntime, openvino or torch; may be repeated')
    parser.add_argument('--precision', action='append', default=[],
                        help='auto, fp32, fp16, bf16 or int8; may be repeated')
    parser.add_argument('--tta', action='append', default=[], choices=TTA,
                        help='test-time augmentation; may be repeated')
    parser.add_argument('--resolution', action='append', default=[], metavar='HxW',
                        help="of the network's input, pixels; may be repeated")
    parser.add_argument('--postprocess', action='append', default=[], choices=tuple(POSTPROCESS),
                        help='cleaning of the mask; may be repeated')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda:N')
    parser.add_argument('--threshold', type=float, help="lane probability, 0 to 1; without it the "
                        "model's own")
    parser.add_argument('--look-ahead', type=float, default=LaneSettings().look_ahead,
                        help='row of the lane centre, fraction of the height from the bottom')
    parser.add_argument('--baseline', type=Path, metavar='REPORT.JSON',
                        help='an earlier report over the same images, to compare with')
    parser.add_argument('--allow', type=float, default=0.01,
                        help='by how much lane_iou and line_f1 may fall below the baseline')
    parser.add_argument('--worst', type=int, default=10, metavar='N',
                        help='write the N worst pictures (24 at most) to worst.jpg; 0: none')
    parser.add_argument('--out', type=Path, required=True,
                        help='folder for report.json, report.html and worst.jpg')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Score and write the reports; return 3 when too much worse than the baseline."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    from lane_perception.data.readers.class_choice import parse_classes
    from lane_perception.evaluation.comparison import compare
    from lane_perception.evaluation.comparison import read_baseline
    from lane_perception.evaluation.data_set import evaluate
    from lane_perception.evaluation.data_sources import open_source
    from lane_perception.evaluation.data_sources import synthetic_seed
    from lane_perception.evaluation.variants import Bench
    from lane_perception.evaluation.variants import combine
    from lane_perception.evaluation.variants import turned_resolutions
    if arguments.count < 1:
        raise UserError(f'--count {arguments.count} should be at least 1')
    if arguments.worst < 0:
        raise UserError(f'--worst {arguments.worst} should be 0 or more')
    if not math.isfinite(arguments.allow) or arguments.allow < 0:
        raise UserError(f'--allow {arguments.allow:g} should be a number, 0 or more')
    lane = LaneSettings(look_ahead=arguments.look_ahead)
    baseline = read_baseline(arguments.baseline) if arguments.baseline else None
    new = arguments.out / REPORT
    if baseline and new.exists() and new.samefile(arguments.baseline):
        raise UserError(f'--out {arguments.out} would overwrite the baseline '
                        f'{arguments.baseline}; choose another --out')
    models = arguments.model or ['lane_lite']
    variants = combine(
        models, arguments.runtime or ['auto'],
        arguments.precision or ['auto'], arguments.tta or ['none'], arguments.resolution or [''],
        arguments.postprocess or ['none'])
    synthetic = synthetic_seed(arguments.data) is not None
    _note_unused(parser, arguments, synthetic)
    data = [] if synthetic else [Path(arguments.data).expanduser()]
    with open_results(arguments.out, data, results=(REPORT, *OTHER_RESULTS)):
        source = open_source(arguments.data, arguments.labels, arguments.split, arguments.part,
                             arguments.count, parse_classes(arguments.classes), models=models)
        for sentence in turned_resolutions(variants):
            print(f'evaluate: note: {sentence}', file=sys.stderr)
        with Progress('images scored') as progress:
            evaluation = evaluate(
                source, variants, Bench(arguments.device, arguments.threshold), lane, progress)
        report = evaluation.report
        if baseline:
            report['comparison'] = compare(report, baseline, arguments.allow)
        _write_results(arguments.out, report, evaluation.exhibits, arguments.worst)
    print(_summary(report, arguments.out))
    if baseline and report['comparison']['too_bad']:
        print(f'evaluate: {", ".join(report["comparison"]["too_bad"])} fell by more than '
              f'{arguments.allow:g} against {arguments.baseline}', file=sys.stderr)
        return EXIT_WORSE
    return 0


def _note_unused(
    parser: argparse.ArgumentParser, arguments: argparse.Namespace, synthetic: bool,
) -> None:
    """Say which options were given that change nothing."""
    if synthetic:
        note_unused(parser, arguments, ['labels', 'split', 'part'], 'with synthetic:SEED')
    else:
        note_unused(parser, arguments, ['count'], 'with a folder')
        if arguments.part == 'all':
            note_unused(parser, arguments, ['split'], 'with --part all')
    if not arguments.baseline:
        note_unused(parser, arguments, ['allow'], 'without --baseline')


def _write_results(out: Path, report: dict[str, Any], exhibits: list[Any], worst: int) -> None:
    """Write the files of this run; those of an earlier one, of replay too, are removed."""
    from lane_perception.data.recording_places import remove_output
    from lane_perception.evaluation.worst_sheet import write_worst_sheet
    from lane_perception.json_file import write_report
    remove_earlier(out, OTHER_RESULTS)
    remove_output(out / 'bag')
    write_report(out / REPORT, report)
    _write_page(out / 'report.html', report, exhibits)
    if worst and exhibits:
        write_worst_sheet(out / 'worst.jpg', exhibits, worst)


def _write_page(path: Path, report: dict[str, Any], exhibits: list[Any]) -> None:
    from lane_perception.evaluation.report_page import write_page
    try:
        write_page(path, report, exhibits)
    except UserError as error:
        print(f'evaluate: no report.html: {error}', file=sys.stderr)


def _summary(report: dict[str, Any], out: Path) -> str:
    from lane_perception.evaluation.report_verdict import compared
    lines = [f'{"lane IoU":>9} {"line F1":>9} {"center px":>10} {"ms":>7}  variant']
    for entry in (report, *report['variants']):
        if 'error' in entry:
            lines.append(f'{"":>39}  {entry["name"]}: {entry["error"]}')
            continue
        center = entry['center_mae_px']
        lines.append(f'{entry["lane_iou"]:>9.4f} {entry["line_f1"]:>9.4f} '
                     f'{"-" if center is None else format(center, ".2f"):>10} '
                     f'{entry["latency_ms"]["p50"]:>7.1f}  {entry["name"]}')
    if 'comparison' in report:
        lines.append(compared(report['comparison'])[1])
    lines += [f'note: {problem}' for problem in report['problems']]
    return '\n'.join([*lines, f'reports in {out}'])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

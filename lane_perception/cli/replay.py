# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Run the lane pipeline over recordings, score what it says, and show it."""

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
from lane_perception.errors import UserError
from lane_perception.geometry.lane import LaneSettings
from lane_perception.progress import Progress
from lane_perception.segmenter import TTA

EXIT_SOME_FAILED = 1
RESULTS = ('report.json', 'report.html', 'overlay.mp4')   # bag/ says itself that it is one


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of replay's arguments."""
    parser = VerbParser(
        prog='replay', description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        epilog='Exits 1 when one of several recordings failed; it is named, the rest is done. A '
               'run over several that was stopped goes on, when it is started again, with those '
               'that were not done.')
    parser.add_argument('bags', nargs='+', type=Path, metavar='BAG',
                        help='a rosbag2 folder, an .mcap or .db3 file, or a folder of recordings')
    parser.add_argument('--topic', help="of the frames; without it the recording's first of a "
                        "camera's pictures")
    truth = parser.add_argument_group('truth, matched by header stamp; without any the lane is '
                                      'judged by how steady it is')
    truth.add_argument('--truth-topic', help='of true masks')
    truth.add_argument('--labels', type=Path, help='folder of masks or labels, named after the '
                       "stamp (s or ns) or the frame's number from 0")
    truth.add_argument('--class', dest='classes', action='append', default=[],
                       help='class of a COCO or labelme label in --labels that is a marking; '
                       'a,b are two; may be repeated')
    truth.add_argument('--label-rate', type=float, metavar='HZ',
                       help='frames per second of the video from which the labels were taken: '
                       'their numbers count at this rate from the first stamp on')
    truth.add_argument('--center-topic', help="of the lane's true center (PointStamped, pixels, "
                       'on the look-ahead row); without it the lane is sought in the labels')
    truth.add_argument('--pose-topic', help="of the car's true pose against the lane: y metres "
                       'left of its centre (Odometry, PoseStamped); needs --ground')
    parser.add_argument('--model', default='lane_lite',
                        help='shipped name or path; a,b,c is an ensemble')
    parser.add_argument('--runtime', default='auto', help='auto, onnxruntime, openvino or torch')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda:N')
    parser.add_argument('--precision', default='auto', help='auto, fp32, fp16, bf16 or int8')
    parser.add_argument('--tta', default='none', choices=TTA, help='test-time augmentation')
    parser.add_argument('--resolution', default='', metavar='HxW',
                        help="of the network's input, multiples of 32; without it the model's own")
    parser.add_argument('--threshold', type=float, help="lane probability, 0 to 1; without it the "
                        "model's own")
    parser.add_argument('--ground', type=Path, help='ground calibration file: adds metres')
    parser.add_argument('--camera-info', type=Path, metavar='FILE',
                        help='of the lens, as camera_calibration writes it (ost.yaml), instead '
                        "of the recording's camera_info; a lens in --ground counts first")
    usual = LaneSettings()
    lane = parser.add_argument_group("lane, as the node's parameters of these names")
    lane.add_argument('--look-ahead', type=float, default=usual.look_ahead,
                      help='row of the lane centre, fraction of the height from the bottom')
    lane.add_argument('--look-ahead-m', type=float, default=usual.look_ahead_m, metavar='M',
                      help='distance of the lane centre instead, metres; needs --ground')
    lane.add_argument('--lane-width', type=float, default=usual.lane_width, metavar='M',
                      help="between the markings' middles, metres, with --ground; 0: learn it")
    lane.add_argument('--max-gap-s', type=float, default=usual.max_gap_s, metavar='S',
                      help='seconds for which the lane is kept without a sighting')
    lane.add_argument('--min-confidence', type=float, default=usual.min_confidence,
                      help='0 to 1: a lane less likely to be right is none')
    parser.add_argument('--base-frame', default='base_link', help='of what is in metres')
    parser.add_argument('--no-video', action='store_true', help='leave no overlay.mp4')
    parser.add_argument('--no-bag', action='store_true', help='leave no output bag')
    parser.add_argument('--workers', type=int, default=1,
                        help='recordings replayed at once on this machine (Dask)')
    parser.add_argument('--scheduler', metavar='ADDRESS',
                        help='Dask scheduler of a cluster that sees the same folders, such as '
                        'tcp://host:8786')
    parser.add_argument('--out', type=Path, required=True,
                        help='folder for report.json, report.html, overlay.mp4 and bag/; with '
                        'several recordings each has a folder in it')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Replay; return 1 when one of several recordings failed."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.workers < 1:
        raise UserError(f'--workers {arguments.workers} should be at least 1')
    rate = arguments.label_rate
    if rate is not None and not (math.isfinite(rate) and rate > 0):
        raise UserError(f'--label-rate {rate:g} should be above 0, in Hz')
    from lane_perception.data.readers.class_choice import parse_classes
    from lane_perception.data.results_folder import open_results
    from lane_perception.evaluation.encoders import has_openh264
    from lane_perception.evaluation.encoders import SLOW
    from lane_perception.evaluation.recording_runs import find_recordings
    from lane_perception.evaluation.recording_runs import replay_all
    from lane_perception.evaluation.recording_runs import replay_into_folder
    from lane_perception.evaluation.replay import ReplaySettings
    lane = LaneSettings(arguments.look_ahead, arguments.look_ahead_m, arguments.lane_width,
                        arguments.max_gap_s, arguments.min_confidence)
    if lane.look_ahead_m and not arguments.ground:
        raise UserError('--look-ahead-m is in metres, which need a calibration: --ground')
    if arguments.classes and not arguments.labels:
        raise UserError('--class chooses among the classes of the labels in --labels, which is '
                        'missing')
    bags = find_recordings(arguments.bags, arguments.out,
                           lambda sentence: _say(f'replay: note: {sentence}'))
    settings = ReplaySettings(
        bag=bags[0], out=arguments.out, topic=arguments.topic,
        truth_topic=arguments.truth_topic, labels=arguments.labels,
        label_rate=arguments.label_rate, classes=parse_classes(arguments.classes),
        pose_topic=arguments.pose_topic, center_topic=arguments.center_topic,
        model=arguments.model, runtime=arguments.runtime, device=arguments.device,
        precision=arguments.precision, tta=arguments.tta, resolution=arguments.resolution,
        threshold=arguments.threshold, ground=arguments.ground,
        camera_info=arguments.camera_info, lane=lane, base_frame=arguments.base_frame,
        video=not arguments.no_video, output_bag=not arguments.no_bag)
    labels = [arguments.labels] if arguments.labels else []
    with open_results(arguments.out, labels, bags, RESULTS):
        _note_unused(parser, arguments, len(bags))
        if settings.video and not has_openh264():
            _say(f'replay: note: {SLOW}')
        if len(bags) == 1 and arguments.scheduler is None:
            with Progress('frames replayed') as progress:
                report = replay_into_folder(settings, progress)
            print(_summary(report))
        else:
            report = replay_all(settings, bags, arguments.scheduler, arguments.workers, _say)
            _write_page(arguments.out / 'report.html', report)
            print(_table(report))
    for problem in report['problems']:
        print(f'note: {problem}')
    print(f'reports in {arguments.out}')
    return EXIT_SOME_FAILED if report['data'].get('failed') else 0


def _note_unused(
    parser: argparse.ArgumentParser, arguments: argparse.Namespace, recordings: int,
) -> None:
    """Say which options were given that have no effect beside the others."""
    for options, idle, where in (
            (['label_rate'], not arguments.labels, 'without --labels'),
            (['lane_width'], not arguments.ground, 'without --ground'),
            (['look_ahead'], arguments.look_ahead_m, 'beside --look-ahead-m'),
            (['base_frame'], not arguments.ground, 'without --ground'),
            (['base_frame'], arguments.ground and arguments.no_bag, 'with --no-bag'),
            (['workers'], arguments.scheduler, 'with --scheduler'),
            (['workers'], not arguments.scheduler and recordings == 1, 'with one recording')):
        if idle:
            note_unused(parser, arguments, options, where)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _write_page(path: Path, report: dict[str, Any]) -> None:
    from lane_perception.evaluation.report_page import write_page
    try:
        write_page(path, report, [])
    except UserError as error:
        path.unlink(missing_ok=True)   # an earlier one
        print(f'replay: no report.html: {error}', file=sys.stderr)


def _summary(report: dict[str, Any]) -> str:
    rows = [('frames', f'{report["data"]["images"]}, {report["frames_per_second"]:.0f} per second '
                       'replayed')]
    if report['images_judged']:
        if report['data']['format']:
            rows.append(('labels', report['data']['format']))
        rows += [('lane IoU', f'{report["lane_iou"]:.4f} over {report["images_judged"]} labels'),
                 ('line F1', f'{report["line_f1"]:.4f} within 1 % of the diagonal')]
    if report['center_mae_px'] is not None:
        rows.append(('center error', f'{report["center_mae_px"]:.1f} px mean'))
    if report.get('lateral_mae_m') is not None:
        rows.append(('lateral error', f'{report["lateral_mae_m"] * 100:.1f} cm mean'))
    rows += [('lane found', f'in {report["lane_found"]:.1%} of the frames; {report["gaps"]} gaps, '
                            f'the longest {report["longest_gap_s"]:.2f} s'),
             ('jumps', f'{report["jumps"]} between neighbouring frames'),
             ('latency', f'{report["latency_ms"]["p50"]:.1f} ms median, '
                         f'{report["latency_ms"]["p99"]:.1f} ms p99')]
    return '\n'.join(f'  {name:<14} {value}' for name, value in rows)


def _table(report: dict[str, Any]) -> str:
    lines = [f'{"frames":>8} {"lane IoU":>9} {"line F1":>9} {"found":>7}  recording']
    for name, entry in (*report['recordings'].items(), ('all', report)):
        if 'error' in entry:
            lines.append(f'{"failed":>8} {"":>27}  {name}: {entry["error"]}')
            continue
        values = [entry.get(key) for key in ('lane_iou', 'line_f1', 'lane_found')]
        texts = ['-' if value is None else f'{value:.4f}' for value in values]
        lines.append(f'{entry["images"]:>8} {texts[0]:>9} {texts[1]:>9} {texts[2]:>7}  {name}')
    return '\n'.join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

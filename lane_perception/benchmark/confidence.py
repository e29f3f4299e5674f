# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Measure false, missing and wrong lanes and what the confidence says about them; or fit it.

Synthetic frames come from seeds that neither training nor the fit draws. "alone": each frame by a
pipeline that has seen nothing before; "drives": tracked over time.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import process_time
from typing import Any
from typing import Iterable
from typing import Sequence

import cv2

from lane_perception.benchmark.confidence_fit import fit
from lane_perception.benchmark.confidence_fit import watch
from lane_perception.benchmark.trust_frames import finder_for
from lane_perception.benchmark.trust_frames import floor_drives
from lane_perception.benchmark.trust_frames import floors
from lane_perception.benchmark.trust_frames import installed_pictures
from lane_perception.benchmark.trust_frames import labeled
from lane_perception.benchmark.trust_frames import track_drives
from lane_perception.benchmark.trust_frames import tracks
from lane_perception.benchmark.trust_frames import TrustFrame
from lane_perception.command import run_main
from lane_perception.data.synthetic import TEST_SEEDS
from lane_perception.errors import UserError
from lane_perception.evaluation.label_lane import LabelLane
from lane_perception.evaluation.lane_trust import TrustScore
from lane_perception.geometry.confidence import FILES
from lane_perception.json_file import write_json
from lane_perception.json_file import write_report
from lane_perception.machine import describe_machine
from lane_perception.machine import module_line
from lane_perception.pipeline import LanePipeline

FIT_SEED = 500_101                  # of the range for validation
TEST_SEED = TEST_SEEDS + 300
DRIVE_SEED = TEST_SEEDS + 310       # of the first drive; one more for each
FLOOR_DRIVE_SEED = TEST_SEEDS + 400
DRIVE_S = 0.5                       # seconds of each drive


def score(pipeline: LanePipeline, sources: Iterable[Iterable[TrustFrame]],
          known: str = 'nothing') -> dict[str, Any]:
    """
    Return the figures over all frames of the sources.

    :param known: to the finder, of the camera.
    """
    figures = TrustScore()
    for frames in sources:
        recording = None
        for frame in frames:
            if frame.recording != recording:
                recording = frame.recording
                pipeline.finder = finder_for(frame, known)
                labels = LabelLane(pipeline.finder)
            lane, truth = pipeline.process(frame.image, frame.stamp), frame.truth
            if frame.label is not None:
                truth = labels.center_in(
                    frame.image, frame.label, pipeline.finder.place.as_it_lies())
                if truth is None:   # a label may lack what the picture shows
                    continue
            figures.add(lane.center, lane.confidence, truth, frame.image.shape[1])
    return figures.result()


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--model', default='lane_lite', help='shipped name or path')
    parser.add_argument('--count', type=int, default=500,
                        help='pictures without a track, and as many with one')
    parser.add_argument('--drives', type=int, default=32,
                        help=f'drives of {DRIVE_S:g} s without a track, and as many with one')
    parser.add_argument('--data', help='also score a folder of labelled pictures')
    parser.add_argument('--labels', default='', help='which of its labels')
    parser.add_argument('--rate', type=float, default=30.0,
                        help='frames per second of the numbers in the names of --data')
    parser.add_argument('--fit', action='store_true',
                        help='fit on validation seeds and measure nothing')
    parser.add_argument('--known', choices=FILES, default='nothing',
                        help='of the camera, for the fit: its lens, or its ground calibration')
    parser.add_argument('--false-lanes', type=float, default=0.01,
                        help='share of frames without a track that the fit lets have a lane')
    parser.add_argument('--judgement', type=Path,
                        help='file that --fit writes; without it the one that the package reads')
    parser.add_argument('--out', type=Path, default=Path('benchmark/results/confidence.json'))
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Fit, or measure and write the figures."""
    arguments = build_parser().parse_args(argv)
    if arguments.count < 1 or arguments.drives < 0 or arguments.rate <= 0:
        raise UserError('--count should be at least 1, --drives at least 0, --rate above 0')
    if not 0.0 <= arguments.false_lanes < 1.0:
        raise UserError(f'--false-lanes {arguments.false_lanes:g} should be 0 to 1')
    cv2.setNumThreads(1)
    pipeline = LanePipeline.load(arguments.model)
    origin = {'command': module_line('confidence', argv), 'model': pipeline.segmenter.name}
    if arguments.fit:
        file = arguments.judgement or FILES[arguments.known]
        content = fit(*(watch(pipeline.segmenter, frames(FIT_SEED, arguments.count),
                              arguments.known) for frames in (tracks, floors)),
                      arguments.false_lanes)
        write_json(file, {**origin, 'seed': FIT_SEED, **content})
        found = content['fitted_on']
        print(f'{file}: {found["lane_found"]:.1%} of the lanes found, '
              f'{found["false_lanes"]:.2%} false; {process_time():.0f} CPU seconds')
        return 0
    result = {**origin, 'machine': describe_machine(), 'seed': TEST_SEED}
    for name, (sources, known) in _sources(arguments).items():
        result[name] = score(pipeline, sources, known)
        print(_line(name, result[name]), flush=True)
        write_report(arguments.out, result)    # what is measured is kept when a later part fails
    result['cpu_s'] = round(process_time(), 1)
    write_report(arguments.out, result)
    return 0


def _sources(
    arguments: argparse.Namespace,
) -> dict[str, tuple[list[Iterable[TrustFrame]], str]]:
    """Return by name what is measured, and what is known of the cameras."""
    count, drives = arguments.count, arguments.drives
    sources: dict[str, tuple[list[Iterable[TrustFrame]], str]] = {}
    for known, suffix in (('nothing', ''), ('lens', '_with_lens')):
        sources[f'alone{suffix}'] = [
            tracks(TEST_SEED, count), floors(TEST_SEED, count)], known
        if drives:
            sources[f'drives{suffix}'] = [
                track_drives(DRIVE_SEED, drives, DRIVE_S),
                floor_drives(FLOOR_DRIVE_SEED, drives, DRIVE_S)], known
    sources['installed_pictures'] = [installed_pictures()], 'nothing'
    if arguments.data:
        for name, recorded in (('data_alone', False), ('data_tracked', True)):
            sources[name] = [labeled(arguments.data, arguments.labels, arguments.rate,
                                     recorded)], 'nothing'
    return sources


def _line(name: str, figures: dict[str, Any]) -> str:
    def share(value: float | None) -> str:
        return '-' if value is None else f'{value:.1%}'
    curve = figures['risk_coverage']
    return (f'{name}: {figures["frames"]} frames, found {share(figures["lane_found"])}, right '
            f'{share(figures["center_right"])}, false {share(figures["false_lanes"])}, '
            f'risk-coverage area {curve and curve["area"]} (best {curve and curve["best"]}, '
            f'random {curve and curve["random"]}), calibration error '
            f'{figures["calibration_error"]}')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

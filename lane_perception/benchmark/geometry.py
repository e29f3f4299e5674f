# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Measure the lane geometry: accuracy, honesty, time, and how well a car drives by it."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Sequence

import cv2
import numpy as np

from lane_perception.benchmark.calibration_cameras import calibrations
from lane_perception.benchmark.closed_loops import CASES
from lane_perception.benchmark.closed_loops import closed_loops
from lane_perception.benchmark.lane_accuracy import LaneScore
from lane_perception.benchmark.settings import BenchmarkSettings
from lane_perception.benchmark.track_frames import SIZE
from lane_perception.benchmark.track_frames import track_frames
from lane_perception.command import run_main
from lane_perception.data.synthetic.curve import STEP
from lane_perception.data.synthetic.driving import World
from lane_perception.data.synthetic.sampling import trackless
from lane_perception.data.synthetic.scene import Pose
from lane_perception.data.synthetic.settings import WorldSettings
from lane_perception.errors import UserError
from lane_perception.evaluation.percentiles import percentiles
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.json_file import load_json
from lane_perception.json_file import write_report
from lane_perception.machine import describe_machine
from lane_perception.machine import module_line
from lane_perception.segmenter import Segmenter
from lane_perception.simulation.eyes import calibration_of
from lane_perception.simulation.eyes import car_camera
from lane_perception.simulation.eyes import true_mask

FRAME_SEED = 1_900_000   # streams that training never draws
FALSE_SEED = 1_910_000
DRIVE_SEED = 1_920_000
RATE = 30.0             # frames per second
SWAY = 0.08             # lane widths to each side
SWAY_LENGTH = 2.5       # metres
LOOPS = ('loop', 'cameras', 'model_loop')
PARTS = ('frames', 'untidy', 'drives', 'time', 'calibration', 'model_frames', *LOOPS)


def frames(count: int, tidy: bool = True, segmenter: Segmenter | None = None) -> dict:
    """Score single frames with true masks, or with a model's on the same frames."""
    true_score, score = LaneScore(), LaneScore()
    for frame in track_frames(FRAME_SEED, count, tidy, pictures=segmenter is not None):
        if not frame.sides:
            continue
        settings = LaneSettings(lane_width=frame.width)
        true_score.add(frame, LaneFinder(settings, frame.ground).find(frame.mask))
        if segmenter is not None:
            mask = segmenter.mask(frame.image)
            score.add(frame, LaneFinder(settings, frame.ground).find(
                mask, probability=segmenter.last_probability))
    if segmenter is None:
        return true_score.report()
    return {'model_mask': score.report(), 'true_mask_same_frames': true_score.report(),
            'false_lanes': false_lanes(count // 2, segmenter)}


def false_lanes(count: int, segmenter: Segmenter) -> float:
    """Return the share of frames without a track in which a lane is found."""
    found = 0
    for index in range(count):
        sample = trackless(FALSE_SEED, index, WorldSettings(size=SIZE))
        mask = segmenter.mask(sample.image)
        lane = LaneFinder(ground=calibration_of(sample.camera)).find(
            mask, probability=segmenter.last_probability)
        found += lane.center is not None
    return found / max(count, 1)


def drives(count: int, seconds: float = 20.0) -> dict:
    """Track the lane through drives with true masks: errors and honesty of the covariance."""
    camera = car_camera()
    ground, rows = calibration_of(camera), []
    for number in range(count):
        finder, world = LaneFinder(ground=ground), World(DRIVE_SEED + number, camera=camera)
        for stamp, pose, truth in _swaying(world, 0.5 + 0.5 * (number % 2), seconds):
            lane = finder.find(true_mask(world, pose), stamp)
            if lane.lateral is None:
                continue
            error = np.array([lane.lateral - truth.lateral, lane.heading - truth.heading])
            rows.append((*np.abs(error), error @ np.linalg.solve(lane.covariance, error)))
    lateral, heading, nees = np.array(rows).T
    return {
        'drives': count, 'seconds': seconds, 'frames_with_lane': len(rows),
        'lane_found': len(rows) / (count * seconds * RATE),
        'lateral_mm': {'median': 1e3 * float(np.median(lateral)),
                       'p95': 1e3 * float(np.percentile(lateral, 95))},
        'heading_deg': {'median': float(np.degrees(np.median(heading)))},
        'nees_mean': float(nees.mean()), 'nees_in_95': float(np.mean(nees < 5.99)),
    }


def _swaying(world: World, speed: float, seconds: float):
    """Yield (stamp, pose, truth) of a car that sways about the middle of its lane."""
    center = world.scene.track.center_line()
    for number in range(int(seconds * RATE)):
        s = speed * number / RATE
        index = int(center.index(s))
        phase = 2.0 * np.pi * s / SWAY_LENGTH
        sway = SWAY * world.scene.track.ego_lane.width
        place = (center.points[index] + center.tangents[index] * (s - round(s / STEP) * STEP)
                 + center.normals[index] * sway * np.sin(phase))
        turn = np.arctan(sway * np.cos(phase) * 2.0 * np.pi / SWAY_LENGTH)
        pose = Pose(float(place[0]), float(place[1]), float(center.headings[index] + turn))
        yield number / RATE, pose, world.truth(pose, s % center.length)


def timing(count: int) -> dict:
    """
    Return the CPU time of find() with tracking, one thread, random tracks at 640x480.

    With a calibration (the keys as they are) and without one (``uncalibrated``).
    """
    cv2.setNumThreads(1)
    calibrated, uncalibrated = [], []
    for frame in track_frames(FRAME_SEED + 1, count):
        if not frame.sides:
            continue
        for times, finder in (
                (calibrated, LaneFinder(LaneSettings(lane_width=frame.width), frame.ground)),
                (uncalibrated, LaneFinder())):
            finder.find(frame.mask, 0.0)
            for repeat in range(1, 11):
                start = time.thread_time()
                finder.find(frame.mask, repeat / 30.0)
                times.append(1e3 * (time.thread_time() - start))
    return {'size': list(SIZE), **_percentiles(calibrated),
            'uncalibrated': _percentiles(uncalibrated)}


def _percentiles(times: list[float]) -> dict[str, float]:
    return {f'{name}_ms': value for name, value in percentiles(times).items()}


def measure(settings: BenchmarkSettings) -> dict:
    """Return the parts that need no model, on fewer frames, drives and tracks than the docs'."""
    cv2.setNumThreads(1)
    parts = {
        'frames': lambda: frames(300),
        'drives': lambda: drives(2),
        'time': lambda: timing(40),
        'loop': lambda: closed_loops(1, 20.0),
    }
    measured = {}
    for name, part in parts.items():
        settings.progress(f'geometry: {name}')
        measured[name] = part()
    return measured


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the benchmark's arguments."""
    parser = argparse.ArgumentParser(
        prog='python -m lane_perception.benchmark.geometry', description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--only', choices=PARTS, action='append',
                        help='this part; may be repeated')
    parser.add_argument('--frames', type=int, default=2000, help='single frames')
    parser.add_argument('--drives', type=int, default=10, help='drives for the covariance')
    parser.add_argument('--tracks', type=int, default=10, help='tracks of the closed loop')
    parser.add_argument('--seconds', type=float, default=60.0, help='of each closed-loop drive')
    parser.add_argument('--case', choices=CASES, action='append',
                        help='this way of driving the closed loops, kept apart from all of them '
                        'together; may be repeated')
    parser.add_argument('--workers', type=int, default=1,
                        help='closed-loop drives side by side')
    parser.add_argument('--model', default='lane_lite', help='of the parts model_...')
    parser.add_argument('--out', type=Path, default=Path('benchmark/results/geometry.json'),
                        help='file; parts that are not measured now are kept')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Measure the parts and write the file after each."""
    arguments = build_parser().parse_args(argv)
    cv2.setNumThreads(1)
    results = load_json(arguments.out) if arguments.out.exists() else {}
    if not isinstance(results, dict):
        raise UserError(f'{arguments.out} is not a result of this benchmark; choose another --out')

    def loops(**where) -> dict:
        return closed_loops(arguments.tracks, arguments.seconds, workers=arguments.workers,
                            cases=arguments.case or tuple(CASES), **where)

    parts = {
        'frames': lambda: frames(arguments.frames),
        'untidy': lambda: frames(arguments.frames, tidy=False),
        'drives': lambda: drives(arguments.drives),
        'time': lambda: timing(40),
        'calibration': calibrations,
        'loop': loops,
        'cameras': lambda: loops(one_camera=False),
        'model_frames': lambda: frames(arguments.frames,
                                       segmenter=Segmenter.load(arguments.model)),
        'model_loop': lambda: loops(model=arguments.model),
    }
    for part in arguments.only or PARTS:
        print(f'measuring {part}', flush=True)
        key = '_'.join([part, *(arguments.case or ())]) if part in LOOPS else part
        results[key] = {**parts[part](), 'command': module_line('geometry', argv),
                        'machine': describe_machine()}
        if part.startswith('model'):
            results[key]['model'] = arguments.model
        write_report(arguments.out, results)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

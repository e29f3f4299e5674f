# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Drive tracks that training never draws, both ways round, and sum up how the lane was kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from typing import Sequence

import numpy as np

from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.driving import World
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.pipeline import LanePipeline
from lane_perception.segmenter import Segmenter
from lane_perception.simulation.closed_loop import drive_loop
from lane_perception.simulation.closed_loop import LoopSettings
from lane_perception.simulation.eyes import calibration_of
from lane_perception.simulation.eyes import car_camera
from lane_perception.simulation.eyes import lane_width
from lane_perception.simulation.eyes import PipelineEyes
from lane_perception.simulation.eyes import TrueMaskEyes
from lane_perception.worker_pool import worker_pool

LOOP_SEED = 2_100_000   # the stream of the tracks
CAMERA_SEED = 2_300_000   # the same, where each track has a camera of its own
# By the offset it is driven without a calibration, and nobody says how wide the lane is; what is
# known of the camera is its lens or nothing.
CASES: dict[str, dict[str, Any]] = {
    'path': dict(speed=0.5), 'fast': dict(speed=1.0), 'losses': dict(speed=0.5, drop=0.3, gap=0.5),
    'offset': dict(speed=0.5, steer_by='offset'),
    'lens': dict(speed=0.5, steer_by='offset', known='lens')}


@dataclass(frozen=True)
class Drive:
    """One drive, as a process of its own needs to know it."""

    track: int
    reverse: bool
    case: str       # a key of CASES
    seconds: float
    model: str      # the lane is seen through its masks; '': through true masks
    camera: Camera | None   # None: one as people have on their cars, drawn from the track's seed

    def run(self) -> dict[str, Any]:
        """Drive, and return the drive's row."""
        case = CASES[self.case]
        world = World(self.track, camera=self.camera, reverse=self.reverse)
        calibrated = 'steer_by' not in case
        settings = LaneSettings(lane_width=lane_width(world)) if calibrated else LaneSettings()
        ground = calibration_of(world.camera)
        finder = LaneFinder(settings, ground if calibrated else None,
                            camera=NominalCamera.of(ground) if 'known' in case else None)
        if self.model:
            look = PipelineEyes(LanePipeline(Segmenter.load(self.model), finder))
        else:
            look = TrueMaskEyes(finder)
        loop = {key: value for key, value in case.items() if key != 'known'}
        report = drive_loop(world, look, LoopSettings(seconds=self.seconds, **loop)).report()
        return {'track': self.track, 'reverse': self.reverse, **case, **report}


def closed_loops(tracks: int, seconds: float, model: str = '', workers: int = 1,
                 one_camera: bool = True, cases: Sequence[str] = tuple(CASES)) -> dict[str, Any]:
    """
    Drive every case on every track, both ways round.

    :param seconds: of each drive.
    :param model: whose masks the lane is seen through; '': true masks.
    :param workers: processes that drive side by side; the figures do not depend on it.
    :param one_camera: False: every track has another camera, and other seeds are driven.
    :param cases: keys of CASES.
    :returns: a summary for each case, and the drives.
    """
    drives = all_drives(tracks, seconds, model, one_camera, cases)
    rows = []
    with worker_pool(workers) as pool:
        for row in pool.imap(Drive.run, drives):
            rows.append(row)
            print(json.dumps(row), flush=True)
    summary = {}
    for number, case in enumerate(cases):
        name = ', '.join(f'{key} {value}' for key, value in CASES[case].items())
        summary[name] = _sum_up(rows[number::len(cases)])
    return {'seconds_each': seconds, 'summary': summary, 'drives': rows}


def all_drives(tracks: int, seconds: float, model: str = '', one_camera: bool = True,
               cases: Sequence[str] = tuple(CASES)) -> list[Drive]:
    """Return what is to be driven; the arguments are those of :func:`closed_loops`."""
    seed, camera = (LOOP_SEED, car_camera()) if one_camera else (CAMERA_SEED, None)
    return [Drive(seed + number, reverse, case, seconds, model, camera)
            for number in range(tracks) for reverse in (False, True)
            for case in cases]


def _sum_up(rows: list[dict[str, Any]]) -> dict[str, Any]:
    # A car that finds no lane stands still, and leaves none.
    stood = sum(row['distance_m'] < 0.5 * row['speed'] * row['seconds'] for row in rows)
    return {'drives': len(rows), 'stood': stood,
            'departures': sum(row['departures'] for row in rows),
            'distance_m': float(sum(row['distance_m'] for row in rows)),
            'mean_offset_m': float(np.mean([row['mean_offset_m'] for row in rows])),
            'max_offset_m': max(row['max_offset_m'] for row in rows),
            'in_lane': float(np.mean([row['in_lane'] for row in rows]))}

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The car drives in the synthetic world by what the lane finder tells it.

Frames come at the camera's rate; what a frame says reaches the wheels a latency later. The truth
about the car's place comes from the world, never from the lane finder.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Callable
from typing import Optional

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.driving import World
from lane_perception.data.synthetic.scene import Pose
from lane_perception.geometry.lane import Lane
from lane_perception.simulation.car import Car
from lane_perception.simulation.car import CarSettings
from lane_perception.simulation.controller import Controller
from lane_perception.simulation.controller import ControllerSettings

STEP = 0.005         # seconds between two steps of the car
LOST = 0.5           # lane widths outside of the lane at which the car is put back

Picture = Optional[NDArray[np.uint8]]
Look = Callable[[World, Pose, float], tuple[Lane, Picture, Picture]]
Watch = Callable[[float, Lane, Picture, Picture], None]


@dataclass(frozen=True)
class LoopSettings:
    """How the drive goes."""

    speed: float = 0.5           # m/s
    seconds: float = 60.0
    rate: float = 30.0           # frames per second
    latency: float = 0.04        # seconds from the picture to the command
    steer_by: str = 'path'       # 'path' or 'offset'
    drop: float = 0.0            # share of the frames that are lost
    gap: float = 0.0             # seconds without frames ...
    gap_every: float = 5.0       # ... every so many seconds
    car: CarSettings = CarSettings()
    controller: ControllerSettings = ControllerSettings()


@dataclass
class DriveLog:
    """What happened, one entry per frame time, but in ``seen`` per frame that arrives."""

    stamp: list[float] = field(default_factory=list)
    place: list[tuple[float, float]] = field(default_factory=list)     # world metres
    lateral: list[float] = field(default_factory=list)                 # truth, metres left
    inside: list[bool] = field(default_factory=list)
    seen: list[bool] = field(default_factory=list)                     # the frame gave a lane
    distance: float = 0.0
    departures: int = 0

    def report(self) -> dict[str, float]:
        """Return the figures of the drive, by the keys of report.json."""
        away = np.abs(self.lateral)
        return {
            'distance_m': round(self.distance, 3),
            'seconds': round(self.stamp[-1] - self.stamp[0], 3) if self.stamp else 0.0,
            'in_lane': float(np.mean(self.inside)) if self.inside else 0.0,
            'mean_offset_m': float(away.mean()) if len(away) else float('nan'),
            'max_offset_m': float(away.max()) if len(away) else float('nan'),
            'departures': self.departures,
            'lane_found': float(np.mean(self.seen)) if self.seen else 0.0,
        }


def drive_loop(world: World, look: Look, settings: LoopSettings, seed: int = 0,
               watch: Watch | None = None) -> DriveLog:
    """
    Drive through a world and return what happened.

    :param look: gives the lane, and for watchers the picture and the mask, at a pose and stamp.
    :param seed: of the frames that are dropped.
    :param watch: called with stamp, lane, picture and mask of each frame.
    """
    car = Car(world.start.x, world.start.y, world.start.heading, settings.car)
    controller = Controller(settings.car.wheelbase, settings.speed, settings.controller)
    center = world.scene.track.center_line()
    half = world.scene.track.ego_lane.width / 2.0
    random = np.random.default_rng(seed)
    log, waiting, s, outside = DriveLog(), [], 0.0, False
    for number in range(_frames(settings)):
        now = number / settings.rate
        pose = Pose(car.x, car.y, car.heading)
        s, lateral = center.locate((car.x, car.y), s)
        if abs(lateral) > half and not outside:
            log.departures += 1
        outside = abs(lateral) > half
        arrives = random.random() >= settings.drop and not _in_gap(now, settings)
        if arrives:
            lane, image, mask = look(world, pose, now)
            waiting.append((now + settings.latency, lane))
            log.seen.append(lane.center is not None)
            if watch:
                watch(now, lane, image, mask)
        log.stamp.append(now)
        log.place.append((car.x, car.y))
        log.lateral.append(lateral)
        log.inside.append(not outside)
        before = (car.x, car.y)
        _advance(car, controller, waiting, now, settings)
        log.distance += float(np.hypot(car.x - before[0], car.y - before[1]))
        if abs(lateral) > half * (1.0 + 2.0 * LOST):
            index = int(center.index(s))
            car.x, car.y = (float(value) for value in center.points[index])
            car.heading = float(center.headings[index])
    return log


def has_gap(settings: LoopSettings) -> bool:
    """Tell whether any frame of a drive is lost in a gap."""
    return any(_in_gap(number / settings.rate, settings) for number in range(_frames(settings)))


def _frames(settings: LoopSettings) -> int:
    """Return how many frames a drive has."""
    return int(round(settings.seconds * settings.rate))


def _in_gap(now: float, settings: LoopSettings) -> bool:
    return settings.gap > 0.0 and now % settings.gap_every > settings.gap_every - settings.gap


def _advance(car: Car, controller: Controller, waiting: list, now: float,
             settings: LoopSettings) -> None:
    """Move the car to the next frame; commands take effect when they arrive."""
    steps = max(1, int(round(1.0 / settings.rate / STEP)))
    for step in range(steps):
        time = now + step / settings.rate / steps
        while waiting and waiting[0][0] <= time:
            _, lane = waiting.pop(0)
            if settings.steer_by == 'path':
                controller.path(np.zeros((0, 2)) if lane.path is None else lane.path, time)
            else:
                controller.offset(lane.offset, time)
        steering, speed = controller.command(time)
        car.move(steering, speed, 1.0 / settings.rate / steps)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A scene: a track on a floor in a room under lamps, and the car's place on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.floors import Floor
from lane_perception.data.synthetic.floors import lay_floor
from lane_perception.data.synthetic.layout import lay_track
from lane_perception.data.synthetic.lights import draw_lights
from lane_perception.data.synthetic.lights import Lights
from lane_perception.data.synthetic.roads import circuit
from lane_perception.data.synthetic.roads import open_road
from lane_perception.data.synthetic.settings import log_uniform
from lane_perception.data.synthetic.settings import pick
from lane_perception.data.synthetic.settings import Streams
from lane_perception.data.synthetic.settings import WorldSettings
from lane_perception.data.synthetic.track import Track

# Reflectance of tape, linear: blue, green, red.
TAPE = {'white': (0.75, 0.78, 0.78), 'yellow': (0.03, 0.50, 0.78), 'orange': (0.03, 0.22, 0.75),
        'blue': (0.45, 0.13, 0.03), 'red': (0.03, 0.03, 0.55), 'green': (0.10, 0.35, 0.06),
        'black': (0.02, 0.02, 0.02)}
COMMON = {'white': 0.56, 'yellow': 0.22, 'orange': 0.06, 'blue': 0.05, 'red': 0.07, 'green': 0.04}


@dataclass(frozen=True)
class Pose:
    """Where base_link is in the world."""

    x: float        # metres
    y: float        # metres
    heading: float  # radians, counter-clockwise from the world's x


@dataclass(frozen=True)
class Tape:
    """What a tape looks like."""

    name: str
    color: tuple[float, float, float]  # linear reflectance: blue, green, red
    gloss: float                       # share of light mirrored


@dataclass(frozen=True)
class Scene:
    """Everything that a picture shows, but for the camera."""

    track: Track | None
    floor: Floor
    tapes: tuple[Tape, ...]
    lights: Lights


def draw_scene(streams: Streams, settings: WorldSettings) -> tuple[Scene, Pose]:
    """Return a random scene and a pose of the car in it."""
    floor = lay_floor(streams['floor'], settings.floor, settings.floor_brightness)
    tapes = tuple(draw_tape(streams[f'tape {number}'], floor, settings.tape_color)
                  for number in range(2))
    track, pose = draw_track(streams, settings)
    return Scene(track, floor, tapes, draw_lights(streams['lights'])), pose


def draw_track(streams: Streams, settings: WorldSettings) -> tuple[Track, Pose]:
    """Return a random track and a pose of the car on it."""
    random = streams['sizes']
    lane_width = settings.lane_width or log_uniform(random, 0.2, 0.8)
    tape_width = settings.tape_width or log_uniform(random, 0.01, 0.05)
    tightest = max(0.4, 0.75 * lane_width)
    radius = settings.min_radius or tightest * log_uniform(random, 1.0, 3.0)
    random = streams['road']
    if random.random() < 0.5:
        road = open_road(random, radius)
        start = 2.5
    else:
        road = circuit(random, radius, max(random.uniform(2.5, 6.0), 5 * radius))
        start = random.uniform(0, road.length)
    track = lay_track(streams['layout'], road, lane_width, tape_width)
    return track, draw_pose(streams['pose'], track, start)


def draw_drive_scene(streams: Streams, settings: WorldSettings,
                     reverse: bool = False) -> tuple[Scene, Pose]:
    """Return a scene with a complete closed track, and a pose in the middle of its lane."""
    floor = lay_floor(streams['floor'], settings.floor, settings.floor_brightness)
    tapes = tuple(draw_tape(streams[f'tape {number}'], floor, settings.tape_color)
                  for number in range(2))
    random = streams['sizes']
    lane_width = settings.lane_width or random.uniform(0.3, 0.6)
    tape_width = settings.tape_width or random.uniform(0.018, 0.05)
    random = streams['road']
    radius = settings.min_radius or max(0.6, 1.2 * lane_width) * log_uniform(random, 1.0, 1.8)
    road = circuit(random, radius, max(random.uniform(3.5, 6.0), 5 * radius))
    layout = pick(streams['layout kind'], {'one': 0.5, 'two': 0.5})
    track = lay_track(streams['layout'], road, lane_width, tape_width, layout, tidy=True)
    if reverse:
        track = track.reversed()
    center = track.center_line()
    start = Pose(*(float(c) for c in center.points[0]), float(center.headings[0]))
    return Scene(track, floor, tapes, draw_lights(streams['lights'])), start


def draw_pose(random: np.random.Generator, track: Track, start: float) -> Pose:
    """Return a pose near the middle of the ego lane at arc length start; at times far off it."""
    lane = track.ego_lane
    if random.random() < 0.8:
        lateral, turn = random.normal(0, 0.18) * lane.width, np.deg2rad(random.normal(0, 8))
    else:
        lateral = random.uniform(-0.7, 0.7) * lane.width
        turn = np.deg2rad(random.uniform(-40, 40))
    index = int(track.road.index(start))
    place = track.road.points[index] + track.road.normals[index] * (lane.offset + lateral)
    return Pose(float(place[0]), float(place[1]), float(track.road.headings[index] + turn))


def draw_tape(random: np.random.Generator, floor: Floor, color: str | None) -> Tape:
    """Return tape that a person would choose for the floor: one that can be told from it."""
    for _ in range(40):
        name = color or pick(random, COMMON)
        if color is None and float(np.mean(floor.color)) > 0.25 and random.random() < 0.5:
            name = 'black'
        shade = np.array(TAPE[name]) * np.exp(random.normal(0, 0.15, 3)) * random.uniform(0.7, 1.1)
        if contrast(shade, np.array(floor.color)) > 0.35:
            break
    gloss = 0.0 if random.random() < 0.4 else random.uniform(0.01, 0.06)
    return Tape(name, tuple(float(s) for s in shade.clip(0.01, 0.92)), gloss)


def contrast(one: NDArray, other: NDArray) -> float:
    """Return how well two reflectances can be told apart: distance of their cube roots."""
    return float(np.linalg.norm(np.cbrt(one) - np.cbrt(other)))

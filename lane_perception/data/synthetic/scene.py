# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A scene: a track on a floor in a room under lamps, and the car's place on it."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.carbody import draw_parts
from lane_perception.data.synthetic.carbody import Part
from lane_perception.data.synthetic.decals import band
from lane_perception.data.synthetic.decals import Decal
from lane_perception.data.synthetic.decals import road_span
from lane_perception.data.synthetic.decals import scatter
from lane_perception.data.synthetic.floors import Floor
from lane_perception.data.synthetic.floors import Layer
from lane_perception.data.synthetic.floors import layer
from lane_perception.data.synthetic.floors import lay_floor
from lane_perception.data.synthetic.layout import lay_track
from lane_perception.data.synthetic.lights import draw_lights
from lane_perception.data.synthetic.lights import Lights
from lane_perception.data.synthetic.objects import block
from lane_perception.data.synthetic.objects import ring
from lane_perception.data.synthetic.objects import stand_about
from lane_perception.data.synthetic.objects import Thing
from lane_perception.data.synthetic.roads import circuit
from lane_perception.data.synthetic.roads import open_road
from lane_perception.data.synthetic.room import draw_landscape
from lane_perception.data.synthetic.room import draw_room
from lane_perception.data.synthetic.room import Room
from lane_perception.data.synthetic.settings import log_uniform
from lane_perception.data.synthetic.settings import pick
from lane_perception.data.synthetic.settings import Streams
from lane_perception.data.synthetic.settings import WorldSettings
from lane_perception.data.synthetic.track import Track

# Reflectance of tape, linear: blue, green, red.
TAPE = {'white': (0.75, 0.78, 0.78), 'yellow': (0.03, 0.50, 0.78), 'orange': (0.03, 0.22, 0.75),
        'blue': (0.45, 0.13, 0.03), 'red': (0.03, 0.03, 0.55), 'green': (0.10, 0.35, 0.06),
        'black': (0.02, 0.02, 0.02)}
ASTRIDE = 0.25   # share of poses over the line between two lanes, where there are two
CONTRAST = 0.35  # least difference of tape and floor, see contrast()
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
    texture: Layer                     # folds, dirt, and where it is worn
    wear: float                        # 0 new to 1 much of it rubbed off
    sheerness: float                   # share of the floor's structure that shows through it
    creases: float                     # how much darker folds and laps of it are


@dataclass(frozen=True)
class Shade:
    """Polygons on the floor with less light, or with more."""

    polygons: tuple[NDArray[np.float64], ...]  # (N, 2) world
    light: tuple[float, float, float]          # factor on the light there: blue, green, red
    softness: float                            # sigma of its rim, pixels at 640 wide


@dataclass(frozen=True)
class Scene:
    """Everything that a picture shows, but for the camera."""

    track: Track | None
    floor: Floor
    tapes: tuple[Tape, ...]
    lights: Lights
    room: Room
    apron: Floor | None = None                         # another floor laid under the track
    apron_shape: tuple[NDArray[np.float64], ...] = ()  # (N, 2) world polygons of it
    decals: tuple[Decal, ...] = ()
    things: tuple[Thing, ...] = ()
    shades: tuple[Shade, ...] = ()
    parts: tuple[Part, ...] = ()                       # of the car, in view


def draw_scene(streams: Streams, settings: WorldSettings,
               with_track: bool = True) -> tuple[Scene, Pose]:
    """Return a random scene and a pose of the car in it."""
    track, pose = draw_track(streams, settings)
    return furnish(streams, settings, track, [pose], with_track), pose


def furnish(streams: Streams, settings: WorldSettings, track: Track, poses: list[Pose],
            with_track: bool = True) -> Scene:
    """
    Return a scene round a track: floor, tape, light, room, and what lies and stands about.

    :param poses: what is to be seen from them is drawn; the lamps hang about the first.
    :param with_track: False leaves the floor bare of tape and of all that belongs to a road.
    """
    along = poses[0].heading
    floor = lay_floor(streams['floor'], settings.floor, settings.floor_brightness, along)
    for attempt in range(20):  # a pinned color of tape wants a floor that it can be told from
        wanted = np.array(TAPE.get(settings.tape_color, (np.inf,) * 3))
        if contrast(wanted, np.array(floor.color)) > CONTRAST:
            break
        floor = lay_floor(streams[f'floor {attempt}'], settings.floor, settings.floor_brightness,
                          along)
    if settings.glare is not None:  # a floor that can mirror, or one that does not
        floor = replace(floor, gloss=max(floor.gloss, 0.05) if settings.glare > 0 else 0.0,
                        roughness=min(floor.roughness, 0.15))
    tapes = tuple(draw_tape(streams[f'tape {number}'], floor, settings.tape_color)
                  for number in range(2))
    random = streams['clutter']
    amount = random.choice([0.0, 0.5, 1.0, 1.8], p=[0.2, 0.3, 0.3, 0.2])
    if settings.clutter is not None:
        amount = 2.0 * settings.clutter
    place = np.array([poses[0].x, poses[0].y])
    lights = draw_lights(streams['lights'], place, settings.glare)
    coarse = track.road.points[::10]
    reach = np.linalg.norm(coarse - place, axis=1)
    random = streams['room']
    extent = random.uniform(3, 12) if len(poses) == 1 else np.inf
    light = np.array(lights.ambient) + 0.3
    half = max(abs(side) for side in road_span(track))
    aside = half * track.road.normals[::10]
    edges = np.vstack((coarse + aside, coarse - aside)) if len(poses) > 1 else np.zeros((0, 2))
    room = draw_room(random, np.vstack((coarse[reach < extent], place)), light, clear=edges)
    outdoors = random.random() < 0.1
    if outdoors:
        room = draw_landscape(random, place, light)
    visible = track if with_track else None
    decals, things, shades = [], [], []
    lying, standing, shading = (streams[name] for name in ('decals', 'things', 'shades'))
    for pose in poses:
        place = np.array([pose.x, pose.y])
        decals += scatter(lying, visible, place, pose.heading, amount,
                          [np.array(tape.color) for tape in tapes], np.array(floor.color))
        new = stand_about(standing, coarse if with_track else np.zeros((0, 2)), half + 0.08,
                          place, pose.heading, amount, 0.12 if len(poses) == 1 else 0.0)
        things += new
        shades += draw_shades(shading, lights, new, place, pose.heading)
    apron, shape = None, ()
    random = streams['apron']
    if random.random() < (0.7 if outdoors else 0.3):
        apron, floor = floor, lay_floor(random, along=along)
        if track.road.closed:
            coarse = np.concatenate((coarse, coarse[:2]))
        shape = tuple(apron_shape(random, coarse, half))
    return Scene(visible, floor, tapes, lights, room, apron, shape, tuple(decals), tuple(things),
                 tuple(shades), draw_parts(streams['car']) if amount > 0 else ())


def apron_shape(random: np.random.Generator, coarse: NDArray,
                half: float) -> list[NDArray[np.float64]]:
    """Return polygons that cover a road: square tiles, or one sheet along it."""
    if random.random() < 0.5:
        size, angle = random.uniform(0.3, 1.2), random.uniform(0, np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        local = coarse @ turn
        margin = half + random.uniform(0.0, 0.3)
        near = np.concatenate([local + d for d in margin * np.array(
            [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [.7, .7], [.7, -.7], [-.7, .7], [-.7, -.7],
             [.5, 0], [-.5, 0], [0, .5], [0, -.5]])])
        cells = np.unique(np.floor(near / size).astype(int), axis=0)
        square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
        return [((cell + square) * size) @ turn.T for cell in cells]
    return band(coarse, 2 * (half + random.uniform(0.03, 0.5)))


def draw_shades(random: np.random.Generator, lights: Lights, things: list[Thing], place: NDArray,
                heading: float) -> list[Shade]:
    """Return shadows of things and of what is out of sight, and patches of sunlight."""
    shades = []
    contact = [hull(np.concatenate([ring(point, 0.02, 6) for point in outline]))
               for thing in things for outline in thing.footprints]
    if contact:
        shades.append(Shade(tuple(contact), (random.uniform(0.25, 0.7),) * 3, 4.0))
    for lamp in lights.lamps[:2]:
        cast = []
        for thing in things:
            for outline in thing.footprints:
                top = min(thing.height, 0.8 * lamp.position[2])
                away = outline - np.array(lamp.position[:2])
                tip = outline + away * top / (lamp.position[2] - top)
                cast.append(hull(np.concatenate((outline, tip))))
        if cast:
            dark = random.uniform(0.35, 0.85)
            shades.append(Shade(tuple(cast), (dark,) * 3, random.choice([0.5, 2.0, 6.0])))
    looking = np.array([np.cos(heading), np.sin(heading)])
    if random.random() < 0.35:  # shadows of what stands out of the picture
        shapes = []
        for _ in range(int(random.integers(1, 5))):
            near = place + looking * random.uniform(0.1, 2.5) + random.normal(0, 0.6, 2)
            shapes.append(block(near, random.uniform(0, np.pi), log_uniform(random, 0.1, 4.0),
                                log_uniform(random, 0.02, 0.8)))
        dark = np.full(3, random.uniform(0.25, 0.8)) * np.array([1.08, 1.0, 0.95])
        shades.append(Shade(tuple(shapes), tuple(dark), random.choice([0.5, 2.0, 5.0, 12.0])))
    if random.random() < 0.22:  # the sun through a window, or a blind
        angle, skew = random.uniform(0, np.pi), random.uniform(-0.8, 0.8)
        near = place + looking * random.uniform(0.2, 2.5) + random.normal(0, 0.5, 2)
        panes, wide, deep = int(random.integers(1, 5)), *random.uniform(0.1, 0.9, 2)
        if random.random() < 0.3:
            panes, wide, deep = int(random.integers(1, 12)), 0.15 * wide, 2.5 * deep
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([np.cos(angle + np.pi / 2 + skew), np.sin(angle + np.pi / 2 + skew)])
        bar = random.uniform(0.02, 0.1)
        shapes = [near + along * (wide + bar) * i + np.array(
            [0 * along, along * wide, along * wide + across * deep, across * deep])
            for i in range(panes)]
        strength = log_uniform(random, 1.5, 8.0)
        warm = strength * np.array([random.uniform(0.7, 1.0), 0.95, 1.0])
        shades.append(Shade(tuple(shapes), tuple(warm), random.choice([0.5, 1.5, 4.0])))
    return shades


def hull(points: NDArray) -> NDArray[np.float64]:
    """Return the convex hull of (N, 2) points."""
    return cv2.convexHull(points.astype(np.float32)).reshape(-1, 2).astype(np.float64)


def draw_track(streams: Streams, settings: WorldSettings) -> tuple[Track, Pose]:
    """Return a random track and a pose of the car on it."""
    random = streams['sizes']
    lane_width = settings.lane_width or log_uniform(random, 0.2, 0.8)
    tape_width = settings.tape_width or log_uniform(random, 0.01, 0.05)
    tightest = max(0.4, 0.75 * lane_width)
    radius = settings.min_radius or tightest * log_uniform(random, 1.0, 3.0)
    random = streams['road']
    if random.random() < 0.45:
        road = open_road(random, radius)
        start = 2.5
    else:
        road = circuit(random, radius, max(random.uniform(2.5, 6.0), 5 * radius))
        start = random.uniform(0, road.length)
    track = lay_track(streams['layout'], road, lane_width, tape_width, near=start)
    return track, draw_pose(streams['pose'], track, start)


def draw_drive_scene(streams: Streams, settings: WorldSettings,
                     reverse: bool = False) -> tuple[Scene, Pose]:
    """Return a scene with a complete closed track, and a pose in the middle of its lane."""
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
    stations = range(0, len(center.points), max(1, len(center.points) // 4))
    poses = [Pose(*(float(c) for c in center.points[i]), float(center.headings[i]))
             for i in stations]
    return furnish(streams, settings, track, poses), start


def draw_pose(random: np.random.Generator, track: Track, start: float) -> Pose:
    """
    Return a pose near the middle of the ego lane at arc length start; at times far off it.

    Where another lane lies beside, the car is at times about to change over: the line between
    the two runs ahead of it, and then it is seen end on.
    """
    lane = track.ego_lane
    beside = [other.offset - lane.offset for other in track.lanes
              if 0 < abs(other.offset - lane.offset) < 1.5 * lane.width]
    kind = random.random()
    if beside and kind < ASTRIDE:
        lateral = random.choice(beside) * random.uniform(0.3, 0.55)
        turn = np.deg2rad(random.normal(0, 8))
    elif kind < 0.8:
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
        if contrast(shade, np.array(floor.color)) > CONTRAST:
            break
    gloss = 0.0 if random.random() < 0.4 else random.uniform(0.01, 0.08)
    texture = layer(random, pick(random, {'cloud': 0.4, 'fiber': 0.2, 'grain': 0.2, 'stains': 0.1,
                                          'scratches': 0.1}),
                    log_uniform(random, 0.1, 0.8), random.uniform(0.02, 0.35))
    wear = 0.0 if random.random() < 0.7 else random.uniform(0.1, 0.8)
    return Tape(name, tuple(float(s) for s in shade.clip(0.01, 0.92)), gloss, texture, wear,
                float(random.uniform(0.0, 0.6)), float(random.uniform(-0.15, 0.35)))


def contrast(one: NDArray, other: NDArray) -> float:
    """Return how well two reflectances can be told apart: distance of their cube roots."""
    return float(np.linalg.norm(np.cbrt(one) - np.cbrt(other)))

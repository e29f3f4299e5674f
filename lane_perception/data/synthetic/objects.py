# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Things that stand on the floor: boxes, cones, legs of furniture and people, boards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.settings import log_uniform
from lane_perception.data.synthetic.settings import pick


@dataclass(frozen=True)
class Face:
    """A polygon of a thing, seen from one side."""

    corners: NDArray[np.float64]        # (N, 3) world, metres; counter-clockwise as it is seen
    color: tuple[float, float, float]   # linear reflectance: blue, green, red
    shade: float                        # of the light that falls on it, by how it is turned

    def faces(self, eye: NDArray) -> bool:
        """Return whether a (3,) world point sees its side that is colored."""
        a, b, c = self.corners[0], self.corners[1], self.corners[-1]
        (ax, ay, az), (bx, by, bz), (ex, ey, ez) = b - a, c - a, eye - a
        return (ay * bz - az * by) * ex + (az * bx - ax * bz) * ey + (ax * by - ay * bx) * ez > 0


@dataclass(frozen=True)
class Thing:
    """Something that stands on the floor and hides what is behind it."""

    kind: str
    place: tuple[float, float]                  # world, metres
    faces: tuple[Face, ...]
    footprints: tuple[NDArray[np.float64], ...]  # (N, 2) world: where it touches the floor
    height: float                               # for the shadow, metres


def color_of(random: np.random.Generator) -> NDArray[np.float64]:
    """Return a random color, dull or vivid."""
    bright = log_uniform(random, 0.02, 0.85)
    tint = np.exp(random.normal(0, 0.7 if random.random() < 0.4 else 0.1, 3))
    return (bright * tint / tint.mean()).clip(0.01, 0.9)


def prism(random: np.random.Generator, outline: NDArray, low: float, high: float,
          color: NDArray, taper: float = 1.0) -> list[Face]:
    """Return the sides and the top of an upright prism over an (N, 2) outline."""
    middle = outline.mean(0)
    upper = middle + (outline - middle) * taper
    bottom = np.column_stack((outline, np.full(len(outline), low)))
    top = np.column_stack((upper, np.full(len(outline), high)))
    toward = random.uniform(0, 2 * np.pi)
    faces = []
    for i in range(len(outline)):
        j = (i + 1) % len(outline)
        edge = outline[j] - outline[i]
        normal = np.arctan2(-edge[0], edge[1])
        shade = 0.6 + 0.3 * np.cos(normal - toward)
        faces.append(Face(np.array([bottom[i], bottom[j], top[j], top[i]]), tuple(color), shade))
    if taper > 0.05:
        faces.append(Face(top, tuple(color), 1.0))
    return faces


def block(place: NDArray, angle: float, length: float, width: float) -> NDArray[np.float64]:
    """Return the (4, 2) outline of an oblong, counter-clockwise."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    return np.array([place + along * length / 2 * i + across * width / 2 * j
                     for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))])


def ring(place: NDArray, radius: float, corners: int = 8) -> NDArray[np.float64]:
    """Return the (N, 2) outline of a round thing, counter-clockwise."""
    angle = np.arange(corners) * 2 * np.pi / corners
    return place + radius * np.column_stack((np.cos(angle), np.sin(angle)))


def box(random: np.random.Generator, place: NDArray) -> Thing:
    """Make a carton, a case or a book."""
    outline = block(place, random.uniform(0, np.pi), log_uniform(random, 0.06, 0.6),
                    log_uniform(random, 0.06, 0.5))
    height = log_uniform(random, 0.04, 0.5)
    color = np.array([0.14, 0.28, 0.42]) * random.uniform(0.5, 1.4)
    color = color_of(random) if random.random() < 0.6 else color
    return Thing('box', tuple(place), tuple(prism(random, outline, 0, height, color)), (outline,),
                 height)


def cone(random: np.random.Generator, place: NDArray) -> Thing:
    """Make a traffic cone or a bottle, with a foot and perhaps a pale stripe."""
    height = random.uniform(0.05, 0.45)
    radius = height * random.uniform(0.2, 0.35)
    color = np.array([0.02, random.uniform(0.1, 0.5), 0.75])
    color = color_of(random) if random.random() < 0.3 else color
    foot = block(place, random.uniform(0, np.pi), 2.4 * radius, 2.4 * radius)
    faces = prism(random, foot, 0, height * 0.06, color * 0.8)
    split = random.uniform(0.35, 0.6)
    lower, middle = ring(place, radius), ring(place, radius * (1 - split * 0.9))
    faces += prism(random, lower, height * 0.06, height * split, color, 1 - split * 0.9)
    pale = np.array([0.7, 0.75, 0.75]) if random.random() < 0.5 else color
    faces += prism(random, middle, height * split, height * (split + 0.18), pale, 0.7)
    faces += prism(random, ring(place, radius * 0.7 * (1 - split * 0.9)),
                   height * (split + 0.18), height, color, 0.3)
    return Thing('cone', tuple(place), tuple(faces), (foot,), height)


def furniture(random: np.random.Generator, place: NDArray) -> Thing:
    """Make a table or a chair: legs, struts, a seat or a top that throws shade."""
    angle, color = random.uniform(0, np.pi), color_of(random)
    length, width = random.uniform(0.35, 1.4), random.uniform(0.35, 0.8)
    height = random.uniform(0.4, 0.78)
    thick = random.uniform(0.018, 0.06)
    faces, prints = [], []
    for corner in block(place, angle, length, width):
        leg = block(corner, angle, thick, thick)
        faces += prism(random, leg, 0, height, color)
        prints.append(leg)
    if random.random() < 0.5:
        corners = block(place, angle, length, width)
        level = random.uniform(0.05, 0.3)
        for i in (0, 2):
            strut = np.array([corners[i], corners[i + 1]])
            ends = np.column_stack((strut, np.full(2, level)))
            up = np.array([0, 0, thick * 0.7])
            front = np.array([ends[0], ends[1], ends[1] + up, ends[0] + up])
            faces += [Face(front, tuple(color), 0.8), Face(front[::-1], tuple(color), 0.7)]
    top = block(place, angle, length + 0.08, width + 0.08)
    faces += prism(random, top, height, height + 0.03, color_of(random))
    return Thing('furniture', tuple(place), tuple(faces), tuple(prints), height)


def person(random: np.random.Generator, place: NDArray) -> Thing:
    """Make somebody who stands about."""
    angle, shoe, cloth = random.uniform(0, 2 * np.pi), color_of(random), color_of(random) * 0.7
    across = np.array([-np.sin(angle), np.cos(angle)])
    along = np.array([np.cos(angle), np.sin(angle)])
    faces, prints = [], []
    for side in (-1, 1):
        spot = place + across * side * random.uniform(0.09, 0.2) + along * random.normal(0, 0.08)
        sole = ring(spot, 1.0, 10)
        sole = spot + (sole - spot) @ np.array([along * 0.14, across * 0.05])
        faces += prism(random, sole, 0, 0.025, color_of(random))
        faces += prism(random, sole, 0.025, 0.09, shoe, 0.7)
        faces += prism(random, ring(spot - along * 0.06, 0.06), 0.08, 0.9, cloth, 1.2)
        prints.append(sole)
    shirt = color_of(random)
    trunk = block(place, angle, 0.22, 0.38)
    faces += prism(random, trunk, 0.85, 1.45, shirt, 1.1)
    for side in (-1, 1):
        arm = ring(place + across * side * 0.25, 0.05)
        faces += prism(random, arm, 0.75, 1.42, shirt * 0.9)
    skin = np.array([0.25, 0.35, 0.5]) * random.uniform(0.2, 1.3)
    faces += prism(random, ring(place, 0.09), 1.5, 1.75, skin, 0.9)
    return Thing('person', tuple(place), tuple(faces), tuple(prints), 0.9)


def post(random: np.random.Generator, place: NDArray) -> Thing:
    """Make a post, a bin, a lamp stand or a cup."""
    radius, height = log_uniform(random, 0.01, 0.16), log_uniform(random, 0.08, 1.2)
    outline = ring(place, radius)
    faces = prism(random, outline, 0, height, color_of(random), random.uniform(0.8, 1.3))
    return Thing('post', tuple(place), tuple(faces), (outline,), height)


def board(random: np.random.Generator, place: NDArray) -> Thing:
    """Make a low wall, a plank on edge, a skirting duct or a curb."""
    outline = block(place, random.uniform(0, np.pi), random.uniform(0.4, 3.0),
                    random.uniform(0.01, 0.1))
    height = log_uniform(random, 0.015, 0.25)
    return Thing('board', tuple(place),
                 tuple(prism(random, outline, 0, height, color_of(random))), (outline,), height)


MAKERS = {'box': (box, 0.25), 'cone': (cone, 0.15), 'furniture': (furniture, 0.24),
          'person': (person, 0.12), 'post': (post, 0.14), 'board': (board, 0.10)}


def stand_about(random: np.random.Generator, keep_clear: NDArray, clearance: float,
                place: NDArray, heading: float, amount: float,
                on_road_chance: float = 0.0) -> list[Thing]:
    """
    Return random things in front of the car, mostly beside the road.

    :param keep_clear: (N, 2) world points that most things stay `clearance` metres away from.
    :param amount: 0 nothing, 1 much.
    :param on_road_chance: share of the things that may stand on the road.
    """
    things = []
    for _ in range(int(random.poisson(4.0 * amount))):
        kind = pick(random, {name: row[1] for name, row in MAKERS.items()})
        on_road = random.random() < on_road_chance
        for _ in range(12):
            angle = heading + random.uniform(-1.3, 1.3)
            reach = log_uniform(random, 0.35, 7.0)
            spot = place + reach * np.array([np.cos(angle), np.sin(angle)])
            thing = MAKERS[kind][0](random, spot)
            rim = np.concatenate([along_rim(outline) for outline in thing.footprints])
            if np.linalg.norm(rim - place, axis=1).min() < 0.35:
                continue  # the car stands there
            gap = np.inf
            if len(keep_clear):
                gap = np.linalg.norm(keep_clear[:, None] - rim[None], axis=2).min()
            if (on_road and reach > 0.8) or gap > clearance + random.uniform(0.0, 0.3):
                things.append(thing)
                break
    return things


def along_rim(outline: NDArray) -> NDArray[np.float64]:
    """Return points along the rim of an (N, 2) outline, six on each side."""
    after = np.roll(outline, -1, 0)
    part = np.arange(6)[:, None, None] / 6
    return (outline + (after - outline) * part).reshape(-1, 2)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What lies flat on the floor and is no lane marking: crosswalks, arrows, cables, paper, seams."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.curve import Curve
from lane_perception.data.synthetic.curve import wander
from lane_perception.data.synthetic.settings import log_uniform
from lane_perception.data.synthetic.track import Track


@dataclass(frozen=True)
class Decal:
    """Flat shapes of one color on the floor."""

    kind: str
    polygons: tuple[NDArray[np.float64], ...]  # (N, 2) world, metres; filled
    color: tuple[float, float, float]          # linear reflectance: blue, green, red
    opacity: float                             # 1 hides the floor
    gloss: float
    over: bool                                 # lies over the tape, and hides it


def band(points: NDArray, width: float | NDArray) -> list[NDArray[np.float64]]:
    """Return polygons of a band of some width (metres) along (N, 2) points."""
    ahead = np.gradient(points, axis=0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    side = np.column_stack((-ahead[:, 1], ahead[:, 0])) * np.reshape(width, (-1, 1)) / 2
    left, right = points + side, points - side
    return [np.concatenate((left[i:i + 13], right[i:i + 13][::-1]))
            for i in range(0, len(points) - 1, 12)]


def rectangle(center: NDArray, along: NDArray, length: float, width: float) -> NDArray[np.float64]:
    """Return the (4, 2) corners of a rectangle whose length runs along a unit direction."""
    across = np.array([-along[1], along[0]])
    return np.array([center + along * length / 2 * i + across * width / 2 * j
                     for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))])


def crosswalk(random: np.random.Generator, track: Track, index: int) -> list[NDArray]:
    """Return stripes across the road, along the direction of travel, sometimes askew."""
    low, high = road_span(track)
    length, stripe = random.uniform(0.1, 0.5), random.uniform(0.02, 0.08)
    space = stripe * random.uniform(0.6, 1.6)
    at = np.arange(low + random.uniform(0.0, space), high - stripe / 2, stripe + space)
    turn = random.normal(0, 0.06)
    along, side = frame(track.road, index)
    along = along * np.cos(turn) + side * np.sin(turn)
    return [rectangle(track.road.points[index] + side * (d + stripe / 2), along, length, stripe)
            for d in at]


def stop_line(random: np.random.Generator, track: Track, index: int) -> list[NDArray]:
    """Return a bar across a lane or the whole road."""
    low, high = road_span(track)
    if random.random() < 0.6:
        lane = track.lanes[int(random.integers(len(track.lanes)))]
        low, high = lane.offset - lane.width / 2, lane.offset + lane.width / 2
    along, side = frame(track.road, index)
    middle = track.road.points[index] + side * (low + high) / 2
    share = random.uniform(0.7, 1.05)
    bars = [rectangle(middle, along, log_uniform(random, 0.015, 0.08), (high - low) * share)]
    if random.random() < 0.15:
        bars.append(rectangle(middle + along * 0.12, along, 0.03, (high - low) * share))
    return bars


def arrow(random: np.random.Generator, track: Track, index: int) -> list[NDArray]:
    """Return an arrow in a lane: straight on or turning."""
    lane = track.lanes[int(random.integers(len(track.lanes)))]
    size = lane.width * random.uniform(0.3, 0.9)
    along, side = frame(track.road, index)
    start = track.road.points[index] + side * lane.offset
    if random.random() < 0.4:
        along = -along
    shaft = rectangle(start, along, size, size * 0.16)
    tip = start + along * size / 2
    head_along, head_side = along, side
    shapes = [shaft]
    if random.random() < 0.5:
        turn = side if random.random() < 0.5 else -side
        shapes.append(rectangle(tip + turn * size * 0.2, turn, size * 0.5, size * 0.16))
        tip, head_along, head_side = tip + turn * size * 0.4, turn, along
    shapes.append(np.array([tip + head_along * size * 0.35, tip + head_side * size * 0.22,
                            tip - head_side * size * 0.22]))
    return shapes


def writing(random: np.random.Generator, track: Track, index: int) -> list[NDArray]:
    """Return letters or digits painted on the floor, as outlines."""
    text = ''.join(random.choice(list('STOPGLE1235407XYZAB'), int(random.integers(1, 5))))
    canvas = np.zeros((96, 64 * len(text)), np.uint8)
    cv2.putText(canvas, text, (4, 76), int(random.choice([0, 2, 3])), 2.4, 255, 9)
    outlines, _ = cv2.findContours(canvas, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1)
    size = random.uniform(0.1, 0.5) / 96
    along, side = frame(track.road, index)
    if random.random() < 0.5:
        along, side = -along, -side
    start = track.road.points[index] + side * random.uniform(-0.6, 0.6)
    return [start + np.outer(-(o[:, 0, 0] - canvas.shape[1] / 2), side) * size
            - np.outer(o[:, 0, 1] - 48, along) * size for o in outlines if len(o) >= 3]


def cable(random: np.random.Generator, near: NDArray) -> list[NDArray]:
    """Return a cable that wanders over the floor past a point."""
    count, heading = int(random.uniform(80, 350)), random.uniform(0, 2 * np.pi)
    turn = random.uniform(0.3, 2.5) * wander(random, count, random.uniform(0.2, 1.0))
    heading = heading + np.cumsum(turn) * 0.01
    points = np.cumsum(np.column_stack((np.cos(heading), np.sin(heading))) * 0.01, 0)
    return band((points - points[count // 2] + near)[::3], random.uniform(0.004, 0.014))


def sheet(random: np.random.Generator, near: NDArray) -> list[NDArray]:
    """Return a sheet of paper, a card, a patch or a strip that lies about."""
    angle = random.uniform(0, np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    if random.random() < 0.4:
        return [rectangle(near, along, random.uniform(0.05, 0.6), random.uniform(0.01, 0.05))]
    return [rectangle(near, along, log_uniform(random, 0.04, 0.8), log_uniform(random, 0.04, 0.6))]


def seam(random: np.random.Generator, near: NDArray) -> list[NDArray]:
    """Return a long straight joint, strip or crack in the floor."""
    angle = random.uniform(0, np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    steps = np.linspace(-6, 6, 121)[:, None]
    points = near + steps * along
    if random.random() < 0.3:
        points = points + 0.01 * wander(random, 121, 0.03)[:, None] * along[::-1] * (1, -1)
    return band(points, random.uniform(0.002, 0.02))


def frame(road: Curve, index: int) -> tuple[NDArray, NDArray]:
    """Return the unit directions along and to the left of a road at a point of it."""
    return road.tangents[index], road.normals[index]


def road_span(track: Track) -> tuple[float, float]:
    """Return how far right and left of its curve a road reaches, metres."""
    return (min(lane.offset - lane.width / 2 for lane in track.lanes),
            max(lane.offset + lane.width / 2 for lane in track.lanes))


ROAD_KINDS = {'crosswalk': crosswalk, 'stop_line': stop_line, 'arrow': arrow, 'writing': writing}
LOOSE_KINDS = {'cable': cable, 'sheet': sheet, 'seam': seam}


def scatter(random: np.random.Generator, track: Track | None, place: NDArray, heading: float,
            amount: float, paints: list[NDArray], floor: NDArray) -> list[Decal]:
    """
    Return random things on the floor round about a place.

    :param track: where crosswalks and the like belong; None: only loose things.
    :param place: (2,) world, and heading: where the car stands and looks.
    :param amount: 0 nothing, 1 much.
    :param paints: colors of the tape, which crosswalks share.
    :param floor: (3,) color of the floor, which seams darken or lighten.
    """
    decals = []
    looking = np.array([np.cos(heading), np.sin(heading)])
    for kind, make in ROAD_KINDS.items():
        if track is None or random.random() > amount * 0.22:
            continue
        for _ in range(1 if random.random() < 0.7 else 2):
            s = track.road.locate(place)[0]
            toward = 1 if track.road.tangents[int(track.road.index(s))] @ looking > 0 else -1
            index = int(track.road.index(s + toward * random.uniform(0.15, 3.5)))
            color = np.array(paints[int(random.random() < 0.3)])
            shapes = make(random, track, index)
            decals.append(Decal(kind, tuple(shapes), tuple(color * random.uniform(0.8, 1.1)),
                                random.uniform(0.75, 1.0), 0.01, False))
    for kind, make in LOOSE_KINDS.items():
        for _ in range(int(random.poisson(amount * 0.5))):
            near = place + looking * random.uniform(0.1, 3.0) + random.normal(0, 0.7, 2)
            shapes = make(random, near)
            color = np.exp(random.uniform(np.log(0.01), np.log(0.85))) * np.exp(
                random.normal(0, 0.3, 3))
            if kind == 'seam':
                color = floor * np.exp(random.normal(0, 0.8))
            over = kind == 'cable' or (kind == 'sheet' and random.random() < 0.4)
            decals.append(Decal(kind, tuple(shapes), tuple(color.clip(0.005, 0.9)),
                                random.uniform(0.5, 1.0) if kind == 'seam' else 1.0,
                                random.uniform(0, 0.04), over))
    return decals

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Other roads in sight: crossings, forks and merges, and roads that only run past."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.curve import Curve
from lane_perception.data.synthetic.curve import from_curvature
from lane_perception.data.synthetic.curve import STEP
from lane_perception.data.synthetic.track import Marking
from lane_perception.data.synthetic.track import whole
from lane_perception.data.synthetic.track import without_flags


def distance_to(points: NDArray, curve: Curve) -> NDArray[np.float64]:
    """Return the (N,) distances from points to a curve, right to about two centimetres."""
    coarse = curve.points[::4]
    square = ((points ** 2).sum(1)[:, None] + (coarse ** 2).sum(1)[None]
              - 2 * points @ coarse.T)
    return np.sqrt(np.maximum(square.min(1), 0))


def crossing_road(random: np.random.Generator, road: Curve, index: int) -> Curve:
    """Return a road that crosses another at a point of it, near to a right angle."""
    turn = np.deg2rad(random.choice([-1, 1]) * random.uniform(55, 125))
    return _through(random, road, index, turn, random.normal(0, 0.15))


def passing_road(random: np.random.Generator, road: Curve, index: int, away: float) -> Curve:
    """Return a road that runs past a point of another, `away` metres to its left."""
    curve = _through(random, road, index, random.normal(0, 0.5), random.normal(0, 0.3))
    return Curve(curve.points + road.normals[index] * away)


def _through(random: np.random.Generator, road: Curve, index: int, turn: float,
             bend: float) -> Curve:
    """Return a gently bent road through a point of another, turned against it."""
    half = int(random.uniform(1.5, 4.0) / STEP)
    ahead = from_curvature(np.full(half, bend), road.points[index],
                           float(road.headings[index] + turn))
    back = from_curvature(np.full(half, -bend), road.points[index],
                          float(road.headings[index] + turn + np.pi))
    return Curve(np.concatenate((back.points[:0:-1], ahead.points)))


def branch_road(random: np.random.Generator, road: Curve, index: int, merge: bool) -> Curve:
    """Return a road that leaves another at a point of it, or joins it there."""
    count = int(random.uniform(1.5, 4.0) / STEP)
    bend = random.choice([-1, 1]) / random.uniform(0.6, 2.5)
    at = np.arange(count)
    fade = np.minimum(1, at / 40) * (at < random.uniform(0.6, 1) * count)
    heading = float(road.headings[index]) + (np.pi if merge else 0.0)
    return from_curvature(bend * fade, road.points[index], heading)


def join(markings: list[Marking], road: Curve, half: float, other: Curve, other_markings:
         list[Marking], other_half: float, opened: bool, covered: bool) -> list[Marking]:
    """
    Return the markings of two roads that meet.

    :param half, other_half: half the width of each road, metres, between its outer markings.
    :param opened: the first road's markings stop where the other road passes.
    :param covered: the other road's markings stop where the first passes.
    """
    kept = []
    for marking in markings:
        pieces = marking.pieces
        if opened:
            pieces = without_flags(pieces, distance_to(marking.curve.points, other)
                                   < other_half - 0.01)
        kept.append(replace(marking, pieces=pieces))
    for marking in other_markings:
        pieces = marking.pieces
        if covered:
            pieces = without_flags(pieces, distance_to(marking.curve.points, road) < half - 0.01)
        kept.append(replace(marking, pieces=pieces))
    return kept


def edge_lines(curve: Curve, half: float, width: float, paint: int) -> list[Marking]:
    """Return two solid lines of tape beside a curve."""
    lines = []
    for side in (-half, half):
        line = Curve(curve.offset(side))
        lines.append(Marking(line, np.full(len(line.points), width), paint, whole(line), 'other'))
    return lines

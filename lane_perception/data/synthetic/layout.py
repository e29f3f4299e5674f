# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Lay tape along a road: lanes, lines between and beside them, gaps, and tape as hands lay it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.curve import Curve
from lane_perception.data.synthetic.curve import STEP
from lane_perception.data.synthetic.curve import wander
from lane_perception.data.synthetic.junctions import branch_road
from lane_perception.data.synthetic.junctions import crossing_road
from lane_perception.data.synthetic.junctions import edge_lines
from lane_perception.data.synthetic.junctions import join
from lane_perception.data.synthetic.junctions import passing_road
from lane_perception.data.synthetic.settings import pick
from lane_perception.data.synthetic.track import dashes
from lane_perception.data.synthetic.track import Lane
from lane_perception.data.synthetic.track import Marking
from lane_perception.data.synthetic.track import Track
from lane_perception.data.synthetic.track import whole
from lane_perception.data.synthetic.track import without

LAYOUTS = {'one': 0.36, 'two': 0.44, 'three': 0.06, 'middle_only': 0.06, 'one_edge': 0.08}
PAINTED = (0.05, 0.35)   # metres of a dash
SHORT = 0.12             # a dash up to here is as many times as long as its tape is wide instead:
TIMES = (0.8, 4.0)
STUBBY = 0.3             # share of dashed lines that are of such dashes whatever the tape's width


def lay_track(random: np.random.Generator, road: Curve, lane_width: float, tape_width: float,
              layout: str | None = None, tidy: bool = False, near: float = 0.0) -> Track:
    """
    Return a track along a road, with random lanes and lines.

    :param lane_width: metres between the inner rims of the tape beside a lane.
    :param tape_width: metres, of the widest tape; center lines may be narrower.
    :param layout: one of LAYOUTS; None draws one.
    :param tidy: every line present and complete: for closed-loop driving.
    :param near: arc length at which the car is; junctions lie ahead of it.
    """
    layout = layout or pick(random, LAYOUTS)
    pitch = lane_width + tape_width
    count = {'one': 1, 'one_edge': 1, 'two': 2, 'three': 3, 'middle_only': 2}[layout]
    offsets = (np.arange(count + 1) - count / 2) * pitch
    lanes = tuple(Lane(float(a + b) / 2, lane_width) for a, b in zip(offsets, offsets[1:]))
    lines = []
    for number, offset in enumerate(offsets):
        edge = number in (0, count)
        if edge and layout == 'middle_only':
            continue
        if edge and layout == 'one_edge' and number == 0:
            continue
        lines.append((float(offset), 'edge' if edge else 'center'))
    if not tidy and count > 1 and layout != 'middle_only' and random.random() < 0.2:
        lines.pop(0 if random.random() < 0.5 else -1)
    edge_paint, center_paint = 0, int(random.random() < 0.5)
    second_edge = int(random.random() < 0.3)  # the two edges in different colors
    markings: list[Marking] = []
    center_style = pick(random, {'dashed': 0.6, 'solid': 0.22, 'double': 0.18})
    dashed_edges = random.random() < (0.0 if tidy else 0.08)
    for offset, role in lines:
        width = tape_width
        if role == 'center':
            width *= random.uniform(0.6, 1.0 if tidy else 1.3)
        paint = center_paint if role == 'center' else edge_paint
        if role == 'edge' and offset > 0 and second_edge:
            paint = 1
        if role == 'center' and center_style == 'double':
            space = width * random.uniform(0.8, 1.6)
            for side in (-1, 1):
                markings.append(_lay(random, road, offset + side * space, width * 0.8, paint,
                                     'double', 'solid', tidy))
            continue
        style = center_style if role == 'center' else ('dashed' if dashed_edges else 'solid')
        markings.append(_lay(random, road, offset, width, paint, role, style, tidy))
    if not tidy:
        half = float(offsets[-1])
        markings = _meet(random, road, markings, half, pitch / 2, tape_width, near)
    ego = int(random.integers(count)) if count > 1 else 0
    return Track(road, lanes, tuple(markings), ego, tape_width)


def _meet(random: np.random.Generator, road: Curve, markings: list[Marking], half: float,
          lane_half: float, tape_width: float, near: float) -> list[Marking]:
    """Add other roads that cross, leave, join or pass the first one."""
    for kind, chance in (('crossing', 0.10), ('branch', 0.12), ('passing', 0.14)):
        if random.random() > chance:
            continue
        toward = -1 if road.closed and random.random() < 0.5 else 1
        index = int(road.index(near + toward * random.uniform(0.4, 3.5)))
        other_half = lane_half * random.uniform(0.8, 1.2) * (2 if random.random() < 0.3 else 1)
        paint = int(random.random() < 0.3)
        if kind == 'crossing':
            other = crossing_road(random, road, index)
            style = random.random()
            opened, covered = style < 0.6, style < 0.8
        elif kind == 'branch':
            other = branch_road(random, road, index, random.random() < 0.4)
            opened, covered = random.random() < 0.85, True
        else:
            away = random.choice([-1, 1]) * (half + other_half + random.uniform(0.05, 1.5))
            other = passing_road(random, road, index, away)
            opened, covered = False, True
        lines = edge_lines(other, other_half, tape_width, paint)
        if other_half > 1.5 * lane_half:
            dashed = dashes(other, 0.15, 0.15, 0.0)
            lines.append(Marking(other, np.full(len(other.points), tape_width), paint, dashed))
        markings = join(markings, road, half, other, lines, other_half, opened, covered)
    return markings


def _lay(random: np.random.Generator, road: Curve, offset: float, width: float, paint: int,
         role: str, style: str, tidy: bool) -> Marking:
    """Return one line of tape, offset metres to the left of the road's middle."""
    curve = Curve(by_hand(random, road, offset, tidy), road.closed)
    count = len(curve.points)
    widths = np.full(count, width)
    if not tidy and random.random() < 0.6:
        widths *= 1 + random.uniform(0.01, 0.1) * wander(random, count, random.uniform(0.05, 0.4))
    if style == 'dashed':
        painted = random.uniform(*PAINTED)
        if not tidy and random.random() < STUBBY:
            painted = random.uniform(PAINTED[0], SHORT)
        if painted < SHORT:
            painted = max(np.interp(painted, (PAINTED[0], SHORT), TIMES) * width, 2 * STEP)
        gap = painted * random.uniform(0.4, 1.6)
        pieces = dashes(curve, painted, gap, random.uniform(0, painted + gap))
    else:
        pieces = whole(curve)
    if not tidy and random.random() < 0.2:
        for _ in range(int(random.integers(1, 4))):
            start = int(random.uniform(0, count))
            pieces = without(pieces, start, start + int(random.uniform(0.02, 0.8) / STEP))
    creases = np.zeros((0, 2), np.int64)
    if not tidy and random.random() < 0.5:
        first = random.integers(0, count, int(count * STEP * random.uniform(0.3, 4)))
        creases = np.column_stack((first, first + random.integers(1, 7, len(first))))
        creases = creases[creases[:, 1] < count]
    return Marking(curve, widths.clip(0.3 * width, 2 * width), paint, pieces, role, creases)


def by_hand(random: np.random.Generator, road: Curve, offset: float,
            tidy: bool) -> NDArray[np.float64]:
    """Return the (N, 2) middle of a tape: smooth, wavering, or in straight pieces with corners."""
    count = len(road.points)
    at = np.full(count, offset)
    kind = random.random()
    if not tidy and kind < 0.6:
        waver = random.uniform(0.0005, 0.006) * wander(random, count, random.uniform(0.15, 0.8))
        if road.closed:
            waver *= np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 100)
        at = at + waver
    points = road.offset(at)
    if not tidy and kind > 0.75:
        # Tape does not bend: it is laid in straight pieces, shorter where the road turns.
        spacing = int(random.uniform(0.12, 0.6) / STEP)
        knots = np.arange(0, count, spacing)
        knots = np.unique(np.append(knots, count - 1))
        points = np.column_stack([np.interp(np.arange(count), knots, points[knots, i])
                                  for i in (0, 1)])
    return points

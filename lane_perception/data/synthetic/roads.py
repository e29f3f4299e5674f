# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Random roads: open stretches of straights, clothoids and arcs, and closed circuits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.curve import Curve
from lane_perception.data.synthetic.curve import from_curvature
from lane_perception.data.synthetic.curve import resample
from lane_perception.data.synthetic.curve import smooth
from lane_perception.data.synthetic.curve import STEP
from lane_perception.data.synthetic.settings import log_uniform

OPEN_LENGTH = 11.0   # metres of an open road
OPEN_BEHIND = 2.5    # metres of it behind the car


def open_road(random: np.random.Generator, min_radius: float) -> Curve:
    """
    Return an open road that starts OPEN_BEHIND metres before the origin, where it heads along x.

    Bends are clothoid, arc, clothoid; their radii lie between min_radius and about six metres.
    """
    before = int(2.0 / STEP)  # the first bend may begin before the road does
    count = int(OPEN_LENGTH / STEP) + before
    curvature = np.zeros(count)
    at = int(random.uniform(0.0, 2.0 + OPEN_BEHIND + 1.0) / STEP)
    turned, side = 0.0, 1 if random.random() < 0.5 else -1
    straight = random.random() < 0.12
    while at < count and not straight:
        radius = min_radius * log_uniform(random, 1.0, 6.0)
        angle = np.deg2rad(random.uniform(12, 100))
        if abs(turned + side * angle) > np.deg2rad(170):
            side = -side
        ramp = min(random.uniform(0.0, 0.6) * angle * radius, 0.8)
        arc = max(angle * radius - ramp, 0.05)
        profile = _bend(ramp, arc)[:count - at] * side / radius
        curvature[at:at + len(profile)] = profile
        turned += side * angle
        at += len(profile)
        if random.random() < 0.45:
            side = -side  # an S-bend, with hardly a straight between
            at += int(random.uniform(0.0, 0.2) / STEP)
        else:
            at += int(random.uniform(0.1, 3.0) / STEP)
            side = side if random.random() < 0.5 else -side
    curvature = curvature[before:]
    curve = from_curvature(curvature, np.zeros(2), 0.0)
    origin = int(OPEN_BEHIND / STEP)
    turn = -curve.headings[origin]
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return Curve((curve.points - curve.points[origin]) @ rotation.T)


def _bend(ramp: float, arc: float) -> NDArray[np.float64]:
    """Return a bend's curvature profile of height one: ramp metres up, arc metres, and down."""
    up = np.linspace(0, 1, max(2, int(ramp / STEP)))
    return np.concatenate((up, np.ones(max(1, int(arc / STEP))), up[::-1]))


def circuit(random: np.random.Generator, min_radius: float, size: float = 4.0) -> Curve:
    """
    Return a closed road without crossings, driven counter-clockwise or clockwise.

    Corners of a random star-shaped polygon are rounded, and the whole is enlarged until no bend is
    tighter than min_radius (metres). What then comes too near to itself is drawn again.
    """
    for attempt in range(40):
        corners = int(random.integers(4, 10))
        angles = (np.arange(corners) + random.uniform(-0.35, 0.35, corners)) * 2 * np.pi / corners
        radii = random.uniform(0.45, 1.0, corners) * size / 2
        stretch = np.array([1.0, random.uniform(0.6, 1.0)])
        polygon = np.column_stack((np.cos(angles), np.sin(angles))) * radii[:, None] * stretch
        rounding = min_radius * random.uniform(0.5, 0.9)
        curve = smooth(resample(polygon, True), rounding)
        bend = _tightest(curve)
        if bend * min_radius > 1:
            if bend * min_radius > 2:
                continue
            curve = resample(curve.points * bend * min_radius, True)
        if curve.length > 5 * min_radius and _keeps_apart(curve, min_radius):
            if random.random() < 0.5:
                curve = Curve(curve.points[::-1].copy(), True)
            return curve
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = max(size / 3, 1.5 * min_radius)
    return resample(radius * np.column_stack((np.cos(angle), np.sin(angle))), True)


def _tightest(curve: Curve) -> float:
    """Return the greatest curvature of a closed curve, over nine centimetres of it, 1/metres."""
    turned = np.diff(np.concatenate((curve.headings, curve.headings[:1])))
    turned = np.abs((turned + np.pi) % (2 * np.pi) - np.pi)
    turned = np.concatenate((turned[-8:], turned))
    return float(np.convolve(turned, np.ones(9), 'valid').max() / (9 * STEP))


def _keeps_apart(curve: Curve, min_radius: float) -> bool:
    """Return whether stretches of a closed curve that are not neighbors keep their distance."""
    coarse = curve.points[::10]
    square = ((coarse[:, None] - coarse[None]) ** 2).sum(2)
    index = np.arange(len(coarse))
    apart = np.abs(index[:, None] - index[None])
    apart = np.minimum(apart, len(coarse) - apart) * 10 * STEP
    return bool((square[apart > 3.2 * min_radius] > (1.6 * min_radius) ** 2).all())

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How far a fitted lane is to be trusted, and where its centre line is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.chains import Chains
from lane_perception.geometry.chains import median
from lane_perception.geometry.ego_lane import Candidate
from lane_perception.geometry.lane_curve import LaneCurve
from lane_perception.geometry.lane_curve import OUTSIDE

ENOUGH = 0.25        # metres of marking, discounted by distance, that make a lane likely
MISFIT = 0.02        # metres: marks that lie so far off halve the trust
INSIDE = 0.4         # lane widths from the centre within which no mark belongs
BESIDE = 1.5         # lane widths from it within which marks askew to the lane count against it
ASKEW = 0.5          # sine of the angle between the lane and such a mark
ASKEW_WEIGHT = 0.3
UNEVEN = 0.2          # median deviation of the tape's width, of it, that halves the trust
DASHED = 0.35         # of a side's marks are short dashes: what else is read there are their ends
FEWEST_PIXELS = 2     # across a marking that tell its width
FEWEST = 3            # marks that tell how even it is
NEIGHBOR = 0.1        # lane widths within which a neighbouring lane is as wide
SHARPEST = 0.9       # radians between car and lane
SINGLE = 0.7         # trust in a lane of which one side is seen


@dataclass(frozen=True)
class Sighting:
    """A lane that one picture may show."""

    candidate: Candidate   # the markings that were chosen
    curve: LaneCurve       # the centre line between them
    trust: float           # 0 to 1, as :func:`trust_in` has it


def trust_in(chains: Chains, candidate: Candidate, curve: LaneCurve,
             misfit: float = MISFIT) -> float:
    """
    Return the trust in a fitted lane, 0 to 1.

    It grows with the length of marking that bears it and falls with the marks near the car that
    belong to neither side, with their misfit, with a car outside of its lane or across it.
    """
    floor = chains.marks.ground
    length = chains.discounted
    used = curve.sides != 0
    borne = float(length[used].sum()) + _supported(chains, candidate, curve, length)
    (x, y), (to_x, to_y) = floor.T, curve.points[::2].T
    square = (x[:, None] - to_x) ** 2 + (y[:, None] - to_y) ** 2
    at = square.argmin(axis=1)
    gap = np.sqrt(square[np.arange(len(at)), at])
    at *= 2
    direction = np.stack((np.cos(curve.headings[at]), np.sin(curve.headings[at])))
    askew = np.abs(direction[0] * chains.tangent[:, 1] - direction[1] * chains.tangent[:, 0])
    against = np.where(gap < INSIDE * curve.width, 1.0, np.where(
        (gap < BESIDE * curve.width) & (askew > ASKEW), ASKEW_WEIGHT, 0.0))
    against[used | np.isin(chains.chain, candidate.doubles)] = 0.0
    trust = 1.0 - np.exp(-borne / ENOUGH)
    trust *= borne / (borne + float((length * against).sum()) + 1e-9)
    trust /= 1.0 + (curve.rms / misfit) ** 2
    trust /= 1.0 + (_width_spread(chains, curve) / UNEVEN) ** 4
    outside = max(curve.aside - OUTSIDE, 0.0)
    trust /= 1.0 + (outside / 0.3) ** 2
    trust /= 1.0 + (max(abs(curve.heading) - SHARPEST, 0.0) / 0.3) ** 2
    if not curve.both:
        trust *= SINGLE
    return float(trust)


def _supported(chains: Chains, candidate: Candidate, curve: LaneCurve,
               length: NDArray[np.float64]) -> float:
    """Return the metres of marking, at half, that bound a neighbouring lane of the same width."""
    support = 0.0
    for side, outward in ((candidate.left, 1.0), (candidate.right, -1.0)):
        if side is None:
            continue
        away = np.abs(outward * chains.gap[side] - curve.width)
        fits = (away < NEIGHBOR * curve.width) & (chains.spread[side] < NEIGHBOR * curve.width)
        fits &= np.arange(len(chains)) != side
        support += 0.5 * float(length[fits[chains.chain]].sum())
    return support


def _width_spread(chains: Chains, curve: LaneCurve) -> float:
    """Return how much the width of the tape varies, of that width: blobs are no tape."""
    widths = chains.widths
    distance = np.abs(chains.marks.ground).sum(axis=1)
    spread, count = 0.0, 0
    for side in (1, -1):
        some = np.flatnonzero(curve.sides == side)
        if not len(some) or chains.marks.lone[some].mean() > DASHED:
            continue
        some = chains.uncut(some[chains.marks.count[some] >= FEWEST_PIXELS])
        if len(some) < FEWEST:
            continue
        width, ahead = widths[some], distance[some]
        usual, away = width.mean(), ahead - ahead.mean()
        # A wrong horizon makes all tape grow or shrink far away: that trend is no unevenness.
        trend = (away @ width) / max(away @ away, 1e-9)
        off = np.abs(width - usual - trend * away)
        # The usual deviation: the ends of dashes are cut and say nothing.
        spread += len(some) * median(off) / max(float(usual), 1e-4)
        count += len(some)
    return spread / max(count, 1)


def center_of(
    line: NDArray[np.float64], pixels: NDArray[np.float64], width: int, row: float, ahead: float,
) -> tuple[float, float]:
    """
    Return the pixel of a centre line on the look-ahead row, or at its distance in metres.

    :param line: (N, 2) metres; pixels: the same points in the picture.
    :param width: of the picture. A lane that leaves the picture is steered for at its rim, so
        that the offset stays within 1.
    :param row: of the picture, pixels.
    :param ahead: metres at which it is read instead; 0: on the row.
    """
    u, v = crossing(pixels, line[:, 0], ahead) if ahead else crossing(pixels, -pixels[:, 1], -row)
    return min(max(u, 0.0), width - 1.0), v


def crossing(
    pixels: NDArray[np.float64], measure: NDArray[np.float64], level: float,
) -> tuple[float, float]:
    """
    Return where a line first reaches a level, or its nearest end when it never does.

    :param pixels: (N, 2), from near to far.
    :param measure: (N,) what grows along the line.
    :param level: where to read it.
    """
    beyond = measure >= level
    at = int(beyond.argmax()) if beyond.any() else int(measure.argmax())
    if at == 0 or not beyond[at]:
        return float(pixels[at, 0]), float(pixels[at, 1])
    share = (level - measure[at - 1]) / (measure[at] - measure[at - 1])
    u, v = pixels[at - 1] + share * (pixels[at] - pixels[at - 1])
    return float(u), float(v)


def moved(
    line: NDArray[np.float64], before: NDArray[np.float64], after: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return (N, 2) points of the lane as seen from another (lateral, heading) against it."""
    turn = before[1] - after[1]
    cosine, sine = np.cos(turn), np.sin(turn)
    shift = before[0] - after[0]
    # Into the lane's frame, sideways, and back out with the other heading.
    x = cosine * line[:, 0] - sine * line[:, 1] - np.sin(-after[1]) * shift
    y = sine * line[:, 0] + cosine * line[:, 1] + np.cos(-after[1]) * shift
    return np.column_stack((x, y))

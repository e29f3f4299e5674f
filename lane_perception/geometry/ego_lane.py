# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Which two markings bound the lane that the car stands in.

Every pair of markings that run side by side, and every single marking with the known width, is a
candidate. A candidate gains by the length of marking that it rests on and loses by what speaks
against it: the car outside of it, an unlikely width, sides that are not parallel or of quite
another tape each, another marking in its middle, and, while a track is held, distance from where
the lane should be.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from math import hypot
from math import isnan
from math import log

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.beside import APART
from lane_perception.geometry.beside import DOUBLE
from lane_perception.geometry.chains import Chains
from lane_perception.geometry.small_matrices import invert

NEAR = 0.6              # metres of a marking, from its near end, that say where the car stands
CURVATURE_SIGMA = 1.0   # 1/metres: how much lanes bend
MOST = 8                # markings that are paired, the strongest
WIDEST_LANE = 1.0       # metres between two markings' middles
NARROWEST_LANE = 0.15
EVEN_WIDTH = 0.05       # of a lane's width by which it varies wherever one is
SECOND = 0.5            # what the weaker marking of a pair adds, against the stronger
ALONG_SIGMA = 0.4       # radians between the car and its lane
KINK = 0.3              # 1/metres: a marking bends more than an arc, over its length squared
UNEVEN = 0.1            # of the gap between two markings: how well it holds up to the car
OFF_FREE = 0.35         # lane widths by which a side may lie off where the last picture had it
OFF_SIGMA = 0.15        # what counts beyond that
ABEAM = 0.1             # metres along that line that a mark may lie off its points
OTHER_TAPE = 1.0        # logarithm of the factor within which two tapes may be of one road
TAPE_SIGMA = 0.2        # of that logarithm beyond it; and a pixel, of the width in pixels


@dataclass(frozen=True)
class Expectation:
    """What is known of the lane before looking."""

    width: float                  # metres between the markings' middles
    width_sigma: float            # standard deviation, metres
    lateral: float | None = None  # metres by which the car should be left of the centre
    lateral_sigma: float = 0.1    # metres
    heading: float = 0.0          # radians that the car should point left of the lane
    heading_sigma: float = 0.2    # radians
    line: NDArray[np.float64] | None = None   # (N, 2) metres: the centre line, from near to far
    line_sigma: float = 0.0       # metres to the side
    spread: float = 0.12          # how much a lane's width may vary along it, of the width
    flare: float = 0.0            # metres of width gained per metre ahead
    flare_sigma: float = 0.02
    blind: float = 0.03           # 1/metres: error of a place told from afar, over its square
    narrowest: float = NARROWEST_LANE   # metres that a lane may be wide
    widest: float = WIDEST_LANE


@dataclass(frozen=True)
class Candidate:
    """Two markings, or one, that may bound the ego lane."""

    left: int | None     # chain numbers
    right: int | None
    width: float         # metres
    lateral: float       # metres by which the car is left of the centre
    heading: float       # radians that the car points left of the lane
    score: float         # in metres of marking
    rivals: tuple[int, ...] = ()  # chains beside the chosen ones that are lines of their own
    doubles: tuple[int, ...] = ()  # those of them that form a double marking with a chosen one
    undivided: float = 1.0   # 0 to 1: how little other markings run in its middle


@dataclass(frozen=True)
class _Survey:
    """What is known of each chain, as plain numbers for the search; distances in metres."""

    evidence: list[float]     # length of marking, discounted by distance
    car_left: list[float]     # how far the car is left of the marking
    sigma: list[float]        # standard deviation of that
    heading: list[float]      # radians that the car points left of the marking
    off: list[float]          # how far it lies left of the expected line; NaN where not beside it
    gap: list[list[float]]    # [a][b]: how far b lies left of a; NaN where they do not overlap
    spread: list[list[float]]   # [a][b]: standard deviation of that along them
    unlike: list[list[float]]   # [a][b]: how unlike their tapes are; from 1 on they are two kinds


def choose(chains: Chains, expected: Expectation) -> Candidate | None:
    """Return the best candidate for the ego lane, or None when none is better than nothing."""
    if not len(chains):
        return None
    survey = _survey(chains, expected)
    order = sorted(range(len(chains)), key=lambda chain: -survey.evidence[chain])[:MOST]
    best = None
    for candidate in _candidates(order, survey, expected):
        if best is None or candidate.score > best.score:
            best = candidate
    if best is None or best.score <= 0.0:
        return None
    return _with_rivals(best, survey)


def _with_rivals(best: Candidate, survey: _Survey) -> Candidate:
    """Tell the lines that run beside a chosen one from those that continue it."""
    rivals, doubles = [], []
    for side in (best.left, best.right):
        if side is None:
            continue
        for other, gap in enumerate(survey.gap[side]):
            if other in (best.left, best.right) or not abs(gap) > APART:
                continue
            if abs(gap) < 0.3 * best.width:
                rivals.append(other)
                if abs(gap) < DOUBLE:
                    doubles.append(other)
    return replace(best, rivals=tuple(rivals), doubles=tuple(doubles))


def _candidates(order: list[int], survey: _Survey, expected: Expectation):
    for a in order:
        half = expected.width / 2.0
        yield _rate(None, a, expected.width, survey.car_left[a] - half, order, survey, expected)
        yield _rate(a, None, expected.width, survey.car_left[a] + half, order, survey, expected)
        for b in order:
            width = -survey.gap[a][b]
            if a == b or not expected.narrowest < width < expected.widest:
                continue
            weight_a = 1.0 / survey.sigma[a] ** 2
            weight_b = 1.0 / survey.sigma[b] ** 2
            lateral = ((survey.car_left[a] + width / 2.0) * weight_a
                       + (survey.car_left[b] - width / 2.0) * weight_b) / (weight_a + weight_b)
            yield _rate(a, b, width, lateral, order, survey, expected)


def _rate(left, right, width, lateral, order, survey, expected) -> Candidate:
    sides = [side for side in (left, right) if side is not None]
    amounts = sorted(survey.evidence[side] for side in sides)
    score = amounts[-1] + (SECOND * amounts[0] if len(sides) == 2 else 0.0)
    sigma = min(survey.sigma[side] for side in sides)
    strongest = max(sides, key=lambda side: survey.evidence[side] / survey.sigma[side])
    heading = survey.heading[strongest]
    if len(sides) == 2:
        # By its logarithm: on a floor whose scale nobody knows, half is as unlikely as twice.
        unlikely = log(width / expected.width) / hypot(
            expected.width_sigma / expected.width, EVEN_WIDTH)
        score /= 1.0 + 0.15 * unlikely * unlikely
        score /= 1.0 + survey.unlike[left][right]
        score /= 1.0 + (survey.spread[left][right] / (expected.spread * width)) ** 2
    else:   # how far off the other side is, has to be known
        score /= 1.0 + 0.5 * (expected.width_sigma / expected.width) ** 2
    # The car stands within its lane; far markings say little about where that is.
    outside = max(abs(lateral) - 0.4 * width, 0.0) / (0.1 * width + 0.7 * sigma)
    score /= 1.0 + outside * outside
    score /= 1.0 + (max(abs(heading) - 0.5, 0.0) / 0.35) ** 2
    undivided = 1.0
    for other in order:
        if other in sides:
            continue
        place = [survey.gap[side][other] + shift * width / 2.0
                 for side, shift in ((left, 1.0), (right, -1.0)) if side is not None]
        if any(abs(at) < 0.3 * width for at in place):
            # A seam of the floor between two tapes is no marking in the middle of a lane.
            alike = 1.0 / (1.0 + min(survey.unlike[side][other] for side in sides))
            undivided *= amounts[-1] / (amounts[-1] + 3.0 * alike * survey.evidence[other])
    score *= undivided
    if expected.lateral is not None:
        away = (lateral - expected.lateral) / hypot(expected.lateral_sigma, sigma)
        turned = (heading - expected.heading) / hypot(expected.heading_sigma, 0.15 + sigma)
        score /= 1.0 + 0.25 * (away * away + turned * turned)
    for side, sign in ((left, 0.5), (right, -0.5)):
        if side is not None and not isnan(survey.off[side]):
            off = max(abs(survey.off[side] - sign * width) - OFF_FREE * width, 0.0)
            off /= hypot(OFF_SIGMA * width, expected.line_sigma)
            score /= 1.0 + off * off
    return Candidate(left, right, width, lateral, heading, score, undivided=undivided)


def _survey(chains: Chains, expected: Expectation) -> _Survey:
    evidence = np.add.reduceat(chains.discounted, chains.first)
    car_left, sigma, heading = _near_poses(chains, expected.lateral is None)
    # A marking that begins far off, as on the outside of a bend, says little about where the car
    # stands; one that runs beside it and begins nearer says more.
    sigma = np.hypot(sigma, expected.blind * (chains.marks.ground[chains.first] ** 2).sum(axis=1))
    every = np.arange(len(chains))
    error = np.sqrt(sigma[:, None] ** 2 + chains.spread ** 2 + (UNEVEN * chains.gap) ** 2)
    error[every, every] = sigma
    beside = np.where(np.isnan(error), np.inf, error).argmin(axis=0)
    car_left = car_left[beside] - np.where(beside == every, 0.0, chains.gap[beside, every])
    sigma, heading = error[beside, every], heading[beside]
    off = _off(chains, expected.line)
    return _Survey(evidence.tolist(), car_left.tolist(), sigma.tolist(), heading.tolist(),
                   off.tolist(), chains.gap.tolist(), chains.spread.tolist(),
                   _unlike(chains).tolist())


def _unlike(chains: Chains) -> NDArray[np.float64]:
    """
    Return (M, M) how unlike the widths of two markings' tapes are, squared, in deviations.

    By their mean widths, ends of dashes and all: they are within the factor that is allowed. What
    is one mark for a short dash has no width.
    """
    known = 1.0 - chains.marks.lone
    parts = np.stack((known, known * chains.widths, known * chains.marks.count))
    number, width, pixels = np.add.reduceat(parts, chains.first, axis=1)
    number = np.maximum(number, 1.0)
    tape = np.log(np.maximum(width / number, 1e-3))
    variance = np.maximum(pixels / number, 1e-3) ** -2.0
    beyond = np.maximum(np.abs(tape[:, None] - tape) - OTHER_TAPE, 0.0)
    return beyond ** 2 / (TAPE_SIGMA ** 2 + variance[:, None] + variance)


def _off(chains: Chains, line: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return the (M,) metres by which each marking lies left of a line; NaN where not beside."""
    if line is None or len(line) < 2:
        return np.full(len(chains), np.nan)
    leg = np.diff(line, axis=0)
    size = np.hypot(leg[:, 0], leg[:, 1])
    leg /= size[:, None]
    middle = (line[1:] + line[:-1]) / 2.0
    floor = chains.marks.ground
    at = ((middle * middle).sum(axis=1) * 0.5 - floor @ middle.T).argmin(axis=1)
    away, ahead = floor - middle[at], leg[at]
    along = away[:, 0] * ahead[:, 0] + away[:, 1] * ahead[:, 1]
    left = away[:, 1] * ahead[:, 0] - away[:, 0] * ahead[:, 1]
    weight = chains.discounted * (np.abs(along) < size[at] / 2.0 + ABEAM)
    total, moment = np.add.reduceat(np.stack((weight, weight * left)), chains.first, axis=1)
    return moment / np.where(total > 0.0, total, np.nan)


def _near_poses(chains: Chains, along: bool):
    """
    Fit a parabola to each chain's near end and return the car's place against it.

    :param along: whether a lane is taken to run more or less along the car where the car is, as
        long as no track says how it runs.
    :returns: (M,) metres by which the car is left of each marking, their standard deviations, and
        the (M,) radians by which it points left of them.
    """
    passed = np.cumsum(chains.step)
    passed -= passed[chains.first][chains.chain]
    near = (passed < NEAR).astype(float)
    moments = np.column_stack((near, near[:, None] * chains.marks.ground,
                               near[:, None] * chains.tangent))
    sums = np.add.reduceat(moments, chains.first, axis=0)
    middle = sums[:, 1:3] / sums[:, :1]
    forward = sums[:, 3:] / np.maximum(np.hypot(*sums[:, 3:].T), 1e-9)[:, None]
    away = chains.marks.ground - middle[chains.chain]
    direction = forward[chains.chain]
    a = away[:, 0] * direction[:, 0] + away[:, 1] * direction[:, 1]
    b = away[:, 1] * direction[:, 0] - away[:, 0] * direction[:, 1]
    weight = near / (chains.marks.sigma ** 2 + 0.005 ** 2 + (KINK * passed * passed) ** 2)
    first, second = weight * a, weight * a * a
    powers = (weight, first, second, second * a, second * a * a, weight * b, first * b, second * b)
    sums = np.add.reduceat(np.column_stack(powers), chains.first, axis=0)
    normal = sums[:, [0, 1, 2, 1, 2, 3, 2, 3, 4]].reshape(-1, 3, 3)
    normal[:, 2, 2] += (2.0 / CURVATURE_SIGMA) ** 2
    normal[:, [0, 1], [0, 1]] += 1e-6
    origin_a = -(middle * forward).sum(axis=1)
    origin_b = -(middle[:, 1] * forward[:, 0] - middle[:, 0] * forward[:, 1])
    target = sums[:, 5:]
    if along:
        level = np.column_stack((np.zeros_like(origin_a), np.ones_like(origin_a), 2.0 * origin_a))
        ahead = -forward[:, 1] / np.maximum(forward[:, 0], 0.3)
        normal += level[:, :, None] * level[:, None] / ALONG_SIGMA ** 2
        target = target + level * (ahead / ALONG_SIGMA ** 2)[:, None]
    covariance = np.array([invert(one) for one in normal])
    shift, slope, bend = (covariance @ target[..., None])[..., 0].T
    lateral, turn = distance_to_arc(origin_a, origin_b - shift, slope, 2.0 * bend)
    lever = np.column_stack((np.ones_like(origin_a), origin_a, origin_a ** 2))
    variance = ((covariance @ lever[..., None])[..., 0] * lever).sum(axis=1)
    angle = np.arctan2(forward[:, 1], forward[:, 0]) + turn
    return lateral, np.sqrt(variance + 0.01 ** 2), -angle


def distance_to_arc(a, b, slope, curvature):
    """
    Return how far a point lies left of an arc, and the arc's direction at its foot.

    :param a: the point's place along the axis at whose origin the arc begins.
    :param b: its place to the left of that axis.
    :param slope: tangent of the arc's direction at the origin.
    :param curvature: 1/metres, left positive.
    :returns: metres to the left, radians (left positive).
    """
    angle = np.arctan(slope)
    cosine, sine = np.cos(angle), np.sin(angle)
    along, left = a * cosine + b * sine, b * cosine - a * sine
    root = np.sqrt(np.maximum(1.0 - 2.0 * curvature * left
                              + curvature ** 2 * (along ** 2 + left ** 2), 1e-9))
    distance = (2.0 * left - curvature * (along ** 2 + left ** 2)) / (1.0 + root)
    turned = np.arctan2(curvature * along, 1.0 - curvature * left)
    return distance, angle + turned

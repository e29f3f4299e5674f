# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The ego lane's centre line, fitted to the marks of both sides at once.

The centre line is a clothoid spline: its curvature runs linearly between knots (so bends, S-bends
and straights follow one another without a global polynomial's swing), heading and place are its
integrals. It begins abeam of base_link. Marks lie half a lane width to its left or right;
Gauss-Newton with Tukey's weights (Beaton and Tukey, 1974) lets those that belong to neither side
go. The curvature's changes are the prior (a random walk along the lane), which also bridges the
stretch that the camera does not see and makes the covariance say how well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.chains import Chains
from lane_perception.geometry.ego_lane import Candidate
from lane_perception.geometry.ego_lane import Expectation
from lane_perception.geometry.ego_lane import distance_to_arc

SAMPLES = 40              # places along the centre line at which it is computed
KNOTS = 8                 # places where its curvature is a free number
LONGEST = 2.8             # metres
SHORTEST = 0.5            # metres
CURVATURE_SIGMA = 1.2     # 1/metres: how much lanes bend
CURVATURE_WALK = 1.8      # 1/metres per root metre: how fast that changes
TAPER_SIGMA = 0.02        # metres per metre: how fast a lane changes its width
SLACK = (0.05, 0.025, 0.012, 0.012)   # metres added to the marks' noise, one per iteration
NOISE_FACTOR = 1.5        # the marks' errors hang together: fewer independent ones than marks
CUT = 4.0                 # standard deviations beyond which a mark is let go
ASKEW = 0.4               # sine of the angle between a mark and the lane beyond which it is

_UNIT = np.linspace(0.0, 1.0, SAMPLES)
_KNOT_UNIT = np.linspace(0.0, 1.0, KNOTS) ** 1.25
# (SAMPLES, KNOTS): each knot's share in the curvature at a sample, and its integral, for length 1.
_HATS = np.column_stack([np.interp(_UNIT, _KNOT_UNIT, row) for row in np.eye(KNOTS)])
_TURNS = np.vstack((np.zeros(KNOTS),
                    np.cumsum((_HATS[1:] + _HATS[:-1]) / 2.0, axis=0) / (SAMPLES - 1)))


@dataclass(frozen=True)
class LaneCurve:
    """A fitted centre line, in metres in base_link (or in those of the nominal view)."""

    points: NDArray[np.float64]      # (SAMPLES, 2), the first one abeam of the car
    headings: NDArray[np.float64]    # (SAMPLES,) radians, left positive
    curvatures: NDArray[np.float64]  # (SAMPLES,) 1/metres, left positive
    sigmas: NDArray[np.float64]      # (SAMPLES,) metres: standard deviation to the side
    step: float                      # metres between two samples
    seen: float                      # metres along it that marks reach
    width: float                     # metres at the car
    taper: float                     # metres of width gained per metre
    lateral: float                   # metres by which the car is left of it
    heading: float                   # radians that the car points left of it
    covariance: NDArray[np.float64]  # (4, 4) of lateral, heading, curvature, width
    sides: NDArray[np.int64]         # for each mark: 1 left, -1 right, 0 neither
    rms: float                       # metres: misfit of the marks that are used


class _Spline:
    """The numbers that are fitted: place, heading, width, taper and the knots' curvatures."""

    def __init__(self, length: float) -> None:
        self.length = length
        self.step = length / (SAMPLES - 1)
        self.numbers = np.zeros(4 + KNOTS)

    def trace(self) -> None:
        """Compute the curve and how it moves with each number."""
        self.curvatures = _HATS @ self.numbers[4:]
        self.headings = self.numbers[1] + self.length * (_TURNS @ self.numbers[4:])
        self.cosine, self.sine = np.cos(self.headings), np.sin(self.headings)
        tangents = np.column_stack((self.cosine, self.sine))
        self.points = np.zeros((SAMPLES, 2))
        np.cumsum((tangents[1:] + tangents[:-1]) * (self.step / 2.0), axis=0, out=self.points[1:])
        self.points[:, 1] += self.numbers[0]

    def sideways(self) -> NDArray[np.float64]:
        """Return (SAMPLES, 2 + KNOTS): motion to the left per place, heading and curvature."""
        turns = np.column_stack((np.ones(SAMPLES), self.length * _TURNS))
        moved = np.zeros((2, SAMPLES, 1 + KNOTS))
        for axis, part in enumerate((self.cosine, self.sine)):
            pull = part[:, None] * turns
            np.cumsum((pull[1:] + pull[:-1]) * (self.step / 2.0), axis=0, out=moved[axis, 1:])
        left = self.cosine[:, None] * moved[0] + self.sine[:, None] * moved[1]
        return np.column_stack((self.cosine, left))


def fit(chains: Chains, candidate: Candidate, expected: Expectation,
        taper_sigma: float = TAPER_SIGMA) -> LaneCurve | None:
    """
    Return the centre line between the candidate's markings, or None when nothing holds it.

    :param taper_sigma: how much the width may change, in metres per metre.
    """
    spline = _start(chains, candidate)
    marks = chains.marks
    precision, pull = _prior(spline, candidate, expected, taper_sigma)
    free = ~np.isin(chains.chain, candidate.rivals)
    for slack in SLACK:
        spline.trace()
        sample, s, left, parallel = _project(spline, chains)
        half = (spline.numbers[2] + spline.numbers[3] * s) / 2.0
        side = np.where(left > 0.0, 1.0, -1.0)
        miss = left - side * half
        noise = np.hypot(marks.sigma, 0.001 + 0.002 * s)
        limit = np.minimum(CUT * (noise + slack), 0.3 * spline.numbers[2])
        ratio = np.minimum(np.abs(miss) / limit, 1.0)
        weight = np.where(parallel & free, (1.0 - ratio * ratio) ** 2, 0.0)
        weight /= (NOISE_FACTOR * noise) ** 2
        slope = np.empty((len(s), 4 + KNOTS))
        ways = spline.sideways()[sample]
        slope[:, 0], slope[:, 1], slope[:, 4:] = ways[:, 0], ways[:, 1], ways[:, 2:]
        slope[:, 2], slope[:, 3] = side / 2.0, side * s / 2.0
        # The marks' places stay; the curve moves towards them, the half width outwards.
        weighted = slope * weight[:, None]
        normal = weighted.T @ slope + precision
        step = np.linalg.solve(normal, weighted.T @ miss + pull - precision @ spline.numbers)
        spline.numbers = spline.numbers + step
        spline.numbers[2] = max(spline.numbers[2], 0.1)
    used = weight > 0.0
    if np.count_nonzero(used) < 3:
        return None
    return _result(spline, normal, s, side, miss, used)


def _start(chains: Chains, candidate: Candidate) -> _Spline:
    """Lay the first curve beside the longer one of the candidate's markings."""
    sides = [(chain, sign) for chain, sign in ((candidate.left, 1.0), (candidate.right, -1.0))
             if chain is not None]
    chain, sign = max(sides, key=lambda one: float(chains.step[chains.members(one[0])].sum()))
    members = chains.members(chain)
    tangent = chains.tangent[members]
    normal = np.column_stack((-tangent[:, 1], tangent[:, 0]))
    middle = chains.marks.ground[members] - normal * (sign * candidate.width / 2.0)
    angle = np.unwrap(np.arctan2(tangent[:, 1], tangent[:, 0]))
    heading = -candidate.heading
    angle += 2.0 * np.pi * np.round((heading - angle[0]) / (2.0 * np.pi))
    place = -candidate.lateral / max(np.cos(heading), 0.3)
    leg = np.einsum('ij,ij->i', np.diff(middle, axis=0), tangent[1:])
    s = np.hypot(middle[0, 0], middle[0, 1] - place)
    s = s + np.concatenate(([0.0], np.cumsum(np.maximum(leg, 0.0))))
    spline = _Spline(float(np.clip(s[-1], SHORTEST, LONGEST)))
    inside = s <= spline.length
    slope = np.column_stack((np.ones(inside.sum()), np.column_stack([
        np.interp(s[inside] / spline.length, _UNIT, column)
        for column in (spline.length * _TURNS).T])))
    weight = 0.1
    change = np.diff(np.eye(KNOTS), axis=0)
    normal = slope.T @ slope / weight ** 2
    normal[1:, 1:] += change.T @ change / (CURVATURE_WALK ** 2 * spline.length / KNOTS)
    normal[1, 1] += 1.0 / CURVATURE_SIGMA ** 2
    normal[0, 0] += 1.0 / 0.3 ** 2
    target = slope.T @ angle[inside] / weight ** 2
    target[0] += heading / 0.3 ** 2
    numbers = np.linalg.solve(normal, target)
    spline.numbers[1] = numbers[0]
    spline.numbers[2] = candidate.width
    spline.numbers[4:] = numbers[1:]
    spline.trace()
    # Slide it sideways until it meets the near half of the marking's inner side.
    at = np.minimum((s / spline.step).astype(int), SAMPLES - 1)
    away = middle - spline.points[at]
    left = away[:, 1] * spline.cosine[at] - away[:, 0] * spline.sine[at]
    near = slice(0, max(3, len(left) // 2))
    spline.numbers[0] = float(np.mean(left[near]) / max(np.cos(numbers[0]), 0.3))
    return spline


def _prior(spline, candidate, expected, taper_sigma):
    """Return the prior's precision matrix and its product with the prior's mean."""
    sigma = np.array([1.0, 1.0, expected.width_sigma, taper_sigma])
    precision = np.zeros((4 + KNOTS, 4 + KNOTS))
    precision[range(4), range(4)] = 1.0 / sigma ** 2
    precision[4:, 4:] = 1.0 / (KNOTS * CURVATURE_SIGMA) ** 2  # of the mean curvature
    spacing = np.diff(_KNOT_UNIT) * spline.length
    change = np.diff(np.eye(KNOTS), axis=0) / (CURVATURE_WALK * np.sqrt(spacing))[:, None]
    precision[4:, 4:] += change.T @ change
    mean = np.zeros(4 + KNOTS)
    mean[0], mean[1], mean[2] = -candidate.lateral, -candidate.heading, expected.width
    return precision, precision @ mean


def _project(spline: _Spline, chains: Chains):
    """Return each mark's nearest sample, distance along, distance to the left, and fitness."""
    floor = chains.marks.ground
    square = ((floor[:, None, 0] - spline.points[:, 0]) ** 2
              + (floor[:, None, 1] - spline.points[:, 1]) ** 2)
    sample = square.argmin(axis=1)
    away = floor - spline.points[sample]
    cosine, sine = spline.cosine[sample], spline.sine[sample]
    along = away[:, 0] * cosine + away[:, 1] * sine
    left = away[:, 1] * cosine - away[:, 0] * sine
    left = left - spline.curvatures[sample] * along * along / 2.0
    askew = np.abs(cosine * chains.tangent[:, 1] - sine * chains.tangent[:, 0])
    parallel = (np.abs(along) < 1.5 * spline.step) & (askew < ASKEW)
    return sample, sample * spline.step + along, left, parallel


def _result(spline, normal, s, side, miss, used) -> LaneCurve:
    covariance = np.linalg.inv(normal)
    spline.trace()
    place, heading, width, taper, bend = spline.numbers[:5]
    lateral, angle = distance_to_arc(0.0, -place, np.tan(np.clip(heading, -1.4, 1.4)), bend)
    slope = np.zeros((4, 4 + KNOTS))
    slope[0, 0] = -np.cos(heading)
    slope[1, 1] = slope[2, 4] = slope[3, 2] = 1.0
    ways = spline.sideways()
    free = np.r_[0, 1, 4:4 + KNOTS]
    sigmas = np.sqrt(np.einsum('si,ij,sj->s', ways, covariance[np.ix_(free, free)], ways))
    return LaneCurve(
        points=spline.points, headings=spline.headings, curvatures=spline.curvatures,
        sigmas=sigmas, step=spline.step, seen=float(s[used].max()), width=float(width),
        taper=float(taper), lateral=float(lateral), heading=float(-angle),
        covariance=slope @ covariance @ slope.T,
        sides=np.where(used, side, 0.0).astype(np.int64),
        rms=float(np.sqrt(np.mean(miss[used] ** 2))))

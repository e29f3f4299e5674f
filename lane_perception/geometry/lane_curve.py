# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The ego lane's centre line, fitted to the marks of both sides at once.

The centre line is a clothoid spline: its curvature runs linearly between knots (so bends, S-bends
and straights follow one another without a global polynomial's swing), heading and place are its
integrals. It begins abeam of base_link. Marks lie half a lane width to its left or right;
Gauss-Newton with Tukey's weights (Beaton and Tukey, 1974) lets those that belong to neither side
go. The prior says how much lanes bend and for how long; it also bridges the stretch that the
camera does not see and makes the covariance say how well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import atan2
from math import cos
from math import hypot
from math import pi
from math import remainder
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.chains import BEND
from lane_perception.geometry.chains import Chains
from lane_perception.geometry.ego_lane import Candidate
from lane_perception.geometry.ego_lane import Expectation
from lane_perception.geometry.ego_lane import distance_to_arc
from lane_perception.geometry.small_matrices import invert
from lane_perception.geometry.small_matrices import solve

SAMPLES = 40              # places along the centre line at which it is computed
KNOTS = 8                 # places where its curvature is a free number
LONGEST = 2.8             # metres
SHORTEST = 0.5            # metres
BEYOND = 0.1              # metres that it is told after the last marks
FURTHER = 1.0             # metres that it goes on after the longer of its markings, at most
CURVATURE_SIGMA = 1.0     # 1/metres: how much lanes bend
BEND_LENGTH = 1.2         # metres along the lane after which little of a bend is left
SLACK = (0.05, 0.02, 0.012)   # metres added to the marks' noise, one per iteration
NOISE_FACTOR = 1.5        # the marks' errors hang together: fewer independent ones than marks
CUT = 4.0                 # standard deviations beyond which a mark is let go
NEXT_DASH = 0.7           # metres to a dash that may continue a marking
START_SIGMA = 0.1         # radians: the marks' directions, for the first curve
HEADING_SIGMA = 0.3       # radians: the candidate's heading, for the first curve
FEWEST = 5                # marks that make a side
INSIDE = 0.5              # lane widths from its centre within which the car stands in a lane
OUTSIDE = 0.6             # lane widths from its centre from which on the car stands outside of it
ASKEW = 0.4               # sine of the angle between a mark and the lane beyond which it is

_KNOT_UNIT = np.linspace(0.0, 1.0, KNOTS) ** 1.25
# (SAMPLES, KNOTS): each knot's share in the curvature at a sample.
_HATS = np.column_stack([np.interp(np.linspace(0.0, 1.0, SAMPLES), _KNOT_UNIT, row)
                         for row in np.eye(KNOTS)])
# (SAMPLES, SAMPLES): integrates what is sampled along the curve, by trapezoids, for step 1.
_INTEGRAL = np.tri(SAMPLES) - 0.5 * np.eye(SAMPLES)
_INTEGRAL[:, 0] = 0.5
_INTEGRAL[0] = 0.0
# (SAMPLES, KNOTS): each knot's share in the heading at a sample, for length 1.
_TURNS = _INTEGRAL @ _HATS / (SAMPLES - 1)
_BENDS = np.array([0, 1, *range(4, 4 + KNOTS)])  # the numbers that move the curve
_AMONG_BENDS = np.ix_(_BENDS, _BENDS)


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
    flare: float                     # metres of width gained per metre ahead
    lateral: float                   # metres by which the car is left of it
    heading: float                   # radians that the car points left of it
    covariance: NDArray[np.float64]  # (4, 4) of lateral, heading, curvature, width
    sides: NDArray[np.int64]         # for each mark: 1 left, -1 right, 0 neither
    rms: float                       # metres: misfit of the marks that are used
    both: bool                       # whether marks on both sides bear it

    @property
    def aside(self) -> float:
        """How far the car is off its centre, to either side, in lane widths."""
        return abs(self.lateral) / self.width

    @property
    def bend(self) -> float:
        """Its largest curvature to either side, 1/metres."""
        return float(np.abs(self.curvatures).max())

    @property
    def surrounds(self) -> bool:
        """Tell whether marks on both sides bear it and the car stands between them."""
        return self.both and self.aside < INSIDE

    @property
    def beside(self) -> bool:
        """Tell whether it is a lane beside the one that the car stands in."""
        return self.aside > OUTSIDE

    @property
    def in_sight(self) -> NDArray[np.bool_]:
        """Tell which of its points the marks reach, or nearly so."""
        return np.arange(len(self.points)) * self.step <= self.seen + BEYOND


class _Spline:
    """The numbers that are fitted: place, heading, width, flare and the knots' curvatures."""

    def __init__(self, length: float) -> None:
        self.length = length
        self.step = length / (SAMPLES - 1)
        self.numbers = np.zeros(4 + KNOTS)
        self._turns = np.empty((SAMPLES, 1 + KNOTS))  # of each sample, per heading and curvature
        self._turns[:, 0] = 1.0
        self._turns[:, 1:] = length * _TURNS

    def trace(self) -> None:
        """Compute the curve."""
        self.curvatures = _HATS @ self.numbers[4:]
        self.headings = self.numbers[1] + self._turns[:, 1:] @ self.numbers[4:]
        self.tangents = np.empty((SAMPLES, 2))
        np.cos(self.headings, out=self.tangents[:, 0])
        np.sin(self.headings, out=self.tangents[:, 1])
        self.points = _INTEGRAL @ self.tangents
        self.points *= self.step
        self.points[:, 1] += self.numbers[0]

    def sideways(self) -> NDArray[np.float64]:
        """Return (SAMPLES, 2 + KNOTS): motion to the left per place, heading and curvature."""
        ways = np.empty((SAMPLES, 2 + KNOTS))
        cosine, sine = self.tangents[:, :1], self.tangents[:, 1:]
        ways[:, :1] = cosine
        ways[:, 1:] = cosine * (_INTEGRAL @ (cosine * self._turns))
        ways[:, 1:] += sine * (_INTEGRAL @ (sine * self._turns))
        ways[:, 1:] *= self.step
        return ways


def fit(chains: Chains, candidate: Candidate, expected: Expectation) -> LaneCurve | None:
    """Return the centre line between the candidate's markings, or None when nothing holds it."""
    spline = _start(chains, candidate)
    precision, pull = _prior(spline, candidate, expected)
    free = _of_no(candidate.rivals, chains)
    slope = np.empty((len(free), 4 + KNOTS))
    for slack in SLACK:
        spline.trace()
        sample, s, left, parallel = _project(spline, chains)
        side = np.where(left > 0.0, 1.0, -1.0)
        half_side = 0.5 * side
        miss = left - half_side * (spline.numbers[2] + spline.numbers[3] * s)
        noise = np.sqrt(chains.marks.sigma ** 2 + (0.001 + 0.002 * s) ** 2)
        limit = np.minimum(CUT * (noise + slack), 0.3 * spline.numbers[2])
        keep = np.maximum(1.0 - (miss / limit) ** 2, 0.0) * (parallel & free)
        weight = (keep / (NOISE_FACTOR * noise)) ** 2
        ways = spline.sideways()[sample]
        slope[:, :2], slope[:, 4:] = ways[:, :2], ways[:, 2:]
        slope[:, 2], slope[:, 3] = half_side, half_side * s
        # The marks' places stay; the curve moves towards them, the half width outwards.
        weighted = slope.T * weight
        normal = weighted @ slope + precision
        target = weighted @ miss + pull - precision @ spline.numbers
        spline.numbers = spline.numbers + solve(normal, target)
        spline.numbers[2] = max(spline.numbers[2], 0.1)
    used = weight > 0.0
    if np.count_nonzero(used) < 3:
        return None
    return _result(spline, normal, s, side, miss, used)


def _of_no(rivals: tuple[int, ...], chains: Chains) -> NDArray[np.bool_]:
    """Return which marks belong to none of some chains."""
    free = np.ones(len(chains), bool)
    free[list(rivals)] = False
    return free[chains.chain]


def _start(chains: Chains, candidate: Candidate) -> _Spline:
    """Lay the first curve beside the longer one of the candidate's markings."""
    sides = [(chain, sign) for chain, sign in ((candidate.left, 1.0), (candidate.right, -1.0))
             if chain is not None]
    chain, sign = max(sides, key=lambda one: float(chains.step[chains.members(one[0])].sum()))
    members = chains.members(chain)
    tangent = chains.tangent[members]
    middle = chains.marks.ground[members].copy()
    middle[:, 0] += tangent[:, 1] * (sign * candidate.width / 2.0)
    middle[:, 1] -= tangent[:, 0] * (sign * candidate.width / 2.0)
    heading = -candidate.heading
    angle = _angles(tangent, heading)
    place = -candidate.lateral / max(cos(heading), 0.3)
    s = np.empty(len(angle))
    s[0] = hypot(middle[0, 0], middle[0, 1] - place)
    leg = ((middle[1:] - middle[:-1]) * tangent[1:]).sum(axis=1)
    s[1:] = s[0] + np.maximum(leg, 0.0).cumsum()
    reach = s[-1]
    for other, _ in sides:
        # The other side may begin where this one ends: on the outside of a bend, or a dash.
        further = (chains.marks.ground[chains.members(other)][-1] - middle[-1]) @ tangent[-1]
        reach = max(reach, s[-1] + min(float(further), FURTHER))
    reach = max(reach, s[-1] + _continued(chains, chain))
    spline = _Spline(min(max(reach, SHORTEST), LONGEST))
    inside = s <= spline.length
    at = np.minimum((s / spline.step).astype(np.int64), SAMPLES - 1)
    slope = spline._turns[at[inside]]
    normal = slope.T @ slope / START_SIGMA ** 2
    normal[1:, 1:] += _bend_precision(round(100.0 * spline.length))
    normal[0, 0] += 1.0 / HEADING_SIGMA ** 2
    target = angle[inside] @ slope / START_SIGMA ** 2
    target[0] += heading / HEADING_SIGMA ** 2
    numbers = solve(normal, target)
    spline.numbers[1], spline.numbers[2] = numbers[0], candidate.width
    spline.numbers[4:] = numbers[1:]
    spline.trace()
    # Slide it sideways until it meets the near half of the marking's inner side.
    near = slice(0, max(3, len(at) // 2))
    away = middle[near] - spline.points[at[near]]
    ahead = spline.tangents[at[near]]
    left = away[:, 1] * ahead[:, 0] - away[:, 0] * ahead[:, 1]
    spline.numbers[0] = left.mean() / max(cos(numbers[0]), 0.3)
    return spline


def _angles(tangent: NDArray[np.float64], heading: float) -> NDArray[np.float64]:
    """Return the directions of a chain, radians, without jumps and beginning near a heading."""
    x, y = tangent.T
    angle = np.empty(len(x))
    angle[0] = heading + remainder(atan2(y[0], x[0]) - heading, 2.0 * pi)
    turns = np.arctan2(x[:-1] * y[1:] - y[:-1] * x[1:], x[:-1] * x[1:] + y[:-1] * y[1:])
    angle[1:] = angle[0] + turns.cumsum()
    return angle


def _continued(chains: Chains, chain: int) -> float:
    """Return the metres by which the next dash goes on beyond the end of a chain; or 0."""
    end = chains.first[chain + 1] - 1 if chain + 1 < len(chains) else len(chains.marks) - 1
    begins = chains.first
    away = chains.marks.ground[begins] - chains.marks.ground[end]
    ahead = chains.tangent[end]
    along = away @ ahead
    aside = np.abs(away[:, 1] * ahead[0] - away[:, 0] * ahead[1])
    # As far aside as the tightest bend takes it.
    follows = (along > 0.0) & (along < NEXT_DASH) & (aside < 0.02 + 0.5 * BEND * along ** 2)
    if not follows.any():
        return 0.0
    last = np.append(begins[1:], len(chains.marks)) - 1
    return float(((chains.marks.ground[last] - chains.marks.ground[end]) @ ahead)[follows].max())


@lru_cache(maxsize=512)
def _bend_precision(centimetres: int) -> NDArray[np.float64]:
    """
    Return the prior precision (KNOTS, KNOTS) of the curvatures of a lane of some length.

    A first-order Gauss-Markov process (Gelb, 1974): bends come, stay a while, and go.
    """
    apart = np.diff(_KNOT_UNIT) * centimetres / 100.0
    kept = np.exp(-apart / BEND_LENGTH)
    steps = np.zeros((KNOTS, KNOTS))
    steps[0, 0] = 1.0 / CURVATURE_SIGMA
    at = np.arange(1, KNOTS)
    loose = CURVATURE_SIGMA * np.sqrt(1.0 - kept ** 2)
    steps[at, at], steps[at, at - 1] = 1.0 / loose, -kept / loose
    return steps.T @ steps


def _prior(spline, candidate, expected):
    """Return the prior's precision matrix and its product with the prior's mean."""
    precision = np.zeros((4 + KNOTS, 4 + KNOTS))
    precision[0, 0] = precision[1, 1] = 1.0
    precision[2, 2] = 1.0 / expected.width_sigma ** 2
    precision[3, 3] = 1.0 / expected.flare_sigma ** 2
    precision[4:, 4:] = _bend_precision(round(100.0 * spline.length))
    pull = np.zeros(4 + KNOTS)
    pull[0], pull[1] = -candidate.lateral, -candidate.heading
    pull[2] = expected.width * precision[2, 2]
    pull[3] = expected.flare * precision[3, 3]
    return precision, pull


def _project(spline: _Spline, chains: Chains):
    """Return each mark's nearest sample, distance along, distance to the left, and fitness."""
    floor = chains.marks.ground
    points = spline.points
    # Half the squared distance, less what is the same for all samples.
    sample = ((points * points).sum(axis=1) * 0.5 - floor @ points.T).argmin(axis=1)
    ax, ay = (floor - points[sample]).T
    cosine, sine = spline.tangents[sample].T
    along = ax * cosine + ay * sine
    left = ay * cosine - ax * sine - spline.curvatures[sample] * along * along * 0.5
    askew = np.abs(cosine * chains.tangent[:, 1] - sine * chains.tangent[:, 0])
    parallel = (np.abs(along) < 1.5 * spline.step) & (askew < ASKEW)
    return sample, sample * spline.step + along, left, parallel


def _result(spline, normal, s, side, miss, used) -> LaneCurve:
    covariance = invert(normal)
    spline.trace()
    place, heading, width, flare, bend = spline.numbers[:5]
    lateral, angle = distance_to_arc(0.0, -place, np.tan(min(max(heading, -1.4), 1.4)), bend)
    slope = np.zeros((4, 4 + KNOTS))
    slope[0, 0] = -np.cos(heading)
    slope[1, 1] = -1.0   # the car's angle against the line is minus the line's against the car
    slope[2, 4] = slope[3, 2] = 1.0
    ways = spline.sideways()
    misfit = miss[used]
    sigmas = np.sqrt(((ways @ covariance[_AMONG_BENDS]) * ways).sum(axis=1))
    return LaneCurve(
        points=spline.points, headings=spline.headings, curvatures=spline.curvatures,
        sigmas=sigmas, step=spline.step, seen=float(s[used].max()), width=float(width),
        flare=float(flare), lateral=float(lateral), heading=float(-angle),
        covariance=slope @ covariance @ slope.T,
        sides=np.where(used, side, 0.0).astype(np.int64), both=bool(min(
            np.count_nonzero(used & (side > 0.0)), np.count_nonzero(used & (side < 0.0)))
            >= FEWEST),
        rms=sqrt(float(misfit @ misfit) / len(misfit)))

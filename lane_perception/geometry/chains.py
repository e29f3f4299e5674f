# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
From marks to markings: points are linked into chains that bend no faster than tape does.

Each mark gets the direction of its neighbourhood. Two marks may be linked when an arc that touches
both directions joins them (co-circularity; Parent and Zucker, 1989), also across the gap between
two dashes. A link holds when each end is the other's best on that side: so chains neither branch
nor turn onto a line that crosses them.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.beside import FAR
from lane_perception.geometry.beside import merge_doubles
from lane_perception.geometry.marks import Marks

NEIGHBORHOOD = 0.05    # metres around a mark that give its direction
GROWTH = 0.045         # metres more for each metre of distance: marks lie further apart there
LONE_REACH = 0.12      # metres more around a short dash's only mark
VOTERS = 8             # marks of it, the nearest, that say which
ALIKE = 0.7            # cosine of twice the angle within which two of them agree
MIN_COHERENCE = 0.35   # 0 to 1: share of them that have to agree
LONGEST_GAP = 0.5      # metres between two dashes that are still joined
BEND = 2.2             # 1/metres: largest curvature of a link
SHORTEST = 3           # marks in a chain
CUT_OFF = 0.25         # of the usual width: what is narrower is the end of a dash
LONGEST_STEP = 0.06    # metres that one mark may stand for: gaps between dashes do not count


@dataclass(frozen=True)
class Chains:
    """Marks in chains, one chain after the other, each from near to far."""

    marks: Marks                   # the N marks, sorted by chain
    tangent: NDArray[np.float64]   # (N, 2) unit directions from near to far
    first: NDArray[np.int64]       # (M,) where each chain begins
    chain: NDArray[np.int64]       # (N,) which chain a mark belongs to
    step: NDArray[np.float64]      # (N,) metres of marking that a mark stands for
    gap: NDArray[np.float64]       # (M, M) metres by which b lies left of a at [a, b]; or NaN
    spread: NDArray[np.float64]    # (M, M) standard deviation of that along them

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def discounted(self) -> NDArray[np.float64]:
        """The (N,) metres of marking that each mark stands for, far ones less."""
        distance = np.hypot(self.marks.ground[:, 0], self.marks.ground[:, 1])
        return np.minimum(self.step, LONGEST_STEP) / (1.0 + (distance / FAR) ** 2)

    @cached_property
    def widths(self) -> NDArray[np.float64]:
        """The (N,) metres that the marking is wide at each mark."""
        across, tangent = self.marks.across, self.tangent
        return np.abs(across[:, 0] * tangent[:, 1] - across[:, 1] * tangent[:, 0])

    def uncut(self, some: NDArray[np.int64]) -> NDArray[np.int64]:
        """
        Return those of some marks, of one marking, whose width is its tape's.

        That of a short dash is not, nor that of what a line that is read cuts off a dash's end.
        """
        some = some[~self.marks.lone[some]]
        if not len(some):
            return some
        return some[self.widths[some] >= CUT_OFF * median(self.widths[some])]

    def polylines(self) -> list[NDArray[np.float64]]:
        """Return each chain as (N, 2) pixels from near to far."""
        return [self.marks.pixels[self.members(chain)] for chain in range(len(self))]

    def members(self, number: int) -> slice:
        """Return which marks form a chain."""
        last = self.first[number + 1] if number + 1 < len(self.first) else len(self.marks)
        return slice(self.first[number], last)


def link(marks: Marks) -> Chains:
    """Return the marks in chains; marks that fit into none are left out."""
    if len(marks) < SHORTEST:
        return _ordered(marks, [])
    x, y = np.ascontiguousarray(marks.ground.T, np.float32)
    dx = x[None, :] - x[:, None]
    dy = y[None, :] - y[:, None]
    square = dx * dx + dy * dy
    reach = NEIGHBORHOOD + GROWTH * np.hypot(x, y) + np.float32(LONE_REACH) * marks.lone
    direction, coherence = _directions(dx, dy, square, reach)
    tx, ty = np.cos(direction), np.sin(direction)
    along = dx * tx[:, None] + dy * ty[:, None]
    aside = dy * tx[:, None] - dx * ty[:, None]
    # Directions have no sign yet: a mark on the left of both counts twice, else once each.
    facing = np.copysign(np.float32(1.0), tx[:, None] * tx + ty[:, None] * ty)
    other = facing * aside.T
    distance = np.sqrt(square)
    askew = np.abs(aside - other)
    turned = np.abs(aside) + np.abs(other)
    possible = ((askew < 0.012 + 0.16 * distance)
                & (turned < 0.016 + distance * np.minimum(0.12 + BEND * distance, 0.8))
                & (distance < np.minimum(LONGEST_GAP, 3.0 * reach + 0.3)[:, None])
                & (coherence > MIN_COHERENCE) & (coherence > MIN_COHERENCE)[:, None])
    cost = np.where(possible, distance + 2.0 * turned + 3.0 * askew, np.float32(np.inf))
    ahead = along > 0.0
    np.fill_diagonal(cost, np.inf)
    forward = np.where(ahead, cost, np.float32(np.inf))
    backward = np.where(ahead, np.float32(np.inf), cost)
    best = np.stack((forward.argmin(axis=1), backward.argmin(axis=1)))
    every = np.arange(len(marks))
    best[0, np.isinf(forward[every, best[0]])] = -1
    best[1, np.isinf(backward[every, best[1]])] = -1
    return _collect(marks, best, ahead)


def median(values: NDArray[np.float64]) -> float:
    """Return the median, of an even number the upper; a fifth of the time of numpy's."""
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def _directions(dx, dy, square, reach):
    """
    Return each mark's direction (radians, no sign) and coherence from its neighbourhood.

    The nearest marks vote: the direction that most of them lie along wins, and only those that
    lie along it are averaged. So the other line of a double marking, or one that crosses, does
    not turn it. The coherence is the share of the votes that it got.
    """
    voters = min(VOTERS + 1, len(square))  # the mark itself has no weight
    near = np.argpartition(square, voters - 1, axis=1)[:, :voters]
    near += len(square) * np.arange(len(square))[:, None]
    x, y, away = dx.take(near), dy.take(near), square.take(near)
    weight = np.maximum(1.0 - away / (reach * reach)[:, None], np.float32(0.0))
    weight[away == 0.0] = 0.0
    xx, yy, xy = x * x, y * y, x * y
    scale = 1.0 / np.maximum(away, np.float32(1e-12))
    cosine, sine = (xx - yy) * scale, 2.0 * xy * scale  # of twice the angle: it has no sign
    alike = (cosine[:, :, None] * cosine[:, None] + sine[:, :, None] * sine[:, None]) > ALIKE
    votes = (alike * weight[:, None]).sum(axis=2)
    every = np.arange(len(square))
    winner = (votes * (weight > 0.0)).argmax(axis=1)
    chosen = weight * alike[every, winner]
    xx, xy, yy = ((chosen * moment).sum(axis=1) for moment in (xx, xy, yy))
    share = votes[every, winner] / np.maximum(weight.sum(axis=1), 1e-9)
    return 0.5 * np.arctan2(2.0 * xy, xx - yy), share


def _collect(marks: Marks, best: NDArray[np.int64], ahead: NDArray[np.bool_]) -> Chains:
    """Walk along the links that both ends agree on."""
    count = len(marks)
    every = np.arange(count)
    partners = []
    for side in (0, 1):
        partner = best[side]
        back = best[np.where(ahead[partner, every], 0, 1), partner]
        partners.append(np.where((partner >= 0) & (back == every), partner, -1).tolist())
    forward, backward = partners
    seen = [False] * count
    chains = []
    # Ends first, then what is left over, which are rings.
    ends = [i for i in range(count) if (forward[i] < 0) != (backward[i] < 0)]
    for start in ends + list(range(count)):
        if seen[start]:
            continue
        walk, previous, here = [], -1, start
        while here >= 0 and not seen[here]:
            seen[here] = True
            walk.append(here)
            step = forward[here]
            if step < 0 or step == previous:
                step = backward[here]
            if step == previous:
                step = -1
            previous, here = here, step
        if len(walk) >= SHORTEST:
            chains.append(walk)
    return _ordered(marks, chains)


def _ordered(marks: Marks, chains: list[list[int]]) -> Chains:
    """Turn each chain so that it begins at the end nearer to the car; lay doubles together."""
    if not chains:
        empty = np.zeros(0, np.int64)
        return Chains(marks.take(empty), np.zeros((0, 2)), empty, empty, np.zeros(0),
                      np.zeros((0, 0)), np.zeros((0, 0)))
    distance = np.hypot(*marks.ground.T).tolist()
    chains = [walk if distance[walk[0]] <= distance[walk[-1]] else walk[::-1] for walk in chains]
    sizes = np.array([len(walk) for walk in chains])
    marks = marks.take(np.concatenate(chains))
    first = np.concatenate(([0], np.cumsum(sizes[:-1])))
    chain = np.repeat(np.arange(len(chains)), sizes)
    leg = np.diff(marks.ground, axis=0, prepend=marks.ground[:1])
    leg[first] = 0.0
    length = np.hypot(*leg.T)
    ahead = np.diff(marks.ground, axis=0, append=marks.ground[-1:])
    last = np.concatenate((first[1:], [len(marks)])) - 1
    ahead[last] = leg[last]
    # The chord from the mark before to the mark after, at the ends the one chord there is.
    behind = leg.copy()
    behind[first] = ahead[first]
    chord = behind + ahead
    size = np.maximum(np.hypot(*chord.T), 1e-9)
    tangent = chord / size[:, None]
    floor, gap, spread = merge_doubles(marks.ground, tangent, first, chain)
    return Chains(replace(marks, ground=floor), tangent, first, chain, length, gap, spread)

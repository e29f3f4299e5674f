# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A small-car track: a road along a curve, its lanes, and the tape that marks them."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.curve import Curve


@dataclass(frozen=True)
class Marking:
    """A line of tape: where its middle runs, how wide it is, and where it is laid at all."""

    curve: Curve
    width: NDArray[np.float64]   # (N,) metres, at each point of the curve
    paint: int                   # which of the scene's tape colors
    pieces: NDArray[np.int64]    # (M, 2) first and last point of each piece that is laid
    role: str = 'edge'           # 'edge', 'center', 'double', 'other': for tests and figures
    creases: NDArray[np.int64] = field(  # (K, 2) first and last point of folds and laps
        default_factory=lambda: np.zeros((0, 2), np.int64))


@dataclass(frozen=True)
class Lane:
    """A lane: its middle lies `offset` metres to the left of the road's curve."""

    offset: float
    width: float


@dataclass(frozen=True)
class Track:
    """A road, its lanes and the markings in sight of it."""

    road: Curve
    lanes: tuple[Lane, ...]
    markings: tuple[Marking, ...]
    ego: int = 0                 # the lane that the car drives in
    tape_width: float = 0.02     # metres
    branches: tuple[Curve, ...] = field(default=())

    @property
    def ego_lane(self) -> Lane:
        """Return the lane that the car drives in."""
        return self.lanes[self.ego]

    def center_line(self) -> Curve:
        """Return the middle of the ego lane, in the direction of travel, closed like the road."""
        points = self.road.offset(self.ego_lane.offset)
        return Curve(points, self.road.closed)

    def reversed(self) -> 'Track':
        """Return the same track driven the other way round, in the lane that is then its own."""
        lanes = tuple(Lane(-lane.offset, lane.width) for lane in self.lanes)
        road = Curve(self.road.points[::-1].copy(), self.road.closed)
        # Right-hand traffic stays right-hand: the lane furthest to the same side is taken.
        order = np.argsort([lane.offset for lane in self.lanes])
        rank = int(np.flatnonzero(order == self.ego)[0])
        mirrored = np.argsort([lane.offset for lane in lanes])
        return Track(road, lanes, self.markings, int(mirrored[rank]), self.tape_width,
                     self.branches)


def whole(curve: Curve) -> NDArray[np.int64]:
    """Return the single piece that covers a curve; one past the end closes a loop."""
    return np.array([[0, len(curve.points) - (0 if curve.closed else 1)]])


def dashes(curve: Curve, painted: float, gap: float, start: float) -> NDArray[np.int64]:
    """Return pieces of painted metres with gaps between them, the first one start metres in."""
    begin = np.arange(start - painted - gap, curve.length, painted + gap)
    pieces = np.rint(np.column_stack((begin, begin + painted)) * 100).astype(np.int64)
    last = len(curve.points) - 1
    return pieces[(pieces[:, 0] < last) & (pieces[:, 1] > 0)].clip(0, last)


def without(pieces: NDArray[np.int64], start: int, stop: int) -> NDArray[np.int64]:
    """Return the pieces less everything from point start to point stop."""
    kept = []
    for first, last in pieces:
        if last <= start or first >= stop:
            kept.append((first, last))
            continue
        if first < start:
            kept.append((first, start))
        if last > stop:
            kept.append((stop, last))
    return np.array(kept, np.int64).reshape(-1, 2)


def without_flags(pieces: NDArray[np.int64], hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the pieces less every run of points that are flagged as hidden."""
    if not hidden.any():
        return pieces
    steps = np.diff(np.concatenate(([0], hidden.astype(np.int8), [0])))
    for start, stop in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)):
        pieces = without(pieces, int(start) - 1, int(stop))
    return pieces

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which markings run beside which, how far apart, and double markings as one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FAR = 1.5               # metres at which a marking counts half
PARALLEL = 0.45         # sine of the angle between two markings that run side by side
APART = 0.012           # metres between two lines that are not one
DOUBLE = 0.1            # metres within which two lines side by side are one double marking
EVEN = 0.015            # metres: a double marking's lines keep their distance that well
COVERED = 0.4           # share of each line that has to have the other beside it


def gaps(
    floor: NDArray[np.float64], tangent: NDArray[np.float64], first: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """
    Return how far apart chains of marks run, and how much of them runs beside another.

    :param floor: (N, 2) metres: the marks, one chain after the other.
    :param tangent: (N, 2) their unit directions.
    :param first: (M,) where each chain begins.
    :returns: (M, M) metres by which chain b lies left of chain a at [a, b], NaN where they do not
        overlap, the standard deviation of that along them, and how many of b's marks lie beside
        a.
    """
    plain = floor.astype(np.float32)
    count = len(plain)
    square = ((plain[:, None, 0] - plain[None, :, 0]) ** 2
              + (plain[:, None, 1] - plain[None, :, 1]) ** 2)
    # The nearest mark of each chain in one call: the number rides in the low digits.
    key = (np.minimum(square * 1e5, 4e6).astype(np.int64) << 9) + np.arange(count)
    nearest = np.minimum.reduceat(key, first, axis=1) & 511
    away = floor[:, None] - floor[nearest]
    ahead = tangent[nearest]
    along = away[..., 0] * ahead[..., 0] + away[..., 1] * ahead[..., 1]
    left = away[..., 1] * ahead[..., 0] - away[..., 0] * ahead[..., 1]
    cross = tangent[:, None, 0] * ahead[..., 1] - tangent[:, None, 1] * ahead[..., 0]
    reach = 0.05 + 0.05 * np.abs(floor).sum(axis=1)
    beside = (np.abs(along) < reach[:, None]) & (np.abs(cross) < PARALLEL)
    weight = beside / (1.0 + (floor * floor).sum(axis=1) / FAR ** 2)[:, None]
    moment = weight * left
    count, total, first_moment, second_moment = (
        np.add.reduceat(part, first, axis=0)
        for part in (beside.astype(float), weight, moment, moment * left))
    total[count < 2] = np.nan
    mean = first_moment / total
    spread = np.sqrt(np.maximum(second_moment / total - mean ** 2, 0.0))
    return mean.T, spread.T, count.T


def merge_doubles(
    floor: NDArray[np.float64], tangent: NDArray[np.float64], first: NDArray[np.int64],
    chain: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """
    Return the marks with double markings laid onto their middles, and the gaps' mean and spread.

    A lane is bounded by the middle of a double marking, whichever of its lines is in sight.

    :param chain: (N,) which chain a mark belongs to; the others as for :func:`gaps`.
    """
    gap, spread, shared = gaps(floor, tangent, first)
    double = (np.abs(gap) > APART) & (np.abs(gap) < DOUBLE) & (spread < EVEN)
    double &= double.T
    if not double.any():
        return floor, gap, spread
    covered = (np.where(double, shared.T, 0.0).sum(axis=1)
               > COVERED * np.diff(first, append=len(floor)))
    double &= covered[:, None] & covered
    # Each of two lines goes half of the way.
    weight = np.where(double, shared, 0.0)
    shift = (weight * np.where(double, gap, 0.0)).sum(axis=1) / (
        2.0 * np.maximum(weight.sum(axis=1), 1e-9))
    normal = np.column_stack((-tangent[:, 1], tangent[:, 0]))
    return floor + shift[chain][:, None] * normal, gap - shift[:, None] + shift, spread

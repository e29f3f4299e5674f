# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Short dashes: one mark each, in their middles.

Of a dash that is hardly longer than it is wide, most lines that are read cut a corner off, and
the middles of such cuts lie anywhere in it. Its centroid lies on the marking's middle.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SHORT = 2.6          # usual widths of a marking from one corner of the dash to the other, at most
SHORTEST = 0.085     # metres that are short whatever the width
LONGEST = 0.16       # metres that are not
COARSE = 320         # columns at least in which dashes are told apart; far ones lie close in rows
FEWEST_PIXELS = 2    # of it in a dash: a smaller one has no middle to speak of


def short_dashes(
    mask: NDArray[np.uint8], pixels: NDArray[np.float64], start: NDArray[np.float64],
    end: NDArray[np.float64], usual: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """
    Find the runs that lie in short dashes.

    :param mask: (H, W), 0 off the markings.
    :param pixels: (N, 2) middles of the runs, u and v.
    :param start: (N, 2) metres on the floor: one end of each run; ``end`` the other.
    :param usual: metres from one edge of a marking to the other, along a line that is read.
    :returns: the runs that stand for a short dash, one each; (M, 2) their dashes' middles in
        pixels; and (N,) which runs stand for nothing, because another one does.
    """
    coarse, step = _fewer_columns(mask)
    count, labels, stats, middles = cv2.connectedComponentsWithStats(
        coarse.view(np.uint8), connectivity=8, ltype=cv2.CV_16U)
    middles[:, 0] = (middles[:, 0] + 0.5) * step - 0.5
    column, row = (pixels + 0.5).astype(np.int64).T
    column = np.minimum(column // step, coarse.shape[1] - 1)
    label = labels[np.minimum(row, coarse.shape[0] - 1), column].astype(np.int64)
    left, top, width, height, area = stats.T
    # What the picture's rim cuts has its middle elsewhere.
    whole = ((left > 0) & (top > 0) & (left + width < coarse.shape[1])
             & (top + height < coarse.shape[0]) & (area >= FEWEST_PIXELS))
    # Run by run of each dash, the one nearest to its middle first: that one stands for the dash.
    away = np.abs(pixels - middles[label]).sum(axis=1)
    order = np.lexsort((away, label))
    first = np.flatnonzero(np.diff(label[order], prepend=-1))
    seen = label[order[first]]
    low = np.minimum.reduceat(np.minimum(start, end)[order], first, axis=0)
    high = np.maximum.reduceat(np.maximum(start, end)[order], first, axis=0)
    short = np.zeros(count, bool)
    limit = min(max(SHORT * usual, SHORTEST), LONGEST)
    short[seen] = np.hypot(*(high - low).T) < limit
    short &= whole
    short[0] = False
    idle = short[label]
    standing = order[first[short[seen]]]
    idle[standing] = False
    return standing, middles[label[standing]], idle


def _fewer_columns(mask: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], int]:
    """Return a mask with neighbouring columns made one, set where any of them is; how many."""
    step = 1
    while step < 8 and mask.shape[1] >= 2 * step * COARSE:
        step *= 2
    whole = np.ascontiguousarray(mask[:, :mask.shape[1] // step * step])
    return whole.view(f'u{step}') != 0, step

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Measure whether the labels of a data set lie where the markings of its pictures are.

A tool that rounds a point to the next pixel, or a mask that was scaled from another size, moves
all labels by the same pixel or two. Nobody sees it on a picture, but one pixel costs a strip of
tape 10 pixels wide about 0.17 of its IoU, for every network alike.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

REACH = 4           # pixels: the largest shift tried along each axis
RING = 9            # pixels: how far around a marking the floor beside it is taken, twice over
ENOUGH = 300        # pixels of marking that a picture needs to say anything
CLEAR = 4.0         # gray levels of contrast that it needs
PICTURES = 20       # that a shift must rest on
NOTEWORTHY = 0.6    # pixels along either axis


class Alignment:
    """Where the labels' contrast against the floor is greatest, summed over pictures."""

    def __init__(self) -> None:
        """Begin with no picture."""
        side = 2 * REACH + 1
        self._sum = np.zeros((side, side))
        self.pictures = 0

    def add(self, image: NDArray[np.uint8], mask: NDArray[np.uint8]) -> None:
        """
        Add a picture; one without clear markings is passed over.

        :param image: (H, W, 3) uint8, BGR.
        :param mask: (H, W) uint8: 255 marking, 0 floor, between not judged.
        """
        marking = (mask == 255).astype(np.uint8)
        near = cv2.dilate(marking, np.ones((RING, RING), np.uint8))
        beside = ((near > 0) & (mask == 0)).astype(np.uint8)
        for part in (marking, beside):   # nothing is read from beyond the picture's border
            part[:REACH] = part[-REACH:] = 0
            part[:, :REACH] = part[:, -REACH:] = 0
        if min(cv2.countNonZero(marking), cv2.countNonZero(beside)) < ENOUGH:
            return
        weights = (marking / np.float32(marking.sum()) - beside / np.float32(beside.sum()))
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
        # Correlation of the picture with the labels' weights, the labels moved by (du, dv).
        inner = weights[REACH:-REACH, REACH:-REACH]
        contrast = np.abs(cv2.matchTemplate(gray, inner, cv2.TM_CCORR))
        if contrast.max() >= CLEAR:
            self._sum += contrast / contrast.max()
            self.pictures += 1

    def shift(self) -> tuple[float, float] | None:
        """
        Return (du, dv) in pixels by which the labels lie right of and below the markings.

        None where fewer than PICTURES had clear markings, or the best shift is out of reach.
        """
        if self.pictures < PICTURES:
            return None
        row, column = np.unravel_index(int(self._sum.argmax()), self._sum.shape)
        if not (0 < row < 2 * REACH and 0 < column < 2 * REACH):
            return None
        across = _peak(self._sum[row, column - 1:column + 2])
        down = _peak(self._sum[row - 1:row + 2, column])
        return float(REACH - column - across), float(REACH - row - down)


def _peak(three: NDArray[np.float64]) -> float:
    """Return where the parabola through three neighbors has its top, -0.5 to 0.5."""
    before, middle, after = three
    bend = before - 2 * middle + after
    return 0.0 if bend == 0 else float(0.5 * (before - after) / bend)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Bring labels to another size without losing thin lines or thickening wide ones.

The mean over each new pixel's area loses a line thinner than such a pixel; taking the maximum
everywhere makes each wide line wider. So the maximum is for thin markings only. How wide a marking
is at a place is the diameter of the largest disc that fits in it there (opening by a disc).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_CORNERS = 1.5  # radii of the disc: reaches the corners (1.41) that opening cuts off a wide shape


def thinner_than(marking: NDArray[np.uint8], width: float) -> NDArray[np.uint8]:
    """
    Return the pixels of a mask that belong to a marking thinner than width.

    :param marking: (H, W) uint8, 0 or 1.
    :param width: in pixels.
    :returns: (H, W) uint8, 0 or 1. The rough edge and the corners of a wide marking are not thin.
    """
    left, top, columns, rows = cv2.boundingRect(marking)
    # With the floor around the markings, which tells where they end; the picture's rim does not.
    around = (slice(max(top - 1, 0), top + rows + 1), slice(max(left - 1, 0), left + columns + 1))
    # Distances are between pixel centers; in a mask twice as large they are exact half widths.
    double = cv2.resize(marking[around], None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    core = cv2.erode(double, _disc(width - 1e-3))
    near = cv2.dilate(core, _disc(_CORNERS * width))
    wide = near[::2, ::2] | near[::2, 1::2] | near[1::2, ::2] | near[1::2, 1::2]
    thin = np.zeros_like(marking)
    thin[around] = marking[around] & ~wide
    return thin


def _disc(radius: float) -> NDArray[np.uint8]:
    """Return the pixels within a radius of the middle one, as (2 r + 1, 2 r + 1), 0 or 1."""
    reach = np.arange(-int(radius), int(radius) + 1)
    return (reach[:, None] ** 2 + reach ** 2 <= radius * radius).astype(np.uint8)


def touched(values: NDArray[np.uint8], height: int, width: int) -> NDArray[np.bool_]:
    """
    Return which pixels of a (height, width) mask the nonzero pixels of a larger one touch.

    :param values: (H, W) uint8.
    """
    return area_resized((values != 0).astype(np.float32), height, width,
                        cv2.INTER_NEAREST_EXACT) > 1e-4


def area_resized(values: NDArray, height: int, width: int, growing: int) -> NDArray:
    """
    Return (height, width) from (H, W): the mean over each new pixel's area.

    OpenCV's INTER_AREA averages only where both axes shrink, hence one axis after the other.

    :param growing: OpenCV's interpolation along an axis that grows.
    """
    for size in ((width, values.shape[0]), (width, height)):
        if (values.shape[1], values.shape[0]) != size:
            shrinks = size[0] <= values.shape[1] and size[1] <= values.shape[0]
            values = cv2.resize(values, size,
                                interpolation=cv2.INTER_AREA if shrinks else growing)
    return values

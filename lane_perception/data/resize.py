# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Bring labels to another size without losing thin lines or thickening wide ones.

Half coverage alone loses a line thinner than a pixel of the smaller mask; taking the maximum
everywhere makes each wide line wider. So the maximum is taken only where a marking is thinner
than two pixels of the smaller mask. How wide a marking is at a place is the diameter of the
largest disc that fits in it there (opening by a disc, through the distance transform).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING
from lane_perception.data.image_files import NOT_JUDGED

THIN = 2.0      # pixels of the smaller mask: thinner markings are kept by their maximum
_CORNERS = 1.5  # radii of the disc: reaches the corners (1.41) that opening cuts off a wide shape


def resize_label(mask: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """
    Return a marking mask at another size.

    Where it shrinks, a pixel is a marking when markings cover more than half of it, or when any
    marking thinner than two new pixels touches it; else it is not judged when anything that is not
    judged touches it. Where it grows, the nearest pixel counts.

    :param mask: (H, W) uint8: 0 background, 255 marking, anything between not judged.
    :returns: (height, width) uint8: 0, 255 and 127.
    """
    if mask.shape == (height, width):
        return mask.copy()
    marking = (mask == MARKING).astype(np.uint8)
    shrinking = max(mask.shape[0] / height, mask.shape[1] / width)
    if shrinking <= 1:
        larger = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        larger[(larger != BACKGROUND) & (larger != MARKING)] = NOT_JUDGED
        return larger
    unsure = ((mask != MARKING) & (mask != BACKGROUND)).astype(np.uint8)
    result = np.zeros((height, width), np.uint8)
    if unsure.any():
        result[touched(unsure, height, width)] = NOT_JUDGED
    result[area_or_nearest(marking * np.float32(1), height, width) > 0.5 + 1e-4] = MARKING
    thin = thinner_than(marking, THIN * shrinking)
    if thin.any():
        result[touched(thin, height, width)] = MARKING
    return result


def thinner_than(marking: NDArray[np.uint8], width: float) -> NDArray[np.uint8]:
    """
    Return the pixels of a mask that belong to a marking thinner than width.

    :param marking: (H, W) uint8, 0 or 1.
    :param width: in pixels.
    :returns: (H, W) uint8, 0 or 1. The rough edge and the corners of a wide marking are not thin.
    """
    # Distances are between pixel centers; in a mask twice as large they are exact half widths.
    double = cv2.resize(marking, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    depth = cv2.distanceTransform(double, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    core = depth >= width - 1e-3
    if not core.any():
        return marking
    from_core = cv2.distanceTransform(
        np.where(core, 0, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    height, columns = marking.shape
    nearest = from_core.reshape(height, 2, columns, 2).min(axis=(1, 3))
    return marking & (nearest > _CORNERS * width).astype(np.uint8)


def touched(values: NDArray[np.uint8], height: int, width: int) -> NDArray[np.bool_]:
    """
    Return which pixels of a (height, width) mask the nonzero pixels of a larger one touch.

    :param values: (H, W) uint8.
    """
    return area_or_nearest((values != 0).astype(np.float32), height, width) > 1e-4


def area_or_nearest(values: NDArray, height: int, width: int) -> NDArray:
    """
    Return (height, width) from (H, W): the mean over each new pixel's area.

    Along an axis that grows, the nearest pixel counts. OpenCV averages over areas only where
    both axes shrink, hence one axis after the other.
    """
    for size in ((width, values.shape[0]), (width, height)):
        if (values.shape[1], values.shape[0]) != size:
            shrinks = size[0] <= values.shape[1] and size[1] <= values.shape[0]
            values = cv2.resize(values, size, interpolation=cv2.INTER_AREA if shrinks
                                else cv2.INTER_NEAREST_EXACT)
    return values

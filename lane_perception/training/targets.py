# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Bring a picture and its mask to the network's input size.

The network is asked for each pixel's coverage: the share of its area that a marking covers. A
probability trained on it crosses one half where the edge really runs, also between two pixels,
so a mask that is interpolated back to the picture's size has its edges in the right place.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING
from lane_perception.data.resize import area_resized
from lane_perception.data.resize import thinner_than
from lane_perception.data.resize import touched
from lane_perception.segmenter import resize_image

THIN = 1.0           # pixels of the target: thinner markings are kept by their maximum
WHOLLY_JUDGED = 254  # of 255: a pixel counts only when all of its area is judged


def make_sample(
    image: NDArray[np.uint8], mask: NDArray[np.uint8], height: int, width: int,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """
    Return a picture and its target at the network's input size.

    :param image: (H, W, 3) uint8.
    :param mask: (H, W) uint8: 0 floor, 255 marking, anything between not judged.
    :returns: the picture (height, width, 3) uint8, and the target (height, width, 2) uint8:
        coverage by markings, 0 to 255, and whether the pixel is judged, 0 or 255.
    """
    marking = (mask == MARKING).view(np.uint8)
    coverage = area_resized(marking * np.uint8(255), height, width, cv2.INTER_LINEAR)
    shrinking = max(mask.shape[0] / height, mask.shape[1] / width)
    if shrinking > 1:
        thin = thinner_than(marking, THIN * shrinking)
        if thin.any():
            coverage[touched(thin, height, width)] = 255
    unsure = (mask != MARKING) & (mask != BACKGROUND)
    if unsure.any():
        judged = _judged(area_resized(np.where(unsure, 0, 255).astype(np.uint8), height, width,
                                      cv2.INTER_LINEAR))
    else:
        judged = np.full((height, width), 255, np.uint8)
    return resize_image(image, height, width), cv2.merge([coverage, judged])


def halve(
    image: NDArray[np.uint8], target: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return a picture and its target at half the size; a pixel is judged when all of it is."""
    size = (image.shape[1] // 2, image.shape[0] // 2)
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    target = cv2.resize(target, size, interpolation=cv2.INTER_AREA)
    return image, wholly_judged(target)


def wholly_judged(target: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a target that was interpolated, with pixels judged of which all the area is."""
    coverage, judged = cv2.split(target)
    return cv2.merge([coverage, _judged(judged)])


def _judged(share: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return 255 where all of a pixel's area is judged, else 0."""
    return cv2.threshold(share, WHOLLY_JUDGED - 1, 255, cv2.THRESH_BINARY)[1]

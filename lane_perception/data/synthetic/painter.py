# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Exact coverage of pixels by shapes: outlines are projected through the lens and filled.

Shapes are filled on a canvas FINE times as large both ways and averaged, so that coverage is right
to about a twentieth of a pixel wherever the lens puts the edge, and an image blended by coverage
and a mask cut at one half of it have their edges at the same place.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.camera import Camera

FINE = 4          # subpixels per pixel, each way
SHIFT = 5         # bits of fraction in the coordinates that OpenCV takes
CHUNK = 24        # quadrilaterals per polygon; a long strip may cross itself
NEAR = 2.2        # metres within which every point of a curve is drawn, every FAR_STEP-th beyond
FAR_STEP = 4
LIMIT = 8000.0    # pixels beyond which outlines are cut off


class Painter:
    """Fills shapes on the floor or in the image, and returns their coverage per pixel."""

    def __init__(self, camera: Camera) -> None:
        """Take the camera through which everything is seen."""
        self.camera = camera
        self.size = (camera.height, camera.width)
        self.canvas = np.zeros((camera.height * FINE, camera.width * FINE), np.uint8)

    def clear(self) -> None:
        """Forget what was drawn."""
        self.canvas[:] = 0

    def coverage(self) -> NDArray[np.float32]:
        """Return the (H, W) share of each pixel that is covered, 0 to 1."""
        small = cv2.resize(self.canvas, self.size[::-1], interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) * np.float32(1 / 255)

    def strip(self, left: NDArray, right: NDArray) -> None:
        """Draw the strip between two lines of (N, 2) or (N, 3) points in base_link."""
        both, seen = self.camera.project(np.concatenate((left, right)))
        count = len(left)
        near = np.abs(np.nan_to_num(both, nan=2 * LIMIT)).max(1) < LIMIT
        good = seen & near
        good = good[:count] & good[count:]
        both = self._fixed(both)
        steps = np.diff(np.concatenate(([0], good.astype(np.int8), [0])))
        for start, stop in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)):
            if stop - start >= 2:
                self._fill_strip(both[:count][start:stop], both[count:][start:stop])

    def _fill_strip(self, left: NDArray[np.int32], right: NDArray[np.int32]) -> None:
        """Fill a strip in canvas coordinates; its rim counts half, as OpenCV draws it in whole."""
        low = np.minimum(left.min(0), right.min(0)) >> SHIFT
        high = np.maximum(left.max(0), right.max(0)) >> SHIFT
        if (high < 0).any() or (low >= self.canvas.shape[::-1]).any():
            return
        for first in range(0, len(left) - 1, CHUNK):
            last = min(first + CHUNK + 1, len(left))
            outline = np.concatenate((left[first:last], right[first:last][::-1]))
            cv2.fillPoly(self.canvas, [outline], 255, cv2.LINE_8, SHIFT)
        cv2.polylines(self.canvas, [left, right], False, 128, 1, cv2.LINE_8, SHIFT)
        for end in (0, -1):
            cv2.polylines(self.canvas, [np.stack((left[end], right[end]))], False, 128, 1,
                          cv2.LINE_8, SHIFT)

    def polygon(self, points: NDArray, value: int = 255) -> None:
        """Draw a polygon of (N, 2) or (N, 3) points in base_link, cut where the lens ends."""
        pixels, seen = self.camera.project(points)
        seen &= np.abs(np.nan_to_num(pixels, nan=2 * LIMIT)).max(1) < LIMIT
        if seen.sum() >= 3:
            self.image_polygon(pixels[seen], value)

    def image_polygon(self, pixels: NDArray, value: int = 255) -> None:
        """Draw a polygon of (N, 2) pixels."""
        outline = self._fixed(pixels)
        cv2.fillPoly(self.canvas, [outline], value, cv2.LINE_8, SHIFT)
        cv2.polylines(self.canvas, [outline], True, (value + 1) // 2, 1, cv2.LINE_8, SHIFT)

    @staticmethod
    def _fixed(pixels: NDArray) -> NDArray[np.int32]:
        """Return canvas coordinates in the fixed-point form that OpenCV takes."""
        fine = (np.nan_to_num(pixels) + 0.5) * FINE - 0.5
        return np.rint(fine * (1 << SHIFT)).clip(-2**30, 2**30).astype(np.int32)


def thinned(distance: NDArray) -> NDArray[np.bool_]:
    """Return which points of a curve to draw: all the near ones, every few of the far ones."""
    keep = distance < NEAR
    keep[::FAR_STEP] = True
    return keep

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
from lane_perception.data.synthetic.camera import PLUMB_BOB

FINE = 4          # subpixels per pixel, each way
SHIFT = 5         # bits of fraction in the coordinates that OpenCV takes
CHUNK = 24        # quadrilaterals per polygon; a long strip may cross itself
NEAR = 2.2        # metres within which every point of a curve is drawn, every FAR_STEP-th beyond
FAR_STEP = 4
LIMIT = 8000.0    # pixels beyond which outlines are cut off
CLIP = 0.02       # metres before the lens at which outlines are cut off


class Painter:
    """Fills shapes on the floor or in the image, and returns their coverage per pixel."""

    def __init__(self, camera: Camera) -> None:
        """Take the camera through which everything is seen."""
        self.camera = camera
        self.size = (camera.height, camera.width)
        self.canvas = np.zeros((camera.height * FINE, camera.width * FINE), np.uint8)
        self.box = [camera.width, camera.height, 0, 0]  # left, top, right, bottom of what is drawn

    def clear(self) -> None:
        """Forget what was drawn."""
        left, top, right, bottom = (FINE * side for side in self.box)
        self.canvas[top:bottom, left:right] = 0
        self.box = [self.size[1], self.size[0], 0, 0]

    def coverage(self) -> NDArray[np.float32]:
        """Return the (H, W) share of each pixel that is covered, 0 to 1."""
        whole = np.zeros(self.size, np.float32)
        part, cover = self.patch()
        whole[part] = cover
        return whole

    def patch(self) -> tuple[tuple[slice, slice], NDArray[np.float32]]:
        """Return (rows, columns) of what was drawn, and the coverage there; perhaps empty."""
        left, top, right, bottom = self.box
        if right <= left or bottom <= top:
            return (slice(0, 0), slice(0, 0)), np.zeros((0, 0), np.float32)
        fine = self.canvas[top * FINE:bottom * FINE, left * FINE:right * FINE]
        small = cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
        return ((slice(top, bottom), slice(left, right)),
                small.astype(np.float32) * np.float32(1 / 255))

    def _grow(self, low: NDArray, high: NDArray) -> bool:
        """Widen the box of what is drawn; return whether any of it is in the image."""
        left, top = (int(c) // FINE - 1 for c in low)
        right, bottom = (int(c) // FINE + 2 for c in high)
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, self.size[1]), min(bottom, self.size[0])
        if right <= left or bottom <= top:
            return False
        box = self.box
        self.box = [min(box[0], left), min(box[1], top), max(box[2], right), max(box[3], bottom)]
        return True

    def strip(self, left: NDArray, right: NDArray, runs: list[NDArray[np.int64]]) -> None:
        """
        Draw parts of the strip between two lines of (N, 2) or (N, 3) points in base_link.

        :param runs: indices of the points of each part; where the lens cannot see, it is cut.
        """
        count = len(left)
        both, seen = self.camera.project(np.concatenate((left, right)), extend=True)
        seen &= np.abs(np.where(seen[:, None], both, 0)).max(1) < LIMIT
        good = seen[:count] & seen[count:]
        both = self._fixed(both)
        left, right = both[:count], both[count:]
        for run in runs:
            known = good[run]
            if known.all():
                if len(run) >= 2:
                    self._fill_strip(left[run], right[run])
                continue
            steps = np.diff(np.concatenate(([0], known.astype(np.int8), [0])))
            for start, stop in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)):
                if stop - start >= 2:
                    self._fill_strip(left[run[start:stop]], right[run[start:stop]])

    def _fill_strip(self, left: NDArray[np.int32], right: NDArray[np.int32]) -> None:
        """Fill a strip in canvas coordinates; its rim counts half, as OpenCV draws it in whole."""
        low = np.minimum(left.min(0), right.min(0)) >> SHIFT
        high = np.maximum(left.max(0), right.max(0)) >> SHIFT
        if not self._grow(low, high):
            return
        for first in range(0, len(left) - 1, CHUNK):
            last = min(first + CHUNK + 1, len(left))
            outline = np.concatenate((left[first:last], right[first:last][::-1]))
            cv2.fillPoly(self.canvas, [outline], 255, cv2.LINE_8, SHIFT)
        cv2.polylines(self.canvas, [left, right], False, 128, 1, cv2.LINE_8, SHIFT)
        for end in (0, -1):
            cv2.polylines(self.canvas, [np.stack((left[end], right[end]))], False, 128, 1,
                          cv2.LINE_8, SHIFT)

    def polygons(self, points: NDArray, sizes: list[int]) -> None:
        """Draw polygons of (N, 2) or (N, 3) points in base_link, of the sizes in turn."""
        for outline in self.outlines(points, sizes):
            self.image_polygon(outline)

    def outlines(self, points: NDArray, sizes: list[int]) -> list[NDArray[np.float64]]:
        """
        Return the (N, 2) pixels of polygons, one after the other of the sizes, in base_link.

        Edges are bent as the lens bends them; what is behind the lens is cut off, perhaps all.
        """
        points = np.asarray(points, np.float64)
        if points.shape[1] == 2:
            points = np.column_stack((points, np.zeros(len(points))))
        points, sizes = subdivided(points, np.asarray(sizes), self.camera.position)
        ends = np.cumsum(sizes)
        if self.camera.model == PLUMB_BOB:
            behind = self.camera.to_camera(points)[:, 2] <= CLIP
            if behind.any():
                cut = [self._in_front(part) if hidden.any() else part for part, hidden in zip(
                    np.split(points, ends[:-1]), np.split(behind, ends[:-1]))]
                ends = np.cumsum([len(part) for part in cut])
                points = np.concatenate(cut)
        pixels, seen = self.camera.project(points, extend=True)
        pixels = pixels.clip(-LIMIT, LIMIT)
        if not seen.all():
            return [part[known] for part, known in zip(np.split(pixels, ends[:-1]),
                                                       np.split(seen, ends[:-1]))]
        return np.split(pixels, ends[:-1])

    def _in_front(self, points: NDArray) -> NDArray:
        """Return a polygon less what lies behind the lens (Sutherland and Hodgman, 1974)."""
        depth = self.camera.to_camera(points)[:, 2] - CLIP
        kept = []
        for i, (point, d) in enumerate(zip(points, depth)):
            before, d_before = points[i - 1], depth[i - 1]
            if (d > 0) != (d_before > 0):
                kept.append(before + (point - before) * d_before / (d_before - d))
            if d > 0:
                kept.append(point)
        return np.array(kept).reshape(-1, 3)

    def image_polygon(self, pixels: NDArray) -> None:
        """Draw a polygon of (N, 2) pixels; nothing of fewer than three."""
        if len(pixels) < 3:
            return
        outline = self._fixed(pixels)
        if self._grow(outline.min(0) >> SHIFT, outline.max(0) >> SHIFT):
            cv2.fillPoly(self.canvas, [outline], 255, cv2.LINE_8, SHIFT)
            cv2.polylines(self.canvas, [outline], True, 128, 1, cv2.LINE_8, SHIFT)

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


def subdivided(points: NDArray, sizes: NDArray, eye: NDArray
               ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """
    Add points to the long edges of polygons, so that a bent lens bends them too.

    :param points: (N, 3) corners of polygons, one after the other.
    :param sizes: (M,) how many each has.
    :param eye: (3,) from where they are seen.
    :returns: the same with the points added.
    """
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    after = np.arange(1, len(points) + 1)
    after[starts + sizes - 1] = starts
    edges = points[after] - points
    length = np.sqrt(np.einsum('ij,ij->i', edges, edges))
    away = points - eye
    away = np.sqrt(np.einsum('ij,ij->i', away, away))
    away = np.minimum(away, away[after])
    counts = np.clip(np.ceil(length / np.maximum(0.12 * away, 0.01)), 1, 24).astype(np.int64)
    total = int(counts.sum())
    if total == len(points):
        return points, sizes
    first = np.cumsum(counts) - counts
    part = (np.arange(total) - np.repeat(first, counts)) / np.repeat(counts, counts)
    owner = np.repeat(np.arange(len(points)), counts)
    return points[owner] + edges[owner] * part[:, None], np.add.reduceat(counts, starts)

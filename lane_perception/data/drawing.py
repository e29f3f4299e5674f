# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Draw lines and polygons into masks by one rule: a pixel counts when its center lies within.

Coordinates are (u, v) pixels with the origin at the top left corner of the top left pixel, whose
center is thus (0.5, 0.5), as in COCO, labelme and CVAT.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]


def draw_line(
    mask: NDArray[np.uint8], points: tuple[Point, ...], width: float, value: int,
) -> None:
    """Draw a polyline into a mask: the pixels whose center is within half its width of it."""
    reach = max(width, 1.0) / 2
    for start, end in zip(points[:-1], points[1:]):
        _draw_segment(mask, np.array(start), np.array(end), reach, value)


def _draw_segment(
    mask: NDArray[np.uint8], start: NDArray, end: NDArray, reach: float, value: int,
) -> None:
    size = np.array(mask.shape[::-1])
    low = np.clip(np.floor(np.minimum(start, end) - reach), 0, size).astype(int)
    high = np.clip(np.ceil(np.maximum(start, end) + reach), 0, size).astype(int)
    u = np.arange(low[0], high[0]) + 0.5 - start[0]
    v = np.arange(low[1], high[1])[:, None] + 0.5 - start[1]
    along = end - start
    length = float(along @ along)
    share = np.clip((u * along[0] + v * along[1]) / length, 0, 1) if length else 0.0
    near = np.hypot(u - share * along[0], v - share * along[1]) <= reach
    mask[low[1]:high[1], low[0]:high[0]][near] = value


def fill_polygon(mask: NDArray[np.uint8], points: tuple[Point, ...], value: int) -> None:
    """Fill a polygon in a mask: the pixels whose center lies within it (even-odd rule)."""
    if len(points) < 3:
        return
    height, width = mask.shape
    start = np.array(points, np.float64)
    end = np.roll(start, -1, axis=0)
    top = max(0, int(np.floor(start[:, 1].min())))
    bottom = min(height, int(np.ceil(start[:, 1].max())))
    if top >= bottom:
        return
    v = np.arange(top, bottom)[:, None] + 0.5
    row, edge = np.nonzero((start[:, 1] <= v) != (end[:, 1] <= v))
    share = (v[row, 0] - start[edge, 1]) / (end[edge, 1] - start[edge, 1])
    u = start[edge, 0] + share * (end[edge, 0] - start[edge, 0])
    # Each crossing of a row with the outline turns inside to outside from that column on.
    crossings = np.zeros((bottom - top, width + 1), np.int32)
    np.add.at(crossings, (row, np.clip(np.ceil(u - 0.5), 0, width).astype(int)), 1)
    inside = np.cumsum(crossings[:, :width], axis=1) % 2 == 1
    mask[top:bottom][inside] = value

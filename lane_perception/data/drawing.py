# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Draw lines and polygons into masks by one rule: a pixel counts when its center lies within.

Areas given as COCO's run lengths are filled too.

Coordinates are (u, v) pixels with the origin at the top left corner of the top left pixel, whose
center is thus (0.5, 0.5), as in COCO, labelme and CVAT.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
_MOST_CHARACTERS = 7   # of a compressed run length, 5 bits each: beyond any picture's pixels


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


def fill_runs(mask: NDArray[np.uint8], counts: Any, value: int) -> None:
    """
    Fill the second, fourth and so on of COCO's run lengths, which go down column after column.

    Where they are damaged, pycocotools gives whatever lies in memory; so they are read here.

    :param counts: whole numbers, or the text into which COCO compresses them.
    :raises ValueError: when they are broken, or do not cover the mask exactly.
    """
    runs = _unpacked(counts) if isinstance(counts, str) else np.array(counts)
    if runs.dtype.kind == 'f' and (abs(runs) <= mask.size).all() and (runs % 1 == 0).all():
        runs = runs.astype(np.int64)   # 100.0 is as whole as 100
    if runs.ndim != 1 or runs.dtype.kind not in 'iu':
        raise ValueError('its run lengths are not whole numbers')
    # Each is looked at before the sum, which could run over.
    if runs.min(initial=0) < 0 or runs.max(initial=0) > mask.size or runs.sum() != mask.size:
        raise ValueError('its run lengths do not cover the picture')
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    mask[inside.reshape(mask.shape[::-1]).T] = value


def _unpacked(text: str) -> NDArray[np.int64]:
    """
    Return the run lengths in COCO's compressed text.

    Each is given as its difference to the last but one from the fourth on, in characters of five
    bits, the lowest first; a sixth bit says that another follows (pycocotools, maskApi.c).

    :raises ValueError: when it is not such a text.
    """
    digits = np.frombuffer(text.encode('ascii'), np.uint8).astype(np.int64) - ord('0')
    ends = np.flatnonzero(digits & 32 == 0)
    if (not len(ends) or ends[-1] != len(digits) - 1 or digits.min() < 0 or digits.max() > 63):
        raise ValueError('its compressed run lengths are cut off or damaged')
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _MOST_CHARACTERS:
        raise ValueError('its compressed run lengths are damaged')
    place = np.arange(len(digits)) - np.repeat(starts, lengths)
    runs = np.add.reduceat((digits & 31) << 5 * place, starts)
    runs -= np.where(digits[ends] & 16, 1 << 5 * lengths, 0)   # the highest bit is the sign
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    return runs

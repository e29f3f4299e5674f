# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Many small pictures on one sheet, with labels drawn in, for a person to look over."""

from __future__ import annotations

from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING

TILE_WIDTH = 320                 # pixels
MARKING_COLOR = (60, 60, 230)    # BGR
NOT_JUDGED_COLOR = (230, 160, 60)
_OPACITY = 0.6
_CAPTION_HEIGHT = 18
_GAP = 4


def labeled_tile(
    image: NDArray[np.uint8], mask: NDArray[np.uint8] | None, caption: str,
    color: tuple[int, int, int] = (230, 230, 230),
) -> NDArray[np.uint8]:
    """
    Return a small picture with its mask tinted in, red, and what is not judged, blue.

    :param image: (H, W, 3) uint8, BGR.
    :param mask: (H, W) uint8, or None.
    :param caption: written above it; the end of it where there is no room for all. OpenCV's
        letters are ASCII: any other is drawn as '?'.
    :param color: of the caption, BGR.
    :returns: (h, TILE_WIDTH, 3) uint8, BGR.
    """
    tinted = image.copy()
    if mask is not None:
        for area, tint in ((mask == MARKING, MARKING_COLOR),
                           ((mask != MARKING) & (mask != BACKGROUND), NOT_JUDGED_COLOR)):
            tinted[area] = (image[area] * (1 - _OPACITY) + np.array(tint) * _OPACITY).astype(
                np.uint8)
    height = max(1, round(TILE_WIDTH * image.shape[0] / image.shape[1]))
    small = cv2.resize(tinted, (TILE_WIDTH, height), interpolation=cv2.INTER_AREA)
    title = np.zeros((_CAPTION_HEIGHT, TILE_WIDTH, 3), np.uint8)
    drawable = ''.join(letter if ' ' <= letter <= '~' else '?' for letter in caption)
    fits = drawable if len(drawable) <= 44 else f'...{drawable[-41:]}'
    cv2.putText(title, fits, (3, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, color, 1, cv2.LINE_AA)
    return np.vstack([title, small])


def contact_sheet(
    tiles: Sequence[NDArray[np.uint8]], columns: int, gap: int = _GAP,
) -> NDArray[np.uint8]:
    """
    Return one picture of all tiles, row by row.

    :param tiles: (h, w, 3) uint8, BGR, of any sizes; at least one.
    :param gap: pixels right of and below each.
    :returns: (H, W, 3) uint8.
    """
    width = max(tile.shape[1] for tile in tiles)
    rows = []
    for start in range(0, len(tiles), columns):
        row = tiles[start:start + columns]
        height = max(tile.shape[0] for tile in row) + gap
        strip = np.full((height, columns * (width + gap), 3), 40, np.uint8)
        for number, tile in enumerate(row):
            left = number * (width + gap)
            strip[:tile.shape[0], left:left + tile.shape[1]] = tile
        rows.append(strip)
    return np.vstack(rows)

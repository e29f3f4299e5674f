# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A picture of a drive from above: the tape, the lane and the way that the car took."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.track import Track
from lane_perception.simulation.closed_loop import DriveLog

SIDE = 900         # pixels of the picture's longer side
MARGIN = 0.4       # metres around the track
FLOOR = (60, 60, 60)
TAPE = (235, 235, 235)
CENTER = (140, 140, 90)
INSIDE = (90, 200, 90)
OUTSIDE = (60, 60, 240)
FRACTION = 4       # bits of a pixel that OpenCV draws between


def draw_top_view(track: Track, log: DriveLog) -> NDArray[np.uint8]:
    """
    Return a (H, W, 3) BGR picture, north (y) up.

    The way is green inside the lane and red outside.
    """
    points = np.vstack([marking.curve.points for marking in track.markings])
    low, high = points.min(axis=0) - MARGIN, points.max(axis=0) + MARGIN
    scale = SIDE / float((high - low).max())
    size = np.ceil((high - low) * scale).astype(int)
    picture = np.full((size[1], size[0], 3), FLOOR, np.uint8)

    def pixels(metres: NDArray) -> NDArray[np.int32]:
        flat = (np.asarray(metres) - low) * scale
        flat[:, 1] = size[1] - 1 - flat[:, 1]
        return np.round(flat * (1 << FRACTION)).astype(np.int32)

    for marking in track.markings:
        stroke = max(1, round(float(marking.width.mean()) * scale))
        for first, last in marking.pieces:
            piece = marking.curve.points[np.arange(first, last + 1) % len(marking.curve.points)]
            cv2.polylines(picture, [pixels(piece)], False, TAPE, stroke, cv2.LINE_AA, FRACTION)
    center = track.center_line()
    cv2.polylines(picture, [pixels(center.points)], center.closed, CENTER, 1, cv2.LINE_AA,
                  FRACTION)
    way = pixels(np.array(log.place).reshape(-1, 2))
    for start, end, inside in zip(way[:-1], way[1:], log.inside):
        cv2.line(picture, tuple(map(int, start)), tuple(map(int, end)),
                 INSIDE if inside else OUTSIDE, 2, cv2.LINE_AA, FRACTION)
    _draw_scale(picture, scale)
    return picture


def _draw_scale(picture: NDArray[np.uint8], scale: float) -> None:
    row = picture.shape[0] - 14
    cv2.line(picture, (14, row), (14 + round(scale), row), TAPE, 2)
    cv2.putText(picture, '1 m', (20 + round(scale), row + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.5, TAPE,
                1, cv2.LINE_AA)

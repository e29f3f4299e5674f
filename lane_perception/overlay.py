# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The picture for people: mask, markings and lane drawn into the camera's picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.lane import Lane

# BGR
MASK_COLOR = (60, 60, 230)
MARKING_COLOR = (0, 200, 255)
LANE_COLOR = (80, 220, 80)
TEXT_COLOR = (255, 255, 255)
MASK_OPACITY = 0.55

# (1, 256, 3): what each value of each color becomes under the mask's color.
TINTED = (np.arange(256)[:, None] * (1.0 - MASK_OPACITY)
          + np.array(MASK_COLOR) * MASK_OPACITY + 0.5).astype(np.uint8)[None]


def draw_overlay(
    image: NDArray[np.uint8], mask: NDArray[np.uint8], lane: Lane,
) -> NDArray[np.uint8]:
    """
    Return a copy of the picture with what was found in it.

    :param image: (H, W, 3) uint8, BGR; not changed.
    :param mask: (H, W) uint8, 255 on markings: tinted red.
    :param lane: markings yellow; the centre line and the centre on the look-ahead row green.
    :returns: (H, W, 3) uint8, BGR.
    """
    height, width = image.shape[:2]
    stroke = max(1, round(width / 320))
    drawn = cv2.copyTo(cv2.LUT(image, TINTED), mask, np.array(image))
    for marking in lane.markings:
        _draw_line(drawn, marking, MARKING_COLOR, stroke)
    if lane.center_line is not None:
        _draw_line(drawn, lane.center_line, LANE_COLOR, 2 * stroke)
    if lane.center is not None:
        u, v = (round(value) for value in lane.center)
        cv2.line(drawn, (width // 2, v - 4 * stroke), (width // 2, v + 4 * stroke), TEXT_COLOR,
                 stroke, cv2.LINE_AA)
        cv2.circle(drawn, (u, v), 4 * stroke, LANE_COLOR, -1, cv2.LINE_AA)
    _write(drawn, _caption(lane), stroke)
    return drawn


def _draw_line(
    image: NDArray[np.uint8], points: NDArray[np.float64], color: tuple[int, int, int],
    thickness: int,
) -> None:
    finite = points[np.isfinite(points).all(axis=1)]
    # Far outside the picture the numbers may be too large for OpenCV.
    pixels = np.clip(np.round(finite), -30000, 30000).astype(np.int32)
    cv2.polylines(image, [pixels], False, color, thickness, cv2.LINE_AA)


def _caption(lane: Lane) -> str:
    if lane.center is None:
        return 'no lane'
    caption = f'offset {lane.offset:+.2f}' + (' held' if lane.held else '')
    if lane.confidence:
        caption += f'  confidence {lane.confidence:.2f}'
    if lane.lateral is not None:
        caption += f'  lateral {lane.lateral:+.2f} m  heading {np.degrees(lane.heading):+.0f} deg'
    return caption


def _write(image: NDArray[np.uint8], text: str, stroke: int) -> None:
    scale = image.shape[1] / 1100
    (_, text_height), baseline = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, stroke)
    cv2.rectangle(image, (0, 0), (image.shape[1], text_height + 2 * baseline), (0, 0, 0), -1)
    cv2.putText(image, text, (baseline, text_height + baseline // 2 + 1),
                cv2.FONT_HERSHEY_SIMPLEX, scale, TEXT_COLOR, stroke, cv2.LINE_AA)

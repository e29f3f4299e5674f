# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Turn a lane probability into polygons that a person can correct."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_FINE = 2           # outlines are found in a picture so many times larger
_TOLERANCE = 1.2    # pixels of the larger picture by which an outline may be simplified
_STAIRS = 1.0       # pixels of the larger picture: standard deviation of the smoothing
_SPECK = 3e-5       # of the picture: smaller areas are left out


def outlines(
    probability: NDArray[np.float32], threshold: float, height: int, width: int,
) -> list[list[tuple[float, float]]]:
    """
    Return the outlines of the areas where the probability reaches the threshold.

    :param probability: (h, w), covering the same view as the picture.
    :param height: of the picture, width too: the outlines are in its pixels, with the origin at
        the top left corner of the top left pixel.
    :returns: polygons without holes; an area with a hole is cut open to it.
    """
    large = cv2.resize(probability, (width * _FINE, height * _FINE),
                       interpolation=cv2.INTER_LINEAR)
    # Stairs of single pixels would keep their corners through any simplification.
    large = cv2.GaussianBlur(large, (0, 0), _STAIRS)
    mask = (large >= threshold).astype(np.uint8)
    speck = _SPECK * mask.size
    found, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    holes = [contour for contour, (_, _, _, parent) in zip(found, hierarchy[0] if found else ())
             if parent >= 0]
    for hole in holes:
        if cv2.contourArea(hole) > speck:
            _cut_open(mask, hole)
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    polygons = []
    for contour in sorted(found, key=cv2.contourArea, reverse=True):
        if cv2.contourArea(contour) <= speck:
            continue
        corners = cv2.approxPolyDP(contour, _TOLERANCE, True).reshape(-1, 2)
        if len(corners) >= 3:
            points = (corners + 0.5) / _FINE
            polygons.append([(round(float(u), 2), round(float(v), 2)) for u, v in points])
    return polygons


def _cut_open(mask: NDArray[np.uint8], hole: NDArray[np.int32]) -> None:
    """Cut a slit of one pixel from a hole up to the outside of its area, in place."""
    u, v = hole[hole[:, 0, 1].argmin(), 0]
    column = mask[:v + 1, u]
    outside = np.flatnonzero(column == 0)
    # The hole's contour runs on the area's own pixels, so the slit begins on the next one.
    top = outside[outside < v].max(initial=-1) if len(outside) else -1
    mask[top + 1:v + 1, u] = 0

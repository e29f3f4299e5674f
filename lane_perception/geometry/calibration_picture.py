# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
A picture by which a person judges a ground calibration.

A metric grid lies on the floor of the camera's picture; beside it is the floor from above, with
the camera's place. Where the grid leaves lines that are straight or square on the floor, the
calibration is wrong.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.calibrating import mount_of
from lane_perception.geometry.ground_calibration import GroundCalibration

AHEAD = 2.0        # metres of grid ahead
ASIDE = 1.0        # metres of grid to each side
MESH = 0.25        # metres
SAMPLE = 0.02      # metres between the points of a grid line: lenses bend it
SPACING = 14       # pixels between the rows of two labels: far lines lie closer than that
MINOR = (200, 170, 60)
AXIS_X = (60, 60, 235)
AXIS_Y = (70, 200, 70)
MARK = (60, 200, 255)
TEXT = (255, 255, 255)
OUTLINE = (0, 0, 0)


def draw_calibration(image: NDArray[np.uint8], calibration: GroundCalibration,
                     pixels: NDArray[np.float64] | None = None) -> NDArray[np.uint8]:
    """
    Return the camera's picture with the grid, and the floor from above to its right.

    :param image: (H, W, 3) uint8, BGR, of the calibration's aspect ratio; not changed.
    :param pixels: (N, 2) the points that were calibrated by, drawn as circles.
    """
    picture = image.copy()
    size = (image.shape[1], image.shape[0])
    labelled = np.inf   # row of the last label
    for value in np.arange(0.0, AHEAD + 1e-9, MESH):
        across = np.arange(-ASIDE, ASIDE + 1e-9, SAMPLE)
        _draw(picture, calibration, np.column_stack((np.full(len(across), value), across)),
              AXIS_Y if value == 0.0 else MINOR)
        u, v = calibration.to_image([(value, 0.0)], size)[0]
        if 0 <= u < size[0] and 0 <= v < size[1] and abs(labelled - v) >= SPACING:
            _label(picture, (round(u) + 4, round(v) - 3), f'{value:g} m')
            labelled = v
    for value in np.arange(-ASIDE, ASIDE + 1e-9, MESH):
        along = np.arange(0.0, AHEAD + 1e-9, SAMPLE)
        _draw(picture, calibration, np.column_stack((along, np.full(len(along), value))),
              AXIS_X if abs(value) < 1e-9 else MINOR)
    for u, v in (() if pixels is None else pixels):
        cv2.circle(picture, (round(u), round(v)), 4, MARK, 1, cv2.LINE_AA)
    _caption(picture, calibration)
    return np.hstack((picture, _top_view(image, calibration)))


def _draw(picture, calibration, floor, color) -> None:
    size = (picture.shape[1], picture.shape[0])
    pixels = calibration.to_image(floor, size)
    near = np.isfinite(pixels).all(axis=1) & (np.abs(pixels) < 4 * max(size)).all(axis=1)
    # Only what maps back is in front of the lens.
    back = calibration.to_ground(np.where(near[:, None], pixels, 0.0), size)
    near &= np.abs(back - floor).max(axis=1) < 0.05
    for start, end in zip(np.flatnonzero(near[:-1] & near[1:]),
                          np.flatnonzero(near[:-1] & near[1:]) + 1):
        cv2.line(picture, tuple(map(round, pixels[start])), tuple(map(round, pixels[end])), color,
                 1, cv2.LINE_AA)


def _label(picture, place, text) -> None:
    for color, thickness in ((OUTLINE, 3), (TEXT, 1)):   # a board is as white as the text
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, color, thickness,
                    cv2.LINE_AA)


def _caption(picture, calibration) -> None:
    text = f'error {1000 * calibration.rms_error_m:.1f} mm'
    mount = mount_of(calibration)
    if mount is not None:
        text += (f', camera {mount.height:.3f} m up, {np.degrees(mount.pitch):.1f} deg down, '
                 f'roll {np.degrees(mount.roll):+.1f} deg')
    cv2.rectangle(picture, (0, 0), (picture.shape[1], 22), (0, 0, 0), -1)
    cv2.putText(picture, text, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, TEXT, 1, cv2.LINE_AA)


def _top_view(image, calibration) -> NDArray[np.uint8]:
    """Return the floor from above, forward up, as high as the picture."""
    height = image.shape[0]
    low = min(0.0, calibration.camera_to_axle or 0.0) - 0.15
    scale = height / (AHEAD - low)
    width = int(2.0 * ASIDE * scale)
    row, column = np.mgrid[0:height, 0:width]
    x, y = AHEAD - (row + 0.5) / scale, ASIDE - (column + 0.5) / scale
    pixels = calibration.to_image(np.column_stack((x.ravel(), y.ravel())),
                                  (image.shape[1], image.shape[0])).astype(np.float32)
    pixels = np.nan_to_num(pixels, nan=-1.0).reshape(height, width, 2)
    view = cv2.remap(image, pixels[..., 0], pixels[..., 1], cv2.INTER_LINEAR,
                     borderValue=(40, 40, 40))

    def place(x, y):
        return round((ASIDE - y) * scale), round((AHEAD - x) * scale)
    for value in np.arange(0.0, AHEAD + 1e-9, MESH):
        cv2.line(view, place(value, ASIDE), place(value, -ASIDE),
                 AXIS_Y if value == 0.0 else MINOR, 1, cv2.LINE_AA)
    for value in np.arange(-ASIDE, ASIDE + 1e-9, MESH):
        cv2.line(view, place(0.0, value), place(AHEAD, value),
                 AXIS_X if abs(value) < 1e-9 else MINOR, 1, cv2.LINE_AA)
    if calibration.camera_to_axle is None:
        return view   # measured points alone do not tell where the camera is
    camera = place(calibration.camera_to_axle, 0.0)
    cv2.drawMarker(view, camera, MARK, cv2.MARKER_TRIANGLE_UP, 16, 2, cv2.LINE_AA)
    cv2.putText(view, 'camera', (camera[0] + 12, camera[1] + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4,
                TEXT, 1, cv2.LINE_AA)
    return view

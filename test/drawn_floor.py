# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Masks of tape on a floor, drawn as a camera would see them, without the synthetic world."""

import cv2
import numpy as np

from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lens import Lens


def view(width=640, height=480, focal=420.0, mount_height=0.2, pitch=22.0, forward=0.0,
         model=None, coefficients=()):
    """Return the exact calibration of a camera; pitch in degrees downwards, metres otherwise."""
    scale = width / 640
    matrix = np.array([[focal * scale, 0, (width - 1) / 2], [0, focal * scale, (height - 1) / 2],
                       [0, 0, 1.0]])
    tilt = np.radians(pitch)
    # Rows: the camera's right, down and forward in base_link (x forward, y left, z up).
    axes = np.array([[0, -1, 0], [-np.sin(tilt), 0, -np.cos(tilt)],
                     [np.cos(tilt), 0, -np.sin(tilt)]])
    position = np.array([forward, 0, mount_height])
    floor_to_image = matrix @ np.column_stack((axes[:, 0], axes[:, 1], -axes @ position))
    homography = np.linalg.inv(floor_to_image)
    lens = Lens.create(matrix, model, coefficients) if model else None
    return GroundCalibration(width, height, homography / homography[2, 2], 0.0, lens, forward)


def arc(lateral=0.0, heading=0.0, curvature=0.0, length=3.0, start=-0.6, step=0.01):
    """
    Return points of a center line and its normals, seen from the car.

    :param lateral: metres by which the car is left of the line.
    :param heading: radians by which the car points left of the line.
    :param curvature: 1/metres, left positive; a number, or a function of the distance along it.
    """
    s = np.arange(start, length, step)
    bend = np.vectorize(curvature)(s) if callable(curvature) else np.full(s.shape, curvature)
    angle = np.cumsum(bend) * step
    angle -= np.interp(0.0, s, angle)
    x, y = np.cumsum(np.cos(angle)) * step, np.cumsum(np.sin(angle)) * step
    x, y = x - np.interp(0.0, s, x), y - np.interp(0.0, s, y) - lateral
    # The car turned left sees the world turned right.
    turn = np.array([[np.cos(heading), np.sin(heading)], [-np.sin(heading), np.cos(heading)]])
    points = np.column_stack((x, y)) @ turn.T
    normals = np.column_stack((-np.sin(angle), np.cos(angle))) @ turn.T
    return s, points, normals


def draw(ground, lines, tape=0.02):
    """
    Return the mask of tape lines.

    :param lines: (s, points, normals, offset, painted) each; offset in metres to the left,
        painted says by s where tape lies.
    """
    mask = np.zeros((ground.image_height * 2, ground.image_width * 2), np.uint8)
    for s, points, normals, offset, painted in lines:
        laid = painted(s)
        left = ground.to_image(points + normals * (offset + tape / 2))
        right = ground.to_image(points + normals * (offset - tape / 2))
        visible = (laid & np.isfinite(left).all(axis=1) & np.isfinite(right).all(axis=1)
                   & (np.abs(left) < 20000).all(axis=1) & (np.abs(right) < 20000).all(axis=1))
        for i in np.flatnonzero(visible[:-1] & visible[1:]):
            corners = np.array([left[i], left[i + 1], right[i + 1], right[i]])
            corners = np.round((corners * 2 + 0.5) * 16).astype(np.int32)
            cv2.fillPoly(mask, [corners], 255, shift=4)
    small = cv2.resize(mask, (ground.image_width, ground.image_height),
                       interpolation=cv2.INTER_AREA)
    return np.where(small > 127, 255, 0).astype(np.uint8)


def everywhere(s):
    """Paint all of the line."""
    return np.ones(s.shape, bool)


def dashed(s, painted=0.1, gap=0.1):
    """Paint dashes."""
    return np.mod(s, painted + gap) < painted


def lane_mask(ground, width=0.4, left=everywhere, right=everywhere, tape=0.02, **curve):
    """Return the mask of a lane with two markings, either of them None to leave it out."""
    s, points, normals = arc(**curve)
    sides = ((left, width / 2), (right, -width / 2))
    return draw(ground, [(s, points, normals, offset, painted)
                         for painted, offset in sides if painted], tape)


def sure(chance):
    """Return a network's answer that is as sure everywhere."""
    return np.full((24, 32), chance, np.float32)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Pictures of printed boards that lie on the floor, seen by a synthetic camera."""

import cv2
import numpy as np

from lane_perception.data.synthetic.camera import Camera

DOTS = 2000  # pixels of a printed metre


def camera(model='plumb_bob', coefficients=(-0.25, 0.06, 0.001, -0.001, 0.0), focal=400.0,
           mount_height=0.2, pitch=25.0, roll=0.0, forward=0.0):
    """Return a 640x480 camera; angles in degrees."""
    return Camera(640, 480, focal, focal, 322.0, 236.0, model, coefficients, mount_height,
                  np.radians(pitch), np.radians(roll), 0.0, forward)


def ten_cameras():
    """Return ten cameras of all lens models, two of them 150 degrees wide."""
    rng = np.random.default_rng(5)
    cameras = []
    for number in range(10):
        mount = dict(mount_height=rng.uniform(0.12, 0.3), pitch=rng.uniform(14, 35),
                     forward=rng.uniform(0, 0.2))
        if number < 5:
            bend = (-0.25, 0.06, 0.001, -0.001, 0.0) if number % 2 else ()
            cameras.append(camera(coefficients=bend, focal=rng.uniform(320, 500), **mount))
        else:
            focal = 320 / np.radians(75) if number >= 8 else rng.uniform(280, 330)
            cameras.append(camera('equidistant', (0.01, -0.005, 0.0, 0.0), focal, **mount))
    return cameras


def photograph(camera, print_, left, near):
    """
    Return a picture of a print on a grey floor.

    :param print_: (H, W) uint8, DOTS pixels per metre, its top away from the car.
    :param left: metres to the left at which its left edge lies.
    :param near: metres ahead of base_link at which its lower edge lies.
    """
    v, u = np.mgrid[0:camera.height * 2, 0:camera.width * 2]
    floor = camera.ground(np.column_stack((u.ravel(), v.ravel())) / 2.0 - 0.25)
    column = (left - floor[:, 1]) * DOTS
    row = print_.shape[0] - (floor[:, 0] - near) * DOTS
    place = np.nan_to_num(np.stack((column, row), axis=1), nan=-9.0).astype(np.float32)
    place = place.reshape(camera.height * 2, camera.width * 2, 2)
    smooth = cv2.GaussianBlur(print_, (0, 0), 1.5)
    seen = cv2.remap(smooth, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderValue=150)
    seen = cv2.resize(seen, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(seen, cv2.COLOR_GRAY2BGR)


def checkers(columns, rows, square):
    """Return a print with so many inner corners, a white margin of one square around it."""
    side = round(square * DOTS)
    row, column = np.mgrid[0:(rows + 3) * side, 0:(columns + 3) * side] // side
    inside = (row > 0) & (row < rows + 2) & (column > 0) & (column < columns + 2)
    return np.where(inside & ((row + column) % 2 == 0), 10, 245).astype(np.uint8)


def grid():
    """Return (N, 2) floor places from 0.35 to 1.5 m ahead of the camera."""
    x, y = np.meshgrid(np.linspace(0.35, 1.45, 12), np.linspace(-0.35, 0.35, 5))
    return np.column_stack((x.ravel(), y.ravel()))


def worst_error(calibration, camera, origin):
    """Return the largest error over distance of places in the picture; origin: x of the camera."""
    places = grid()
    pixels, seen = camera.project(places + (camera.mount_forward, 0.0))
    inside = seen & (pixels >= 0).all(axis=1) & (pixels <= (639, 479)).all(axis=1)
    assert inside.sum() > 15
    found = calibration.to_ground(pixels[inside]) - (origin, 0.0)
    return (np.hypot(*(found - places[inside]).T) / np.hypot(*places[inside].T)).max()

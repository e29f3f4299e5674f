# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The three ways to a ground calibration, by synthetic cameras whose truth is known exactly."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.camera import Camera
from lane_perception.geometry import calibrating
from lane_perception.geometry.boards import Board
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.simulation.eyes import calibration_of

SIZE = (640, 480)   # pixels
PLACES = np.array([(x, y) for x in (0.4, 0.8, 1.4) for y in (-0.4, -0.1, 0.2, 0.45)])  # metres
POINT_NOISE = 0.3   # pixels, sigma, of a measured point
LANE_WIDTH = 0.4    # metres
DOTS = 2000  # pixels of a printed metre


def calibrations(count: int = 10) -> dict:
    """
    Calibrate each of the cameras in three ways; return how far the floor is off.

    :returns: by way, of the cameras' worst errors over distance up to 1.5 m (0.01 is 1 %) the
        largest and the median; 'agreement': the same of the ways against each other.
    """
    errors: dict[str, list[float]] = {'points': [], 'board': [], 'lane': []}
    apart = []
    for one in ten_cameras()[:count]:
        # The points tell base_link; the other two know the floor under the camera.
        found = {'points': by_points(one), 'board': by_board(one), 'lane': by_lane(one)}
        origins = {'points': one.mount_forward, 'board': 0.0, 'lane': 0.0}
        floors = {way: floor_of(calibration, one, origins[way])
                  for way, calibration in found.items()}
        truth, _ = seen_places(one)
        for way, floor in floors.items():
            errors[way].append(_worst(floor, truth, truth))
        apart.append(max(_worst(floors[a], floors[b], truth) for a, b in combinations(floors, 2)))
    return {'cameras': len(apart), 'point_noise_px': POINT_NOISE,
            **{way: _summary(worst) for way, worst in {**errors, 'agreement': apart}.items()}}


def _summary(worst: list[float]) -> dict[str, float]:
    return {'largest': round(max(worst), 5), 'median': round(float(np.median(worst)), 5)}


def by_points(one: Camera, noise: float = POINT_NOISE) -> GroundCalibration:
    """Return the calibration by twelve measured places, whose pixels are off by some noise."""
    places = PLACES + (one.mount_forward, 0.0)
    pixels, _ = one.project(places)
    pixels = pixels + np.random.default_rng(0).normal(0.0, noise, pixels.shape)
    return calibrating.from_points(pixels, places, SIZE, calibration_of(one).lens)


def by_board(one: Camera) -> GroundCalibration:
    """Return the calibration by a picture of a printed board on the floor."""
    near = one.ground(np.array([[320.0, 470.0]]))[0, 0]
    image = photograph(one, checkers(6, 4, 0.06), 0.27, near + (0.02 if one.fx > 310 else 0.06))
    corners = Board.parse('checkerboard:6x4:0.06').find(image)
    return calibrating.from_board(*corners, SIZE, calibration_of(one).lens)


def by_lane(one: Camera, width: float = LANE_WIDTH) -> GroundCalibration:
    """Return the calibration by a straight lane."""
    return calibrating.from_lane(*sides_of_lane(one, width), width, SIZE, calibration_of(one).lens)


def sides_of_lane(one: Camera, width: float = LANE_WIDTH) -> list[NDArray[np.float64]]:
    """Return the (N, 2) pixels of a straight lane's left and of its right marking."""
    x = np.linspace(0.35, 1.8, 60) + one.mount_forward
    sides = []
    for y in (width / 2 + 0.03, -width / 2 + 0.03):
        pixels, seen = one.project(np.column_stack((x, np.full(60, y))))
        inside = seen & (pixels > 0).all(axis=1) & (pixels < SIZE).all(axis=1)
        sides.append(pixels[inside])
    return sides


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


def seen_places(camera: Camera) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (N, 2) places up to 1.5 m from a camera, from under it, and their (N, 2) pixels."""
    x, y = np.meshgrid(np.linspace(0.35, 1.45, 12), np.linspace(-0.35, 0.35, 5))
    places = np.column_stack((x.ravel(), y.ravel()))
    pixels, seen = camera.project(places + (camera.mount_forward, 0.0))
    inside = seen & (pixels >= 0).all(axis=1) & (pixels <= np.array(SIZE) - 1).all(axis=1)
    return places[inside], pixels[inside]


def floor_of(
    calibration: GroundCalibration, camera: Camera, origin: float,
) -> NDArray[np.float64]:
    """
    Return the (N, 2) metres at which a calibration puts the camera's :func:`seen_places`.

    :param origin: x of the camera by the calibration, metres.
    """
    return calibration.to_ground(seen_places(camera)[1]) - (origin, 0.0)


def worst_error(calibration: GroundCalibration, camera: Camera, origin: float) -> float:
    """Return the largest error over distance of places in the picture; origin: x of the camera."""
    truth, _ = seen_places(camera)
    return _worst(floor_of(calibration, camera, origin), truth, truth)


def _worst(some: NDArray, others: NDArray, truth: NDArray) -> float:
    """Return how far places are apart at most, over their true distance from the camera."""
    return float((np.hypot(*(some - others).T) / np.hypot(*truth.T)).max())

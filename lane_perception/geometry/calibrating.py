# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Find out how a mounted camera sees the floor.

Three ways lead to the same file: points of the floor whose places were measured; a board that lies
on the floor anywhere in sight; a straight lane of known width. The first tells base_link by its
measured places. The other two tell the camera's height and tilt, and put the origin on the floor
under the camera with x along its line of sight.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lens import Lens

ROUND = 0.02         # smallest spread of points across, as a share of that along: no straight line
STRAIGHT = 0.004     # image widths that a marking of the lane may deviate from a line
SHORTEST = 0.15      # image heights that each marking must span
REFINEMENTS = 8      # Gauss-Newton steps of a camera's pose
NUDGE = 1e-6         # of its six numbers (radians, metres), to differentiate by
LIMITS = {'height': (0.02, 2.0), 'width': (0.05, 3.0)}  # metres that can be


@dataclass(frozen=True)
class Mount:
    """How a camera is mounted over the floor."""

    height: float   # metres
    pitch: float    # radians downwards
    roll: float     # radians, clockwise as seen from behind the camera
    forward: float  # metres ahead of base_link


def from_points(
    pixels: NDArray[np.float64], floor: NDArray[np.float64], image_size: tuple[int, int],
    lens: Lens | None,
) -> GroundCalibration:
    """
    Calibrate by floor points whose places were measured.

    :param pixels: (N, 2) pixels as the camera sees them, four or more; a point that is repeated
        counts once.
    :param floor: (N, 2) metres in base_link (x forward, y left).
    :param image_size: (width, height) in pixels.
    :raises UserError: when there are too few, they lie on a line, are mirrored, or fit no floor.
    """
    pixels, floor = np.asarray(pixels, np.float64), np.asarray(floor, np.float64)
    rows = np.unique(np.column_stack((pixels, floor)), axis=0)
    pixels, floor = rows[:, :2], rows[:, 2:]
    check_places(floor)
    _refuse_few(pixels)
    flat = pixels if lens is None else lens.undistort(pixels)
    if not np.isfinite(flat).all():
        raise UserError('a point lies outside of what the lens model covers')
    _refuse_line(flat, 'in the picture')
    if lens is None:
        homography, _ = cv2.findHomography(flat, floor)
        if homography is None:
            raise UserError('the points fit no view of a floor; check their order')
    else:
        homography = np.linalg.inv(_pose_view(flat, floor, lens))
    calibration = _finish(homography, pixels, floor, image_size, lens)
    mount = mount_of(calibration)
    return replace(calibration, camera_to_axle=None if mount is None else mount.forward)


def from_board(
    pixels: NDArray[np.float64], board: NDArray[np.float64], image_size: tuple[int, int],
    lens: Lens | None,
) -> GroundCalibration:
    """
    Calibrate by a board that lies on the floor; the origin comes to lie under the camera.

    :param pixels: (N, 2) pixels of its corners.
    :param board: (N, 2) metres of the same corners on the board, in axes of its own.
    :param lens: None: square pixels and the optical axis in the middle of the picture are assumed.
    :raises UserError: as :func:`from_points`, and when the focal length cannot be told.
    """
    pixels, board = np.asarray(pixels, np.float64), np.asarray(board, np.float64)
    if len(pixels) < 6:
        raise UserError(f'{len(pixels)} corners of the board are too few')
    known = lens or _assumed_lens(pixels, board, image_size)
    flat = known.undistort(pixels)
    if not np.isfinite(flat).all():
        raise UserError('a corner lies outside of what the lens model covers')
    _refuse_line(flat, 'in the picture')
    view = _pose_view(flat, board, known)
    axes = np.linalg.inv(known.matrix) @ view
    normal = np.cross(axes[:, 0], axes[:, 1])
    height = float(normal @ axes[:, 2] / np.linalg.norm(normal))
    up = -normal * np.sign(height) / np.linalg.norm(normal)
    homography = np.linalg.inv(_view_of(up, abs(height), known))
    floor = _apply(homography, flat)
    # The board's own axes turned and moved onto the floor tell the error in metres.
    placed = _rigidly(board, floor)
    return _finish(homography, pixels, placed, image_size, lens)


def from_lane(
    left: NDArray[np.float64], right: NDArray[np.float64], width: float,
    image_size: tuple[int, int], lens: Lens,
) -> GroundCalibration:
    """
    Calibrate by the two markings of a straight lane; the camera is taken to have no roll.

    Pixels that the lens does not cover tell nothing.

    :param left: (N, 2) pixels along the left marking's middle.
    :param right: (N, 2) pixels along the right one's.
    :param width: metres between the two middles.
    :raises UserError: when they are not straight, too short, parallel in the picture, or lead to
        a height that no camera has.
    """
    if not LIMITS['width'][0] <= width <= LIMITS['width'][1]:
        raise UserError(f'a lane of {width:g} m is none; give its width in metres')
    left, right = (side[lens.covers(side)] for side in (left, right))
    flat = [lens.undistort(side) for side in (left, right)]
    lines = []
    for name, points in zip(('left', 'right'), flat):
        if len(points) < 6 or np.ptp(points[:, 1]) < SHORTEST * image_size[1]:
            raise UserError(f'too little of the {name} marking is seen')
        middle = points.mean(axis=0)
        _, spread, axes = np.linalg.svd(points - middle)
        if spread[1] / np.sqrt(len(points)) > STRAIGHT * image_size[0]:
            raise UserError(f'the {name} marking is not straight; put the car on a straight '
                            'stretch, and give the camera_info of a lens that bends lines')
        lines.append(np.cross((*middle, 1.0), (*(middle + axes[0]), 1.0)))
    vanishing = np.cross(*lines)
    if abs(vanishing[2]) < 1e-9 * np.abs(vanishing).max():
        raise UserError('the markings are parallel in the picture: no horizon can be told')
    ahead = np.linalg.inv(lens.matrix) @ (vanishing / vanishing[2])
    # The lane's direction and, without roll, the camera's right are both level.
    up = np.cross(ahead, (1.0, 0.0, 0.0))
    up *= -np.sign(up[1]) / np.linalg.norm(up)
    unit = np.linalg.inv(_view_of(up, 1.0, lens))
    places = [_apply(unit, points) for points in flat]
    direction = _direction(places)
    across = np.array([-direction[1], direction[0]])
    spacing = float(np.median(places[0] @ across) - np.median(places[1] @ across))
    if not spacing > 1e-3:
        raise UserError('the left marking lies right of the right one')
    homography = np.linalg.inv(_view_of(up, width / spacing, lens))
    pixels = np.vstack((left, right))
    floor = np.vstack([_apply(homography, points) for points in flat])
    middle = (np.median(floor[:len(left)] @ across) + np.median(floor[len(left):] @ across)) / 2.0
    wanted = np.where(np.arange(len(floor)) < len(left), middle + width / 2, middle - width / 2)
    wanted = floor + (wanted - floor @ across)[:, None] * across
    return _finish(homography, pixels, wanted, image_size, lens)


def moved_to_axle(calibration: GroundCalibration, camera_to_axle: float) -> GroundCalibration:
    """Return the calibration with its origin moved back from under the camera, metres."""
    shift = np.array([[1.0, 0.0, camera_to_axle], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return replace(calibration, homography=_scaled(shift @ calibration.homography),
                   camera_to_axle=camera_to_axle)


def mount_of(calibration: GroundCalibration) -> Mount | None:
    """Return the camera's height and tilt, or None without a lens model."""
    if calibration.lens is None:
        return None
    axes = np.linalg.inv(calibration.lens.matrix) @ np.linalg.inv(calibration.homography)
    axes /= np.sqrt(np.linalg.norm(axes[:, 0]) * np.linalg.norm(axes[:, 1]))
    lowest = calibration.to_ground(calibration.lowest_covered)[0]
    axes *= np.sign(axes[2] @ (*lowest, 1.0))  # it lies in front
    normal = np.cross(axes[:, 0], axes[:, 1])
    normal /= np.linalg.norm(normal)
    height = float(normal @ axes[:, 2])
    up = -normal * np.sign(height)
    return Mount(abs(height), float(np.arcsin(np.clip(-up[2], -1, 1))),
                 float(np.arctan2(-up[0], -up[1])), -float(axes[:, 0] @ axes[:, 2]))


def check_places(floor: NDArray[np.float64]) -> None:
    """
    Refuse places on the floor that tell no view, whatever their pixels.

    :param floor: (N, 2) metres.
    :raises UserError: when there are too few, or they lie on a line.
    """
    _refuse_few(floor)
    _refuse_line(floor, 'on the floor')


def _refuse_few(points: NDArray[np.float64]) -> None:
    different = len(np.unique(points, axis=0))
    if different < 4:
        raise UserError(f'{different} different points are too few: measure four or more')


def _refuse_line(points: NDArray[np.float64], where: str) -> None:
    """Raise when all points, or all but one, lie on a line: they leave the view undetermined."""
    for left_out in (None, *range(len(points))) if len(points) < 8 else (None,):
        some = points if left_out is None else np.delete(points, left_out, axis=0)
        spread = np.linalg.svd(some - some.mean(axis=0), compute_uv=False)
        if spread[1] < ROUND * spread[0]:
            raise UserError(f'the points lie nearly on a line {where}; spread them over the floor '
                            'that the picture shows, near and far, left and right')


def _pose_view(flat: NDArray, floor: NDArray, lens: Lens) -> NDArray[np.float64]:
    """Return the (3, 3) matrix from floor metres to undistorted pixels, of a camera's pose."""
    places = np.column_stack((floor, np.zeros(len(floor))))
    try:
        found, turn, shift = cv2.solvePnP(places, flat[:, None], lens.matrix, None,
                                          flags=cv2.SOLVEPNP_IPPE)
    except cv2.error as error:
        raise UserError('the points fit no view of a floor; check their order') from error
    if not found or not np.isfinite(shift).all():
        raise UserError('the points fit no view of a floor; check their order')
    pose = np.concatenate((turn[:, 0], shift[:, 0]))
    pixels = lens.distort(flat)
    for _ in range(REFINEMENTS):
        # In the pixels as they were seen: undistorting a wide lens magnifies its rim's noise.
        miss = (pixels - lens.distort(_seen(pose, floor, lens))).ravel()
        slope = np.column_stack([
            (lens.distort(_seen(pose + step, floor, lens))
             - lens.distort(_seen(pose - step, floor, lens))).ravel() / (2.0 * NUDGE)
            for step in NUDGE * np.eye(6)])
        pose = pose + np.linalg.lstsq(slope, miss, rcond=None)[0]
    return _view_from(pose, lens)


def _view_from(pose: NDArray, lens: Lens) -> NDArray[np.float64]:
    rotation, _ = cv2.Rodrigues(pose[:3])
    return lens.matrix @ np.column_stack((rotation[:, :2], pose[3:]))


def _seen(pose: NDArray, floor: NDArray, lens: Lens) -> NDArray[np.float64]:
    return _apply(_view_from(pose, lens), floor)


def _assumed_lens(pixels: NDArray, board: NDArray, image_size: tuple[int, int]) -> Lens:
    """Tell the focal length from how the board foreshortens (Zhang, 2000, one view)."""
    middle = (np.array(image_size) - 1.0) / 2.0
    view, _ = cv2.findHomography(board, pixels - middle)
    if view is None:
        raise UserError('the board fits no view of a floor')
    h, k = view[:, 0], view[:, 1]
    top = np.array([-(h[0] * k[0] + h[1] * k[1]), k[0] ** 2 + k[1] ** 2 - h[0] ** 2 - h[1] ** 2])
    bottom = np.array([h[2] * k[2], h[2] ** 2 - k[2] ** 2])
    square = float(top @ bottom / max(bottom @ bottom, 1e-30))
    focal = np.sqrt(square) if square > 0.0 else 0.0
    if not 0.2 * image_size[0] < focal < 5.0 * image_size[0]:
        raise UserError("the focal length cannot be told from this view; give the lens's "
                        'camera_info')
    return Lens.create([focal, 0, middle[0], 0, focal, middle[1], 0, 0, 1], 'plumb_bob', ())


def _view_of(up: NDArray, height: float, lens: Lens) -> NDArray[np.float64]:
    """Return the (3, 3) matrix from metres, origin under the camera, to undistorted pixels."""
    sight = np.array([0.0, 0.0, 1.0])
    forward = sight - (sight @ up) * up
    size = np.linalg.norm(forward)
    if size < 0.05:
        raise UserError('the camera looks straight down: no forward direction can be told')
    forward /= size
    left = np.cross(up, forward)
    return lens.matrix @ np.column_stack((forward, left, -height * up))


def _apply(homography: NDArray, points: NDArray) -> NDArray[np.float64]:
    mapped = points @ homography[:, :2].T + homography[:, 2]
    return mapped[:, :2] / mapped[:, 2:]


def _rigidly(points: NDArray, onto: NDArray) -> NDArray[np.float64]:
    """Return points turned, mirrored if need be, and moved to lie best on others (Kabsch)."""
    a, b = points - points.mean(axis=0), onto - onto.mean(axis=0)
    u, _, v = np.linalg.svd(a.T @ b)
    return a @ (u @ v) + onto.mean(axis=0)


def _direction(places: list[NDArray]) -> NDArray[np.float64]:
    """Return the unit direction, forward, that both markings share on the floor."""
    spread = sum(np.cov((place - place.mean(axis=0)).T) for place in places)
    direction = np.linalg.eigh(spread)[1][:, 1]
    return direction * (1.0 if direction[0] >= 0.0 else -1.0)


def _scaled(homography: NDArray) -> NDArray[np.float64]:
    return homography / np.linalg.norm(homography)


def _finish(homography, pixels, floor, image_size, lens) -> GroundCalibration:
    """Check the result and add its error on the floor."""
    calibration = GroundCalibration(*image_size, _scaled(homography), 0.0, lens,
                                    as_seen=lens is None)
    calibration.check()
    low = calibration.lowest_covered - (0, 2)   # pixels beside it are covered too
    here, beside, above = calibration.to_ground([low, low + (1, 0), low - (0, 1)])
    du, dv = beside - here, here - above
    if du[0] * dv[1] - du[1] * dv[0] >= 0.0:
        raise UserError('the points are mirrored: x is forward and y is LEFT of the car')
    errors = calibration.to_ground(pixels) - floor
    if not np.isfinite(errors).all():
        raise UserError('the points fit no view of a floor; check their order')
    rms = float(np.sqrt((errors ** 2).sum(axis=1).mean()))
    mount = mount_of(calibration)
    low, high = LIMITS['height']
    if mount is not None and not low <= mount.height <= high:
        raise UserError(f'the camera would be {mount.height:.3f} m above the floor; check the '
                        'unit (metres) and the order of the points')
    return replace(calibration, rms_error_m=rms)

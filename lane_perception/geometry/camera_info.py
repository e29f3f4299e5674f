# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Lens models from camera_info: ROS messages and the files of camera_calibration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from lane_perception.errors import UserError
from lane_perception.geometry.ground_calibration import ASPECT_TOLERANCE
from lane_perception.geometry.ground_calibration import LARGEST_SIDE
from lane_perception.geometry.lens import Lens
from lane_perception.geometry.nominal_view import FIRST_HORIZON
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.yaml_file import load_yaml

SYNONYMS = {'fisheye': 'equidistant', 'plumb_bob5': 'plumb_bob'}
FOCAL_LENGTHS = 0.1, 15.0   # in widths and heights of the picture: what a lens can have
RECTIFIED = 'image_rect'  # how image_proc's names of undistorted pictures begin


def info_topic_of(topic: str) -> str:
    """Return the name of camera_info beside a picture's topic."""
    place, slash, _ = topic.removesuffix('/compressed').rpartition('/')
    return f'{place}{slash}camera_info'


def is_rectified(topic: str) -> bool:
    """Tell by its name whether a topic's pictures are undistorted, as image_proc makes them."""
    return any(part.startswith(RECTIFIED) for part in topic.split('/'))


def info_of_pictures(message: Any, topic: str) -> Any:
    """
    Return what a sensor_msgs/CameraInfo says of the pictures on a topic, its lens in k and d.

    Its K and D are of the picture as the lens made it. The camera matrix of a rectified one is
    the left part of P, and nothing bends it.

    :param topic: the picture's name after all remappings.
    """
    if not is_rectified(topic):
        return message
    matrix = _left_of(message.p if hasattr(message, 'p') else message.P)
    return SimpleNamespace(width=message.width, height=message.height, roi=message.roi,
                           distortion_model='plumb_bob', k=matrix, d=())


def holds_lens(message: Any) -> bool:
    """Tell whether a CameraInfo has a lens model: drivers that were given none send 0 or 1."""
    return _matrix(message)[0] not in (0.0, 1.0)   # image_publisher's focal length is 1 pixel


def bends(message: Any) -> bool:
    """Tell whether a CameraInfo's lens bends straight lines; an equidistant one always does."""
    curved = _model(message.distortion_model) == 'equidistant' or any(_coefficients(message))
    return holds_lens(message) and curved


def lens_of_message(message: Any, image_size: tuple[int, int]) -> Lens:
    """
    Return the lens of a sensor_msgs/CameraInfo, for pictures of a size.

    The camera matrix is of the full picture; a region of interest is a part of it, in its pixels.

    :raises UserError: when it is not calibrated, or for another aspect ratio.
    """
    roi = message.roi
    size = (roi.width, roi.height) if roi.width and roi.height \
        else (message.width, message.height)
    return _scaled(_matrix(message), message.distortion_model, _coefficients(message),
                   size, image_size, (roi.x_offset, roi.y_offset))


def straightened(message: Any) -> Any:
    """Return a CameraInfo, one whose lens bends nothing, of whatever model, as a straight lens."""
    if bends(message):
        return message
    return SimpleNamespace(width=message.width, height=message.height, roi=message.roi,
                           distortion_model='plumb_bob', k=_matrix(message), d=())


def camera_of_message(message: Any, image_size: tuple[int, int]) -> NominalCamera:
    """
    Return the camera of a sensor_msgs/CameraInfo whose mount nobody has calibrated.

    :raises UserError: as for :func:`lens_of_message`, and when its focal length cannot be.
    """
    lens = lens_of_message(straightened(message), image_size)
    focal = lens.matrix.diagonal()[:2] / image_size
    if focal.min() < FOCAL_LENGTHS[0] or focal.max() > FOCAL_LENGTHS[1]:
        raise UserError(f'its focal length is {focal[0]:.3g} times the width of the picture; '
                        'calibrate the lens')
    camera = NominalCamera(image_size, lens)
    camera.view(FIRST_HORIZON).check()
    return camera


def numbers_of(message: Any) -> tuple[Any, ...]:
    """Return all that the lens of a CameraInfo is made of, to tell one from another."""
    roi = message.roi
    return (message.distortion_model, message.width, message.height,
            roi.x_offset, roi.y_offset, roi.width, roi.height,
            *_matrix(message), *_coefficients(message))


# ROS 1 wrote these fields large.
def _matrix(message: Any) -> list[float]:
    return list(message.k if hasattr(message, 'k') else message.K)


def _coefficients(message: Any) -> list[float]:
    return list(message.d if hasattr(message, 'd') else message.D)


def _left_of(projection: Any) -> list[float]:
    """Return the nine numbers of the left (3, 3) of a (3, 4) matrix, row-major."""
    return np.reshape(projection, (3, 4))[:, :3].ravel().tolist()


def _model(name: str) -> str:
    return SYNONYMS.get(name, name)


def load_camera_info(path: str | Path, topic: str = '') -> Any:
    """
    Return what a YAML file as camera_calibration writes it says, like a sensor_msgs/CameraInfo.

    :param topic: of the pictures; rectified ones have the lens that projection_matrix says.
    :raises UserError: when it cannot be read, or lacks what a lens needs.
    """
    try:
        values = load_yaml(Path(path))
    except UserError as error:
        raise UserError(f'camera_info {error}') from error
    try:
        matrix, coefficients, projection = (
            value['data'] if isinstance(value, dict) else value for value in (
                values['camera_matrix'], values['distortion_coefficients'],
                values.get('projection_matrix')))
        message = SimpleNamespace(
            width=int(values['image_width']), height=int(values['image_height']),
            distortion_model=str(values.get('distortion_model', 'plumb_bob')),
            k=np.array(matrix, object).ravel().tolist(),
            d=np.array(coefficients, object).ravel().tolist(), p=projection,
            roi=SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0))
        if len(message.k) != 9 or None in message.d or min(message.width, message.height) < 1:
            raise ValueError
        return info_of_pictures(message, topic)
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise UserError(f'{path} is no camera_info file as camera_calibration writes it: it '
                        'needs image_width, image_height, camera_matrix and '
                        'distortion_coefficients, and projection_matrix for rectified '
                        'pictures') from error


def read_camera_info(path: str | Path, image_size: tuple[int, int], topic: str = '') -> Lens:
    """
    Return the lens in a YAML file as camera_calibration writes it, for pictures of a size.

    :param topic: of the pictures, as for :func:`load_camera_info`.
    :raises UserError: when it cannot be read, or is of another aspect ratio.
    """
    message = load_camera_info(path, topic)
    try:
        return lens_of_message(message, image_size)
    except UserError as error:
        raise UserError(f'camera_info {path}: {error}') from error


def _scaled(matrix, model, coefficients, size, image_size, corner=(0, 0)) -> Lens:
    """
    Return the lens for pictures that were cut out and then scaled.

    :param size: of the part that was cut out, in the pixels that it was calibrated at.
    :param corner: (x, y) of its upper left pixel in those pixels.
    """
    lens = Lens.create(matrix, _model(model), coefficients)
    if max(size) > LARGEST_SIDE:
        raise UserError(f'image_width and image_height must be {LARGEST_SIDE} or less')
    x, y = image_size[0] / max(size[0], 1), image_size[1] / max(size[1], 1)
    if abs(x / y - 1.0) > ASPECT_TOLERANCE:
        raise UserError(f'the lens was calibrated at {size[0]}x{size[1]}, the picture is '
                        f'{image_size[0]}x{image_size[1]}: another aspect ratio')
    scaled = np.array(lens.matrix)
    scaled[:2, 2] -= corner
    scaled[0] *= x
    scaled[1] *= y
    scaled[:2, 2] += (0.5 * x - 0.5, 0.5 * y - 0.5)
    return replace(lens, matrix=scaled)

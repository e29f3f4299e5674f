# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What camera_info says of the lens, and what comes of it for the floor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from typing import Callable

from lane_perception.errors import UserError
from lane_perception.geometry.camera_info import bends
from lane_perception.geometry.camera_info import camera_of_message
from lane_perception.geometry.camera_info import holds_lens
from lane_perception.geometry.camera_info import info_of_pictures
from lane_perception.geometry.camera_info import lens_of_message
from lane_perception.geometry.camera_info import load_camera_info
from lane_perception.geometry.camera_info import numbers_of
from lane_perception.geometry.camera_info import straightened
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.nominal_view import NominalCamera

NO_LENS = 'it holds no lens model; camera_calibration makes one'


class KnownLens:
    """Takes the lens from camera_info where the calibration file has none, and each new one."""

    def __init__(
        self, calibration: GroundCalibration | None,
        say: Callable[[str], Any], warn: Callable[[str], Any],
    ) -> None:
        """
        Know what the calibration file says.

        :param calibration: None where there is none.
        """
        self.ground = calibration                  # with the lens, where that fits
        self.camera: NominalCamera | None = None   # where there is no calibration
        self.trouble = ''                          # why the lens is not used
        self._calibration, self._say, self._warn = calibration, say, warn
        self._numbers: tuple[Any, ...] = ()        # of the last one

    @property
    def model(self) -> str:
        """Return the name of the lens model in use."""
        known = self.ground or self.camera
        return known.lens.model if known is not None and known.lens is not None else 'none'

    def hear(self, info: Any, topic: str, size: tuple[int, int] | None) -> bool:
        """
        Take what a sensor_msgs/CameraInfo says.

        :param topic: of the pictures, after all remappings.
        :param size: (width, height) of the pictures; None: not known yet.
        :returns: whether the ground or the camera may have changed.
        """
        if self._calibration is not None:
            if self._calibration.lens is not None:
                return False
            size = self._calibration.image_width, self._calibration.image_height
        if size is None:
            return False
        info = info_of_pictures(info, topic)
        # A driver's last digits are no other lens.
        numbers = (*(f'{number:.6g}' if isinstance(number, float) else number
                     for number in numbers_of(info)), *size)
        if numbers == self._numbers:
            return False
        self._numbers, self.trouble = numbers, ''
        try:
            self.take(info, size)
        except UserError as error:
            self.trouble = f'lens: camera_info is not used: {error}'
        return True

    def take(self, info: Any, size: tuple[int, int]) -> None:
        """
        Take the lens of a CameraInfo of the pictures.

        :raises UserError: when it cannot be used.
        """
        if self._calibration is None:
            self.camera = None
            if not holds_lens(info):
                return
            self.camera = camera_of_message(info, size)
        else:
            self.ground = self._calibration
            if not bends(info):
                return
            if self._calibration.as_seen:
                self._warn('the ground calibration was made without the lens model of '
                           'camera_info: make it again with --camera-info')
                return
            ground = replace(self._calibration, lens=lens_of_message(info, size))
            ground.check()
            self.ground = ground
        self._say(f'the lens model is taken from camera_info: {self.model}')


def lens_from_file(
    path: Path, calibration: GroundCalibration | None, topic: str = '',
    size: tuple[int, int] | None = None,
) -> tuple[GroundCalibration | None, NominalCamera | None]:
    """
    Return ground and camera, one of them None, with the lens of a file of camera_calibration.

    :param calibration: whose own lens counts, where it has one; None without a calibration.
    :param topic: of the pictures; rectified ones have the lens that projection_matrix says.
    :param size: (width, height) of the pictures; None: the file's own.
    :raises UserError: when it is no such file, or its lens cannot be used.
    """
    info = load_camera_info(path, topic)
    if calibration is not None:
        size = calibration.image_width, calibration.image_height
    size = size or (info.width, info.height)
    if not holds_lens(info):
        raise UserError(f'{path}: {NO_LENS}')

    def refuse(sentence: str) -> None:
        raise UserError(sentence)
    known = KnownLens(calibration, lambda said: None, refuse)
    try:
        lens_of_message(straightened(info), size)
        if calibration is None or calibration.lens is None:
            known.take(info, size)
    except UserError as error:
        raise UserError(f'camera_info {path} cannot be used: {error}') from error
    return known.ground, known.camera

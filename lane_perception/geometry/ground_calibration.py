# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
From a pixel to a place on the floor and back.

Metres are in base_link (REP-105): x forward, y left (REP-103), the origin on the floor under the
middle of the rear axle, or under the camera where ``camera_to_axle`` is 0; without that key it is
where the points were measured from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike
from numpy.typing import NDArray
import yaml

from lane_perception.errors import UserError
from lane_perception.geometry.lens import Lens
from lane_perception.whole_file import whole_file
from lane_perception.yaml_file import load_yaml

ASPECT_TOLERANCE = 0.005  # relative; 640x480 and 320x240 agree, 640x480 and 640x360 do not
LARGEST_SIDE = 16384      # pixels of a picture
FARTHEST = 5.0            # metres: the lowest floor that a car's camera sees is nearer
LEAST_COVERED = 0.7       # share of the picture's height down to which a lens model must reach
_REQUIRED = ('image_width', 'image_height', 'homography', 'rms_error_m')
_LENS = ('camera_matrix', 'distortion_model', 'distortion_coefficients')
AS_SEEN = 'none'   # distortion_model of a calibration that was made without the lens model


@dataclass(frozen=True)
class GroundCalibration:
    """How one mounted camera sees the floor; valid while the mount does not move."""

    image_width: int                   # pixels of the calibration picture
    image_height: int
    homography: NDArray[np.float64]    # (3, 3): undistorted pixel (u, v, 1) to metres (x, y, 1)
    rms_error_m: float                 # of the calibration's own points, metres on the floor
    lens: Lens | None = None           # None: pixels count as undistorted
    camera_to_axle: float | None = 0.0  # metres from under the camera back to the origin, if known
    as_seen: bool = False              # made from pixels as the camera gives them: no lens applies

    @classmethod
    def load(cls, path: str | Path) -> GroundCalibration:
        """
        Read a calibration file (YAML, see docs/geometry.md).

        :raises UserError: when it cannot be read, lacks a key, has an unknown one, or its numbers
            cannot be a view of the floor.
        """
        try:
            values = load_yaml(Path(path))
        except UserError as error:
            raise UserError(f'ground calibration {error}') from error
        try:
            return cls._from_values(values)
        except (TypeError, ValueError, OverflowError) as error:
            raise UserError(f'ground calibration {path}: a value is not a number') from error
        except UserError as error:
            raise UserError(f'ground calibration {path}: {error}') from error

    @classmethod
    def _from_values(cls, values: object) -> GroundCalibration:
        if not isinstance(values, dict):
            raise UserError('it holds no keys; make one with calibrate_ground')
        missing = [key for key in _REQUIRED if key not in values]
        if missing:
            raise UserError(f'the key {missing[0]} is missing')
        known = (*_REQUIRED, *_LENS, 'camera_to_axle')
        unknown = [key for key in values if key not in known]
        if unknown:
            raise UserError(f'the key {unknown[0]} is not known; known are {", ".join(known)}')
        lens = None
        as_seen = values.get('distortion_model') == AS_SEEN
        if as_seen and len(set(_LENS) & set(values)) > 1:
            raise UserError(f'distortion_model is {AS_SEEN}, so there can be no camera_matrix')
        if values.get('camera_matrix') is not None:
            lens = Lens.create(values['camera_matrix'],
                               values.get('distortion_model', 'plumb_bob'),
                               values.get('distortion_coefficients') or ())
        homography = np.asarray(values['homography'], np.float64).reshape(-1)
        if homography.size != 9:
            raise UserError(f'homography has {homography.size} numbers, not nine')
        to_axle = values.get('camera_to_axle')
        calibration = cls(int(values['image_width']), int(values['image_height']),
                          homography.reshape(3, 3), float(values['rms_error_m']), lens,
                          None if to_axle is None else float(to_axle), as_seen)
        calibration.check()
        return calibration

    def check(self) -> None:
        """Raise UserError when the numbers cannot be a view of the floor."""
        if self.image_width < 1 or self.image_height < 1:
            raise UserError('image_width and image_height must be positive')
        if max(self.image_width, self.image_height) > LARGEST_SIDE:
            raise UserError(f'image_width and image_height must be {LARGEST_SIDE} or less')
        if not 0.0 <= self.rms_error_m < np.inf:
            raise UserError('rms_error_m must be 0 or more')
        if self.camera_to_axle is not None and not np.isfinite(self.camera_to_axle):
            raise UserError('camera_to_axle must be a finite number of metres')
        if not np.isfinite(self.homography).all() or np.linalg.cond(self.homography) > 1e12:
            raise UserError('the homography cannot be inverted')
        bottom = self.to_ground(self.lowest_covered[None])[0]
        if not np.isfinite(bottom).all():
            raise UserError('the bottom of the picture does not lie on the floor')
        covered = (self.lowest_covered[1] + 1.0) / self.image_height
        if covered < LEAST_COVERED:
            raise UserError(f'the lens model covers only the upper {100 * covered:.0f} % of the '
                            'picture; calibrate the lens again')
        away = float(np.hypot(*bottom))
        if away > FARTHEST:
            raise UserError(f'the floor at the bottom of the picture would be {away:.0f} m away; '
                            'check the unit, the places are in metres')

    def save(self, path: str | Path) -> None:
        """Write the calibration file."""
        values: dict[str, object] = {
            'image_width': self.image_width,
            'image_height': self.image_height,
            'homography': [float(value) for value in self.homography.reshape(-1)],
            'rms_error_m': float(self.rms_error_m),
        }
        if self.camera_to_axle is not None:
            values['camera_to_axle'] = float(self.camera_to_axle)
        if self.lens is not None:
            values['camera_matrix'] = [float(value) for value in self.lens.matrix.reshape(-1)]
            values['distortion_model'] = self.lens.model
            values['distortion_coefficients'] = [float(k) for k in self.lens.coefficients]
        elif self.as_seen:
            values['distortion_model'] = AS_SEEN
        where = ('where the points were measured from' if self.camera_to_axle is None
                 else 'under the middle of the rear axle' if self.camera_to_axle
                 else 'UNDER THE CAMERA (camera_to_axle is 0)')
        header = (
            '# Ground calibration of lane_perception: undistorted pixel (u, v, 1) to metres on\n'
            '# the floor, x forward, y left.\n'
            f'# The origin lies {where}.\n')
        text = yaml.safe_dump(values, sort_keys=False, default_flow_style=None)
        with whole_file(Path(path)) as temporary:
            temporary.write_text(header + text, encoding='utf-8')

    @cached_property
    def _to_metres(self) -> NDArray[np.float64]:
        """Return the homography with the sign that makes floor points' third number positive."""
        third = self.homography[2] @ np.append(self._undistort(self.lowest_covered[None])[0], 1.0)
        return self.homography * (1.0 if third > 0.0 else -1.0)

    @cached_property
    def lowest_covered(self) -> NDArray[np.float64]:
        """Return the lowest pixel of the middle column that the lens can undistort, (2,)."""
        middle = (self.image_width - 1) / 2
        bottom = np.array((middle, self.image_height - 1.0))
        if np.isfinite(self._undistort(bottom[None])).all():   # as of nearly every lens
            return bottom
        rows = np.arange(self.image_height - 1, -1, -1.0)
        column = np.column_stack((np.full(len(rows), middle), rows))
        return column[np.isfinite(self._undistort(column)).all(axis=1).argmax()]

    @cached_property
    def _to_pixels(self) -> NDArray[np.float64]:
        return cv2.invert(self._to_metres)[1]

    def to_ground(
        self, points: ArrayLike, image_size: tuple[int, int] | None = None,
    ) -> NDArray[np.float64]:
        """
        Return where on the floor the pixels look.

        :param points: (N, 2) pixels (u right, v down; whole numbers are pixel centres).
        :param image_size: (width, height) of the picture they are from; None: the calibration's.
        :returns: (N, 2) metres (x forward, y left); NaN at and above the horizon.
        :raises UserError: when the picture has another aspect ratio.
        """
        scale = self._scale(image_size)
        points = np.asarray(points, np.float64).reshape(-1, 2)
        flat = self._undistort((points + 0.5) / scale - 0.5)
        metres = flat @ self._to_metres[:, :2].T + self._to_metres[:, 2]
        third = np.where(metres[:, 2] > 1e-9, metres[:, 2], np.nan)
        return metres[:, :2] / third[:, None]

    def to_image(
        self, points_m: ArrayLike, image_size: tuple[int, int] | None = None,
    ) -> NDArray[np.float64]:
        """
        Return where the picture shows places on the floor.

        :param points_m: (N, 2) metres (x forward, y left).
        :param image_size: (width, height) of the picture; None: the calibration's.
        :returns: (N, 2) pixels, also outside the picture; NaN behind the camera and where the
            lens model does not hold.
        :raises UserError: when the picture has another aspect ratio.
        """
        scale = self._scale(image_size)
        metres = np.asarray(points_m, np.float64).reshape(-1, 2)
        flat = metres @ self._to_pixels[:, :2].T + self._to_pixels[:, 2]
        third = np.where(flat[:, 2] > 1e-9, flat[:, 2], np.nan)
        pixels = flat[:, :2] / third[:, None]
        if self.lens is not None:
            # Where a lens model no longer holds, it folds what lies beside into the picture.
            shown = self.lens.shows(pixels)[:, None]
            pixels = np.where(shown, self.lens.distort(pixels), np.nan)
        return (pixels + 0.5) * scale - 0.5

    def _undistort(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return points if self.lens is None else self.lens.undistort(points)

    def _scale(self, image_size: tuple[int, int] | None) -> NDArray[np.float64]:
        if image_size is None:
            return np.ones(2)
        width, height = image_size
        scale = np.array([width / self.image_width, height / self.image_height])
        if abs(scale[0] / scale[1] - 1.0) > ASPECT_TOLERANCE:
            raise UserError(
                f'the ground calibration is for {self.image_width}x{self.image_height}, the '
                f'picture is {width}x{height}: another aspect ratio; calibrate again at this size')
        return scale

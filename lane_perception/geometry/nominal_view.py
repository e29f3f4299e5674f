# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
A view of the floor for a camera that nobody has calibrated.

Without a calibration the markings are followed on a floor that is right up to a stretch: a usual
lens at a usual height is assumed, and the horizon is estimated from the markings themselves, which
run parallel on the floor. Nothing measured there is told in metres. The usual lens squeezes what
lies to the sides, as wide ones do (equidistant), but less than the widest: so neither a wide lens
nor a straight one moves the lane's centre by much. Where camera_info tells the lens, it is that;
else lanes teach it by and by (lens_study.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.ground_calibration import ASPECT_TOLERANCE
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lens import Lens

FOCAL = 0.8          # focal length in image widths: 72 degrees wide
MOUNT_HEIGHT = 0.18  # metres
FIRST_HORIZON = 0.33  # fraction of the image height from the top
HIGHEST = -0.1       # bounds of the estimate, in image heights, for the usual lens
HIGHEST_KNOWN = -0.4  # for one that is known, which may be narrow and look far down
LOWEST = 0.55
OTHER_HORIZONS = (-0.05, 0.05, 0.15, 0.24, 0.45)  # tried while the first guess shows no lane
TRIED_EVERY = 8      # pictures
FARTHEST = 0.15      # image heights from the assumed horizon to the one that a first lane implies
NARROWEST = 0.1      # metres that a lane may be wide here, where nobody knows the scale: a camera
WIDEST = 2.0         # at half the nominal height sees it twice as wide, a higher one narrower
WIDEST_MARKING = 0.35   # metres along a row or a column: a low camera sees tape so wide, too
SPREAD = 0.3         # how much the lane's width varies along it, of the width
FLARE_SIGMA = 0.15   # metres of lane width per metre: what a wrong horizon does
BLIND = 0.1          # 1/metres: as Expectation.blind, for a lens that nobody knows
LEARNT_WIDTH_SIGMA = 0.06
LEARNT_FLARE_SIGMA = 0.04
MISFIT = 0.03        # metres: marks that lie so far off halve the trust
STRAIGHT = 1.0       # 1/metres: a lane that bends more says nothing about the horizon
BENT = 0.25          # of a straight lane's weight: what a bend says about the lane's width
SERIES = np.array((1 / 3, 2 / 15, 17 / 315, 62 / 2835))   # of the tangent, after the angle itself
REDRAWN = 0.015      # image heights by which it moves before the floor is laid anew


def lens_between(size: tuple[int, int], focal: float, straight: float) -> Lens:
    """
    Return a lens between an equidistant and a pinhole one, or somewhat beyond.

    :param size: (width, height) of the pictures, pixels.
    :param focal: focal length in image widths.
    :param straight: 0: equidistant, as wide lenses nearly are; 1: lines that are straight stay so.
    """
    width, height = size
    focal *= width
    return Lens.create(
        [focal, 0.0, (width - 1) / 2.0, 0.0, focal, (height - 1) / 2.0, 0.0, 0.0, 1.0],
        'equidistant', straight * SERIES)


@dataclass
class HorizonTrial:
    """The other horizons, tried on one mask."""

    mask: NDArray[np.uint8]
    left: list[float] = field(default_factory=lambda: list(OTHER_HORIZONS))   # not tried yet
    best: float | None = None   # of those that were
    score: float = 0.0          # of the lane under it


@dataclass(frozen=True)
class NominalCamera:
    """A camera at a usual height, whose mount nobody has calibrated."""

    size: tuple[int, int]   # (width, height) of the pictures that the lens is told for, pixels
    lens: Lens              # from camera_info, or a usual one
    highest: float = HIGHEST_KNOWN   # horizon that it may have

    @classmethod
    def usual(cls, size: tuple[int, int]) -> NominalCamera:
        """Return the camera of which nothing is known but the size of its pictures."""
        return cls(size, lens_between(size, FOCAL, 0.0), HIGHEST)

    @classmethod
    def of(cls, ground: GroundCalibration) -> NominalCamera:
        """Return the camera of a calibration with a lens, whose mount is not told."""
        return cls((ground.image_width, ground.image_height), ground.lens)

    def fits(self, size: tuple[int, int]) -> bool:
        """Tell whether pictures of a size have its aspect ratio."""
        return abs(size[0] * self.size[1] / (size[1] * self.size[0]) - 1.0) <= ASPECT_TOLERANCE

    @property
    def reach(self) -> float:
        """Metres ahead times image heights below the horizon, were the picture undistorted."""
        return MOUNT_HEIGHT * self.lens.matrix[1, 1] / self.size[1]

    def view(self, horizon: float) -> GroundCalibration:
        """
        Return its view of the floor.

        :param horizon: row of the horizon in the middle column, were the picture undistorted, as
            a fraction of the height from the top.
        """
        (width, height), matrix = self.size, self.lens.matrix
        aside = MOUNT_HEIGHT * matrix[1, 1] / matrix[0, 0]
        homography = np.array([[0.0, 0.0, self.reach * height],
                               [-aside, 0.0, aside * matrix[0, 2]],
                               [0.0, 1.0, -horizon * height]])
        return GroundCalibration(width, height, homography, 0.0, self.lens)

    def parallel(self, horizon: float, width: float, flare: float) -> float:
        """
        Return the horizon under which a lane would keep its width, within the bounds.

        :param horizon: assumed so far.
        :param width: of the lane at the car, metres, as seen with that.
        :param flare: how much that width grows per metre ahead.
        """
        return float(np.clip(horizon - self.reach * flare / width, self.highest, LOWEST))

    def flare(self, moved: float, width: float) -> float:
        """Return by how much a lane's flare grows when the horizon moves down to where it is."""
        return width * moved / self.reach

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
A view of the floor for a camera that nobody has calibrated.

Without a calibration the markings are followed on a floor that is right up to a stretch: a usual
lens at a usual height is assumed, and the horizon is estimated from the markings themselves, which
run parallel on the floor. Nothing measured there is told in metres. The usual lens squeezes what
lies to the sides, as wide ones do (equidistant), but less than the widest: so neither a wide lens
nor a straight one moves the lane's centre by much.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lens import Lens

FOCAL = 0.8          # focal length in image widths: 72 degrees wide
MOUNT_HEIGHT = 0.18  # metres
FIRST_HORIZON = 0.33  # fraction of the image height from the top
HIGHEST = -0.1       # bounds of the estimate, in image heights
LOWEST = 0.55
OTHER_HORIZONS = (-0.05, 0.05, 0.15, 0.24, 0.45)  # tried while the first guess shows no lane
TRIED_EVERY = 8      # pictures
FARTHEST = 0.15      # image heights from the assumed horizon to the one that a first lane implies
SPREAD = 0.3         # how much the lane's width varies along it, of the width
FLARE_SIGMA = 0.15   # metres of lane width per metre: what a wrong horizon does
BLIND = 0.1          # 1/metres: as Expectation.blind, for a lens that nobody knows
LEARNT_WIDTH_SIGMA = 0.06
LEARNT_FLARE_SIGMA = 0.04
MISFIT = 0.03        # metres: marks that lie so far off halve the trust
STRAIGHT = 1.0       # 1/metres: a lane that bends more says nothing about the horizon
BENT = 0.25          # of a straight lane's weight: what a bend says about the lane's width
REDRAWN = 0.015      # image heights by which it moves before the floor is laid anew


@dataclass
class HorizonTrial:
    """The other horizons, tried on one mask."""

    mask: NDArray[np.uint8]
    left: list[float] = field(default_factory=lambda: list(OTHER_HORIZONS))   # not tried yet
    best: float | None = None   # of those that were
    score: float = 0.0          # of the lane under it


def nominal_view(image_size: tuple[int, int], horizon: float) -> GroundCalibration:
    """
    Return the nominal camera's view of the floor.

    :param image_size: (width, height) in pixels.
    :param horizon: row of the horizon in the middle column, were the picture undistorted, as a
        fraction of the height from the top.
    """
    width, height = image_size
    focal = FOCAL * width
    row, column = horizon * height, (width - 1) / 2.0
    lens = Lens.create([focal, 0.0, column, 0.0, focal, (height - 1) / 2.0, 0.0, 0.0, 1.0],
                       'equidistant', ())
    homography = np.array([[0.0, 0.0, reach(width)],
                           [-MOUNT_HEIGHT, 0.0, MOUNT_HEIGHT * column],
                           [0.0, 1.0, -row]])
    return GroundCalibration(width, height, homography, 0.0, lens)


def reach(width: int) -> float:
    """Return metres ahead times undistorted rows below the horizon, of a picture so wide."""
    return MOUNT_HEIGHT * FOCAL * width


def horizon_of(image_size: tuple[int, int], horizon: float, width: float, flare: float) -> float:
    """
    Return the horizon under which the lane would keep its width.

    :param width: of the lane at the car, as seen with the horizon assumed so far.
    :param flare: how much that width grows per metre ahead.
    """
    shift = -reach(image_size[0]) * flare / width
    return float(np.clip(horizon + shift / image_size[1], HIGHEST, LOWEST))


def flare_of(image_size: tuple[int, int], moved: float, width: float) -> float:
    """Return by how much the flare grows when the horizon is moved down by image heights."""
    return width * moved * image_size[1] / reach(image_size[0])

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the lane finder takes and gives: its settings and a lane."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError

# Of the lane settings, inclusive.
RANGES = {'look_ahead': (0.0, 1.0), 'look_ahead_m': (0.0, 100.0), 'lane_width': (0.0, 20.0),
          'max_gap_s': (0.0, 10.0), 'min_confidence': (0.0, 1.0)}


@dataclass(frozen=True)
class LaneSettings:
    """Settings of the lane finder; all may change between two frames."""

    look_ahead: float = 0.35      # row of the centre: fraction of the height from the bottom
    look_ahead_m: float = 0.0     # the same in metres ahead of base_link; 0: use look_ahead
    lane_width: float = 0.0       # metres between the markings' middles; 0: learn it
    max_gap_s: float = 0.5        # seconds without a sighting until there is no lane
    min_confidence: float = 0.06  # 0 to 1: a sighting below it is no lane; 0: all that are lanes

    def __post_init__(self) -> None:
        """Refuse values that cannot be, naming the setting."""
        for name, (least, most) in RANGES.items():
            if not least <= getattr(self, name) <= most:
                raise UserError(f'{name} {getattr(self, name):g} should be from {least:g} to '
                                f'{most:g}')


def offset_of(u: float, width: int) -> float:
    """
    Return how far a pixel lies left of the middle of its row, as a fraction of half the width.

    :param u: of the pixel, in a picture so many pixels wide.
    """
    return float((width - 1) / 2.0 - u) * 2.0 / width


@dataclass(frozen=True)
class Lane:
    """
    The ego lane in one frame, or that there is none.

    Pixels are (u right, v down); metres are in base_link (x forward, y left). What is in metres is
    None without a ground calibration.
    """

    center: tuple[float, float] | None = None        # pixels on the look-ahead row; None: no lane
    offset: float = float('nan')                     # centre left of the image centre, half widths
    path: NDArray[np.float64] | None = None          # (N, 2) metres, near to far; empty: no lane
    lateral: float | None = None                     # metres that the car is left of the centre
    heading: float | None = None                     # radians against the lane, left positive
    curvature: float | None = None                   # 1/metres at the car, left bends positive
    width: float | None = None                       # metres between the markings' middles
    covariance: NDArray[np.float64] | None = None    # (2, 2) of lateral and heading, SI units
    trust: NDArray[np.float64] | None = None         # (N,) 0 to 1, for each point of the path
    confidence: float = 0.0                          # 0 to 1; 0 without a lane
    markings: list[NDArray[np.float64]] = field(default_factory=list)  # each (N, 2) pixels
    left: NDArray[np.float64] | None = None          # (N, 2) pixels: the ego lane's left marking
    right: NDArray[np.float64] | None = None         # (N, 2) pixels: its right one
    center_line: NDArray[np.float64] | None = None   # (N, 2) pixels, near to far; None: no lane
    held: bool = False                               # predicted through a gap, not seen

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
How the simulated car steers by the lane: pure pursuit of the path, or by the offset alone.

Pure pursuit (Coulter, CMU-RI-TR-92-01, 1992) steers along the arc through a point of the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ControllerSettings:
    """How the car is steered."""

    reach: float = 0.3            # metres ahead that are aimed at, standing
    reach_time: float = 0.2       # seconds of driving added to that
    offset_gain: float = 0.9      # radians of steering for an offset of one half width
    patience: float = 0.2         # seconds without a lane until the car is stopped


class Controller:
    """Turns what the lane finder says into steering and speed; stops when it says nothing."""

    def __init__(self, wheelbase: float, cruise: float,
                 settings: ControllerSettings = ControllerSettings()) -> None:
        """
        Begin with straight wheels.

        :param wheelbase: metres.
        :param cruise: speed while there is a lane, m/s.
        """
        self.settings = settings
        self.wheelbase = wheelbase
        self.cruise = cruise
        self.steering = 0.0
        self._heard: float | None = None

    def path(self, path: NDArray[np.float64], now: float) -> None:
        """Take in a path, (N, 2) metres in base_link from near to far; empty: no lane."""
        if len(path) < 2:
            return
        wanted = self.settings.reach + self.settings.reach_time * self.cruise
        distance = np.hypot(path[:, 0], path[:, 1])
        beyond = np.flatnonzero((distance >= wanted) & (path[:, 0] > 0.0))
        x, y = path[beyond[0]] if len(beyond) else path[-1]
        self.steering = atan(2.0 * self.wheelbase * y / max(x * x + y * y, 1e-6))
        self._heard = now

    def offset(self, offset: float, now: float) -> None:
        """Take in the lane centre's offset, left positive, in half widths; NaN: no lane."""
        if np.isnan(offset):
            return
        self.steering = self.settings.offset_gain * offset
        self._heard = now

    def command(self, now: float) -> tuple[float, float]:
        """Return (steering in radians, speed in m/s): stop after too long without a lane."""
        if self._heard is None or now - self._heard > self.settings.patience:
            return self.steering, 0.0
        return self.steering, self.cruise

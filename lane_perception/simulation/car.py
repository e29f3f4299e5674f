# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A small car as a kinematic bicycle whose steering and speed lag behind their commands."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos
from math import exp
from math import radians
from math import sin
from math import tan


@dataclass(frozen=True)
class CarSettings:
    """The car's body and actuators."""

    wheelbase: float = 0.25                  # metres
    steering_limit: float = radians(30.0)    # radians to each side
    steering_lag: float = 0.08               # seconds: time constant of the servo
    speed_lag: float = 0.2                   # seconds: time constant of the motor


class Car:
    """A car on the floor; its place is that of base_link, under the middle of the rear axle."""

    def __init__(self, x: float, y: float, heading: float,
                 settings: CarSettings = CarSettings()) -> None:
        """Stand still at a place, in metres and radians, with straight wheels."""
        self.settings = settings
        self.x, self.y, self.heading = x, y, heading
        self.steering = 0.0   # radians, left positive
        self.speed = 0.0      # m/s

    def move(self, steering: float, speed: float, seconds: float) -> None:
        """
        Drive on for a short time under a command.

        :param steering: angle that the front wheels are to take, radians, left positive.
        :param speed: of the rear axle, m/s.
        :param seconds: at most some hundredths, for the integration to hold.
        """
        limit = self.settings.steering_limit
        wanted = min(max(steering, -limit), limit)
        followed = 1 - exp(-seconds / self.settings.steering_lag)
        self.steering += (wanted - self.steering) * followed
        self.speed += (speed - self.speed) * (1 - exp(-seconds / self.settings.speed_lag))
        turn = self.speed * tan(self.steering) / self.settings.wheelbase * seconds
        middle = self.heading + turn / 2.0
        self.x += self.speed * seconds * cos(middle)
        self.y += self.speed * seconds * sin(middle)
        self.heading += turn

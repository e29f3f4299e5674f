# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The lane over time: a Kalman filter over place, heading, curvature and width.

Place and heading move with rates of their own, driven by noise (the car's speed is not known);
curvature and width drift. A sighting that the prediction rules out is an outlier: the track is
held instead, and given up for the new place when sightings keep saying so.
"""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.lane_curve import LaneCurve
from lane_perception.geometry.nominal_view import NARROWEST
from lane_perception.geometry.small_matrices import solve

LATERAL_NOISE = 0.4     # m/s^2 per root Hz: how suddenly the car moves sideways
HEADING_NOISE = 2.0     # rad/s^2 per root Hz
CURVATURE_NOISE = 1.0   # 1/m per root second
WIDTH_NOISE = 0.01      # m per root second
RATE_SIGMA = (0.2, 0.6)  # m/s, rad/s: before two sightings tell
RATE_MEMORY = 0.25      # seconds
OUTLIER = 18.4          # squared distance of place and heading: 1 in 10,000 for 2 numbers
NEWS = 3.0              # per second: pictures a third of a second apart speak for themselves
SURE_WIDTH = 0.2        # confidence in both sides that tell how wide the lane is by now
SUREST = 6.0            # log odds beyond which nothing is added


class LaneTrack:
    """State: lateral, heading, curvature, width, lateral rate, heading rate; metres, radians."""

    def __init__(self, sighting: NDArray[np.float64], covariance: NDArray[np.float64],
                 stamp: float, odds: float = 0.0) -> None:
        """Begin with a first sighting (4,), its covariance (4, 4) and log odds of being a lane."""
        self.state = np.concatenate((sighting, (0.0, 0.0)))
        self.covariance = np.zeros((6, 6))
        self.covariance[:4, :4] = covariance
        self.covariance[[4, 5], [4, 5]] = np.square(RATE_SIGMA)
        self.stamp = stamp
        self.seen = stamp
        self.sightings = 1
        self.surrounded = 0   # sightings of both sides, the car in between
        self.width: float | None = None   # metres, as both sides were surely seen last
        self.odds = odds   # log odds that there is a lane

    def note(self, curve: LaneCurve, confidence: float) -> None:
        """Note what a sighting in it showed, and how likely that is right."""
        if curve.surrounds:
            self.surrounded += 1
            if confidence >= SURE_WIDTH:
                self.width = curve.width

    def predict(self, stamp: float) -> None:
        """Move on to a later stamp, in seconds."""
        interval = stamp - self.stamp
        if interval <= 0.0:
            return
        move = np.eye(6)
        # The rates die away: what the car did a second ago says little about now.
        fading = exp(-interval / RATE_MEMORY)
        move[0, 4] = move[1, 5] = RATE_MEMORY * (1.0 - fading)
        move[4, 4] = move[5, 5] = fading
        noise = np.zeros((6, 6))
        for place, rate, size in ((0, 4, LATERAL_NOISE), (1, 5, HEADING_NOISE)):
            strength = size * size
            noise[place, place] = strength * interval ** 3 / 3.0
            noise[place, rate] = noise[rate, place] = strength * interval ** 2 / 2.0
            noise[rate, rate] = strength * interval
        noise[2, 2] = CURVATURE_NOISE ** 2 * interval
        noise[3, 3] = WIDTH_NOISE ** 2 * interval
        self.state = move @ self.state
        self.covariance = move @ self.covariance @ move.T + noise
        self.stamp = stamp

    def distance(self, sighting: NDArray[np.float64], covariance: NDArray[np.float64]) -> float:
        """Return the squared Mahalanobis distance of a sighting's place and heading."""
        miss = sighting[:2] - self.state[:2]
        spread = self.covariance[:2, :2] + covariance[:2, :2]
        return float(miss @ solve(spread, miss))

    def update(self, sighting: NDArray[np.float64], covariance: NDArray[np.float64],
               odds: float = 0.0) -> None:
        """
        Take in a sighting of the stamp predicted to.

        :param odds: its log odds of being a lane. Neighbours in time say nearly the same, so each
            adds only a little to what the surest of them said.
        """
        news = NEWS * min(self.stamp - self.seen, 1.0 / NEWS)
        self.odds = min(max(self.odds, odds) + news * odds, SUREST)
        spread = self.covariance[:4, :4] + covariance
        gain = solve(spread, self.covariance[:4]).T
        self.state = self.state + gain @ (sighting - self.state[:4])
        self.state[3] = max(self.state[3], NARROWEST)
        keep = np.eye(6)
        keep[:, :4] -= gain
        # Joseph's form stays symmetric and positive.
        self.covariance = keep @ self.covariance @ keep.T + gain @ covariance @ gain.T
        self.seen = self.stamp
        self.sightings += 1

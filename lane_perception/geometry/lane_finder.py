# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From the mask of markings to the ego lane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane import Lane
from lane_perception.geometry.lane import LaneSettings

__all__ = ['Lane', 'LaneFinder', 'LaneSettings']

ROWS = 48  # rows of the mask that are looked at


class LaneFinder:
    """Finds the ego lane in one mask after the other."""

    def __init__(
        self, settings: LaneSettings = LaneSettings(), ground: GroundCalibration | None = None,
    ) -> None:
        """Start without a track; settings may be replaced between two frames."""
        self.settings = settings
        self.ground = ground
        self.reset()

    def reset(self) -> None:
        """Forget the track and the learned width: a new recording begins."""
        self._width_line: NDArray[np.float64] | None = None

    def find(self, mask: NDArray[np.uint8], stamp: float | None = None) -> Lane:
        """
        Return the ego lane that the mask shows.

        :param mask: (H, W) uint8, 255 on markings, else 0.
        :param stamp: when the picture was taken, in seconds; None: this picture alone.
        :raises UserError: when the mask's aspect ratio contradicts the ground calibration.
        """
        height, width = mask.shape
        left, right = _follow(mask)
        look_row = (height - 1) * (1.0 - self.settings.look_ahead)
        sides = [_fit(points) if len(points) >= 6 else None for points in (left, right)]
        if sides[0] is None and sides[1] is None:
            return Lane(path=None if self.ground is None else np.zeros((0, 2)))
        if sides[0] is not None and sides[1] is not None:
            rows = np.intersect1d(left[:, 1], right[:, 1])
            if len(rows) >= 2:
                wide = np.polyval(sides[1], rows) - np.polyval(sides[0], rows)
                self._width_line = np.polyfit(rows / height, wide / width, 1)
            u = sum(np.polyval(side, look_row) for side in sides) / 2.0
        else:
            line = np.array([0.9, 0.0]) if self._width_line is None else self._width_line
            half = max(np.polyval(line, look_row / height), 0.05) * width / 2.0
            u = (np.polyval(sides[0], look_row) + half if sides[0] is not None
                 else np.polyval(sides[1], look_row) - half)
        middle = (width - 1) / 2.0
        lane = dict(center=(float(u), float(look_row)), offset=float((middle - u) / (width / 2.0)),
                    confidence=1.0 if None not in (sides[0] is None, sides[1] is None) else 0.5,
                    markings=[points for points in (left, right) if len(points)],
                    left=left, right=right)
        if self.ground is not None:
            lane.update(self._metric(left, right, (width, height)))
        return Lane(**lane)

    def _metric(self, left, right, image_size) -> dict:
        curves = []
        for points in (left, right):
            ground = self.ground.to_ground(points, image_size)
            ground = ground[np.isfinite(ground).all(axis=1)]
            curves.append(np.polyfit(ground[:, 0], ground[:, 1], 2) if len(ground) >= 6 else None)
        width = self.settings.lane_width or 0.5
        if curves[0] is not None and curves[1] is not None:
            center = (curves[0] + curves[1]) / 2.0
            width = float(np.polyval(curves[0] - curves[1], 0.5))
        elif curves[0] is not None:
            center = curves[0] - np.array([0.0, 0.0, width / 2.0])
        elif curves[1] is not None:
            center = curves[1] + np.array([0.0, 0.0, width / 2.0])
        else:
            return dict(path=np.zeros((0, 2)))
        x = np.linspace(0.1, 1.5, 15)
        heading = np.arctan(center[1])
        return dict(path=np.column_stack((x, np.polyval(center, x))), width=width,
                    lateral=float(-center[2] * np.cos(heading)), heading=float(-heading),
                    curvature=float(2.0 * center[0]), covariance=np.diag([1e-4, 1e-3]))


def _follow(mask: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Follow the nearest marking on each side of the image centre from the bottom upwards."""
    height, width = mask.shape
    places: list[float | None] = [None, None]
    found: list[list[tuple[float, float]]] = [[], []]
    for row in np.linspace(height - 1, height * 0.4, ROWS).astype(int):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], mask[row] > 127, [0]))))
        middles = (edges[::2] + edges[1::2] - 1) / 2.0
        for side, sign in enumerate((-1.0, 1.0)):
            if places[side] is None:
                ahead = middles[(middles - width / 2.0) * sign > 0.0]
                near = ahead[np.argmin(np.abs(ahead - width / 2.0))] if len(ahead) else None
            else:
                near = middles[np.argmin(np.abs(middles - places[side]))] if len(middles) else None
                if near is not None and abs(near - places[side]) > 0.06 * width:
                    near = None
            if near is not None:
                places[side] = near
                found[side].append((near, float(row)))
    left, right = (np.array(points, np.float64).reshape(-1, 2) for points in found)
    return left, right


def _fit(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.polyfit(points[:, 1], points[:, 0], 2)

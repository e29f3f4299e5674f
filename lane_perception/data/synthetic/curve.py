# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Plane curves by arc length: the lines that tracks are laid along."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

STEP = 0.01  # distance between the points of a curve, metres


@dataclass(frozen=True)
class Curve:
    """A curve as points spaced STEP apart; of a closed one the last point precedes the first."""

    points: NDArray[np.float64]  # (N, 2) metres
    closed: bool = False

    @cached_property
    def tangents(self) -> NDArray[np.float64]:
        """Return the (N, 2) unit directions of travel."""
        if self.closed:
            ahead = np.roll(self.points, -1, 0) - np.roll(self.points, 1, 0)
        else:
            ahead = np.gradient(self.points, axis=0)
        return ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-12)

    @cached_property
    def normals(self) -> NDArray[np.float64]:
        """Return the (N, 2) unit directions to the left of travel."""
        return np.column_stack((-self.tangents[:, 1], self.tangents[:, 0]))

    @cached_property
    def headings(self) -> NDArray[np.float64]:
        """Return the (N,) directions of travel, radians, without jumps."""
        return np.unwrap(np.arctan2(self.tangents[:, 1], self.tangents[:, 0]))

    @cached_property
    def curvatures(self) -> NDArray[np.float64]:
        """Return the (N,) curvatures, 1/metres, positive where the curve bends left."""
        turned = np.gradient(self.headings)
        if self.closed:
            turned[0] = turned[1]
            turned[-1] = turned[-2]
        return turned / STEP

    @property
    def length(self) -> float:
        """Return the length in metres."""
        return STEP * (len(self.points) - (0 if self.closed else 1))

    def offset(self, distance: float | NDArray) -> NDArray[np.float64]:
        """Return the (N, 2) points that lie distance metres to the left of the curve."""
        return self.points + self.normals * np.reshape(distance, (-1, 1))

    def index(self, s: float | NDArray) -> NDArray[np.int64]:
        """Return the index of the point at arc length s; wraps, or stops at the ends."""
        index = np.rint(np.asarray(s) / STEP).astype(np.int64)
        if self.closed:
            return index % len(self.points)
        return np.clip(index, 0, len(self.points) - 1)

    def locate(self, point: NDArray, near: float | None = None) -> tuple[float, float]:
        """
        Return (arc length, metres to the left) of the nearest place on the curve.

        :param near: look only within 0.6 m of this arc length, for curves that pass twice.
        """
        candidates = np.arange(len(self.points))
        if near is not None:
            reach = int(0.6 / STEP)
            candidates = np.unique(self.index(near + STEP * np.arange(-reach, reach + 1)))
        away = np.asarray(point, np.float64) - self.points[candidates]
        best = candidates[int(np.argmin(np.einsum('ij,ij->i', away, away)))]
        away = np.asarray(point, np.float64) - self.points[best]
        s = best * STEP + float(away @ self.tangents[best])
        return s, float(away @ self.normals[best])


def from_curvature(curvature: NDArray, start: NDArray, heading: float) -> Curve:
    """Integrate (N,) curvatures, one each STEP, into an open curve from a start point."""
    headings = heading + np.concatenate(([0.0], np.cumsum(curvature[:-1] * STEP)))
    middle = headings + curvature * STEP / 2
    steps = STEP * np.column_stack((np.cos(middle), np.sin(middle)))
    return Curve(start + np.concatenate((np.zeros((1, 2)), np.cumsum(steps, 0)[:-1])))


def resample(points: NDArray, closed: bool) -> Curve:
    """Return the curve through (M, 2) points, spaced STEP apart along its straight pieces."""
    points = np.asarray(points, np.float64)
    if closed:
        points = np.vstack((points, points[:1]))
    lengths = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))))
    count = max(2, int(round(lengths[-1] / STEP)))
    at = np.linspace(0.0, lengths[-1], count + 1)[:count if closed else count + 1]
    return Curve(np.column_stack([np.interp(at, lengths, points[:, i]) for i in (0, 1)]), closed)


def smooth(curve: Curve, sigma: float) -> Curve:
    """Return a closed curve with corners rounded by a Gaussian of sigma metres along it."""
    count = len(curve.points)
    frequency = np.fft.rfftfreq(count, STEP)
    gain = np.exp(-2 * (np.pi * frequency * sigma) ** 2)
    spectrum = np.fft.rfft(curve.points, axis=0) * gain[:, None]
    return resample(np.fft.irfft(spectrum, count, axis=0), True)


def wander(random: np.random.Generator, count: int, period: float) -> NDArray[np.float64]:
    """Return (count,) smooth noise of unit size, one value each STEP, with a period in metres."""
    knots = random.standard_normal(int(count * STEP / period) + 4)
    at = np.arange(count) * STEP / period
    whole = at.astype(int)
    part = at - whole
    part = part * part * (3 - 2 * part)
    return knots[whole] * (1 - part) + knots[whole + 1] * part

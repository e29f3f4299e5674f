# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
What lanes teach of a lens that nobody told.

A lane is as wide far away as near, at the rim of the picture as in its middle, and in a bend as on
the straight, if the floor is laid for the right lens and the right horizon. So both are fitted to
the widths that many pictures of one lane show: from a usual lens as the prior, by a few
Gauss-Newton steps with robust weights for each new picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.geometry.marks import Marks
from lane_perception.geometry.nominal_view import FOCAL
from lane_perception.geometry.nominal_view import HIGHEST
from lane_perception.geometry.nominal_view import LOWEST
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.geometry.nominal_view import lens_between
from lane_perception.geometry.small_matrices import invert

# Of the state: logarithm of the focal length in image widths, straightness, horizon.
PRIOR_SIGMA = np.array((0.3, 0.6, 0.15))
BOUNDS = np.array(((np.log(0.3), -0.3, HIGHEST), (np.log(1.6), 1.2, LOWEST)))
SHIFTS = np.diag((0.02, 0.05, 0.01))   # for derivatives
NEWS = np.array((0.06, 0.2))   # change of the lens by which the floor is laid anew
WIDTH_SIGMA = 0.02      # of a lane's width, relative: tape is laid by hand
PIXELS = 1.5            # error of its width in the picture
ALIKE = 16.0            # widths that say the same: their errors hang together
OUTLIER = 2.0           # standard deviations at which one counts half
PAIRS = 12              # marks of each side, of one picture
LONGEST = 0.15          # metres between two marks of a side that a line may join
FEWEST = 6              # widths of one picture that make it worth a look
EVERY = 1               # of such pictures one is kept, at first
KEPT = 16               # of them; then every other one is let go, and half as many are kept,
RAREST = 16             # down to one of so many; from then on the oldest ones are let go
STEPS = 4               # of the fit with each picture, at most; it goes on with the next one
SETTLED = 0.25          # of what is news: a step that is shorter is the last one
SOON = 8                # of them from which on the fit counts
SURE = 0.7              # of the prior's sigmas, below which the fit counts
FAR = 0.1               # image heights from the floor's horizon to one that is not believed
TILTED = 0.06           # image heights: the camera does not sway so far
AGREE = 8               # pictures in a row that say that it was tilted


@dataclass(frozen=True)
class _Widths:
    """Where one picture shows how wide the lane is."""

    points: NDArray[np.float64]   # (3, N, 2) pixels: a mark, and two beside it on the other side
    pixels: NDArray[np.float64]   # (N,) between the mark and those


class LensStudy:
    """Fits a lens and a horizon to the lane in pictures of one camera."""

    def __init__(self, size: tuple[int, int], horizon: float) -> None:
        """
        Know a usual lens.

        :param size: (width, height) of the pictures, pixels.
        :param horizon: that is likely, as a fraction of the image height from the top.
        """
        self.size = size
        self.width = 0.0             # metres of the lane, on the floor as it is fitted
        self._prior = np.array((np.log(FOCAL), 0.0, horizon))
        self._told = self._prior     # when :meth:`has_news` last said so
        self._begin()

    def _begin(self) -> None:
        """Know no picture."""
        self._state, self._sigma = self._prior, PRIOR_SIGMA
        self._kept: list[_Widths] = []
        self._every = self._waited = EVERY
        self._tilted = 0   # pictures in a row under another horizon

    @property
    def horizon(self) -> tuple[float, float]:
        """Return the horizon as it is fitted and its sigma, fractions of the image height."""
        return float(self._state[2]), float(self._sigma[2])

    def camera(self) -> NominalCamera:
        """Return a camera with the lens as it is fitted."""
        return self._camera(self._state)

    def has_news(self, horizon: float) -> bool:
        """
        Tell whether the lens is quite another one than when this was true before.

        Not where little was learnt, nor where the focal length has run to the end of what lenses
        have, much of the picture would show no floor, or the horizon is far from that under which
        the pictures were read: then something else is wrong.

        :param horizon: of the floor as it lies.
        """
        change = np.abs(self._state - self._told)[:2]
        if (len(self._kept) < SOON or not (change > NEWS).any()
                or (self._sigma > SURE * PRIOR_SIGMA)[:2].any()
                or self._state[0] in BOUNDS[:, 0] or abs(self._state[2] - horizon) > FAR):
            return False
        try:
            self.camera().view(float(self._state[2])).check()
        except UserError:
            return False
        self._told = self._state
        return True

    def add(self, marks: Marks, sides: NDArray[np.int64], horizon: float) -> bool:
        """
        Look at one more picture.

        :param marks: of the picture, on the floor as it lies.
        :param sides: (N,) for each: 1 on the lane's left, -1 on its right, 0 neither.
        :param horizon: of that floor. Where it comes to be quite another one than the fit's, the
            camera was tilted (a car was carried with the node running), and the pictures before
            are forgotten.
        :returns: whether it said something new.
        """
        tilted = len(self._kept) >= SOON and abs(horizon - self._state[2]) > TILTED
        self._tilted = self._tilted + 1 if tilted else 0
        if self._tilted >= AGREE:
            self._prior = np.append(self._prior[:2], horizon)
            self._begin()
        self._waited += 1
        if self._waited < self._every:
            return False
        widths = _widths(marks, sides)
        if widths is None:
            return False
        self._waited = 0
        self._kept.append(widths)
        if len(self._kept) > KEPT and self._every < RAREST:   # over a longer time
            del self._kept[1::2]
            self._every *= 2
        del self._kept[:-KEPT]
        points = np.concatenate([one.points for one in self._kept], axis=1)
        pixels = np.concatenate([one.pixels for one in self._kept])
        for _ in range(STEPS):
            before = self._state
            if not self._step(points, pixels):
                return False
            if (np.abs(self._state - before)[:2] < SETTLED * NEWS).all():
                break
        return True

    def _step(self, points: NDArray[np.float64], pixels: NDArray[np.float64]) -> bool:
        """Move the fit on by one step; return False where too little is seen."""
        every = np.array([self._log_widths(points, self._state + shift)
                          for shift in (np.zeros(3), *SHIFTS)])
        some = np.isfinite(every).all(axis=0)
        if some.sum() < FEWEST:
            return False
        now = every[0, some]
        slopes = (every[1:, some] - now).T / SHIFTS.diagonal()
        sigma = np.hypot(WIDTH_SIGMA, PIXELS / np.maximum(pixels[some], 1.0))
        off = now - np.median(now)
        for _ in range(3):
            weight = 1.0 / (sigma ** 2 + (off / OUTLIER) ** 2)
            off = off - weight @ off / weight.sum()
        slopes = slopes - weight @ slopes / weight.sum()   # how wide the lane is, is left open
        weight /= ALIKE
        precision = slopes.T @ (weight[:, None] * slopes) + np.diag(PRIOR_SIGMA ** -2.0)
        pull = slopes.T @ (weight * off) + (self._state - self._prior) / PRIOR_SIGMA ** 2
        covariance = invert(precision)
        step = np.clip(-covariance @ pull, -PRIOR_SIGMA, PRIOR_SIGMA)
        self._state = np.clip(self._state + step, *BOUNDS)
        self._sigma = np.sqrt(covariance.diagonal())
        self.width = float(np.exp(np.median(now)))
        return True

    def _camera(self, state: NDArray[np.float64]) -> NominalCamera:
        lens = lens_between(self.size, float(np.exp(state[0])), float(state[1]))
        return NominalCamera(self.size, lens, HIGHEST)

    def _log_widths(self, points: NDArray[np.float64], state: NDArray[np.float64],
                    ) -> NDArray[np.float64]:
        """Return the (N,) logarithms of the lane's width, NaN where the floor is not seen."""
        view = self._camera(state).view(float(state[2]))
        floor = view.to_ground(points.reshape(-1, 2), self.size).reshape(points.shape)
        away, leg = floor[0] - floor[1], floor[2] - floor[1]
        area = np.abs(leg[:, 0] * away[:, 1] - leg[:, 1] * away[:, 0])
        with np.errstate(invalid='ignore', divide='ignore'):
            return np.log(area / np.hypot(leg[:, 0], leg[:, 1]))


def _widths(marks: Marks, sides: NDArray[np.int64]) -> _Widths | None:
    """Pair marks of each side with the two of the other one between which they lie."""
    found = []
    far = np.hypot(marks.ground[:, 0], marks.ground[:, 1])
    for side in (1, -1):
        some, others = (np.flatnonzero(sides == one) for one in (side, -side))
        if len(some) < 2 or len(others) < 2:
            return None
        some = some[np.linspace(0, len(some) - 1, min(PAIRS, len(some))).round().astype(int)]
        others = others[np.argsort(far[others], kind='stable')]
        start, leg = marks.ground[others[:-1]], np.diff(marks.ground[others], axis=0)
        length = np.maximum(np.hypot(leg[:, 0], leg[:, 1]), 1e-9)
        leg /= length[:, None]
        away = marks.ground[some][:, None] - start
        along = (away * leg).sum(axis=2)
        aside = np.abs(away[..., 0] * leg[:, 1] - away[..., 1] * leg[:, 0])
        aside[(along < 0.0) | (along > length) | (length > LONGEST)] = np.inf
        at = aside.argmin(axis=1)
        beside = np.isfinite(aside[np.arange(len(at)), at])
        some, at = some[beside], at[beside]
        found.append(marks.pixels[np.stack((some, others[at], others[at + 1]))])
    points = np.concatenate(found, axis=1)
    if points.shape[1] < FEWEST:
        return None
    return _Widths(points, np.hypot(*(points[0] - points[1:].mean(axis=0)).T))

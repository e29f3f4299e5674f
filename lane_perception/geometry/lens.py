# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Lens models: distorted pixels to straight rays and back.

The three models of sensor_msgs/CameraInfo: plumb_bob and rational_polynomial as OpenCV's calib3d
has them (Brown, 1966; Claus and Fitzgibbon, 2005), equidistant as its fisheye module
(Kannala and Brandt, 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import ArrayLike
from numpy.typing import NDArray

from lane_perception.errors import UserError

MODELS = {'plumb_bob': (4, 5), 'rational_polynomial': (8,), 'equidistant': (4,)}
# distortion_model: how many coefficients it may have
WIDEST = np.radians(88.0)  # angle to the axis beyond which a ray meets no undistorted pixel
FINE = 2000                # such angles at which a model is looked at
SETTLED = 1e-8             # radians: a step of Newton's method that leaves its square as error
LANDED = 0.01              # pixels: how well a ray that is found has to fit its pixel
STEPS = 6                  # of it, from a place that is nearly right
_EXACT = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 60, 1e-9)


def _numbers(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        return np.asarray(values, np.float64).reshape(-1)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f'{name} must be a list of numbers') from error


@dataclass(frozen=True)
class Lens:
    """Camera matrix and distortion of one camera."""

    matrix: NDArray[np.float64]        # (3, 3) pixels, no skew
    model: str                         # plumb_bob, rational_polynomial or equidistant
    coefficients: NDArray[np.float64]  # as many as the model has

    @classmethod
    def create(cls, matrix: ArrayLike, model: str, coefficients: ArrayLike) -> Lens:
        """
        Check the numbers and return the lens.

        :param matrix: nine numbers, row-major, or (3, 3), in pixels.
        :param model: plumb_bob, rational_polynomial or equidistant.
        :param coefficients: the model's 4 or 5, 8, 4 numbers; none at all means no distortion.
        :raises UserError: for an unknown model, a wrong count, a matrix that is none.
        """
        matrix = _numbers('camera_matrix', matrix)
        values = _numbers('distortion_coefficients', coefficients)
        if matrix.size != 9 or not np.isfinite(matrix).all():
            raise UserError('camera_matrix must be nine finite numbers, row-major')
        matrix = matrix.reshape(3, 3)
        if matrix[0, 0] <= 0.0 or matrix[1, 1] <= 0.0:
            raise UserError('camera_matrix has a focal length that is not positive; '
                            'is the camera calibrated?')
        if model not in MODELS:
            raise UserError(f'distortion model "{model}" is not known; '
                            f'use one of {", ".join(MODELS)}')
        if not values.size:
            values = np.zeros(MODELS[model][0])
        if values.size not in MODELS[model]:
            raise UserError(f'{model} takes {" or ".join(map(str, MODELS[model]))} distortion '
                            f'coefficients, not {values.size}')
        if not np.isfinite(values).all():
            raise UserError('a distortion coefficient is not a finite number')
        return cls(matrix, model, values)

    def undistort(self, points: ArrayLike) -> NDArray[np.float64]:
        """
        Return where an ideal camera with the same matrix would see the points.

        :param points: (N, 2) pixels as seen.
        :returns: (N, 2) undistorted pixels; NaN where the ray is too oblique to have one.
        """
        points = np.asarray(points, np.float64).reshape(-1, 2)
        if not len(points):
            return points.copy()
        if self.model == 'equidistant':
            rays = self._equidistant_rays(points)
        else:
            undistort = getattr(cv2, 'undistortPointsIter', cv2.undistortPoints)   # in OpenCV 5
            rays = undistort(points[:, None], self.matrix, self.coefficients, R=None, P=None,
                             criteria=_EXACT).reshape(-1, 2)
            # The iteration swings where a wide lens bends much, and beyond the polynomial's
            # turning point it ends on another branch.
            wrong = ~self._lands(rays, points)
            if wrong.any():
                rays[wrong] = self._searched_rays(points[wrong])
        return self._pixels(rays)

    def _lands(self, rays: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return (N,) whether the lens sees each of the (N, 2) rays at its pixel."""
        return np.abs(self._project_rays(rays) - points).max(axis=1) < LANDED

    def _searched_rays(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve for the (N, 2) rays by Newton's method; NaN where the model has none."""
        bent = self._straight_rays(points)
        far = np.hypot(bent[:, 0], bent[:, 1])
        radius, seen = self._radii
        rays = bent * (np.interp(far, seen, radius) / np.maximum(far, 1e-12))[:, None]
        with np.errstate(all='ignore'):   # where there is no ray, it runs off to infinity
            for _ in range(STEPS):
                miss_u, miss_v = (self._project_rays(rays) - points).T
                (u_x, v_x), (u_y, v_y) = (
                    ((self._project_rays(rays + step) - self._project_rays(rays - step)) / 2e-6).T
                    for step in ((1e-6, 0.0), (0.0, 1e-6)))
                rays = rays - (
                    np.stack((v_y * miss_u - u_y * miss_v, u_x * miss_v - v_x * miss_u))
                    / (u_x * v_y - u_y * v_x)).T
            found = self._lands(rays, points) & (np.hypot(rays[:, 0], rays[:, 1]) <= self._reach)
        return np.where(found[:, None], rays, np.nan)

    def covers(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Return (N,) whether each of the (N, 2) pixels as seen has an undistorted one."""
        return np.isfinite(self.undistort(points)).all(axis=1)

    def distort(self, points: ArrayLike) -> NDArray[np.float64]:
        """Return (N, 2) pixels as this camera sees the (N, 2) undistorted pixels."""
        points = np.asarray(points, np.float64).reshape(-1, 2)
        if not len(points):
            return points.copy()
        return self._project_rays(self._straight_rays(points))

    def shows(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Return (N,) whether the model holds at each of the (N, 2) undistorted pixels."""
        points = np.asarray(points, np.float64).reshape(-1, 2)
        return np.hypot(*self._straight_rays(points).T) < self._reach

    @cached_property
    def _reach(self) -> float:
        """Return the radius of the rays beyond which the model folds the picture back."""
        return float(self._radii[0][-1])

    @cached_property
    def _radii(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (K,) radii of rays that it does not fold back, and (K,) where it shows them."""
        radius = np.tan(np.linspace(0.0, WIDEST, FINE))
        rays = np.column_stack((radius, np.zeros(FINE)))
        seen = self._straight_rays(self._project_rays(rays))[:, 0]
        falls = ~(np.diff(seen) > 0.0)
        end = int(falls.argmax()) + 1 if falls.any() else FINE
        return radius[:end], seen[:end]

    def _straight_rays(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the (N, 2) rays (x / z, y / z) of pixels, as if there were no distortion."""
        return (points - self.matrix[:2, 2]) / self.matrix.diagonal()[:2]

    def _pixels(self, rays: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the (N, 2) pixels of rays, as if there were no distortion."""
        return rays * self.matrix.diagonal()[:2] + self.matrix[:2, 2]

    def _project_rays(self, rays: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the (N, 2) pixels of rays (x / z, y / z); NaN stays NaN."""
        x, y = rays.T
        if self.model == 'equidistant':
            radius = np.hypot(x, y)
            theta = np.arctan(radius)
            bent = theta * self._fisheye_factor(theta)
            factor = np.divide(bent, radius, out=np.ones_like(radius), where=radius > 1e-12)
            seen = np.column_stack((x * factor, y * factor))
        else:
            k1, k2, p1, p2, k3, k4, k5, k6 = (*self.coefficients, 0.0, 0.0, 0.0, 0.0)[:8]
            square = x * x + y * y
            radial = ((1.0 + square * (k1 + square * (k2 + square * k3)))
                      / (1.0 + square * (k4 + square * (k5 + square * k6))))
            seen = np.column_stack((
                x * radial + 2.0 * p1 * x * y + p2 * (square + 2.0 * x * x),
                y * radial + p1 * (square + 2.0 * y * y) + 2.0 * p2 * x * y))
        return self._pixels(seen)

    def _fisheye_factor(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        square = theta * theta
        k1, k2, k3, k4 = self.coefficients
        return 1.0 + square * (k1 + square * (k2 + square * (k3 + square * k4)))

    def _equidistant_rays(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve the angle to the axis by Newton's method; (N, 2) rays x / z, y / z."""
        bent = self._straight_rays(points)
        radius = np.hypot(bent[:, 0], bent[:, 1])
        k1, k2, k3, k4 = self.coefficients
        theta = np.minimum(radius, WIDEST)
        for _ in range(20):
            square = theta * theta
            slope = 1.0 + square * (3 * k1 + square * (5 * k2 + square * (7 * k3
                                                                          + square * 9 * k4)))
            error = theta * self._fisheye_factor(theta) - radius
            step = error / np.maximum(slope, 0.05)
            theta = np.clip(theta - step, 0.0, np.pi / 2)
            if not (np.abs(step) > SETTLED).any():
                break
        failed = np.abs(theta * self._fisheye_factor(theta) - radius) > 1e-6
        theta[failed | (theta > WIDEST)] = np.nan
        factor = np.divide(np.tan(theta), radius, out=np.ones_like(radius), where=radius > 1e-12)
        return bent * factor[:, None]

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
A camera on a car: lens model, mount, and the ways between pixels, rays and the floor.

Conventions. Pixel (u, v) has its centre at the integers, as in OpenCV and in ROS. The camera frame
is x right, y down, z forward (REP-103, optical). Base_link lies on the floor under the middle of
the rear axle, x forward, y left, z up; the camera sits `mount_forward` metres ahead of it and
`mount_height` metres above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

PLUMB_BOB = 'plumb_bob'
EQUIDISTANT = 'equidistant'
TABLE_SIZE = 4096


@dataclass(frozen=True)
class Camera:
    """A lens, an image size and a mount; the same fields as a CameraInfo and a transform."""

    width: int                  # image width, pixels
    height: int                 # image height, pixels
    fx: float                   # focal length along u, pixels
    fy: float                   # focal length along v, pixels
    cx: float                   # principal point, u
    cy: float                   # principal point, v
    model: str = PLUMB_BOB      # 'plumb_bob' or 'equidistant' (Kannala and Brandt, 2006)
    coefficients: tuple = ()    # plumb_bob: k1 k2 p1 p2 k3; equidistant: k1 k2 k3 k4
    mount_height: float = 0.15  # of the optical centre above the floor, metres
    pitch: float = 0.0          # downwards, radians
    roll: float = 0.0           # clockwise as the camera sees it turn, radians
    yaw: float = 0.0            # to the left, radians
    mount_forward: float = 0.0  # of the optical centre ahead of base_link, metres

    @cached_property
    def rotation(self) -> NDArray[np.float64]:
        """Return the (3, 3) matrix that takes camera axes to base_link axes."""
        axes = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
        cy, sy = np.cos(self.yaw), np.sin(self.yaw)
        cp, sp = np.cos(self.pitch), np.sin(self.pitch)
        cr, sr = np.cos(self.roll), np.sin(self.roll)
        yaw = np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
        pitch = np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])
        roll = np.array([[1.0, 0.0, 0.0], [0.0, cr, -sr], [0.0, sr, cr]])
        return yaw @ pitch @ roll @ axes

    @property
    def position(self) -> NDArray[np.float64]:
        """Return the optical centre in base_link, (3,) metres."""
        return np.array([self.mount_forward, 0.0, self.mount_height])

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Return the (3, 3) camera matrix."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @cached_property
    def _table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (undistorted, distorted) radii up to where the lens curve stops growing."""
        top = 3.0 if self.model == EQUIDISTANT else 6.0
        radius = np.linspace(0.0, top, TABLE_SIZE)
        bent = self._bend(radius)
        falling = np.flatnonzero(np.diff(bent) <= 1e-9)
        end = TABLE_SIZE if falling.size == 0 else int(falling[0]) + 1
        return radius[:end], bent[:end]

    @cached_property
    def _inverse(self) -> tuple[float, NDArray[np.float64]]:
        """Return how many there are per unit, and undistorted radii at even distorted ones."""
        undistorted, distorted = self._table
        u = max(self.cx, self.width - self.cx) / self.fx
        v = max(self.cy, self.height - self.cy) / self.fy
        top = min(float(distorted[-1]), 2 * float(np.hypot(u, v)))
        even = np.linspace(0, top, 8 * TABLE_SIZE)
        return (len(even) - 1) / top, np.interp(even, distorted, undistorted)

    def _straighten(self, bent: NDArray, extend: bool) -> NDArray[np.float64]:
        """Return the undistorted radius of a distorted one; beyond the lens NaN, or its limit."""
        density, table = self._inverse
        at = bent * density
        if extend:
            np.minimum(at, len(table) - 1.001, out=at)
        beyond = ~(at < len(table) - 1)
        at[beyond] = 0
        index = at.astype(np.int32)
        below = table[index]
        radius = below + (table[index + 1] - below) * (at - index)
        radius[beyond] = np.nan
        return radius

    def _bend(self, radius: NDArray) -> NDArray:
        """Return the distorted radius (tan of the angle, or the angle itself for fisheyes)."""
        square = radius * radius
        if self.model == EQUIDISTANT:
            k1, k2, k3, k4 = self.coefficients or (0.0, 0.0, 0.0, 0.0)
            return radius * (1 + square * (k1 + square * (k2 + square * (k3 + square * k4))))
        k1, k2, _, _, k3 = self.coefficients or (0.0, 0.0, 0.0, 0.0, 0.0)
        return radius * (1 + square * (k1 + square * (k2 + square * k3)))

    def _tangential(self, x: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
        """Return the shift by a lens that sits askew (Brown, 1966)."""
        if self.model == EQUIDISTANT or not self.coefficients:
            return np.zeros_like(x), np.zeros_like(y)
        _, _, p1, p2, _ = self.coefficients
        square = x * x + y * y
        return (2 * p1 * x * y + p2 * (square + 2 * x * x),
                p1 * (square + 2 * y * y) + 2 * p2 * x * y)

    def project(self, points: NDArray, extend: bool = False
                ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """
        Project points of base_link into the image.

        :param points: (N, 3) metres, or (N, 2) for points on the floor.
        :param extend: give directions beyond what the lens can form a place outside the image
            too, for outlines that reach beyond it.
        :returns: (N, 2) pixels and (N,) whether the lens can see that direction at all; a seen
            point may still lie outside the image. Pixels of unseen points are NaN.
        """
        x, y, z = self.to_camera(points).T
        undistorted, distorted = self._table
        side = np.hypot(x, y)
        if self.model == EQUIDISTANT:
            radius = np.arctan2(side, z)
            seen = (radius < undistorted[-1]) | extend
            over = np.maximum(radius - undistorted[-1], 0)
            scale = (self._bend(radius - over) + over) / np.maximum(side, 1e-12)
            x, y = x * scale, y * scale
        else:
            front = z > 1e-6
            z = np.where(front, z, 1.0)
            x, y, radius = x / z, y / z, side / z
            seen = front & ((radius < undistorted[-1]) | extend)
            over = np.maximum(radius - undistorted[-1], 0)
            scale = (self._bend(radius - over) + over) / np.maximum(radius, 1e-12)
            dx, dy = self._tangential(x, y)
            x, y = x * scale + dx, y * scale + dy
        pixels = np.column_stack((self.fx * x + self.cx, self.fy * y + self.cy))
        pixels[~seen] = np.nan
        return pixels, seen

    def to_camera(self, points: NDArray) -> NDArray[np.float64]:
        """Return (N, 3) points, or (N, 2) ones on the floor, from base_link in camera axes."""
        points = np.asarray(points, np.float64)
        if points.shape[1] == 2:
            points = np.column_stack((points, np.zeros(len(points))))
        return (points - self.position) @ self.rotation

    def blind(self) -> NDArray[np.bool_] | None:
        """Return the (H, W) pixels that the lens forms no image on; None without any."""
        density, table = self._inverse
        limit = (len(table) - 1) / density
        u = (np.arange(self.width) - self.cx) / self.fx
        v = (np.arange(self.height) - self.cy) / self.fy
        if np.abs(u).max() ** 2 + np.abs(v).max() ** 2 < limit ** 2:
            return None
        return u[None] ** 2 + v[:, None] ** 2 >= limit ** 2

    def rays(self, pixels: NDArray, extend: bool = False) -> NDArray[np.float64]:
        """
        Return the (N, 3) unit directions in base_link that the (N, 2) pixels look along.

        :param extend: pixels beyond what the lens can form look along the outermost direction
            that it can; else their rows are NaN.
        """
        pixels = np.asarray(pixels, np.float64)
        xd = (pixels[:, 0] - self.cx) / self.fx
        yd = (pixels[:, 1] - self.cy) / self.fy
        dx, dy = np.zeros_like(xd), np.zeros_like(yd)
        # The tangential part is small, so that a few rounds of putting it back converge.
        rounds = 4 if self.model == PLUMB_BOB and any(self.coefficients[2:4]) else 1
        for _ in range(rounds):
            x, y = xd - dx, yd - dy
            bent = np.hypot(x, y)
            radius = self._straighten(bent, extend)
            scale = radius / np.maximum(bent, 1e-12)
            if rounds > 1:
                dx, dy = self._tangential(x * scale, y * scale)
        if self.model == EQUIDISTANT:
            sine = np.sin(radius) / np.maximum(bent, 1e-12)
            sine = np.where(bent < 1e-9, 1.0, sine)
            directions = np.column_stack((x * sine, y * sine, np.cos(radius)))
        else:
            scale = np.where(bent < 1e-9, 1.0, scale)
            directions = np.column_stack((x * scale, y * scale, np.ones_like(x)))
            directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return directions @ self.rotation.T

    def ground(self, pixels: NDArray) -> NDArray[np.float64]:
        """Return the (N, 2) floor points in base_link under (N, 2) pixels; NaN above horizon."""
        rays = self.rays(pixels)
        with np.errstate(divide='ignore', invalid='ignore'):
            reach = np.where(rays[:, 2] < -1e-9, -self.mount_height / rays[:, 2], np.nan)
        return rays[:, :2] * reach[:, None] + self.position[:2]

    def ground_homography(self) -> NDArray[np.float64]:
        """Return the (3, 3) matrix from undistorted pixels (u, v, 1) to metres in base_link."""
        to_camera = self.rotation.T
        columns = np.column_stack((to_camera[:, 0], to_camera[:, 1],
                                   -to_camera @ self.position))
        inverse = np.linalg.inv(self.matrix @ columns)
        return inverse / inverse[2, 2]

    def resized(self, width: int, height: int) -> 'Camera':
        """Return the camera whose image is this one's, resized to another number of pixels."""
        sx, sy = width / self.width, height / self.height
        return replace(self, width=width, height=height, fx=self.fx * sx, fy=self.fy * sy,
                       cx=(self.cx + 0.5) * sx - 0.5, cy=(self.cy + 0.5) * sy - 0.5)


def focal_length(camera: Camera, half_angle: float) -> float:
    """Return the focal length at which half the image width spans half_angle (radians)."""
    radius = half_angle if camera.model == EQUIDISTANT else np.tan(half_angle)
    return camera.width / 2 / float(camera._bend(np.array(radius)))

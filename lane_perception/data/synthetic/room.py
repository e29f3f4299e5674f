# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The room around a track: four walls with what stands before them, and a ceiling with lamps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.murals import HEIGHT
from lane_perception.data.synthetic.murals import mural
from lane_perception.data.synthetic.murals import MURALS
from lane_perception.data.synthetic.murals import OUTDOORS
from lane_perception.data.synthetic.murals import PEAK
from lane_perception.data.synthetic.murals import RISE
from lane_perception.data.synthetic.murals import SPAN
from lane_perception.data.synthetic.murals import WIDTH

FAR = np.float32(1e6)
LAMP = np.float32(1e7)  # stands for the height where a ray ends in a lamp
CLEARANCE = 0.1         # metres from a road that is driven to the next wall, at least
_UNPACK = ((np.arange(256) / 255.0) ** 2 * PEAK).astype(np.float32)


@dataclass(frozen=True)
class Room:
    """A rectangular room, turned and shifted in the world."""

    center: tuple[float, float]          # world, metres
    angle: float                         # radians
    half: tuple[float, float]            # half its length and width, metres
    ceiling: float                       # height, metres
    walls: tuple[int, int, int, int]     # murals, by number
    shift: tuple[float, float]           # of the murals along the walls, metres
    light: tuple[float, float, float]    # on the walls
    ceiling_light: tuple[float, float, float]
    # Lamps in the ceiling: metres from one to the next along both axes, and the share of that
    # which they span. No share, no lamps.
    panels: tuple[float, float, float, float] = (1.0, 1.0, 0.0, 0.0)

    def inside(self, points: NDArray) -> NDArray[np.bool_]:
        """Return which (N, 2) world points lie in the room."""
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        away = np.asarray(points) - self.center
        u = away[:, 0] * cosine + away[:, 1] * sine
        v = away[:, 1] * cosine - away[:, 0] * sine
        return (np.abs(u) < self.half[0]) & (np.abs(v) < self.half[1])

    def trace(self, origin: NDArray, rays: NDArray[np.float32]
              ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
        """
        Return where rays from a point meet the walls, as if floor and ceiling were open.

        :param origin: (3,) world.
        :param rays: (H, W, 3) unit directions, world axes.
        :returns: (H, W) height of the meeting point, metres; (H, W) metres along the wall;
            (H, W) number of the wall.
        """
        cosine, sine = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        ox, oy = origin[0] - self.center[0], origin[1] - self.center[1]
        ox, oy = np.float32(ox * cosine + oy * sine), np.float32(oy * cosine - ox * sine)
        dx = rays[..., 0] * cosine + rays[..., 1] * sine
        dy = rays[..., 1] * cosine - rays[..., 0] * sine
        small = np.float32(1e-6)
        tx = (np.copysign(np.float32(self.half[0]), dx) - ox) / np.where(np.abs(dx) < small,
                                                                         small, dx)
        ty = (np.copysign(np.float32(self.half[1]), dy) - oy) / np.where(np.abs(dy) < small,
                                                                         small, dy)
        # From outside the room the near wall is passed through; the far one is seen.
        tx, ty = np.where(tx <= 0, FAR, tx), np.where(ty <= 0, FAR, ty)
        first = tx < ty
        reach = np.where(first, tx, ty)
        height = np.float32(origin[2]) + reach * rays[..., 2]
        if self.panels[2] > 0:
            self._hang(ox, oy, origin[2], dx, dy, rays[..., 2], height)
        along = np.where(first, oy + reach * dy, ox + reach * dx)
        wall = np.where(first, np.where(dx > 0, 0, 1), np.where(dy > 0, 2, 3)).astype(np.int32)
        return height, along, wall

    def _hang(self, ox: float, oy: float, oz: float, dx: NDArray, dy: NDArray, dz: NDArray,
              height: NDArray[np.float32]) -> None:
        """Mark rays that end in a lamp of the ceiling by a height of LAMP, in place."""
        rows = np.flatnonzero((height > self.ceiling).any(1))
        if rows.size == 0:
            return
        part = slice(rows[0], rows[-1] + 1)
        reach = np.float32(self.ceiling - oz) / np.maximum(dz[part], np.float32(1e-4))
        u = (ox + reach * dx[part]) / np.float32(self.panels[0])
        v = (oy + reach * dy[part]) / np.float32(self.panels[1])
        lit = (u - np.floor(u) < self.panels[2]) & (v - np.floor(v) < self.panels[3])
        lit &= height[part] > self.ceiling
        height[part][lit] = LAMP

    def radiance(self, height: NDArray[np.float32], along: NDArray[np.float32],
                 wall: NDArray[np.int32], finest: int = 0) -> NDArray[np.float32]:
        """
        Return the (H, W, 3) light that walls and ceiling send out.

        :param finest: leave out this many of the finest levels of detail.
        """
        result = np.empty((*height.shape, 3), np.float32)
        result[:] = np.array(self.ceiling_light, np.float32)
        if self.panels[2] > 0:
            result[height == LAMP] = np.array(self.light, np.float32) * 6
        texels = np.float32(WIDTH / SPAN)
        spacing = np.abs(np.diff(height, axis=0, append=height[-1:])) * texels
        step = np.abs(np.diff(along, axis=1, append=along[:, -1:])) * texels
        spacing = np.sqrt(np.maximum(spacing * np.minimum(step, 50), 1e-6))
        for number in range(4):
            here = (wall == number) & (height < self.ceiling) & (height > -0.3)
            if not here.any():
                continue
            rows, columns = np.flatnonzero(here.any(1)), np.flatnonzero(here.any(0))
            part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
            levels = mural(self.walls[number])
            mean = float(np.median(spacing[part][here[part]]))
            level = int(np.clip(np.floor(np.log2(max(mean, 1e-3)) + 0.3), finest,
                                len(levels) - 1))
            tile = levels[level]
            scale = np.float32(0.5 ** level)
            sign = np.float32(-1 if number in (0, 3) else 1)  # so that writing reads rightwards
            u = (sign * along[part] + np.float32(self.shift[0] * (number + 1))) * (texels * scale)
            u = u - np.floor(u / tile.shape[1]) * tile.shape[1] - np.float32(0.5)
            v = np.minimum(np.maximum(height[part], 0), np.float32(RISE)) * (
                np.float32(HEIGHT / RISE) * scale) - np.float32(0.5)
            packed = cv2.remap(tile, u, v.clip(0, tile.shape[0] - 1), cv2.INTER_LINEAR,
                               borderMode=cv2.BORDER_WRAP)
            light = _UNPACK[packed] * np.array(self.light, np.float32)
            result[part][here[part]] = light[here[part]]
        return result


def draw_room(random: np.random.Generator, points: NDArray, light: NDArray,
              clear: NDArray = np.zeros((0, 2))) -> Room:
    """
    Return a random room around (N, 2) world points.

    :param light: (3,) typical light on the floor; walls get more or less of it.
    :param clear: (M, 2) world points that no wall comes near: the edges of a road that is driven.
    """
    angle = random.uniform(0, np.pi)
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = points @ axes.T
    low, high = turned.min(0), turned.max(0)
    space = np.exp(random.uniform(np.log(0.15), np.log(5.0), 4))
    low, high = low - space[:2], high + space[2:]
    turned = np.vstack((turned, clear @ axes.T))
    low = np.minimum(low, turned.min(0) - CLEARANCE)
    high = np.maximum(high, turned.max(0) + CLEARANCE)
    center = axes.T @ ((low + high) / 2)
    strength = np.exp(random.normal(0.0, 0.5))
    ceiling = strength * np.exp(random.normal(-0.5, 0.7))
    panels = (1.0, 1.0, 0.0, 0.0)
    if random.random() < 0.5:
        panels = (*random.uniform(0.6, 3.0, 2), *random.uniform(0.05, 0.5, 2))
    return Room(tuple(float(c) for c in center), float(angle),
                tuple(float(h) for h in (high - low) / 2), float(random.uniform(2.2, 5.0)),
                tuple(int(n) for n in random.integers(0, MURALS, 4)),
                tuple(float(s) for s in random.uniform(0, SPAN, 2)),
                tuple(float(s) for s in light * strength),
                tuple(float(s) for s in light * ceiling), tuple(float(p) for p in panels))


def draw_landscape(random: np.random.Generator, place: NDArray, light: NDArray) -> Room:
    """Return open country round a place: a room whose far walls show hills and sky."""
    half = random.uniform(15, 45, 2)
    number = MURALS + int(random.integers(OUTDOORS))
    light = tuple(float(s) for s in light * np.exp(random.normal(0.0, 0.3)))
    return Room(tuple(float(p) for p in place), float(random.uniform(0, np.pi)),
                tuple(float(h) for h in half), 1e6, (number,) * 4,
                tuple(float(s) for s in random.uniform(0, SPAN, 2)), light, light)

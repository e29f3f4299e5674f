# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Light on the floor: lamps overhead, light from everywhere, and the lamps' mirror images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Lamp:
    """A lamp above the floor."""

    position: tuple[float, float, float]  # world, metres
    power: tuple[float, float, float]     # blue, green, red; irradiance at 1 m straight below


@dataclass(frozen=True)
class Lights:
    """All light in a scene, before exposure."""

    ambient: tuple[float, float, float]   # irradiance from everywhere: blue, green, red
    lamps: tuple[Lamp, ...]
    glare: float = 1.0                    # how strongly lamps mirror in the floor

    def irradiance(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (H, W, 3) light falling on world floor points."""
        light = np.empty((*x.shape, 3), np.float32)
        light[:] = self.ambient
        for lamp in self.lamps:
            px, py, pz = lamp.position
            square = (x - np.float32(px)) ** 2 + (y - np.float32(py)) ** 2 + np.float32(pz * pz)
            fall = np.float32(pz * pz) / (square * square) * np.float32(pz * pz)
            light += fall[..., None] * np.array(lamp.power, np.float32)
        return light

    def mirrored(self, rays: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32],
                 roughness: float) -> NDArray[np.float32]:
        """
        Return (H, W, 3) light mirrored off world floor points by a surface of unit mirror.

        Blinn and Torrance: facets whose slopes have deviation `roughness` about the floor's.

        :param rays: (H, W, 3) unit directions from the camera to the points, world axes.
        """
        glow = np.zeros((*x.shape, 3), np.float32)
        if self.glare == 0:
            return glow
        spread = np.float32(2 * roughness * roughness)
        for lamp in self.lamps:
            px, py, pz = lamp.position
            dx, dy = np.float32(px) - x, np.float32(py) - y
            reach = np.sqrt(dx * dx + dy * dy + np.float32(pz * pz))
            hx = dx / reach - rays[..., 0]
            hy = dy / reach - rays[..., 1]
            hz = np.float32(pz) / reach - rays[..., 2]
            slope = (hx * hx + hy * hy) / np.maximum(hz * hz, np.float32(1e-6))
            lobe = np.exp(-slope / spread) / spread
            # Grazing views mirror more (Schlick, 1994), and see more facets in one pixel.
            graze = np.clip(1 + rays[..., 2], 0, 1) ** 5
            lobe *= (1 + 8 * graze) / np.maximum(-rays[..., 2], np.float32(0.08))
            power = np.array(lamp.power, np.float32) * np.float32(0.25 * self.glare)
            glow += lobe[..., None] * power
        return glow


def draw_lights(random: np.random.Generator, place: NDArray,
                glare: float | None = None) -> Lights:
    """
    Return random light: how much from everywhere, and lamps singly, in tubes or in a grid.

    :param place: (2,) world, where the car is.
    :param glare: power of what lamps mirror, 0 to 1; None draws it.
    """
    warmth = np.array([np.exp(random.normal(0, 0.15)), 1.0, np.exp(random.normal(0, 0.15))])
    height = random.uniform(1.8, 5.0)
    kind = random.random()
    if kind < 0.5:
        spots = np.column_stack((random.uniform(-5, 7, 4), random.uniform(-5, 5, 4)))
        spots = spots[:int(random.integers(1, 5))]
    elif kind < 0.75:  # a tube, as a row of points
        angle, length = random.uniform(0, np.pi), random.uniform(0.6, 3.0)
        steps = np.linspace(-0.5, 0.5, 7)[:, None] * length
        spots = random.uniform(-3, 3, 2) + steps * np.array([np.cos(angle), np.sin(angle)])
    else:  # the lamps of a hall
        pitch, angle = random.uniform(1.5, 3.5), random.uniform(0, np.pi)
        grid = np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1]), -1).reshape(-1, 2) * pitch
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        spots = grid @ turn.T + random.uniform(-1, 1, 2)
    share = 1 / np.sqrt(len(spots))
    lamps = []
    for spot in spots + place:
        power = share * random.uniform(0.3, 1.6) * warmth * np.exp(random.normal(0, 0.08, 3))
        lamps.append(Lamp((float(spot[0]), float(spot[1]), float(height)),
                          tuple(float(p) for p in power)))
    ambient = random.uniform(0.15, 1.2) * warmth
    drawn = random.choice([0.0, 0.3, 1.0], p=[0.2, 0.5, 0.3])
    return Lights(tuple(float(a) for a in ambient), tuple(lamps),
                  float(drawn if glare is None else 1.5 * glare))

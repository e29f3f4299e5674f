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
            glow += lobe[..., None] * (np.array(lamp.power, np.float32) * np.float32(0.25))
        return glow


def draw_lights(random: np.random.Generator) -> Lights:
    """Return random light: how much from everywhere, and one to five lamps."""
    warmth = np.array([np.exp(random.normal(0, 0.15)), 1.0, np.exp(random.normal(0, 0.15))])
    lamps = []
    height = random.uniform(1.8, 4.0)
    for _ in range(int(random.integers(1, 6))):
        spot = (float(random.uniform(-3, 7)), float(random.uniform(-4, 4)),
                height * float(random.uniform(0.85, 1.1)))
        power = random.uniform(0.2, 1.0) * warmth * np.exp(random.normal(0, 0.08, 3))
        lamps.append(Lamp(spot, tuple(float(p) for p in power)))
    ambient = random.uniform(0.15, 1.2) * warmth
    return Lights(tuple(float(a) for a in ambient), tuple(lamps))

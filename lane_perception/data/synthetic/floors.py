# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a floor is made of: a color and layers of texture at several scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.settings import log_uniform
from lane_perception.data.synthetic.settings import pick
from lane_perception.data.synthetic.textures import sample_texture
from lane_perception.data.synthetic.textures import VARIANTS


@dataclass(frozen=True)
class Layer:
    """One texture on a floor or a wall."""

    kind: str                  # of texture
    variant: int
    scale: float               # metres per tile
    angle: float               # radians
    shift: tuple[float, float]  # tiles
    strength: tuple[float, float, float]  # change of log reflectance per unit: blue, green, red


@dataclass(frozen=True)
class Floor:
    """A floor: mean reflectance, texture, and how it mirrors."""

    kind: str
    color: tuple[float, float, float]  # linear reflectance: blue, green, red
    layers: tuple[Layer, ...]
    gloss: float                       # share of light mirrored at normal view, 0 to 0.1
    roughness: float                   # slope of the surface's facets, 0.02 to 0.5

    def reflectance(self, x: NDArray[np.float32], y: NDArray[np.float32],
                    footprint: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (H, W, 3) linear reflectances at (H, W) floor points in metres."""
        change = np.zeros((*x.shape, 3), np.float32)
        for layer in self.layers:
            value = sample_texture(layer.kind, layer.variant, x, y, footprint, layer.scale,
                                   layer.angle, layer.shift)
            change += value[..., None] * np.array(layer.strength, np.float32)
        np.exp(change, out=change)
        change *= np.array(self.color, np.float32)
        return np.minimum(change, 0.95, out=change)


def layer(random: np.random.Generator, kind: str, scale: float, strength: float,
          angle: float | None = None, tint: float = 0.1) -> Layer:
    """Return a texture layer with the given strength, tinted a little at random."""
    strengths = strength * (1 + tint * random.standard_normal(3))
    angle = random.uniform(0, 2 * np.pi) if angle is None else angle
    return Layer(kind, int(random.integers(VARIANTS)), scale, float(angle),
                 tuple(random.uniform(0, 1, 2)), tuple(float(s) for s in strengths))


def lay_floor(random: np.random.Generator, kind: str | None = None,
              brightness: float | None = None) -> Floor:
    """Return a random floor of a kind (None draws one) with a mean reflectance (None likewise)."""
    kind = kind or pick(random, {'plain': 1})
    bright = brightness if brightness is not None else log_uniform(random, 0.015, 0.6)
    tint = np.exp(random.normal(0, 0.2, 3))
    color = bright * tint / tint.mean()
    layers = [layer(random, 'cloud', log_uniform(random, 0.5, 4), random.uniform(0.1, 0.7)),
              layer(random, 'grain', log_uniform(random, 0.1, 0.4), random.uniform(0.1, 0.6))]
    if random.random() < 0.5:
        layers.append(layer(random, 'fiber', log_uniform(random, 0.2, 1.0),
                            random.uniform(0.1, 0.5)))
    if random.random() < 0.3:
        layers.append(layer(random, 'speckle', log_uniform(random, 0.2, 0.8),
                            random.uniform(-0.5, 0.5)))
    gloss = 0.0 if random.random() < 0.3 else random.uniform(0.01, 0.06)
    return Floor(kind, tuple(float(c) for c in color.clip(0.005, 0.85)), tuple(layers), gloss,
                 log_uniform(random, 0.04, 0.5))

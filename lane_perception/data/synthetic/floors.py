# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a floor is made of: a color and layers of texture at several scales."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.settings import log_uniform
from lane_perception.data.synthetic.settings import pick
from lane_perception.data.synthetic.textures import Points
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

    def sample(self, points: Points) -> NDArray[np.float32]:
        """Return the (H, W) values of the texture at points of the surface."""
        return points.sample(self.kind, self.variant, self.scale, self.angle, self.shift)


@dataclass(frozen=True)
class Floor:
    """A floor: mean reflectance, texture, and how it mirrors."""

    kind: str
    color: tuple[float, float, float]  # linear reflectance: blue, green, red
    layers: tuple[Layer, ...]
    gloss: float                       # share of light mirrored at normal view, 0 to 0.1
    roughness: float                   # slope of the surface's facets, 0.02 to 0.5

    def reflectance(self, points: Points) -> NDArray[np.float32]:
        """Return (H, W, 3) linear reflectances at points of the floor."""
        change = [np.full(points.x.shape, np.log(color), np.float32) for color in self.color]
        for part in self.layers:
            value = part.sample(points)
            for channel, strength in zip(change, part.strength):
                cv2.scaleAdd(value, strength, channel, channel)
        surface = cv2.exp(cv2.merge(change))
        return np.minimum(surface, np.float32(0.95), out=surface)


def layer(random: np.random.Generator, kind: str, scale: float, strength: float,
          angle: float | None = None, tint: float = 0.1) -> Layer:
    """Return a texture layer with the given strength, tinted a little at random."""
    strengths = strength * (1 + tint * random.standard_normal(3))
    angle = random.uniform(0, 2 * np.pi) if angle is None else angle
    return Layer(kind, int(random.integers(VARIANTS)), scale, float(angle),
                 tuple(random.uniform(0, 1, 2)), tuple(float(s) for s in strengths))


def _laid(random: np.random.Generator, along: float) -> float:
    """Return the angle of a floor's rows, radians: at times along a direction, or square to it."""
    if random.random() < 0.35:
        return along + random.integers(2) * np.pi / 2 + random.normal(0, 0.02)
    return random.uniform(0, np.pi)


def _foam(random: np.random.Generator, along: float) -> list[Layer]:
    """Foam tiles: jigsaw seams, a pressed pattern, at times two colors of tile."""
    tile = random.uniform(0.3, 0.65)
    angle = _laid(random, along)
    layers = [layer(random, 'jigsaw', tile, random.uniform(0.3, 2.0), angle),
              layer(random, 'hatch', random.uniform(0.12, 0.5), random.uniform(0.05, 0.5), angle)]
    if random.random() < 0.2:
        layers.append(layer(random, 'checker', 2 * tile, random.uniform(0.1, 0.6), angle))
    return layers


def _wood(random: np.random.Generator, along: float) -> list[Layer]:
    """Boards or laminate, seen with their joints and grain."""
    angle = _laid(random, along)
    return [layer(random, 'planks', random.uniform(0.6, 1.8), random.uniform(0.15, 0.6), angle),
            layer(random, 'fiber', random.uniform(0.2, 0.8), random.uniform(0.05, 0.3), angle)]


def _carpet(random: np.random.Generator, along: float) -> list[Layer]:
    """Loops or tufts, at times in tiles or with stripes."""
    angle = random.uniform(0, np.pi)
    layers = [layer(random, 'weave', random.uniform(0.15, 0.4), random.uniform(0.2, 0.8), angle),
              layer(random, 'grain', random.uniform(0.05, 0.2), random.uniform(0.1, 0.6))]
    if random.random() < 0.3:
        layers.append(layer(random, 'tiles', random.uniform(1.0, 2.5), random.uniform(0.05, 0.3),
                            angle))
    if random.random() < 0.15:
        layers.append(layer(random, 'stripes', log_uniform(random, 0.2, 3.0),
                            log_uniform(random, 0.1, 1.0), _laid(random, along)))
    return layers


def _concrete(random: np.random.Generator, _: float) -> list[Layer]:
    """Bare or painted concrete: cracks, stains, expansion joints."""
    layers = [layer(random, 'cracks', random.uniform(1.0, 3.0), random.uniform(0.2, 1.2)),
              layer(random, 'stains', random.uniform(0.8, 3.0), random.uniform(0.05, 0.5))]
    if random.random() < 0.4:
        layers.append(layer(random, 'tiles', random.uniform(3.0, 8.0), random.uniform(0.1, 0.5)))
    return layers


def _linoleum(random: np.random.Generator, _: float) -> list[Layer]:
    """Sheet with flecks, scuffs and welded seams."""
    return [layer(random, 'speckle', random.uniform(0.3, 1.2), random.uniform(0.05, 0.4)),
            layer(random, 'scratches', random.uniform(0.8, 2.0), random.uniform(-0.4, 0.5))]


def _asphalt(random: np.random.Generator, _: float) -> list[Layer]:
    """Coarse grain, stones, cracks."""
    return [layer(random, 'grain', random.uniform(0.15, 0.5), random.uniform(0.3, 0.9)),
            layer(random, 'speckle', random.uniform(0.2, 0.6), random.uniform(0.2, 0.9)),
            layer(random, 'cracks', random.uniform(1.0, 3.0), random.uniform(0.0, 1.0))]


def _tile(random: np.random.Generator, along: float) -> list[Layer]:
    """Ceramic, stone or vinyl tiles, or bricks: with shades, or with joints alone."""
    angle = _laid(random, along)
    if random.random() < 0.6:
        depth = random.choice([-1, 1]) * log_uniform(random, 0.15, 2.2)
        layers = [layer(random, 'joints', log_uniform(random, 0.08, 0.7), depth, angle)]
    else:
        layers = [layer(random, 'tiles', random.uniform(0.5, 2.0), random.uniform(0.15, 0.9),
                        angle)]
    if random.random() < 0.25:
        layers.append(layer(random, 'checker', random.uniform(0.6, 2.0), random.uniform(0.1, 0.8),
                            angle))
    return layers


def _mat(random: np.random.Generator, along: float) -> list[Layer]:
    """A printed mat or banner, or striped cloth."""
    if random.random() < 0.25:
        return [layer(random, 'stripes', log_uniform(random, 0.2, 3.0),
                      log_uniform(random, 0.1, 1.2), _laid(random, along), 0.3)]
    return [layer(random, 'print', random.uniform(0.8, 2.5), random.uniform(0.1, 0.9), tint=0.6),
            layer(random, 'hatch', random.uniform(0.1, 0.3), random.uniform(0.0, 0.15))]


def _plain(random: np.random.Generator, _: float) -> list[Layer]:
    """Paint, felt, rubber, paper: hardly any structure."""
    return [layer(random, 'scratches', random.uniform(0.6, 2.0), random.uniform(-0.3, 0.4))]


# kind: (layers, weight, least and greatest reflectance, chance of a shiny surface)
KINDS = {'foam': (_foam, 0.20, 0.012, 0.5, 0.4), 'wood': (_wood, 0.11, 0.06, 0.5, 0.6),
         'carpet': (_carpet, 0.12, 0.02, 0.4, 0.0), 'concrete': (_concrete, 0.11, 0.08, 0.5, 0.5),
         'linoleum': (_linoleum, 0.10, 0.05, 0.6, 0.8),
         'asphalt': (_asphalt, 0.08, 0.03, 0.2, 0.1),
         'tile': (_tile, 0.13, 0.05, 0.75, 0.8), 'mat': (_mat, 0.06, 0.02, 0.7, 0.4),
         'plain': (_plain, 0.09, 0.012, 0.75, 0.4)}
WARM = {'wood': (0.35, 0.75, 1.3), 'concrete': (0.95, 1.0, 1.05), 'asphalt': (1.0, 1.0, 1.0)}


def lay_floor(random: np.random.Generator, kind: str | None = None,
              brightness: float | None = None, along: float = 0.0) -> Floor:
    """
    Return a random floor of a kind and mean reflectance; what is None is drawn.

    :param along: the direction that boards and tiles are at times laid along, radians.
    """
    kind = kind or pick(random, {name: row[1] for name, row in KINDS.items()})
    build, _, low, high, shiny = KINDS[kind]
    drawn = log_uniform(random, low, high)
    bright = drawn if brightness is None else brightness
    vivid = random.uniform(0.3, 0.8) if random.random() < 0.15 else random.uniform(0.0, 0.18)
    tint = np.exp(random.normal(0, vivid, 3)) * np.array(WARM.get(kind, (1.0, 1.0, 1.0)))
    color = bright * tint / tint.mean()
    layers = build(random, along)
    layers.append(layer(random, 'cloud', log_uniform(random, 0.5, 4), random.uniform(0.05, 0.4)))
    if random.random() < 0.7:
        layers.append(layer(random, 'grain', log_uniform(random, 0.1, 0.4),
                            random.uniform(0.05, 0.4)))
    if random.random() < 0.25:
        layers.append(layer(random, 'stains', log_uniform(random, 0.5, 3),
                            random.uniform(0.05, 0.4)))
    mirror = random.uniform(0.01, 0.08) if random.random() < shiny else random.uniform(0, 0.008)
    roughness = log_uniform(random, 0.015, 0.3) if mirror > 0.01 else random.uniform(0.2, 0.5)
    return Floor(kind, tuple(float(c) for c in color.clip(0.005, 0.85)), tuple(layers),
                 float(mirror), float(roughness))

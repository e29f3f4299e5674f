# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Surface textures: tiles that repeat without a seam, with values around zero, drawn once and kept.

A texture is named by kind and variant and depends on nothing else, so that samples are the same
whichever were made before. Scenes scale, turn, shift and color them.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = 512       # texels along a tile
VARIANTS = 6     # of each kind
LEVELS = 7       # halvings of a texture that are kept; beyond them it has faded to zero


@lru_cache(maxsize=160)
def pyramid(kind: str, variant: int) -> tuple[NDArray[np.float32], ...]:
    """Return a texture and its halvings, (SIZE, SIZE), (SIZE / 2, SIZE / 2) ... about -1 to 1."""
    random = np.random.default_rng([7, sorted(KINDS).index(kind), variant])
    tile = KINDS[kind](random).astype(np.float32)
    tile -= tile.mean()
    levels = [tile]
    for _ in range(LEVELS - 1):
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5,
                                 interpolation=cv2.INTER_AREA))
    return tuple(levels)


def noise(random: np.random.Generator, low: float, high: float, slope: float = 1.0,
          stretch: float = 1.0) -> NDArray[np.float64]:
    """
    Return (SIZE, SIZE) noise with waves of low to high periods per tile, unit deviation.

    :param slope: the amplitude falls with frequency to this power.
    :param stretch: waves are this many times longer along x than along y.
    """
    fy = np.fft.fftfreq(SIZE, 1 / SIZE)[:, None]
    fx = np.fft.rfftfreq(SIZE, 1 / SIZE)[None] * stretch
    frequency = np.hypot(fx, fy)
    gain = np.where((frequency >= low) & (frequency <= high),
                    np.maximum(frequency, 1.0) ** -slope, 0.0)
    phase = random.standard_normal(gain.shape) + 1j * random.standard_normal(gain.shape)
    field = np.fft.irfft2(gain * phase, (SIZE, SIZE))
    return field / max(float(field.std()), 1e-12)


def _cloud(random: np.random.Generator) -> NDArray:
    """Large soft patches with structure at every scale."""
    return noise(random, 1, 200, random.uniform(1.2, 1.9)) / 2.5


def _grain(random: np.random.Generator) -> NDArray:
    """Fine even grain."""
    return noise(random, 24, 256, random.uniform(0.0, 0.7)) / 2.5


def _fiber(random: np.random.Generator) -> NDArray:
    """Streaks along x, as in wood or brushed carpet."""
    return noise(random, 4, 250, 0.8, random.uniform(8, 30)) / 2.5


def _speckle(random: np.random.Generator) -> NDArray:
    """Sparse dots, light and dark, as in terrazzo or asphalt."""
    field = noise(random, 40, 160, 0.0)
    level = random.uniform(1.6, 2.3)
    return (np.tanh((field - level) * 4) + 1) - 0.8 * (np.tanh((-field - level) * 4) + 1)


KINDS = {'cloud': _cloud, 'grain': _grain, 'fiber': _fiber, 'speckle': _speckle}


def sample_texture(kind: str, variant: int, x: NDArray[np.float32], y: NDArray[np.float32],
                   footprint: NDArray[np.float32], scale: float, angle: float,
                   shift: tuple[float, float]) -> NDArray[np.float32]:
    """
    Return the (H, W) values of a texture laid on a plane, smoothed to each pixel's footprint.

    :param x, y: (H, W) metres on the plane.
    :param footprint: (H, W) metres on the plane that a pixel spans; rows should not mix scales.
    :param scale: metres that one tile spans.
    :param angle: by which the tile is turned, radians.
    :param shift: of the tile, in tiles.
    """
    levels = pyramid(kind, variant)
    level = np.log2(np.maximum(footprint * np.float32(SIZE / scale), 1e-6)) - np.float32(0.35)
    np.clip(level, 0, LEVELS, out=level)
    cosine, sine = np.float32(np.cos(angle) / scale), np.float32(np.sin(angle) / scale)
    result = np.zeros(x.shape, np.float32)
    low, high = level.min(1), level.max(1)
    for number in range(LEVELS):
        rows = np.flatnonzero((high > number - 1) & (low < number + 1))
        if rows.size == 0:
            continue
        part = slice(rows[0], rows[-1] + 1)
        weight = 1 - np.abs(level[part] - number)
        np.maximum(weight, 0, out=weight)
        tile = levels[number]
        u = x[part] * cosine + y[part] * sine + np.float32(shift[0])
        v = y[part] * cosine - x[part] * sine + np.float32(shift[1])
        u = (u - np.floor(u)) * np.float32(tile.shape[0]) - np.float32(0.5)
        v = (v - np.floor(v)) * np.float32(tile.shape[0]) - np.float32(0.5)
        value = cv2.remap(tile, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        value *= weight
        result[part] += value
    return result

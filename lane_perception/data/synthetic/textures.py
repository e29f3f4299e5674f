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

from lane_perception.data.synthetic.settings import log_uniform

SIZE = 512       # texels along a tile
VARIANTS = 6     # of each kind
LEVELS = 7       # halvings of a texture that are kept; beyond them it has faded to zero


@lru_cache(maxsize=160)
def pyramid(kind: str, variant: int) -> tuple[NDArray[np.float32], ...]:
    """Return a texture and its halvings, (SIZE, SIZE), (SIZE / 2, SIZE / 2) ... about -1 to 1."""
    random = np.random.default_rng([*kind.encode(), variant])
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


def _hatch(random: np.random.Generator) -> NDArray:
    """Crossed ridges pressed into rubber or foam."""
    v, u = np.mgrid[0:SIZE, 0:SIZE] * (2 * np.pi / SIZE)
    count = int(random.integers(24, 60))
    field = np.cos(count * u) * 0.7 + np.cos(count * v) * random.uniform(0.2, 1.0)
    if random.random() < 0.5:
        field = np.maximum(np.cos(count * (u + v)), np.cos(count * (u - v)))
    return 0.7 * field + 0.3 * noise(random, 20, 200, 0.3)


def _weave(random: np.random.Generator) -> NDArray:
    """Loops of carpet in rows."""
    v, u = np.mgrid[0:SIZE, 0:SIZE] * (2 * np.pi / SIZE)
    count = int(random.integers(30, 64))
    rows = np.cos(count * u + 1.5 * noise(random, 1, 6)) * np.cos(count * v)
    return 0.4 * rows + 0.5 * noise(random, 30, 256, 0.2) + 0.3 * noise(random, 1, 8)


def _seam(at: NDArray, width: float) -> NDArray:
    """Return 1 on lines where the (N,) positions pass a whole number, 0 elsewhere, softly."""
    away = np.abs(at - np.rint(at))
    return np.clip(1.5 - away / width, 0, 1)


def _grout(u: NDArray, v: NDArray, columns: int, rows: int, width: float,
           shift: float = 0.0) -> NDArray:
    """Return 1 on the joints of a grid, each row shifted against the one before, 0 elsewhere."""
    across = u * columns + shift * np.floor(v * rows)
    return np.maximum(_seam(across, width * columns), _seam(v * rows, width * rows))


def _jigsaw(random: np.random.Generator) -> NDArray:
    """One foam tile whose rims interlock with its neighbors' like a jigsaw puzzle."""
    v, u = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    teeth, depth = int(random.integers(4, 9)), random.uniform(0.025, 0.05)
    wave = np.tanh(random.uniform(2, 8) * np.sin(2 * np.pi * teeth * v)) * depth
    other = np.tanh(random.uniform(2, 8) * np.sin(2 * np.pi * teeth * u)) * depth
    width = random.uniform(0.003, 0.008)
    seam = np.maximum(_seam_of(u - wave, width), _seam_of(v - other, width))
    return -seam


def _seam_of(field: NDArray, width: float) -> NDArray:
    """Return 1 along the line where a (SIZE, SIZE) field passes zero or one, width tiles wide."""
    near = field - np.rint(field)
    slope = np.hypot(*(np.roll(near, 1, i) - np.roll(near, -1, i) for i in (0, 1))) * SIZE / 2
    near = np.abs(near) / np.clip(slope, 1.0, 40.0)
    return np.clip(1.5 - near / width, 0, 1)


def _planks(random: np.random.Generator) -> NDArray:
    """Wooden boards along x: each its own shade and grain, with dark joints."""
    rows = int(random.integers(4, 9))
    row_of = (np.arange(SIZE) * rows // SIZE)
    field = np.zeros((SIZE, SIZE))
    grain = noise(random, 4, 250, 0.8, 16)
    u = np.arange(SIZE) / SIZE
    joint = random.uniform(0.002, 0.006)
    for row in range(rows):
        lines = row_of == row
        ends = np.sort(random.uniform(0, 1, int(random.integers(1, 4))))
        board = np.searchsorted(ends, u) % len(ends)
        shade = random.normal(0, 0.45, len(ends))
        shifted = np.roll(grain, int(random.integers(SIZE)), 1)
        field[lines] = (shade[board] + 0.3 * shifted[lines])
        for end in ends:
            field[lines] -= 1.5 * np.clip(1.5 - np.abs(u - end) / joint, 0, 1)
    v = np.arange(SIZE) / SIZE * rows
    return field - 1.5 * _seam(v, joint * rows)[:, None]


def _tiles(random: np.random.Generator) -> NDArray:
    """Square or oblong tiles with light or dark joints and small differences of shade."""
    across, along = int(random.integers(2, 5)), int(random.integers(2, 5))
    v, u = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    shade = random.normal(0, random.uniform(0.05, 0.4), (along, across))
    field = shade[(v * along).astype(int) % along, (u * across).astype(int) % across]
    width = random.uniform(0.003, 0.012)
    joint = _grout(u, v, across, along, width)
    return field + joint * random.choice([-1.2, 1.2]) + 0.15 * noise(random, 2, 60, 1.0)


def _joints(random: np.random.Generator) -> NDArray:
    """Joints, 1 on them, of even tiles or bricks, in rows one above the other or shifted."""
    rows, columns = ((1, 1), (2, 1), (2, 2), (4, 2))[int(random.integers(4))]
    shift = random.choice([0, 0, 0.5]) if rows % 2 == 0 else 0.0
    v, u = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    width = log_uniform(random, 0.004, 0.025)
    return _grout(u, v, columns, rows, width, shift) + 0.08 * noise(random, 2, 60, 1.0)


def _stripes(random: np.random.Generator) -> NDArray:
    """Bands of woven or printed cloth along y: some even, some of any width, each its shade."""
    u = np.arange(SIZE) / SIZE
    if random.random() < 0.4:
        count = int(random.integers(3, 12))
        field = np.sign(np.cos(2 * np.pi * count * u) - random.uniform(-0.8, 0.8))
    else:
        ends = np.sort(random.uniform(0, 1, int(random.integers(3, 16))))
        field = random.uniform(-1, 1, len(ends))[np.searchsorted(ends, u) % len(ends)]
    return np.tile(field, (SIZE, 1)) + 0.1 * noise(random, 2, 60, 1.0)


def _checker(random: np.random.Generator) -> NDArray:
    """Squares of two shades."""
    count = 2 * int(random.integers(1, 3))
    v, u = np.mgrid[0:SIZE, 0:SIZE] * count // SIZE
    return ((u + v) % 2 - 0.5) * 1.6 + 0.1 * noise(random, 2, 60, 1.0)


def _cracks(random: np.random.Generator) -> NDArray:
    """Thin wandering lines, dark, few."""
    first, second = noise(random, 1, 40, 1.7), noise(random, 1, 40, 1.7)
    lines = np.clip(1.3 - np.abs(first) / 0.012, 0, 1) * (second > random.uniform(0.0, 0.7))
    return -lines


def _stains(random: np.random.Generator) -> NDArray:
    """Blots and spills with soft and hard rims."""
    field = noise(random, 2, 60, 1.6)
    level = random.uniform(0.8, 1.6)
    return np.tanh(np.maximum(field - level, 0) * random.uniform(2, 12)) * random.choice([-1, 1])


def _scratches(random: np.random.Generator) -> NDArray:
    """Scuffs and scratches, mostly light."""
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    for _ in range(int(random.integers(10, 60))):
        start = random.uniform(0, SIZE, 2)
        angle, length = random.uniform(0, 2 * np.pi), random.uniform(8, 120)
        end = start + length * np.array([np.cos(angle), np.sin(angle)])
        cv2.line(canvas, tuple(map(int, start)), tuple(map(int, end)),
                 int(random.integers(60, 255)), 1, cv2.LINE_AA)
    return canvas / 255.0


def _print(random: np.random.Generator) -> NDArray:
    """Printed shapes: blocks, discs and letters, as on play mats and banners."""
    canvas = np.full((SIZE, SIZE), 128, np.uint8)
    for _ in range(int(random.integers(14, 45))):
        x, y = (int(c) for c in random.integers(0, SIZE, 2))
        shade = int(random.integers(20, 236))
        kind, size = random.random(), int(random.integers(10, 110))
        if kind < 0.4:
            cv2.rectangle(canvas, (x, y), (x + size, y + int(size * random.uniform(.2, 2))),
                          shade, -1)
        elif kind < 0.6:
            cv2.circle(canvas, (x, y), size // 2, shade, -1, cv2.LINE_AA)
        else:
            text = ''.join(random.choice(list('ABCDEFGHKLMNRST0123456789'), 4))
            cv2.putText(canvas, text, (x, y), int(random.integers(0, 5)), size / 40,
                        shade, max(1, size // 14), cv2.LINE_AA)
    return canvas / 128.0 - 1


KINDS = {'checker': _checker, 'cloud': _cloud, 'cracks': _cracks, 'fiber': _fiber,
         'grain': _grain, 'hatch': _hatch, 'jigsaw': _jigsaw, 'joints': _joints, 'planks': _planks,
         'print': _print, 'scratches': _scratches, 'speckle': _speckle, 'stains': _stains,
         'stripes': _stripes, 'tiles': _tiles, 'weave': _weave}


class Points:
    """Points of a surface, one for each pixel of a part of a picture."""

    def __init__(self, x: NDArray[np.float32], y: NDArray[np.float32],
                 footprint: NDArray[np.float32]) -> None:
        """
        Take (H, W) places on the surface in metres, and the metres there that a pixel spans.

        Sampling is quick where neighbors in rows and columns have like footprints.
        """
        self.x, self.y = x, y
        self.level = np.log2(footprint * np.float32(SIZE)) - np.float32(0.35)
        self.low, self.high = self.level.min(1), self.level.max(1)      # of each row
        self.left, self.right = self.level.min(0), self.level.max(0)    # of each column

    def sample(self, kind: str, variant: int, scale: float, angle: float,
               shift: tuple[float, float]) -> NDArray[np.float32]:
        """
        Return the (H, W) values of a texture laid on the surface, smoothed to the footprints.

        :param scale: metres that one tile spans.
        :param angle: by which the tile is turned, radians.
        :param shift: of the tile, in tiles.
        """
        levels = pyramid(kind, variant)
        cosine, sine = np.float32(np.cos(angle) / scale), np.float32(np.sin(angle) / scale)
        u = self.x * cosine
        u += self.y * sine
        u += np.float32(shift[0])
        v = self.y * cosine
        v -= self.x * sine
        v += np.float32(shift[1])
        u -= np.floor(u)
        v -= np.floor(v)
        result = np.zeros(self.x.shape, np.float32)
        zoom = np.float32(np.log2(scale))
        for number, tile in enumerate(levels):
            # Neighboring levels are blended over the middle 0.4 of the way between them.
            low = -np.inf if number == 0 else number - 0.7
            rows = np.flatnonzero((self.high - zoom > low) & (self.low - zoom < number + 0.7))
            columns = np.flatnonzero((self.right - zoom > low) & (self.left - zoom < number + 0.7))
            if rows.size == 0 or columns.size == 0:
                continue
            part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
            weight = self.level[part] - (zoom + np.float32(number))
            if number == 0:
                np.maximum(weight, 0, out=weight)
            np.abs(weight, out=weight)
            weight *= np.float32(-2.5)
            weight += np.float32(1.75)
            np.clip(weight, 0, 1, out=weight)
            size, half = np.float32(tile.shape[0]), np.float32(-0.5)
            map_u, map_v = u[part] * size, v[part] * size
            map_u += half
            map_v += half
            weight *= cv2.remap(tile, map_u, map_v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
            result[part] += weight
        return result

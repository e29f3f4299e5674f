# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Pictures of walls and what stands before them: shelves, doors, windows, tables, chairs, people.

A mural is drawn once per variant and kept. Its values are radiances for a wall under unit light,
packed as uint8 square roots, so that windows and lamps can be far brighter than paper.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1024, 384     # texels of a mural
SPAN, RISE = 8.0, 3.0         # metres that it covers, along the wall and upwards
PEAK = 8.0                    # greatest radiance
MURALS = 30                   # of rooms
OUTDOORS = 10                 # of landscapes, numbered from MURALS on
PER_METRE = WIDTH / SPAN


@lru_cache(maxsize=MURALS + OUTDOORS)
def mural(variant: int) -> tuple[NDArray[np.uint8], ...]:
    """Return a wall's picture, (HEIGHT, WIDTH, 3), and its halvings; row 0 is at the floor."""
    random = np.random.default_rng([4242, variant])
    canvas = _Canvas(random)
    if variant >= MURALS:
        canvas.landscape()
        return _packed(canvas.pixels)
    canvas.wall()
    density = random.choice([0.3, 1.0, 1.8])
    makers = [canvas.shelf, canvas.door, canvas.window, canvas.poster, canvas.table, canvas.chair,
              canvas.person, canvas.radiator, canvas.boxes, canvas.pipe, canvas.curtain,
              canvas.lamp, canvas.letters, canvas.cabinet]
    weights = random.dirichlet(np.full(len(makers), 0.6))
    for number in random.choice(len(makers), int(14 * density), p=weights):
        makers[number]()
    return _packed(canvas.pixels)


def _packed(pixels: NDArray[np.float32]) -> tuple[NDArray[np.uint8], ...]:
    """Return radiances as uint8 square roots, and their halvings."""
    picture = np.sqrt(pixels.clip(0, PEAK) / PEAK) * 255
    levels = [np.rint(picture).astype(np.uint8)]
    while min(levels[-1].shape[:2]) > 12:
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return tuple(levels)


class _Canvas:
    """Draws the things of one mural, in metres along the wall and above the floor."""

    def __init__(self, random: np.random.Generator) -> None:
        """Start with an empty wall."""
        self.random = random
        self.pixels = np.zeros((HEIGHT, WIDTH, 3), np.float32)

    def wall(self) -> None:
        """Paint the wall, its skirting board, and stains of light."""
        random = self.random
        shade = self.paint(0.1, 0.85)
        if random.random() < 0.25:
            shade = self.paint(0.02, 0.1)
        self.pixels[:] = shade
        if random.random() < 0.3:  # the upper part in another color
            self.pixels[int(random.uniform(0.6, 1.6) * PER_METRE):] = self.paint(0.1, 0.85)
        rows = np.linspace(random.uniform(0.5, 1.0), 1.0, HEIGHT)[:, None, None]
        self.pixels *= rows.astype(np.float32)
        if random.random() < 0.3:  # panels or bricks
            step = int(random.uniform(0.1, 1.2) * PER_METRE)
            for u in range(0, WIDTH, step):
                self.pixels[:, u:u + 1] *= 0.6
            if random.random() < 0.5:
                for v in range(0, HEIGHT, max(4, step // 2)):
                    self.pixels[v:v + 1] *= 0.6
        if random.random() < 0.7:
            high = random.uniform(0.04, 0.16)
            self.box(0, SPAN, 0, high, self.paint(0.02, 0.9))
            self.box(0, SPAN, high, high + 0.012, self.paint(0.02, 0.3))

    def landscape(self) -> None:
        """Paint sky, hills, hedges and houses, as outdoors and in simulators."""
        random = self.random
        low = np.exp(random.uniform(np.log(0.4), np.log(3.0)))
        zenith = np.array([random.uniform(0.8, 1.4), 0.9, random.uniform(0.5, 0.9)]) * low
        up = np.linspace(0, 1, HEIGHT)[:, None, None] ** 0.6
        haze = np.full(3, low * random.uniform(0.8, 1.6))
        self.pixels[:] = haze + up * (zenith - haze)
        u = np.arange(WIDTH) * 2 * np.pi / WIDTH
        for depth in range(int(random.integers(0, 4))):
            ridge = sum(random.normal(0, 1 / k) * np.cos(k * u + random.uniform(0, 7))
                        for k in range(1, 9 + 20 * (depth % 2)))
            high = (random.uniform(0.1, 0.9) * (1 + 0.4 * ridge)).clip(0, 2.5)
            green = np.array([random.uniform(0.1, 0.9), 1.0, random.uniform(0.4, 1.1)])
            color = green * random.uniform(0.03, 0.5)
            below = np.arange(HEIGHT)[:, None] < (high * PER_METRE)[None]
            self.pixels[below] = color
        for _ in range(int(random.integers(0, 12))):
            width, at = random.uniform(0.02, 0.8), random.uniform(0, SPAN)
            self.box(at, at + width, 0, random.uniform(0.1, 1.2), self.paint(0.02, 0.9))

    def paint(self, low: float, high: float) -> NDArray[np.float32]:
        """Return a random color, mostly dull."""
        bright = np.exp(self.random.uniform(np.log(low), np.log(high)))
        vivid = self.random.uniform(0.4, 1.0) if self.random.random() < 0.3 else 0.08
        tint = np.exp(self.random.normal(0, vivid, 3))
        return (bright * tint / tint.mean()).astype(np.float32).clip(0.005, 0.95)

    def box(self, u0: float, u1: float, v0: float, v1: float, color: NDArray) -> None:
        """Fill a rectangle; it runs on across the seam of the mural."""
        i0, i1 = int(u0 * PER_METRE), max(int(u1 * PER_METRE), int(u0 * PER_METRE) + 1)
        j0, j1 = int(v0 * PER_METRE), max(int(v1 * PER_METRE), int(v0 * PER_METRE) + 1)
        columns = np.arange(i0, i1) % WIDTH
        self.pixels[max(j0, 0):j1, columns] = color

    def place(self, width: float) -> float:
        """Return a random place along the wall."""
        return float(self.random.uniform(0, SPAN - width / 2))

    def shelf(self) -> None:
        """Draw shelves with things on them."""
        random = self.random
        width, height = random.uniform(0.8, 2.5), random.uniform(0.6, 2.2)
        u, frame, inside = self.place(width), self.paint(0.05, 0.9), self.paint(0.02, 0.5)
        self.box(u, u + width, 0.05, height, inside)
        rows, thick = int(random.integers(2, 6)), random.uniform(0.02, 0.05)
        for row in range(rows):
            level = 0.05 + (height - 0.05) * row / rows
            at = u + 0.03
            while at < u + width - 0.1:
                size = random.uniform(0.05, 0.4)
                if random.random() < 0.6:
                    self.box(at, min(at + size, u + width), level,
                             level + random.uniform(0.3, 0.9) * (height - 0.05) / rows,
                             self.paint(0.02, 0.8))
                at += size + 0.02
            self.box(u, u + width, level - thick / 2, level + thick / 2, frame)
        for at in np.linspace(u, u + width, int(random.integers(2, 5))):
            self.box(at, at + thick, 0, height, frame)

    def door(self) -> None:
        """Draw a door in its frame."""
        u = self.place(1.0)
        frame, leaf = self.paint(0.05, 0.9), self.paint(0.03, 0.8)
        self.box(u, u + 1.0, 0, 2.1, frame)
        self.box(u + 0.06, u + 0.94, 0, 2.04, leaf)
        self.box(u + 0.82, u + 0.9, 1.0, 1.03, self.paint(0.2, 0.9))
        if self.random.random() < 0.4:
            self.box(u + 0.25, u + 0.75, 1.2, 1.9, self.paint(0.3, 0.95) * 2)

    def window(self) -> None:
        """Draw a window, brighter than any wall, with bars; it may reach the floor."""
        random = self.random
        width = random.uniform(0.6, 3.0)
        sill = 0.0 if random.random() < 0.35 else random.uniform(0.4, 1.2)
        u, top = self.place(width), random.uniform(1.6, 2.8)
        frame = self.paint(0.02, 0.9)
        glass = np.float32(random.uniform(0.5, 6.0)) * np.array([1.1, 1.0, 0.9], np.float32)
        self.box(u, u + width, sill, top, frame)
        panes = int(random.integers(1, 5))
        for pane in range(panes):
            left = u + 0.05 + pane * width / panes
            for v0, v1 in ((sill + 0.05, (sill + top) / 2), ((sill + top) / 2 + 0.04, top - 0.05)):
                self.box(left, left + width / panes - 0.08, v0, v1,
                         glass * np.float32(random.uniform(0.6, 1.1)))

    def poster(self) -> None:
        """Draw a sheet on the wall, with lines of writing."""
        random = self.random
        width, height = random.uniform(0.2, 1.2), random.uniform(0.2, 1.2)
        u, v = self.place(width), random.uniform(0.3, 1.6)
        self.box(u, u + width, v, v + height, self.paint(0.3, 0.9))
        for row in np.arange(v + 0.05, v + height - 0.05, random.uniform(0.05, 0.2)):
            self.box(u + 0.05, u + width * random.uniform(0.3, 0.95), row, row + 0.02,
                     self.paint(0.02, 0.4))

    def legs(self, u: float, width: float, height: float, thick: float, color: NDArray) -> None:
        """Draw legs at both ends and one more."""
        for at in (u, u + width * self.random.uniform(0.1, 0.9), u + width - thick):
            self.box(at, at + thick, 0, height, color)

    def table(self) -> None:
        """Draw a table with thin legs and dark beneath."""
        random = self.random
        width, height = random.uniform(0.7, 2.0), random.uniform(0.4, 0.8)
        u, color = self.place(width), self.paint(0.02, 0.9)
        if random.random() < 0.6:
            u0, u1 = int(u * PER_METRE), int((u + width) * PER_METRE)
            self.pixels[:int(height * PER_METRE), np.arange(u0, u1) % WIDTH] *= 0.35
        self.legs(u, width, height, random.uniform(0.02, 0.06), self.paint(0.02, 0.9))
        self.box(u - 0.05, u + width + 0.05, height, height + 0.04, color)
        for _ in range(int(random.integers(0, 4))):
            at, size = u + random.uniform(0, width), random.uniform(0.1, 0.5)
            self.box(at, at + size, height + 0.04, height + 0.04 + size * 0.7,
                     self.paint(0.02, 0.6))

    def chair(self) -> None:
        """Draw a chair: seat, back, thin bright or dark legs, a wheeled foot at times."""
        random = self.random
        u, color, seat = self.place(0.5), self.paint(0.02, 0.8), random.uniform(0.35, 0.5)
        metal = self.paint(0.05, 0.9)
        if random.random() < 0.5:
            self.legs(u, 0.42, seat, 0.025, metal)
        else:
            self.box(u + 0.2, u + 0.24, 0.08, seat, metal)
            self.box(u, u + 0.44, 0.04, 0.08, metal)
        self.box(u, u + 0.45, seat, seat + 0.07, color)
        self.box(u + 0.03, u + 0.42, seat + 0.2, seat + 0.55, color)

    def person(self) -> None:
        """Draw somebody standing or sitting."""
        random = self.random
        u, scale = self.place(0.5), random.uniform(0.85, 1.1)
        trousers, shirt, skin = self.paint(0.02, 0.4), self.paint(0.02, 0.8), self.paint(0.2, 0.5)
        for side in (0.0, 0.2):
            self.box(u + side, u + side + 0.15, 0.08, 0.85 * scale, trousers)
            self.box(u + side - 0.03, u + side + 0.17, 0, 0.09, self.paint(0.02, 0.9))
        self.box(u - 0.05, u + 0.4, 0.8 * scale, 1.45 * scale, shirt)
        center = (int((u + 0.18) * PER_METRE), int(1.6 * scale * PER_METRE))
        cv2.circle(self.pixels, center, int(0.12 * PER_METRE), tuple(float(c) for c in skin), -1)

    def radiator(self) -> None:
        """Draw a ribbed radiator."""
        random = self.random
        width = random.uniform(0.5, 1.8)
        u, color = self.place(width), self.paint(0.3, 0.9)
        for at in np.arange(u, u + width, 0.06):
            self.box(at, at + 0.04, 0.1, 0.65, color * np.float32(random.uniform(0.8, 1.0)))

    def boxes(self) -> None:
        """Draw a heap of boxes and bags on the floor."""
        random = self.random
        u = self.place(1.5)
        for _ in range(int(random.integers(2, 7))):
            width, height = random.uniform(0.15, 0.6), random.uniform(0.1, 0.6)
            color = self.paint(0.03, 0.8)
            if random.random() < 0.4:
                color = np.array([0.15, 0.3, 0.45], np.float32) * random.uniform(0.5, 1.3)
            at = u + random.uniform(0, 1.2)
            self.box(at, at + width, 0, height, color.astype(np.float32))
            self.box(at, at + width, height * 0.8, height * 0.83, color * np.float32(0.6))

    def pipe(self) -> None:
        """Draw a rail, pipe or cable duct along the wall, or a post."""
        random = self.random
        color, thick = self.paint(0.03, 0.9), random.uniform(0.015, 0.08)
        if random.random() < 0.5:
            v = random.uniform(0.0, 1.2)
            u = self.place(3.0)
            self.box(u, u + random.uniform(0.8, 6), v, v + thick, color)
        else:
            u = self.place(0.1)
            self.box(u, u + thick, 0, random.uniform(0.5, 3), color)

    def curtain(self) -> None:
        """Draw a curtain or a banner that reaches down to the floor."""
        random = self.random
        width, color = random.uniform(0.5, 2.5), self.paint(0.03, 0.8)
        u = self.place(width)
        for at in np.arange(u, u + width, 0.08):
            shade = np.float32(random.uniform(0.6, 1.0))
            self.box(at, at + 0.08, random.choice([0.0, 0.1]), 2.6, color * shade)

    def lamp(self) -> None:
        """Draw a light: a spot, a tube, a screen or a lit sign; some hang low."""
        random = self.random
        v = random.uniform(0.2, 2.9)
        glow = np.float32(random.uniform(1.5, 8.0)) * np.exp(random.normal(0, 0.2, 3))
        glow = glow.astype(np.float32)
        width = random.choice([0.06, 0.15, 0.5, 1.3])
        u = self.place(width)
        self.box(u, u + width, v, v + random.uniform(0.04, 0.2), glow)

    def letters(self) -> None:
        """Draw large writing on the wall."""
        random = self.random
        text = ''.join(random.choice(list('ABCDEFGHIKLMNOPRSTUVWXYZ0123456789'), 7))
        patch = np.zeros((96, 512, 3), np.uint8)
        cv2.putText(patch, text, (8, 74), int(random.integers(0, 5)), 2.2, (1, 1, 1), 8)
        patch = patch[::-1].astype(np.float32)
        u, v = int(random.integers(0, WIDTH - 512)), int(random.integers(60, HEIGHT - 100))
        part = self.pixels[v:v + 96, u:u + 512]
        part += patch * (self.paint(0.02, 0.9) - part)

    def cabinet(self) -> None:
        """Draw a low cabinet or a machine with drawers."""
        random = self.random
        width, height = random.uniform(0.4, 1.6), random.uniform(0.3, 1.3)
        u, color = self.place(width), self.paint(0.03, 0.9)
        self.box(u, u + width, 0.03, height, color)
        rows = int(random.integers(1, 5))
        for row in range(rows):
            level = height * (row + 0.8) / rows
            self.box(u + 0.02, u + width - 0.02, level, level + 0.012, color * np.float32(0.4))

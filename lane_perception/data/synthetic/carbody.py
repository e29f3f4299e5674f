# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Parts of the car itself that stand in the picture: bumper, wheels, cables, a mast, a rim."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.painter import Painter


@dataclass(frozen=True)
class Part:
    """A shape fixed before the camera."""

    outline: NDArray[np.float64]        # (N, 2) share of the image's width and height
    color: tuple[float, float, float]   # radiance: blue, green, red
    softness: float                     # sigma of its rim, it is out of focus; pixels at 640 wide


def draw_parts(random: np.random.Generator) -> tuple[Part, ...]:
    """Return what of the car is in view; mostly nothing."""
    if random.random() > 0.22:
        return ()
    parts = []
    dark = tuple(float(c) for c in np.exp(random.uniform(np.log(0.01), np.log(0.5)))
                 * np.exp(random.normal(0, 0.3, 3)))
    softness = float(random.uniform(0.3, 5.0))
    kind = random.random()
    if kind < 0.45:  # bumper or bonnet
        u = np.linspace(-0.05, 1.05, 41)
        high, width = random.uniform(0.02, 0.16), random.uniform(0.3, 1.3)
        bow = high * np.clip(1 - np.abs((u - random.uniform(0.4, 0.6)) / (width / 2))
                             ** random.uniform(2, 8), 0, 1)
        parts.append(Part(np.concatenate((np.column_stack((u, 1.0 - bow)),
                                          [[1.05, 1.1], [-0.05, 1.1]])), dark, softness))
    elif kind < 0.7:  # wheels
        for side in ((0, 1) if random.random() < 0.6 else (int(random.integers(2)),)):
            angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            wide, high = random.uniform(0.05, 0.16), random.uniform(0.06, 0.3)
            parts.append(Part(np.column_stack((side + wide * np.cos(angle),
                                               1.02 + high * np.sin(angle))), dark, softness))
    elif kind < 0.85:  # a mast, a cable or a sensor's edge
        at, lean, thick = random.uniform(0, 1), random.normal(0, 0.2), random.uniform(.004, .03)
        end = random.uniform(0.5, 0.95)
        parts.append(Part(np.array([[at, 1.05], [at + lean, end], [at + lean + thick, end],
                                    [at + thick, 1.05]]), dark, softness))
    else:  # the rim of a lens hood
        angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        reach = random.uniform(0.5, 0.62)
        rim = np.column_stack((0.5 + reach * np.cos(angle), 0.5 + reach * np.sin(angle)))
        for quarter in range(4):
            corner = np.array([[1, 1], [0, 1], [0, 0], [1, 0]])[quarter] * 1.6 - 0.3
            arc = rim[quarter * 12:quarter * 12 + 13]
            if quarter == 3:
                arc = np.concatenate((rim[36:], rim[:1]))
            parts.append(Part(np.concatenate((arc, [corner])), (0.002, 0.002, 0.002), softness))
    return tuple(parts)


def mount_parts(parts: tuple[Part, ...], painter: Painter, radiance: NDArray[np.float32],
                coverage: NDArray[np.float32]) -> None:
    """Draw parts before a picture, and hide the markings behind them, in place."""
    height, width = painter.size
    for part in parts:
        painter.clear()
        painter.image_polygon(part.outline * (width, height) - 0.5)
        share = painter.coverage()
        sigma = part.softness * width / 640
        if sigma > 0.3:
            share = cv2.GaussianBlur(share, (0, 0), sigma)
        radiance += share[..., None] * (np.array(part.color, np.float32) - radiance)
        coverage *= 1 - share

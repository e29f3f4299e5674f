# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What may be pinned about the synthetic world, and the random streams that draw the rest."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

TEST_SEEDS = 1_000_000  # training never draws a seed from here on

FLOORS = ('foam', 'wood', 'carpet', 'concrete', 'linoleum', 'asphalt', 'tile', 'mat', 'plain')
COLORS = ('white', 'yellow', 'orange', 'blue', 'red', 'green', 'black')


@dataclass(frozen=True)
class WorldSettings:
    """Pins single factors of the world; every factor left at None is drawn at random."""

    size: tuple[int, int] | None = None       # image width and height, pixels
    floor: str | None = None                  # one of FLOORS
    floor_brightness: float | None = None     # reflectance of the floor, 0.01 to 0.9
    tape_color: str | None = None             # one of COLORS, for all tape in the picture
    tape_width: float | None = None           # metres, 0.01 to 0.05
    lane_width: float | None = None           # metres, 0.2 to 0.8
    min_radius: float | None = None           # tightest bend of the road's middle, metres
    camera_height: float | None = None        # metres, 0.06 to 0.40
    pitch: float | None = None                # degrees downwards, 0 to 45
    fov: float | None = None                  # horizontal field of view, degrees, 50 to 170
    lens: str | None = None                   # 'plumb_bob' or 'equidistant'
    exposure: float | None = None             # mean grey level aimed at, 3 to 200
    glare: float | None = None                # 0 none to 1 strong
    blur: float | None = None                 # defocus (sigma) and motion, pixels at 640 wide
    noise: float | None = None                # 0 none to 1 strong
    cast: float | None = None                 # white balance error, 0 none to 1 far off
    clutter: float | None = None              # things that are no markings, 0 none to 1 many
    resolution: int | None = None             # width of the sensor, pixels, 160 to 1280


class Streams:
    """Independent random streams by name, so that pinning one factor leaves the others alone."""

    def __init__(self, seed: int, index: int) -> None:
        """Take the world's seed and the sample's number in it."""
        self.root = (int(seed), int(index))

    def __getitem__(self, name: str) -> np.random.Generator:
        """Return the generator of that name, always from its beginning."""
        return np.random.default_rng([*self.root, crc32(name.encode())])


def pick(random: np.random.Generator, table: dict):
    """Return one key of a {choice: weight} table."""
    weights = np.array(list(table.values()), float)
    return list(table)[int(random.choice(len(weights), p=weights / weights.sum()))]


def log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    """Return a number between low and high whose logarithm is uniform."""
    return float(np.exp(random.uniform(np.log(low), np.log(high))))

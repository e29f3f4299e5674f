# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What may be pinned about the synthetic world, and the random streams that draw the rest."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import fields
from difflib import get_close_matches
from typing import Any
from typing import Sequence
from zlib import crc32

import numpy as np

from lane_perception.errors import UserError

TEST_SEEDS = 1_000_000  # training never draws a seed from here on
WORLD_VERSION = 3       # to be raised with every change of the picture that a seed and index draw

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


# Least and greatest value of each factor that is a number; for the size, of both its numbers.
RANGES = {'size': (32, 1920), 'floor_brightness': (0.005, 0.9), 'tape_width': (0.005, 0.1),
          'lane_width': (0.1, 1.5), 'min_radius': (0.3, 10.0), 'camera_height': (0.03, 1.0),
          'pitch': (-10.0, 80.0), 'fov': (30.0, 178.0), 'exposure': (1.0, 250.0),
          'glare': (0.0, 1.0), 'blur': (0.0, 10.0), 'noise': (0.0, 1.0), 'cast': (0.0, 1.0),
          'clutter': (0.0, 1.0), 'resolution': (32, 1920)}
CHOICES = {'floor': FLOORS, 'tape_color': COLORS, 'lens': ('plumb_bob', 'equidistant')}


def pin(pairs: Sequence[str]) -> WorldSettings:
    """
    Return settings from ``key=value`` texts; a size is written 640x480.

    :raises UserError: for an unknown key (naming the nearest), a value that is none of the key's
        choices, no number, or out of its range.
    """
    known = [one.name for one in fields(WorldSettings)]
    values = {}
    for pair in pairs:
        key, equals, text = pair.partition('=')
        if not equals:
            raise UserError(f'{pair} should be written KEY=VALUE')
        if key not in known:
            near = get_close_matches(key, known, 1, 0.0)[0]
            raise UserError(f'the world has no factor {key}; the nearest is {near}')
        values[key] = _value(key, text)
    settings = WorldSettings(**values)
    if settings.lens == 'plumb_bob' and (settings.fov or 0) > 140:
        raise UserError(f'fov={settings.fov:g} is too wide for lens=plumb_bob; use '
                        'lens=equidistant or at most 140 degrees')
    return settings


def _value(key: str, text: str) -> Any:
    """Return a factor's value from its text."""
    if key in CHOICES:
        if text not in CHOICES[key]:
            raise UserError(f'{key}={text} is none of {", ".join(CHOICES[key])}')
        return text
    low, high = RANGES[key]
    whole = key in ('size', 'resolution')
    try:
        numbers = [int(part) if whole else float(part)
                   for part in (text.split('x') if key == 'size' else [text])]
    except ValueError:
        numbers = []
    if len(numbers) != (2 if key == 'size' else 1):
        form = 'WIDTHxHEIGHT' if key == 'size' else 'a whole number' if whole else 'a number'
        raise UserError(f'{key}={text} should be {form}')
    if not all(low <= number <= high for number in numbers):
        raise UserError(f'{key}={text} is out of range: {low:g} to {high:g}')
    return tuple(numbers) if key == 'size' else numbers[0]


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

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Choose the frames of a recording that are worth labeling.

The most uncertain first, but none near in time to one that is chosen already, nor like one: a
hundred pictures of the one bend that the model dislikes teach less than ten of it and ninety
others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.near_duplicates import ALIKE
from lane_perception.data.near_duplicates import distances

CANDIDATES = 8     # looked at by the model for each frame that is wanted
SMALLEST = 5e-4    # of the picture: markings that the measure of doubt takes for granted


@dataclass(frozen=True)
class Candidate:
    """A frame that the model has looked at."""

    number: int
    time: float                 # seconds
    hash: NDArray[np.bool_]     # of near_duplicates.perceptual_hash
    doubt: float                # of the function of that name


def doubt(probability: NDArray[np.float32]) -> float:
    """
    Return how unsure a model is: the pixels that it expects to get wrong, per marking pixel.

    :param probability: (h, w), 0 to 1.
    """
    wrong = float(np.minimum(probability, 1 - probability).mean())
    return wrong / (float(probability.mean()) + SMALLEST)


def spread_over_time(times: Sequence[float], count: int) -> list[int]:
    """Return the numbers of up to count frames, evenly spaced in time."""
    order = np.argsort(times, kind='stable')
    if len(order) <= count:
        return sorted(int(number) for number in order)
    ordered = np.asarray(times, float)[order]
    places = np.linspace(ordered[0], ordered[-1], count)
    near = np.searchsorted(ordered, places).clip(1, len(ordered) - 1)
    near -= places - ordered[near - 1] < ordered[near] - places
    return sorted({int(number) for number in order[near]})


def choose(candidates: Sequence[Candidate], count: int) -> list[Candidate]:
    """
    Return up to count candidates, the most uncertain first.

    Time is divided into count parts, of which each gives its most uncertain frame; the most
    uncertain of all others fill up where a part has none. Frames lie at least a quarter of a part
    from one another, and none is a near-duplicate of another, so there may be fewer.
    """
    if not candidates:
        return []
    ranked = sorted(candidates, key=lambda one: (-one.doubt, one.number))
    hashes = np.array([one.hash for one in ranked])
    times = np.array([one.time for one in ranked])
    part = max(float(np.ptp(times)) / count, 1e-9)
    parts = np.minimum((times - times.min()) // part, count - 1)
    taken: list[int] = []
    for each_part_once in (True, False):
        for number in range(len(ranked)):
            if len(taken) == count:
                break
            if taken and (number in taken
                          or np.abs(times[taken] - times[number]).min() < part / 4
                          or (each_part_once and parts[number] in parts[taken])
                          or distances(hashes[[number]], hashes[taken]).min() <= ALIKE):
                continue
            taken.append(number)
    return [ranked[number] for number in sorted(taken)]

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Time several subjects in turns, so that what else the machine does meets all of them alike.

One round calls every subject once, in an order that is drawn anew for each round. A median over
the rounds forgives a burst of other work; a ratio of two medians of the same rounds forgives a
machine that is busy all the time.
"""

from __future__ import annotations

import random
from time import perf_counter
from typing import Callable
from typing import Mapping
from typing import Sequence

import numpy as np

WARM_UP = 3       # calls of each subject before the first round
SEED = 0          # of the order of the calls within a round


def interleave(
    subjects: Mapping[str, Callable[[], object]], rounds: int, budget_s: float = 60.0,
) -> dict[str, list[float]]:
    """
    Call every subject once a round and return how long each call took.

    :param subjects: name -> what to time.
    :param rounds: at most; at least 3 are done, then as many as fit into the budget.
    :param budget_s: seconds for the rounds, warm-up not counted.
    :returns: name -> seconds, one a round.
    """
    for subject in subjects.values():
        for _ in range(WARM_UP):
            subject()
    times: dict[str, list[float]] = {name: [] for name in subjects}
    order = list(subjects)
    shuffle = random.Random(SEED).shuffle
    start = perf_counter()
    for number in range(rounds):
        if number >= 3 and perf_counter() - start > budget_s:
            break
        shuffle(order)
        for name in order:
            before = perf_counter()
            subjects[name]()
            times[name].append(perf_counter() - before)
    return times


def milliseconds(seconds: Sequence[float]) -> dict[str, float | int]:
    """Return {'p50', 'p90', 'p99'} in milliseconds and 'calls', their number."""
    values = np.asarray(seconds) * 1e3
    result: dict[str, float | int] = {
        f'p{q}': round(float(np.percentile(values, q)), 4) for q in (50, 90, 99)}
    result['calls'] = len(values)
    return result

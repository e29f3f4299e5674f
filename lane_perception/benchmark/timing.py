# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Time several subjects in turns, so that what else the machine does meets all of them alike.

One round gives every subject its turn, in an order that is drawn anew for each round. A median
over the rounds forgives a burst of other work; a ratio of two medians of the same rounds forgives
a machine that is busy all the time.
"""

from __future__ import annotations

import random
import time
from time import perf_counter
from typing import Callable
from typing import Mapping
from typing import Sequence

import numpy as np

from lane_perception.evaluation.percentiles import percentiles

SEED = 0            # of the order of the turns within a round
WARM_UP_S = 0.2     # of calls of each subject before the first round; at least two calls
TURN_S = 0.05       # a quick subject is called again and again for so long in its turn
CALLS = 10          # but not more often
PAUSE_S = 0.005     # between turns: the threads of a runtime spin on for a while when it is done
LEAST_ROUNDS = 3


def interleave(
    subjects: Mapping[str, Callable[[], object]], rounds: int, budget_s: float = 60.0,
) -> dict[str, list[float]]:
    """
    Give every subject a turn in each round and return how long its calls took.

    :param subjects: name -> what to time.
    :param rounds: at most; at least 3 are done, then as many as fit into the budget.
    :param budget_s: seconds for the rounds, warm-up not counted.
    :returns: name -> seconds of each call.
    """
    calls = {name: _warm_up(subject) for name, subject in subjects.items()}
    times: dict[str, list[float]] = {name: [] for name in subjects}
    order = list(subjects)
    shuffle = random.Random(SEED).shuffle
    start = perf_counter()
    for number in range(rounds):
        if number >= LEAST_ROUNDS and perf_counter() - start > budget_s:
            break
        shuffle(order)
        for name in order:
            time.sleep(PAUSE_S)
            subject = subjects[name]
            for _ in range(calls[name]):
                before = perf_counter()
                subject()
                times[name].append(perf_counter() - before)
    return times


def _warm_up(subject: Callable[[], object]) -> int:
    """Call a subject until its caches are warm; return how many calls make a turn."""
    start, quickest, done = perf_counter(), float('inf'), 0
    while done < 2 or perf_counter() - start < WARM_UP_S:
        before = perf_counter()
        subject()
        quickest = min(quickest, perf_counter() - before)
        done += 1
    return max(1, min(CALLS, int(TURN_S / max(quickest, 1e-9))))


def milliseconds(seconds: Sequence[float]) -> dict[str, float | int]:
    """Return {'p50', 'p90', 'p99'} in milliseconds and 'calls', their number."""
    return {**percentiles(np.asarray(seconds) * 1e3, 4), 'calls': len(seconds)}

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Count values by their size, so that the quantiles of several sets together can be told."""

from __future__ import annotations

import math
from collections import Counter
from typing import Iterable
from typing import Sequence

import numpy as np

STEP = 1.02       # between the values that are told apart: a quantile is off by 1 % at most
SMALLEST = 0.1    # milliseconds or pixels; what is smaller counts as this


def histogram(values: Iterable[float]) -> dict[str, int]:
    """Return how many values, 0 or more, lie around each power of STEP, by its exponent."""
    return dict(Counter(str(round(math.log(max(value, SMALLEST), STEP))) for value in values))


def quantiles(histograms: Sequence[dict[str, int]], shares: Sequence[int]) -> list[float]:
    """
    Return values that so many of a hundred do not exceed.

    :param histograms: one or more, each of :func:`histogram`, with a value in one of them.
    """
    counts: Counter[int] = Counter()
    for one in histograms:
        counts.update({int(exponent): count for exponent, count in one.items()})
    exponents = sorted(counts)
    reached = np.cumsum([counts[exponent] for exponent in exponents])
    places = np.searchsorted(reached, np.array(shares) / 100 * reached[-1])
    return [STEP ** exponents[place] for place in places]

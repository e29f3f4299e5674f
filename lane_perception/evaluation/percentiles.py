# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Percentiles of what was measured, of one set of values and of several sets together."""

from __future__ import annotations

import math
from collections import Counter
from typing import Iterable
from typing import Sequence

import numpy as np

SHARES = (50, 90, 99)
STEP = 1.02       # between the values that a histogram tells apart: exact to 1 %
SMALLEST = 0.1    # milliseconds or pixels; what is smaller counts as this in a histogram


def percentiles(
    values: Sequence[float], decimals: int = 9, shares: Sequence[int] = SHARES,
) -> dict[str, float | None]:
    """Return ``p50``, ``p90``, ``p99`` of values, or what else is asked for; None of nothing."""
    return {f'p{share}': round(float(np.percentile(values, share)), decimals)
            if len(values) else None for share in shares}


def histogram(values: Iterable[float]) -> dict[str, int]:
    """Return how many values, 0 or more, lie around each power of STEP, by its exponent."""
    return dict(Counter(str(round(math.log(max(value, SMALLEST), STEP))) for value in values))


def joint_percentiles(
    histograms: Iterable[dict[str, int]], shares: Sequence[int] = SHARES,
) -> dict[str, float | None]:
    """Return what :func:`percentiles` does, from the histograms of several sets."""
    counts: Counter[int] = Counter()
    for one in histograms:
        counts.update({int(exponent): count for exponent, count in one.items()})
    exponents = sorted(counts)
    reached = np.cumsum([counts[exponent] for exponent in exponents])
    return {f'p{share}': STEP ** exponents[np.searchsorted(reached, share / 100 * reached[-1])]
            if exponents else None for share in shares}

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Count pixels by lane probability, so that every threshold can be scored at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = 200   # thresholds are multiples of 1 / LEVELS
THRESHOLDS = (np.arange(LEVELS + 1) / LEVELS).astype(np.float32)
NEXT = np.append(THRESHOLDS[1:], np.float32(np.inf))


def count_levels(
    probability: NDArray[np.float32], marking: NDArray[np.bool_], judged: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """
    Return how many judged pixels have which probability.

    :param probability: (H, W) float32, 0 to 1. A pixel at exactly a threshold reaches it, as in
        the segmenter, which compares float32.
    :param marking: (H, W), whether the label has a marking there; judged: whether it counts.
    :returns: (2, LEVELS + 1) int64, background first: pixels that reach a threshold, but not the
        next one.
    """
    chosen = probability[judged]
    with np.errstate(invalid='ignore'):   # NaN, which reaches no threshold
        level = np.clip((chosen * np.float32(LEVELS)).astype(np.int64), 0, LEVELS)
    # The product may end one level off, as it is rounded: the thresholds themselves decide.
    level -= chosen < THRESHOLDS[level]
    level += chosen >= NEXT[level]
    key = level + (LEVELS + 1) * marking[judged]
    return np.bincount(key, minlength=2 * (LEVELS + 1)).reshape(2, LEVELS + 1)


def confusions(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """
    Return the confusion matrix at each threshold.

    :param counts: (..., 2, LEVELS + 1) as :func:`count_levels` counts them.
    :returns: (..., LEVELS + 1, 4) as :func:`.metrics.confusion` counts them.
    """
    reaching = np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1]
    below = counts.sum(axis=-1, keepdims=True) - reaching
    return np.stack((reaching[..., 1, :], reaching[..., 0, :],
                     below[..., 1, :], below[..., 0, :]), axis=-1)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The overlap that Dice and Tversky losses count."""

from __future__ import annotations

import torch

SMOOTH = 1.0  # pixels added to both sides of the ratio: an empty batch then scores 1


def tversky_index(
    logits: torch.Tensor, target: torch.Tensor, judged: torch.Tensor,
    false_positive: float, false_negative: float,
) -> torch.Tensor:
    """
    Return the Tversky index over the whole batch, 0 to 1 (Salehi et al. 2017).

    :param false_positive: weight of marking probability on the floor.
    :param false_negative: weight of missed marking; both 0.5 make it the Dice coefficient.

    Counted over the batch, as the scores count over the set, so a picture without markings is
    weighed by its false pixels and not as a whole.
    """
    probability = torch.sigmoid(logits) * judged
    target = target * judged
    hit = (probability * target).sum()
    false = (probability * (1 - target)).sum()
    missed = (target * (1 - probability)).sum()
    return (hit + SMOOTH) / (hit + false_positive * false + false_negative * missed + SMOOTH)

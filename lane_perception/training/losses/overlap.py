# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the losses share: cross-entropy per pixel, and the overlap of Dice and Tversky."""

from __future__ import annotations

import torch
from torch.nn import functional

from lane_perception.training.processes import total

SMOOTH = 1.0  # pixels added to both sides of the ratio: an empty batch then scores 1


def cross_entropy(
    logits: torch.Tensor, target: torch.Tensor, judged: torch.Tensor,
) -> torch.Tensor:
    """Return the mean binary cross-entropy of the judged pixels of the whole batch."""
    each = functional.binary_cross_entropy_with_logits(logits, target, judged, reduction='none')
    return total(each) / total(judged).clamp(min=1.0)


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
    hit = total(probability * target)
    false = total(probability * (1 - target))
    missed = total(target * (1 - probability))
    return (hit + SMOOTH) / (hit + false_positive * false + false_negative * missed + SMOOTH)

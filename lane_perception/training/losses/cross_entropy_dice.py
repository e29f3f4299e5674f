# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Cross-entropy and Dice, one to one: the loss of the reports this package is compared with."""

from __future__ import annotations

import torch
from torch.nn import functional

from lane_perception.training.losses.overlap import tversky_index


def cross_entropy_dice(
    logits: torch.Tensor, target: torch.Tensor, judged: torch.Tensor,
) -> torch.Tensor:
    """Return the loss; see :mod:`lane_perception.training.losses` for the arguments."""
    each = functional.binary_cross_entropy_with_logits(logits, target, judged, reduction='sum')
    cross_entropy = each / judged.sum().clamp(min=1.0)
    return cross_entropy + 1 - tversky_index(logits, target, judged, 0.5, 0.5)

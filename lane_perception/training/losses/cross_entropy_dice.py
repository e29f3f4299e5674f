# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Cross-entropy and Dice, one to one: the loss of the reports this package is compared with."""

from __future__ import annotations

import torch

from lane_perception.training.losses.overlap import cross_entropy
from lane_perception.training.losses.overlap import tversky_index


def cross_entropy_dice(
    logits: torch.Tensor, target: torch.Tensor, judged: torch.Tensor,
) -> torch.Tensor:
    """Return the loss; see :mod:`lane_perception.training.losses` for the arguments."""
    return (cross_entropy(logits, target, judged)
            + 1 - tversky_index(logits, target, judged, 0.5, 0.5))

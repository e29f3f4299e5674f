# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Binary cross-entropy plus Dice: calibrated probabilities, and overlap for the rare class."""

from __future__ import annotations

import torch

from lane_perception.training.losses.overlap import cross_entropy
from lane_perception.training.losses.overlap import tversky_index

BALANCE = 5.0  # of the mean cross-entropy against Dice: few pixels lie near an edge


def bce_dice(logits: torch.Tensor, target: torch.Tensor, judged: torch.Tensor) -> torch.Tensor:
    """Return the loss; see :mod:`lane_perception.training.losses` for the arguments."""
    return (BALANCE * cross_entropy(logits, target, judged)
            + 1 - tversky_index(logits, target, judged, 0.5, 0.5))

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Focal loss (Lin et al. 2017) plus Tversky: for labels where misses cost more than excess."""

from __future__ import annotations

import torch
from torch.nn import functional

from lane_perception.training.losses.overlap import tversky_index
from lane_perception.training.processes import total

GAMMA = 2.0            # how fast well-classified pixels lose weight
BALANCE = 20.0         # of the mean focal loss against Tversky
FALSE_POSITIVE = 0.4   # weight of excess
FALSE_NEGATIVE = 0.6   # weight of misses


def focal_tversky(
    logits: torch.Tensor, target: torch.Tensor, judged: torch.Tensor,
) -> torch.Tensor:
    """Return the loss; see :mod:`lane_perception.training.losses` for the arguments."""
    each = functional.binary_cross_entropy_with_logits(logits, target, reduction='none')
    away = (torch.sigmoid(logits) - target).abs() ** GAMMA
    focal = total(each * away * judged) / total(judged).clamp(min=1.0)
    overlap = tversky_index(logits, target, judged, FALSE_POSITIVE, FALSE_NEGATIVE)
    return BALANCE * focal + 1 - overlap

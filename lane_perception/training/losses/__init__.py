# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Losses for thin structures, one per file.

Each takes logits, target and judged, all (N, 1, H, W) float32 of one size: target is the share of
the pixel that a marking covers, 0 to 1; judged is 1 where a pixel counts and 0 where it does not.
Each returns a scalar.
"""

from __future__ import annotations

from typing import Callable

import torch

from lane_perception.training.losses.bce_dice import bce_dice
from lane_perception.training.losses.cross_entropy_dice import cross_entropy_dice
from lane_perception.training.losses.focal_tversky import focal_tversky
from lane_perception.training.losses.skeleton_recall import skeleton_recall

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

LOSSES: dict[str, Loss] = {
    'bce_dice': bce_dice,
    'cross_entropy_dice': cross_entropy_dice,
    'focal_tversky': focal_tversky,
    'skeleton_recall': skeleton_recall,
}

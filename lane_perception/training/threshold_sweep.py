# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Score every threshold at once from a histogram of probabilities."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.evaluation.metrics import matrix_figures
from lane_perception.evaluation.threshold_levels import LEVELS
from lane_perception.evaluation.threshold_levels import confusions
from lane_perception.evaluation.threshold_levels import count_levels

LOWEST, HIGHEST = 0.1, 0.9  # thresholds that are offered


class ThresholdSweep:
    """Count, for each picture, how many judged pixels of either label have which probability."""

    def __init__(self) -> None:
        self._counts: list[NDArray[np.int64]] = []
        self._indices: list[int] = []

    def add(
        self, probability: torch.Tensor, target: torch.Tensor, judged: torch.Tensor,
        indices: torch.Tensor,
    ) -> None:
        """
        Add pictures; those that nothing is judged of are left out.

        :param probability: (N, 1, H, W) float, 0 to 1.
        :param target: (N, 1, H, W) coverage; above one half counts as marking.
        :param judged: (N, 1, H, W), 1 where a pixel counts.
        :param indices: (N,) the pictures' numbers.
        """
        pictures = zip(probability.float().numpy(), (target > 0.5).numpy(),
                       (judged > 0.5).numpy(), indices)
        for chances, marking, counts, index in pictures:
            if counts.any():
                self._counts.append(count_levels(chances, marking, counts))
                self._indices.append(int(index))

    def result(self) -> dict:
        """
        Return the best threshold and its scores.

        :returns: ``threshold``; ``lane_iou``, ``background_iou``, ``miou`` over the whole set and
            ``miou_per_image`` at it; ``sweep``: (threshold, lane IoU) pairs; ``per_image``:
            (picture's number, lane IoU) pairs.
        :raises UserError: when no picture has a judged pixel.
        """
        if not self._counts:
            raise UserError('no label of the validation part judges a pixel, so no threshold and '
                            'no epoch can be chosen; give it labels that do, or another split')
        matrices = confusions(np.stack(self._counts))   # (pictures, thresholds, 4)
        over_set = matrix_figures(matrices.sum(axis=0))
        thresholds = np.arange(LEVELS + 1) / LEVELS
        offered = (thresholds >= LOWEST) & (thresholds <= HIGHEST)
        best = int(np.argmax(np.where(offered, over_set['lane_iou'], -1.0)))
        each = matrix_figures(matrices[:, best])
        return {
            'threshold': float(thresholds[best]),
            'lane_iou': float(over_set['lane_iou'][best]),
            'background_iou': float(over_set['background_iou'][best]),
            'miou': float(over_set['miou'][best]),
            'miou_per_image': float(each['miou'].mean()),
            'sweep': [[float(t), float(v)] for t, v in
                      zip(thresholds[offered][::4], over_set['lane_iou'][offered][::4])],
            'per_image': [[index, float(value)] for index, value in
                          zip(self._indices, each['lane_iou'])],
        }

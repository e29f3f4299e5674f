# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Precision and recall at every threshold, from one histogram of probabilities over the set."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING
from lane_perception.evaluation.metrics import matrix_figures
from lane_perception.evaluation.threshold_levels import LEVELS
from lane_perception.evaluation.threshold_levels import confusions
from lane_perception.evaluation.threshold_levels import count_levels


class ThresholdCurve:
    """Count the judged pixels of either label by their lane probability."""

    def __init__(self) -> None:
        """Start with no image."""
        self._counts = np.zeros((2, LEVELS + 1), np.int64)

    def add(self, probability: NDArray[np.float32], label: NDArray[np.uint8]) -> None:
        """
        Add one image.

        :param probability: (H, W) float32, 0 to 1, at the label's size.
        :param label: (H, W) uint8: 0 background, 255 marking, anything between not judged.
        """
        marking = label == MARKING
        self._counts += count_levels(probability, marking, marking | (label == BACKGROUND))

    def result(self, threshold: float) -> dict[str, Any]:
        """
        Return the curve.

        :param threshold: the model's own, 0 to 1, to be marked.
        :returns: ``threshold``, ``precision``, ``recall``, ``f1``, ``lane_iou``: lists of equal
            length (a pixel at or above the threshold counts as marking); ``best``: the point of
            highest F1; ``stored``: the point at the model's own threshold, rounded to 1 / LEVELS;
            ``average_precision``: the area under precision over recall, in steps.
        """
        scores = matrix_figures(confusions(self._counts))
        columns = {'threshold': np.arange(LEVELS + 1) / LEVELS,
                   **{name: scores[name] for name in ('precision', 'recall', 'f1', 'lane_iou')}}

        def point(index: int) -> dict[str, float]:
            return {name: float(values[index]) for name, values in columns.items()}
        steps = -np.diff(np.append(columns['recall'], 0.0))
        return {
            **{name: [round(float(value), 5) for value in values]
               for name, values in columns.items()},
            'best': point(int(np.argmax(columns['f1']))),
            'stored': point(round(threshold * LEVELS)),
            'average_precision': float((steps * columns['precision']).sum()),
        }

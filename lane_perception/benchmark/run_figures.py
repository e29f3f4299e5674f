# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a run's training took, and what a report says of its network, for results files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FIGURES = ('lane_iou', 'miou', 'miou_per_image', 'line_f1', 'precision', 'recall')
MODEL = 'model.safetensors'   # in a run's folder


def effort(run: Path) -> dict[str, float]:
    """Return a run's optimizer steps, its minutes, and the images a second that they make."""
    from lane_perception.training.run_report import training_curves
    from lane_perception.training.session import read_settings
    recipe = read_settings(run)[1]
    epochs = training_curves(run)['epochs']
    seconds = sum(epoch['seconds'] for epoch in epochs)
    steps = int(epochs[-1]['step'])
    images = steps * recipe.batch_size * recipe.accumulation
    return {'steps': steps, 'minutes': round(seconds / 60.0, 1),
            'images_per_s': round(images / seconds, 3)}


def figures_of(report: dict[str, Any]) -> dict[str, float]:
    """Return FIGURES of a report of evaluate, and how many images they are of."""
    return {**{name: round(report[name], 4) for name in FIGURES}, 'images': report['images']}


def line_f1_at_2(report: dict[str, Any]) -> float:
    """Return a report's line F1 within 2 % of the diagonal."""
    return round(report['line_f1_at']['0.02'], 4)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Training is held against a plain loop in turns."""

import numpy as np

from lane_perception.training import throughput
from lane_perception.training.recipe import Recipe


def test_both_sides_are_counted_over_the_same_steps(monkeypatch):
    monkeypatch.setattr(throughput, 'BLOCK', 2)
    monkeypatch.setattr(throughput, 'BLOCKS', 2)
    steps = []
    plain_step = throughput._PlainLoop.step
    monkeypatch.setattr(throughput._PlainLoop, 'step',
                        lambda loop: (steps.append(1), plain_step(loop)))
    recipe = Recipe(architecture='lane_dense_tiny', input_width=64, input_height=64,
                    batch_size=2, workers=0)
    mask = np.zeros((64, 64), np.uint8)
    mask[:, 30:34] = 255
    pictures = [(np.repeat(mask[..., None], 3, axis=2), mask)] * 3
    found = throughput.measure_throughput(recipe, pictures)
    assert len(steps) == 6, 'a turn of the plain loop after each of three turns of training'
    assert found.training > 0 and found.plain > 0
    assert 0 <= found.waiting < 1
    assert found.batch_size == 2

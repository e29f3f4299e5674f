# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What cleaning does to a mask, and that a shared answer counts as long as it took."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from lane_perception.evaluation.variants import Bench
from lane_perception.evaluation.variants import POSTPROCESS
from lane_perception.evaluation.variants import SharedRuntime
from lane_perception.segmenter import Segmenter


def mask_of(*areas):
    mask = np.zeros((100, 200), np.uint8)
    for rows, columns in areas:
        mask[rows, columns] = 255
    return mask


LINE = (slice(10, 90), slice(50, 58))
SPECK = (slice(40, 43), slice(150, 153))   # 9 pixels of 20000
SCRATCH = (slice(45, 47), slice(50, 58))   # across the line


@pytest.mark.parametrize(('way', 'mask', 'cleaned'), [
    ('none', mask_of(LINE, SPECK), mask_of(LINE, SPECK)),
    ('components', mask_of(LINE, SPECK), mask_of(LINE)),
    ('components', mask_of(), mask_of()),
    ('opening', mask_of(SPECK), mask_of()),
    ('closing', mask_of(LINE) - mask_of(SCRATCH), mask_of(LINE)),
])
def test_a_mask_is_cleaned(way, mask, cleaned):
    assert (POSTPROCESS[way](mask) == cleaned).all()


def test_an_answer_that_is_shared_counts_as_long_as_it_took():
    def run(images):
        time.sleep(0.05)
        return np.zeros(images.shape[:3], np.float32)
    card = SimpleNamespace(threshold=0.5, input_height=32, input_width=32)
    shared = SharedRuntime(SimpleNamespace(
        name='slow', device='cpu', precision='fp32', card=card, run=run))
    image = np.zeros((32, 32, 3), np.uint8)
    seconds = [Bench().timed_mask(Segmenter([shared]), image)[1] for _ in range(2)]
    assert min(seconds) >= 0.05
    assert shared.saved_s >= 0.05, 'the second answer came from memory'

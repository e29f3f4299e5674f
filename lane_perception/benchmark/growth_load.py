# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The work of which growth measures the peak memory, in a process that does nothing else.

``python -m lane_perception.benchmark.growth_load MODEL picture HEIGHT WIDTH`` takes pictures from
BGR to lane, ``... MODEL batch COUNT`` runs the network on batches.
"""

from __future__ import annotations

import sys

import numpy as np

from lane_perception.benchmark.driving import RATE
from lane_perception.benchmark.pictures import picture
from lane_perception.pipeline import LanePipeline
from lane_perception.runtimes import open_runtime

CALLS = 10


def load_pictures(model: str, height: int, width: int) -> None:
    """Process the same picture CALLS times, stamped as a camera's frames."""
    pipeline = LanePipeline.load(model)
    image = picture(height, width)
    for number in range(CALLS):
        pipeline.process(image, number / RATE)


def load_batches(model: str, count: int) -> None:
    """Run the first network of a model CALLS times on a batch of so many pictures."""
    runtime = open_runtime(model.partition(',')[0])
    small = picture(runtime.card.input_height, runtime.card.input_width)
    batch = np.repeat(small[None], count, axis=0)
    for _ in range(CALLS):
        runtime.run(batch)


if __name__ == '__main__':
    _, named, kind, *numbers = sys.argv
    {'picture': load_pictures, 'batch': load_batches}[kind](named, *map(int, numbers))

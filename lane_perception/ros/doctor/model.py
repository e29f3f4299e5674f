# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Whether the model loads and runs, and how long a frame takes."""

from __future__ import annotations

import statistics
from typing import Any
from typing import Iterator

from lane_perception.errors import UserError
from lane_perception.ros.doctor.finding import BROKEN
from lane_perception.ros.doctor.finding import DOUBTFUL
from lane_perception.ros.doctor.finding import Finding
from lane_perception.ros.doctor.finding import GOOD
from lane_perception.ros.doctor.finding import not_looked_at

SIZE = (480, 640)        # of the picture that is processed, height and width
RUNS = 20
CAMERA_PERIOD_MS = 33.3  # of a camera with 30 frames per second
SMALLER = 2 / 3          # of the input's sides: the network then takes half of the time


def model(name: str, resolution: str = '') -> Iterator[Finding]:
    """
    Load a model, process a picture of noise several times, and say how it went.

    :param name: a shipped name or a path; a,b,c is an ensemble.
    :param resolution: HxW of the network's input; '': the model's own.
    """
    try:
        import numpy as np
        from lane_perception.pipeline import LanePipeline
        from lane_perception.segmenter import parse_resolution
    except ImportError as error:   # any of them may be what is missing
        yield not_looked_at(f'model {name}', error)
        return
    try:
        pipeline = LanePipeline.load(name, resolution=parse_resolution(resolution))
    except UserError as error:
        yield Finding(BROKEN, f'model {name}: {error}')
        return
    picture = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    median = _median_ms(pipeline, picture)
    segmenter = pipeline.segmenter
    runtime = segmenter.runtimes[0]
    text = (f'model {segmenter.name} runs on {runtime.name}, {runtime.device}, '
            f'{runtime.precision}, input {segmenter.resolution}: {median:.1f} ms a frame of '
            f'{SIZE[1]}x{SIZE[0]}')
    if median > CAMERA_PERIOD_MS:
        cures = ['free the processor', *_smaller_input(pipeline, name, picture, median),
                 'limit max_rate']
        yield Finding(DOUBTFUL, f'{text}, slower than a camera with 30 frames per second',
                      ', or '.join(cures))
        return
    yield Finding(GOOD, text)


def _median_ms(pipeline: Any, picture: Any) -> float:
    """Return how long a frame takes, milliseconds."""
    totals = [sum(pipeline.process(picture).timings.values()) for _ in range(RUNS)]
    return 1e3 * statistics.median(totals[1:])


def _smaller_input(
    pipeline: Any, name: str, picture: Any, median_ms: float,
) -> Iterator[str]:
    """Yield what a smaller input of the network brings here, where it brings something."""
    from lane_perception.model_file import MULTIPLE
    from lane_perception.pipeline import LanePipeline
    from lane_perception.segmenter import parse_resolution
    sides = parse_resolution(pipeline.segmenter.resolution.split(',')[0])
    smaller = tuple(max(1, int(side * SMALLER) // MULTIPLE) * MULTIPLE for side in sides)
    if smaller == sides:
        return
    takes = _median_ms(LanePipeline.load(name, resolution=smaller), picture)
    if takes < median_ms:
        yield (f'set resolution to {smaller[0]}x{smaller[1]} ({takes:.1f} ms; less accurate, '
               'see docs/models.md)')

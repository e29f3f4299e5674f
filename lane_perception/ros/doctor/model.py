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
# Inputs of the network that docs/models.md tells the accuracy of, height and width.
MEASURED = ((384, 640), (320, 512), (288, 480), (256, 416), (192, 320))


def model(name: str, resolution: str = '') -> Iterator[Finding]:
    """
    Load a model, process a picture of noise several times, and say how it went.

    :param name: a shipped name or a path; a,b,c is an ensemble.
    :param resolution: HxW of the network's input; '': the model's own.
    """
    try:
        import numpy as np
        from lane_perception.pipeline import LanePipeline
        from lane_perception.runtimes.precision import suits_int8
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
        cures = ['free the processor']
        if suits_int8() and any(
                (one.device, one.precision) == ('cpu', 'fp32') and one.name != 'torch'
                for one in segmenter.runtimes):
            cures.append('give the model the int8 file that suits this processor (export --int8)')
        cures += [*_smaller_input(pipeline, name, picture, median), 'limit max_rate']
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
    from lane_perception.pipeline import LanePipeline
    from lane_perception.segmenter import parse_resolution
    height, width = parse_resolution(pipeline.segmenter.resolution.split(',')[0])
    smaller = [size for size in MEASURED if size[0] < height and size[1] < width]
    if not smaller:
        return
    share = CAMERA_PERIOD_MS / median_ms   # of the area that leaves time enough, about
    fitting = [size for size in smaller if size[0] * size[1] <= share * height * width]
    chosen = fitting[0] if fitting else smaller[-1]
    takes = _median_ms(LanePipeline.load(name, resolution=chosen), picture)
    if takes < median_ms:
        yield (f'set resolution to {chosen[0]}x{chosen[1]} ({takes:.1f} ms; less accurate, '
               'see docs/models.md)')

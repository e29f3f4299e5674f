# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Choose runtime and precision by measuring them on this machine.

The node never does this at its start: two starts would choose differently. What is chosen here is
written to a parameter file, and ``lane_node --ros-args --params-file FILE`` follows it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lane_perception.benchmark.network import COMBINATIONS
from lane_perception.benchmark.pictures import accuracy
from lane_perception.benchmark.pictures import picture
from lane_perception.benchmark.settings import BenchmarkSettings
from lane_perception.benchmark.timing import interleave
from lane_perception.errors import UserError
from lane_perception.segmenter import Segmenter
from lane_perception.whole_file import whole_file

IOU_TOLERANCE = 0.005   # of lane IoU, that a choice may lose against fp32
PICTURE = (480, 640)    # height and width, pixels


def tune(settings: BenchmarkSettings, path: Path) -> dict[str, Any]:
    """
    Measure every combination, write the quickest that keeps its lane IoU, and return them all.

    :param path: a ROS parameter file to write.
    :returns: {'chosen': name, 'measured': {name: {'ms', 'lane_iou'}}}.
    :raises UserError: when no combination runs here.
    """
    segmenters: dict[str, Segmenter] = {}
    for runtime, precision in COMBINATIONS:
        try:
            name = f'{runtime} {precision}'
            segmenters[name] = Segmenter.load(settings.model, runtime, 'auto', precision)
        except UserError as error:
            settings.progress(f'tune: without {name}: {error}')
    if not segmenters:
        raise UserError(f'no runtime here can run {settings.model}; see the sentences above')
    image = picture(*PICTURE)
    settings.progress(f'tune: timing {len(segmenters)} combinations in turns')
    times = interleave({name: lambda one=one: one.mask(image)
                        for name, one in segmenters.items()}, settings.rounds, settings.budget_s)
    settings.progress('tune: lane IoU of each')
    measured = {name: {'ms': round(float(np.median(times[name])) * 1e3, 3),
                       'lane_iou': accuracy(one)['lane_iou']}
                for name, one in segmenters.items()}
    chosen = choose(measured)
    _write(path, settings.model, *chosen.split())
    return {'chosen': chosen, 'measured': measured}


def choose(measured: dict[str, dict[str, float]]) -> str:
    """Return the quickest name whose lane IoU is within IOU_TOLERANCE of the best fp32 one's."""
    exact = [one['lane_iou'] for name, one in measured.items() if name.endswith('fp32')]
    least = max(exact or [one['lane_iou'] for one in measured.values()]) - IOU_TOLERANCE
    able = {name: one['ms'] for name, one in measured.items() if one['lane_iou'] >= least}
    return min(able, key=able.get)


def _write(path: Path, model: str, runtime: str, precision: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text(
            f'# Measured for {model} by benchmark --tune on this machine.\n'
            '/**:\n'
            '  ros__parameters:\n'
            f'    runtime: {runtime}\n'
            f'    precision: {precision}\n')

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How time and memory grow: with the picture's size, the batch, and what replay is given."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from lane_perception.benchmark.driving import Driving
from lane_perception.benchmark.peak_memory import run_apart
from lane_perception.benchmark.pictures import picture
from lane_perception.benchmark.recording import write_frames
from lane_perception.benchmark.settings import BenchmarkSettings
from lane_perception.benchmark.timing import interleave
from lane_perception.benchmark.timing import milliseconds
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.pipeline import LanePipeline
from lane_perception.runtimes import open_runtime
from lane_perception.segmenter import Segmenter

SIZES = {'QVGA': (240, 320), 'VGA': (480, 640), 'HD': (720, 1280), 'Full HD': (1080, 1920),
         '4K': (2160, 3840)}                    # height and width, pixels
BATCHES = (1, 2, 4, 8)
LENGTHS = (100, 200, 400, 800)                  # frames of one bag
RECORDINGS = (1, 2, 4)                          # bags of LENGTHS[0] frames each
TOPIC = '/benchmark/image'


def measure(settings: BenchmarkSettings) -> dict[str, Any]:
    """
    Return 'image_size', 'batch', 'bag_length' and 'recordings'.

    The first two are {value: milliseconds, and peak memory in MiB of a process that does nothing
    else}; the last two, of the replay verb in a process of its own, {value: seconds and peak
    memory in MiB}, its start included.
    """
    return {
        'model': settings.model,
        'image_size': _image_size(settings),
        'batch': _batch(settings),
        **_replay(settings),
    }


def _image_size(settings: BenchmarkSettings) -> dict[str, Any]:
    settings.progress('growth: image size')
    segmenter = Segmenter.load(settings.model)
    sizes = {f'{name} {width}x{height}': (height, width)
             for name, (height, width) in SIZES.items()}
    subjects = {name: Driving(LanePipeline(segmenter, LaneFinder()), *size)
                for name, size in sizes.items()}
    times = interleave(subjects, settings.rounds, settings.budget_s / 4)
    return {name: {**milliseconds(times[name]),
                   'peak_mib': _peak_mib(settings, 'picture', *size)}
            for name, size in sizes.items()}


def _batch(settings: BenchmarkSettings) -> dict[str, Any]:
    settings.progress('growth: batch')
    runtime = open_runtime(settings.model.partition(',')[0])
    small = picture(runtime.card.input_height, runtime.card.input_width)
    subjects = {str(count): lambda batch=np.repeat(small[None], count, axis=0): runtime.run(batch)
                for count in BATCHES}
    times = interleave(subjects, settings.rounds, settings.budget_s / 4)
    return {name: {**milliseconds(seconds), 'peak_mib': _peak_mib(settings, 'batch', int(name))}
            for name, seconds in times.items()}


def _peak_mib(settings: BenchmarkSettings, kind: str, *numbers: int) -> float:
    command = [sys.executable, '-m', 'lane_perception.benchmark.growth_load', settings.model,
               kind, *map(str, numbers)]
    return run_apart(command)['peak_mib']


def _replay(settings: BenchmarkSettings) -> dict[str, Any]:
    lengths, recordings = {}, {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for length in LENGTHS:
            settings.progress(f'growth: replay of {length} frames')
            bag = write_frames(folder / f'bag_{length}', TOPIC, (480, 640), 'jpeg', length)
            lengths[str(length)] = _replay_process(settings, [bag], folder / f'out_{length}')
        for count in RECORDINGS:
            settings.progress(f'growth: replay of {count} recordings')
            bags = [write_frames(folder / f'part_{count}_{number}', TOPIC, (480, 640), 'jpeg',
                                 LENGTHS[0]) for number in range(count)]
            recordings[str(count)] = _replay_process(settings, bags, folder / f'parts_{count}')
    return {'bag_length': lengths, 'recordings': recordings}


def _replay_process(
    settings: BenchmarkSettings, bags: list[Path], out: Path,
) -> dict[str, float]:
    return run_apart([sys.executable, '-m', 'lane_perception.cli.replay', *map(str, bags),
                      '--topic', TOPIC, '--model', settings.model, '--out', str(out)])

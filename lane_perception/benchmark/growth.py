# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How time and memory grow: with the picture's size, the batch, and what replay is given."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from lane_perception.benchmark.driving import Driving
from lane_perception.benchmark.pictures import picture
from lane_perception.benchmark.recording import write_frames
from lane_perception.benchmark.settings import BenchmarkSettings
from lane_perception.benchmark.timing import interleave
from lane_perception.benchmark.timing import milliseconds
from lane_perception.errors import UserError
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

    The first two are {value: milliseconds}; the last two, of the replay verb in a process of its
    own, {value: seconds and peak memory in MiB}, its start included.
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
    subjects = {f'{name} {width}x{height}':
                Driving(LanePipeline(segmenter, LaneFinder()), height, width)
                for name, (height, width) in SIZES.items()}
    times = interleave(subjects, settings.rounds, settings.budget_s / 4)
    return {name: milliseconds(seconds) for name, seconds in times.items()}


def _batch(settings: BenchmarkSettings) -> dict[str, Any]:
    settings.progress('growth: batch')
    runtime = open_runtime(settings.model.partition(',')[0])
    small = picture(runtime.card.input_height, runtime.card.input_width)
    subjects = {str(count): lambda batch=np.repeat(small[None], count, axis=0): runtime.run(batch)
                for count in BATCHES}
    times = interleave(subjects, settings.rounds, settings.budget_s / 4)
    return {name: milliseconds(seconds) for name, seconds in times.items()}


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
    command = [sys.executable, '-m', 'lane_perception.cli.replay', *map(str, bags),
               '--topic', TOPIC, '--model', settings.model, '--out', str(out)]
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        # wait4 alone tells what this one child has used.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        if process.returncode:
            output.seek(0)
            raise UserError(f'replay failed: {output.read().decode(errors="replace")[-300:]}')
    return {'seconds': round(seconds, 2), 'peak_mib': round(used.ru_maxrss / 1024, 1)}

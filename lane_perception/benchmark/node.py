# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Drive lane_node over DDS at several rates, sizes and transports, and watch its process.

The camera is a process of its own, so is the node, and this one receives; what other cameras and
receivers would cost is in the figures. Every frame has a stamp of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from typing import Iterator

from lane_perception.benchmark.recording import write_frames
from lane_perception.benchmark.settings import BenchmarkSettings
from lane_perception.errors import UserError
from lane_perception.machine import usable_cores
from lane_perception.ros.playback import Playback
from lane_perception.ros.playback import PlaybackSettings
from lane_perception.ros.playback import play_into_node

RATES = (30.0, 60.0, 120.0)          # frames per second
TRANSPORTS = ('raw', 'jpeg')
SIZES = ((480, 640), (720, 1280))    # height and width, pixels
SPECIAL_INPUT = ((480, 640), 'raw', 30.0)
SMALLER = '256x416'                  # of the network's input
OVERLAY, ONE_CORE, BUSY = 'overlay subscribed', 'one core', 'all cores busy'
SPECIAL = ((OVERLAY,), (ONE_CORE,), (BUSY,), (SMALLER,), (SMALLER, ONE_CORE))
FRAMES = 20                          # different ones; the player repeats them
TOPIC = '/benchmark/image'
OUTPUTS = ('mask', 'center', 'offset')
BUSY_LOOP = 'while True: pass'


def measure(settings: BenchmarkSettings) -> dict[str, Any]:
    """
    Return {'runs': {name: figures}}, one for each combination, and some special ones.

    A run's figures are those of a demo's report, ``start_s`` (from starting the process until the
    node was active), ``first_mask_s`` (that and the age of the first mask), ``cpu_percent`` (100
    is one core) and ``rss_mib`` of the node's process.
    """
    runs = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, playback_settings, load in _plan(settings, Path(folder)):
            settings.progress(f'node: {name}')
            runs[name] = _run(playback_settings, Path(folder), load)
    return {'model': settings.model, 'seconds': settings.node_s, 'runs': runs}


def _plan(
    settings: BenchmarkSettings, folder: Path,
) -> Iterator[tuple[str, PlaybackSettings, bool]]:
    """Yield a name, what is played, and whether the processors are kept busy beside it."""
    for size in SIZES:
        for transport in TRANSPORTS:
            bag = write_frames(
                folder / f'{transport}_{size[1]}x{size[0]}', TOPIC, size, transport, FRAMES)
            for hz in RATES:
                yield (_name(size, transport, hz), _playback(settings, bag, transport, hz), False)
    size, transport, hz = SPECIAL_INPUT
    bag = folder / f'{transport}_{size[1]}x{size[0]}'
    for special in SPECIAL:
        more: dict[str, Any] = {}
        if OVERLAY in special:
            more['outputs'] = (*OUTPUTS, 'overlay/compressed')
        if SMALLER in special:
            more['parameters'] = {'resolution': SMALLER}
        if ONE_CORE in special:
            if not shutil.which('taskset') or not hasattr(os, 'sched_getaffinity'):
                continue   # macOS lets nobody choose a core
            more['command'] = ('taskset', '-c', str(min(os.sched_getaffinity(0))))
        yield (', '.join([_name(size, transport, hz), *special]),
               _playback(settings, bag, transport, hz, **more), BUSY in special)


def _name(size: tuple[int, int], transport: str, hz: float) -> str:
    return f'{size[1]}x{size[0]} {transport} {hz:g} Hz'


def _playback(
    settings: BenchmarkSettings, bag: Path, transport: str, hz: float, **more: Any,
) -> PlaybackSettings:
    return PlaybackSettings(
        bag, TOPIC, transport == 'jpeg', settings.model, hz=hz, count=int(hz * settings.node_s),
        **{'outputs': OUTPUTS, **more})


def _run(settings: PlaybackSettings, folder: Path, load: bool) -> dict[str, Any]:
    watch = ProcessWatch()
    busy = _BusyCores() if load else None
    try:
        playback: Playback = play_into_node(settings, folder, watch=watch.start)
    finally:
        watch.stop()
        if busy:
            busy.stop()
    ages = playback.ages_ms()
    if not ages:
        raise UserError(f'lane_node answered no frame: {playback.diagnostics.get("message", "")}')
    moments = playback.published.values()
    return {
        **playback.figures(),
        'start_s': round(playback.start_s, 2),
        'first_mask_s': round(playback.start_s + ages[0] / 1e3, 2),
        **watch.figures(min(moments) / 1e9, max(moments) / 1e9),
    }


class ProcessWatch:
    """Reads a process's time and memory from /proc while it runs."""

    period_s = 0.2

    def __init__(self) -> None:
        """Wait for a process."""
        self._stopped = threading.Event()
        self._samples: list[tuple[float, float, float]] = []   # time s, CPU s, RSS MiB
        self._thread: threading.Thread | None = None

    def start(self, pid: int) -> None:
        """Begin to watch that process, in a thread."""
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _watch(self, pid: int) -> None:
        tick, page = os.sysconf('SC_CLK_TCK'), os.sysconf('SC_PAGE_SIZE')
        while not self._stopped.wait(self.period_s):
            try:
                stat = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
                resident = int(Path(f'/proc/{pid}/statm').read_text().split()[1])
            except (OSError, IndexError):
                return   # it has ended
            seconds = (int(stat[11]) + int(stat[12])) / tick
            self._samples.append((time.monotonic(), seconds, resident * page / 2**20))

    def figures(self, since_s: float, until_s: float) -> dict[str, float | None]:
        """Return cpu_percent and the largest rss_mib between two times of CLOCK_MONOTONIC."""
        samples = [one for one in self._samples if since_s <= one[0] <= until_s]
        if len(samples) < 2:
            return {'cpu_percent': None, 'rss_mib': None}
        first, last = samples[0], samples[-1]
        return {
            'cpu_percent': round(100 * (last[1] - first[1]) / (last[0] - first[0]), 1),
            'rss_mib': round(max(sample[2] for sample in samples), 1),
        }


class _BusyCores:
    """As many processes in an endless loop as there are cores."""

    def __init__(self) -> None:
        self._processes = [subprocess.Popen([sys.executable, '-S', '-E', '-c', BUSY_LOOP])
                           for _ in range(usable_cores())]
        if not hasattr(os, 'sched_setscheduler'):   # not on macOS
            return
        for process in self._processes:   # not with the benchmark's own priority, if it has one
            os.sched_setscheduler(process.pid, os.SCHED_OTHER, os.sched_param(0))

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

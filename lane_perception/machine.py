# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the figures were measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import re
import sys
from pathlib import Path
from typing import Sequence

PACKAGES = ('numpy', 'opencv-python', 'opencv-python-headless', 'openvino', 'onnxruntime',
            'onnxruntime-gpu', 'torch', 'torchvision')
# Of the processor, those that networks profit from.
INSTRUCTIONS = ('avx2', 'avx_vnni', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16',
                'amx_int8', 'asimddp', 'bf16', 'i8mm')


def describe_machine() -> dict[str, object]:
    """Return processor, cores, memory, system, versions and the date, ready for JSON."""
    return {
        'processor': _processor(),
        'architecture': platform.machine(),
        'instructions': instructions(),
        'cores': usable_cores(),
        'memory_gib': round(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30, 1),
        'gpu': _gpu(),
        'system': _system(),
        'python': platform.python_version(),
        'ros_distro': os.environ.get('ROS_DISTRO', ''),
        'packages': _versions(),
        **_scheduling(),
        'load_average': round(os.getloadavg()[0], 2),
        'date': datetime.date.today().isoformat(),
    }


def usable_cores() -> int:
    """Return how many cores this process may run on; all, where the system does not say."""
    if hasattr(os, 'sched_getaffinity'):   # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def instructions() -> list[str]:
    """Return those of INSTRUCTIONS that the processor has; none where the system does not say."""
    flags = (_cpuinfo('flags') or _cpuinfo('features')).split()
    return [name for name in INSTRUCTIONS if name in flags]


def command_line(verb: str) -> str:
    """Return the verb that is running with its arguments, as a user would type it."""
    return ' '.join([f'ros2 run lane_perception {verb}', *sys.argv[1:]])


def module_line(module: str, argv: Sequence[str] | None = None) -> str:
    """Return the command of a module of ``benchmark/`` with its arguments."""
    return ' '.join([f'python -m lane_perception.benchmark.{module}',
                     *(sys.argv[1:] if argv is None else argv)])


def _system() -> str:
    """Return the system and its major.minor release, not the build of one machine."""
    release = re.match(r'(\d+(\.\d+)?)?', platform.release())[0]
    return f'{platform.system()} {release}'.rstrip()


def _scheduling() -> dict[str, str]:
    if not hasattr(os, 'sched_getscheduler'):   # not on macOS
        return {}
    names = {os.SCHED_OTHER: 'normal', os.SCHED_FIFO: 'real-time', os.SCHED_RR: 'real-time'}
    return {'scheduling': names.get(os.sched_getscheduler(0), 'other')}


def _cpuinfo(key: str) -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        return ''
    return next((line.partition(':')[2].strip() for line in lines
                 if line.partition(':')[0].strip().lower() == key), '')


def _processor() -> str:
    board = Path('/proc/device-tree/model')   # ARM boards name themselves here
    if board.is_file():
        return board.read_text().strip('\0')
    return _cpuinfo('model name') or platform.processor() or platform.machine()


def _gpu() -> str:
    driver = Path('/proc/driver/nvidia/gpus')
    if not driver.is_dir():
        return ''
    for folder in driver.iterdir():
        for line in (folder / 'information').read_text().splitlines():
            if line.startswith('Model:'):
                return line.partition(':')[2].strip()
    return ''


def package_version(name: str = 'lane_perception') -> str:
    """Return a package's version; empty where it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ''


def _versions() -> dict[str, str]:
    return {name: version for name in PACKAGES if (version := package_version(name))}

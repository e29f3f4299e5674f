# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Measure speed, memory and what they cost in accuracy on this machine."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import math
import sys
from pathlib import Path
from typing import Any
from typing import Sequence

from lane_perception.benchmark import PARTS
from lane_perception.benchmark.block import shareable_block
from lane_perception.benchmark.settings import BenchmarkSettings
from lane_perception.command import VerbParser
from lane_perception.command import note_unused
from lane_perception.command import run_main
from lane_perception.data.results_folder import make_writable
from lane_perception.errors import UserError
from lane_perception.json_file import write_report
from lane_perception.machine import command_line
from lane_perception.machine import describe_machine
from lane_perception.model_file import find_model

DEFAULTS = BenchmarkSettings()
# Packages that not every machine has, and what cures that, by the part that needs them.
RECORDINGS = {'rosbags': 'pip install rosbags'}
NEEDS = {'node': {'rclpy': 'make venv, or source /opt/ros/DISTRO/setup.bash', **RECORDINGS},
         'growth': RECORDINGS,
         'training': {'lightning': "pip install -e '.[train]' in the checkout"}}
MEANINGS = """
parts:
  network   every runtime and precision, TTA, ensemble, the pipeline; ratios to the baseline
  stages    decode, convert, resize, network, threshold, geometry, publish
  node      lane_node over DDS: rates, ages, drops, CPU, memory (needs ROS 2)
  growth    time and memory against picture size, batch, length and number of recordings
  training  images a second against a plain PyTorch loop (needs torch)
  geometry  the lane finder's error against exact truth
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the benchmark's arguments."""
    parser = VerbParser(
        prog='benchmark', description=__doc__, epilog=MEANINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', choices=PARTS, action='append',
                        help='a part; may be repeated (default: all)')
    parser.add_argument('--model', default=DEFAULTS.model,
                        help=f'shipped name or path (default: {DEFAULTS.model})')
    parser.add_argument('--out', type=Path, default=Path('out/benchmark.json'), metavar='FILE',
                        help='JSON file to write (default: out/benchmark.json)')
    parser.add_argument('--rounds', type=int, default=DEFAULTS.rounds,
                        help=f'of interleaved calls, at most (default: {DEFAULTS.rounds})')
    parser.add_argument('--budget', type=float, default=DEFAULTS.budget_s, metavar='S',
                        help='seconds for the rounds of one comparison '
                        f'(default: {DEFAULTS.budget_s:g})')
    parser.add_argument('--node-seconds', type=float, default=DEFAULTS.node_s, metavar='S',
                        help=f'of frames in each run of the node (default: {DEFAULTS.node_s:g})')
    parser.add_argument('--tune', type=Path, metavar='FILE',
                        help='measure runtimes and precisions, and write the quickest that keeps '
                        'its lane IoU as a parameter file for lane_node; nothing else is done')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Measure what is asked for, write JSON and print the block."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    for name in ('rounds', 'budget', 'node_seconds'):
        if not 0 < getattr(arguments, name) < math.inf:
            raise UserError(f'--{name.replace("_", "-")} {getattr(arguments, name):g} is not a '
                            'number above 0')
    find_model(arguments.model)
    if arguments.tune:
        _check_writable('--tune', arguments.tune)
        note_unused(parser, arguments, ('only', 'out', 'node_seconds'), 'with --tune')
    else:
        _check_writable('--out', arguments.out)
        if arguments.only and 'node' not in arguments.only:
            note_unused(parser, arguments, ('node_seconds',), 'without the part node')
    settings = BenchmarkSettings(
        arguments.model, arguments.rounds, arguments.budget, arguments.node_seconds,
        lambda sentence: print(f'[benchmark] {sentence}', file=sys.stderr, flush=True))
    if arguments.tune:
        from lane_perception.benchmark.tune import tune
        found = tune(settings, arguments.tune)
        for name, entry in found['measured'].items():
            print(f"{name:<18} {entry['ms']:8.2f} ms  lane IoU {entry['lane_iou']:.3f}")
        print(f"{found['chosen']} is in {arguments.tune}")
        return 0
    results: dict[str, Any] = {'command': command_line('benchmark'), 'machine': describe_machine()}
    failed: dict[str, UserError] = {}
    for part in _parts(arguments.only, settings):
        module = importlib.import_module(f'lane_perception.benchmark.{part}')
        try:
            results[part] = module.measure(settings)
        except UserError as error:
            failed[part] = error
            continue
        write_report(arguments.out, results)   # what is measured is kept when a later part breaks
    if failed and not set(results) & set(PARTS):
        raise next(iter(failed.values()))
    for part, error in failed.items():
        settings.progress(f'without the part {part}: {error}')
    print(shareable_block(results))
    print(f'\nall figures: {arguments.out}', file=sys.stderr)
    return 2 if failed else 0


def _check_writable(option: str, path: Path) -> None:
    """Raise UserError, before minutes of measuring, where the file cannot be written after it."""
    if path.is_dir():
        raise UserError(f'{option} {path} is a folder; give the name of a file')
    try:
        make_writable(path.parent)
    except OSError as error:
        raise UserError(f'{option} {path} cannot be written: {error.strerror}') from error


def _parts(only: list[str] | None, settings: BenchmarkSettings) -> list[str]:
    """Return the parts to measure; all of them are those that can be measured here."""
    lacking = {part: package for part, packages in NEEDS.items() for package in packages
               if importlib.util.find_spec(package) is None}
    for part, package in lacking.items():
        if only and part in only:
            raise UserError(f'the part {part} needs {package}, which is not installed: '
                            f'{NEEDS[part][package]}')
        if not only:
            settings.progress(f'without the part {part}: {package} is not installed')
    return [part for part in PARTS if part in (only or PARTS) and part not in lacking]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

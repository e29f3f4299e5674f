# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Drive the node with a recording over DDS, then score and show what it said."""

from __future__ import annotations

import argparse
import importlib.util
import math
import sys
import time
from pathlib import Path
from typing import Sequence

from lane_perception.command import VerbParser
from lane_perception.command import run_main
from lane_perception.errors import UserError


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the demo's arguments."""
    parser = VerbParser(
        prog='demo', description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--bag', type=Path, help='a recording; without it a synthetic one is made')
    parser.add_argument('--topic', help="of the frames; without it the recording's first of a "
                        "camera's pictures")
    parser.add_argument('--truth-topic', help='of the true masks; without it nothing is scored')
    parser.add_argument('--model', default='lane_lite',
                        help='shipped name or path; a,b,c is an ensemble')
    parser.add_argument('--hz', type=float,
                        help="frames per second; without it the recording's own rate")
    parser.add_argument('--out', type=Path, default=Path('out/demo'),
                        help='folder for report.json, frames.png, overlay.mp4 and bag/')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Run the demo; return 1 when nothing came out of the node."""
    arguments = build_parser().parse_args(argv)
    if arguments.bag is None and (arguments.topic or arguments.truth_topic):
        raise UserError('--topic and --truth-topic are of a recording: give it with --bag')
    if arguments.hz is not None and not (math.isfinite(arguments.hz) and arguments.hz > 0):
        raise UserError(f'--hz {arguments.hz:g} is not a rate; give frames per second')
    if importlib.util.find_spec('rclpy') is None:
        raise UserError('the demo needs ROS 2: run "make demo", which installs it from PyPI on '
                        'x86-64 Linux, or source /opt/ros/DISTRO/setup.bash (README.md)')
    from lane_perception.ros.demo import DemoSettings
    from lane_perception.ros.demo import NothingCameOut
    from lane_perception.ros.demo import run_demo
    from lane_perception.ros.demo import summary
    start = time.monotonic()

    def progress(sentence: str) -> None:
        print(f'[demo {time.monotonic() - start:5.1f} s] {sentence}', flush=True)
    settings = DemoSettings(arguments.out, arguments.bag, arguments.topic, arguments.truth_topic,
                            arguments.model, arguments.hz)
    try:
        report = run_demo(settings, progress)
    except NothingCameOut as error:
        print(f'demo: {error}', file=sys.stderr)
        return 1
    progress('done')
    print(summary(report, arguments.out))
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

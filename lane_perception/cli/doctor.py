# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from typing import Iterator
from typing import Optional
from typing import Sequence

from lane_perception.command import VerbParser
from lane_perception.command import run_main
from lane_perception.ros.doctor.finding import BROKEN
from lane_perception.ros.doctor.finding import DOUBTFUL
from lane_perception.ros.doctor.finding import Finding
from lane_perception.ros.doctor.finding import not_looked_at
from lane_perception.ros.doctor.installation import installation
from lane_perception.ros.doctor.model import model

EXIT_BROKEN = 1


def build_parser() -> argparse.ArgumentParser:
    """Return the verb's argument parser."""
    parser = VerbParser(
        prog='doctor', description=__doc__,
        epilog='Exit status: 0 when nothing is broken, 1 when something is.')
    parser.add_argument('--model', default='lane_lite', metavar='M',
                        help='model to load and run: name or file (default: %(default)s)')
    parser.add_argument('--resolution', default='', metavar='HxW',
                        help="of the network's input; without it the model's own")
    parser.add_argument('--no-topics', action='store_true',
                        help='do not look at the ROS graph (saves 3 to 6 seconds)')
    return parser


def findings(arguments: argparse.Namespace) -> Iterator[Finding]:
    """Yield all findings, as they are made."""
    yield from installation()
    yield from model(arguments.model, arguments.resolution)
    if not arguments.no_topics and importlib.util.find_spec('rclpy') is not None:
        yield from _topics()


def _topics() -> Iterator[Finding]:
    try:
        from lane_perception.ros.doctor.graph import graph
    except ImportError as error:
        yield not_looked_at('the topics', error)
        return
    yield from graph()


def run(argv: Optional[Sequence[str]] = None) -> int:
    """Print the findings; return 1 when something is broken."""
    levels = []
    for finding in findings(build_parser().parse_args(argv)):
        print(finding, flush=True)
        levels.append(finding.level)
    broken, doubtful = levels.count(BROKEN), levels.count(DOUBTFUL)
    end = _counted(broken, 'thing') + ' to mend' if broken else 'nothing is broken'
    print(f'{end}, {_counted(doubtful, "warning")}' if doubtful else end)
    return EXIT_BROKEN if broken else 0


def _counted(count: int, name: str) -> str:
    return f'{count} {name}' if count == 1 else f'{count} {name}s'


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the verb; a user's mistake becomes one sentence."""
    return run_main(run, argv)


if __name__ == '__main__':
    sys.exit(main())

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The node: camera frames in, lane mask and lane centre out."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from typing import Any
from typing import Optional
from typing import Sequence

from lane_perception.command import run_main
from lane_perception.errors import UserError
from lane_perception.ros.shared_memory import set_profile

WAKE_S = 0.1  # how long a signal may wait until the node ends
EPILOG = """
Topics are remapped and parameters set as for every ROS 2 node:
  lane_node --ros-args -r image:=/camera/image_raw -p model:=lane_lite
  lane_node --ros-args --params-file config/lane_perception.yaml
All parameters with their meaning are in config/lane_perception.yaml; the node subscribes to image
(or, with image_transport:=compressed, to image/compressed).
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the verb's argument parser; it only knows --help."""
    return argparse.ArgumentParser(
        prog='lane_node', description=__doc__, epilog=EPILOG, add_help=True,
        formatter_class=argparse.RawDescriptionHelpFormatter, usage='lane_node [--ros-args ...]')


def run(argv: Optional[Sequence[str]] = None) -> int:
    """Run the node until SIGINT or SIGTERM; return 0."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    before_ros = arguments[:arguments.index('--ros-args')] if '--ros-args' in arguments \
        else arguments
    build_parser().parse_args(before_ros)
    stop = _stop_at_signals()
    set_profile()
    try:
        import rclpy
        from lane_perception.ros.initialize import initialize
        from lane_perception.ros.lane_node import LaneNode
    except ImportError as error:
        raise UserError(f'{error}; install ROS 2 and source its setup.bash, or: make venv') \
            from error
    initialize(arguments)
    try:
        node = LaneNode(arguments)
        try:
            _spin(node, stop)
        finally:
            node.end()
            node.destroy_node()
    finally:
        rclpy.try_shutdown()
        # Python restores the default handlers as it ends; a late second Ctrl-C would kill it then.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return 0


def _stop_at_signals() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set, however often they come."""
    stop = threading.Event()

    def on_signal(number: int, frame: Any) -> None:
        stop.set()
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    return stop


def _spin(node: Any, stop: threading.Event) -> None:
    from rclpy.executors import SingleThreadedExecutor
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    node.start()
    while not stop.is_set():
        executor.spin_once(timeout_sec=WAKE_S)
    executor.remove_node(node)
    executor.shutdown()


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the verb; a user's mistake becomes one sentence."""
    return run_main(run, argv)


if __name__ == '__main__':
    sys.exit(main())

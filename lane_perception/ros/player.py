# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Publish a recording's frames over DDS as a camera would, and note when each was published.

Where the recording tells the lens, camera_info goes out with each of them.

``python -m lane_perception.ros.player`` is a process of its own, so that nothing else takes its
time: frames are read and serialised before the first one goes out (a long recording is read ahead
by a thread), and the bytes are published as they lie in the recording. What was published when is
left in a JSON file as pairs of (stamp, time on CLOCK_MONOTONIC), both in nanoseconds.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Callable
from typing import Iterable
from typing import Iterator
from typing import Sequence

from lane_perception.command import run_main
from lane_perception.data.recordings import IMAGE_TYPES
from lane_perception.data.recordings import Received
from lane_perception.data.recordings import RecordingReader
from lane_perception.errors import UserError
from lane_perception.evaluation.recorded_lens import recorded_info
from lane_perception.geometry.camera_info import info_topic_of
from lane_perception.json_file import write_json
from lane_perception.ros.initialize import initialize
from lane_perception.ros.serialized import NANOSECONDS
from lane_perception.ros.serialized import read_stamp
from lane_perception.ros.serialized import with_stamp
from lane_perception.ros.shared_memory import set_profile

READ_AHEAD_BYTES = 512 * 2**20   # kept in memory; a longer recording is read while it plays
SETTLE_S = 0.5                   # from the first match to the first frame: discovery has two sides
LINGER_S = 60.0                  # at most, after the last frame, for its receivers


@dataclass(frozen=True)
class Frame:
    """A serialised picture, and when it is due."""

    due_ns: int    # from the first frame
    stamp_ns: int  # of its header
    data: bytes    # CDR


def schedule(
    messages: Iterable[tuple[int, bytes]], hz: float | None = None,
) -> Iterator[Frame]:
    """
    Yield frames with the times at which they are due.

    :param messages: (log time in nanoseconds, CDR bytes) in the recording's order.
    :param hz: frames per second; None keeps the recording's own distances in time.
    """
    first_ns = None
    for number, (log_ns, data) in enumerate(messages):
        if first_ns is None:
            first_ns = log_ns
        due_ns = log_ns - first_ns if hz is None else int(number * 1e9 / hz)
        yield Frame(due_ns, read_stamp(data), data)


def repeat(
    messages: list[tuple[int, bytes]], count: int, hz: float,
) -> Iterator[tuple[int, bytes]]:
    """Yield count messages, the given ones over and over, with stamps that go on at hz."""
    first_ns = read_stamp(messages[0][1])
    for number, (_, data) in enumerate(itertools.islice(itertools.cycle(messages), count)):
        stamp_ns = first_ns + int(number * 1e9 / hz)
        yield stamp_ns, with_stamp(data, stamp_ns)


class ReadAhead:
    """Read frames in a thread; READ_AHEAD_BYTES of them wait in memory, and one more."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        """Start to read; returns when all frames, or as many as may wait, have been read."""
        self._frames = frames
        self._waiting: deque[Frame | None] = deque()   # None: no more will come
        self._bytes = 0                                # of those that wait
        self._changed = threading.Condition()
        self._error: Exception | None = None
        threading.Thread(target=self._read, daemon=True).start()
        with self._changed:
            self._changed.wait_for(
                lambda: self._full() or (self._waiting and self._waiting[-1] is None))

    def _full(self) -> bool:
        return self._bytes >= READ_AHEAD_BYTES

    def _read(self) -> None:
        try:
            for frame in self._frames:
                with self._changed:
                    self._changed.wait_for(lambda: not self._full())
                    self._bytes += len(frame.data)
                    self._put(frame)
        except Exception as error:  # handed to the thread that iterates
            self._error = error
        with self._changed:
            self._put(None)

    def _put(self, frame: Frame | None) -> None:
        self._waiting.append(frame)
        self._changed.notify_all()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames; raises what reading them raised."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                frame = self._waiting.popleft()
                if frame is None:
                    break
                self._bytes -= len(frame.data)
                self._changed.notify_all()
            yield frame
        if self._error:
            raise self._error


def play(
    publisher, frames: Iterable[Frame], before: Sequence[Callable[[int], None]] = (),
) -> list[tuple[int, int]]:
    """
    Publish each frame when it is due.

    :param publisher: an rclpy publisher of the frames' type.
    :param before: each called with each frame's stamp, in nanoseconds, before it goes out.
    :returns: (stamp, time of publishing on CLOCK_MONOTONIC) in nanoseconds, in order.
    """
    published = []
    start_ns = None
    for frame in frames:
        if start_ns is None:
            start_ns = time.monotonic_ns()
        wait_ns = start_ns + frame.due_ns - time.monotonic_ns()
        if wait_ns > 0:
            time.sleep(wait_ns / NANOSECONDS)
        for tell in before:
            tell(frame.stamp_ns)
        published.append((frame.stamp_ns, time.monotonic_ns()))
        publisher.publish(frame.data)
    return published


def _clock(node) -> Callable[[int], None]:
    """Return what publishes a time, in nanoseconds, on /clock."""
    from rclpy.qos import qos_profile_sensor_data
    from rclpy.time import Time
    from rosgraph_msgs.msg import Clock
    publisher = node.create_publisher(Clock, '/clock', qos_profile_sensor_data)
    return lambda time_ns: publisher.publish(Clock(clock=Time(nanoseconds=time_ns).to_msg()))


def _camera_info(node, topic: str, data: bytes) -> Callable[[int], None]:
    """Return what publishes a serialised camera_info, beside a picture of a stamp."""
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import CameraInfo
    publisher = node.create_publisher(CameraInfo, info_topic_of(topic), qos_profile_sensor_data)
    return lambda stamp_ns: publisher.publish(with_stamp(data, stamp_ns))


def _wait_for_subscriber(publisher, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while publisher.get_subscription_count() == 0:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    time.sleep(SETTLE_S)
    return True


def _open(
    arguments: argparse.Namespace,
) -> tuple[type, Iterator[tuple[int, bytes]], Received | None]:
    """Return the class of the topic's messages, (log time, CDR bytes) of each; a camera_info."""
    from sensor_msgs import msg
    reader = RecordingReader(arguments.bag)
    topic = reader.require(arguments.topic, IMAGE_TYPES)
    messages = ((raw.log_time_ns, raw.data) for raw in reader.messages([topic.name]))
    if arguments.count:
        kept = list(itertools.islice(messages, arguments.count))
        messages = repeat(kept, arguments.count, arguments.hz)
    return (getattr(msg, topic.message_type.rpartition('/')[2]), messages,
            recorded_info(reader, topic.name))


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='player', description=__doc__.split('\n\n')[0])
    parser.add_argument('bag', type=Path, help='a recording')
    parser.add_argument('--topic', required=True, help='of the frames, also published on')
    parser.add_argument('--log', type=Path, required=True,
                        help='JSON file to write: [[stamp_ns, monotonic_ns], ...]')
    parser.add_argument('--hz', type=float, help="frames per second (default: the recording's)")
    parser.add_argument('--count', type=int,
                        help='frames to publish with stamps at --hz, repeating the recording '
                        '(default: the recording once, with its own stamps)')
    parser.add_argument('--clock', action='store_true',
                        help="publish the frames' stamps on /clock, for nodes with use_sim_time")
    parser.add_argument('--wait', type=float, default=20.0,
                        help='seconds to wait for a subscriber; 0 plays at once')
    return parser


def main(argv: list[str] | None = None) -> int:
    """
    Play, write the log, and stay until standard input closes.

    A best-effort writer's last frames are lost when it leaves before they are taken; so whoever
    started this process closes its standard input when it has received what it waits for.
    """
    import rclpy
    from rclpy.qos import qos_profile_sensor_data
    arguments = _build_parser().parse_args(argv)
    if arguments.count and not arguments.hz:
        raise UserError('--count needs --hz')
    message_class, messages, info = _open(arguments)
    frames = ReadAhead(schedule(messages, arguments.hz))
    set_profile(publishes_images=True)
    initialize()
    try:
        node = rclpy.create_node('lane_perception_player')
        publisher = node.create_publisher(message_class, arguments.topic, qos_profile_sensor_data)
        before = [_clock(node)] if arguments.clock else []
        if info is not None:
            before.append(_camera_info(node, arguments.topic, info.data))
        # Who takes its pictures takes camera_info, too, if it wants it: SETTLE_S is for both.
        if arguments.wait and not _wait_for_subscriber(publisher, arguments.wait):
            raise UserError(f'nothing subscribed to {arguments.topic} in {arguments.wait:g} s')
        gc.disable()  # a collection is a pause in the middle of the recording
        write_json(arguments.log, play(publisher, frames, before))
        _linger()
    finally:
        rclpy.try_shutdown()
    return 0


def _linger() -> None:
    closed = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()
    closed.wait(LINGER_S)


if __name__ == '__main__':
    sys.exit(run_main(main))

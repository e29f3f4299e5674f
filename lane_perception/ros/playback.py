# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Play a recording into a lane_node of its own and receive what comes out.

Three processes take part, as on a car: the player is the camera, and tells its lens where the
recording does; the node works, and this process receives. The demo and the benchmark both measure
the node through here.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import threading
import time
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Callable
from typing import Collection
from typing import Iterator

import rclpy
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from lane_perception.errors import UserError
from lane_perception.evaluation.percentiles import percentiles
from lane_perception.geometry.camera_info import info_topic_of
from lane_perception.ros.initialize import initialize
from lane_perception.ros.lane_outputs import NODE_NAME
from lane_perception.ros.processes import START_TIMEOUT_S
from lane_perception.ros.processes import environment_of_processes
from lane_perception.ros.processes import RosProcess
from lane_perception.ros.processes import private_environment
from lane_perception.ros.recorder import OutputRecorder
from lane_perception.ros.recorder import SerializedWriter

NODE_MODULE = 'lane_perception.cli.lane_node'
PLAYER_MODULE = 'lane_perception.ros.player'
QUIET_S = 1.0             # without a new mask after the last frame: nothing more comes
POLL_S = 0.05


@dataclass(frozen=True)
class PlaybackSettings:
    """What is played into what."""

    bag: Path                        # a recording
    topic: str                       # of its frames
    compressed: bool                 # whether they are sensor_msgs/CompressedImage
    model: str = 'lane_lite'         # as the node's parameter of that name
    parameters: dict[str, str] = field(default_factory=dict)   # more of the node's
    hz: float | None = None          # frames per second; None: the recording's own rate
    count: int | None = None         # frames to play, repeating the recording; needs hz
    outputs: tuple[str, ...] = ('mask', 'center', 'offset', 'path', 'pose')  # to subscribe to
    clock: bool = False              # the node takes its time from the frames' stamps, by /clock
    command: tuple[str, ...] = ()    # in front of the node's, such as taskset -c 0


@dataclass
class Playback:
    """What went in and what came out, by stamp."""

    published: dict[int, int]     # stamp -> CLOCK_MONOTONIC when it was published, nanoseconds
    received: dict[int, int]      # stamp -> CLOCK_MONOTONIC when its mask arrived, nanoseconds
    answered: dict[int, int]      # stamp -> the same when the node published its mask
    diagnostics: dict[str, str]   # the node's last while it had input
    exit_status: int              # the node's
    start_s: float                # from starting the node's process until it was active

    def ages_ms(self) -> list[float]:
        """Return, for each mask, the time from publishing its frame to receiving it, in ms."""
        return self._since_published(self.received)

    def _since_published(self, moments: dict[int, int]) -> list[float]:
        return [(moment - self.published[stamp]) / 1e6
                for stamp, moment in moments.items() if stamp in self.published]

    def figures(self) -> dict[str, object]:
        """
        Return the figures of a playback.

        :returns: frames_sent, frames_received, frames_dropped, input_rate_hz (as sent),
            output_rate_hz, age_ms (publishing a frame to receiving its mask) and latency_ms
            (publishing a frame to the node's publishing its mask), both with p50, p90 and p99.
        """
        ages = self.ages_ms()
        arrivals = [self.received[stamp] for stamp in self.received if stamp in self.published]
        return {
            'frames_sent': len(self.published),
            'frames_received': len(ages),
            'frames_dropped': len(self.published) - len(ages),
            'input_rate_hz': _rate(self.published.values()),
            'output_rate_hz': _rate(arrivals),
            'age_ms': percentiles(ages, 3),
            'latency_ms': percentiles(self._since_published(self.answered), 3),
        }


def _rate(moments: Collection[int]) -> float:
    """Return events per second of moments in nanoseconds; 0.0 for less than two."""
    span_s = (max(moments) - min(moments)) / 1e9 if moments else 0.0
    return round((len(moments) - 1) / span_s, 3) if span_s else 0.0


def node_arguments(settings: PlaybackSettings) -> list[str]:
    """Return the command line of the lane_node that listens to the recording's topic."""
    source = 'image/compressed' if settings.compressed else 'image'
    parameters = {
        'model': settings.model,
        'image_transport': 'compressed' if settings.compressed else 'raw',
        **({'use_sim_time': 'true'} if settings.clock else {}),
        **settings.parameters,
    }
    arguments = ['--ros-args', '-r', f'{source}:={settings.topic}',
                 '-r', f'camera_info:={info_topic_of(settings.topic)}']
    for name, value in parameters.items():
        arguments += ['-p', f'{name}:={value}']
    return arguments


def play_into_node(
    settings: PlaybackSettings,
    log_folder: Path,
    writer: SerializedWriter | None = None,
    progress: Callable[[str], None] = lambda sentence: None,
    watch: Callable[[int], None] = lambda pid: None,
) -> Playback:
    """
    Start the node, play, receive, and end the node.

    :param log_folder: lane_node.log and player.log are left there.
    :param writer: of the output bag, or None.
    :param progress: told what is being done, a sentence at a time.
    :param watch: called with the node's process number when it is active, before the first frame.
    :raises UserError: when the node does not become active or the player fails.
    """
    environment = private_environment()
    with environment_of_processes(environment), _ros() as (node, executor):
        recorder = OutputRecorder(node, NODE_NAME, writer, settings.outputs)
        with _spinning(executor):
            progress('starting lane_node in its own process, in ROS domain '
                     f'{environment["ROS_DOMAIN_ID"]} on this machine only')
            started = time.monotonic()
            lane_node = RosProcess(NODE_MODULE, node_arguments(settings),
                                   log_folder / 'lane_node.log', environment, settings.command)
            try:
                _wait_until_active(node, lane_node)
                start_s = time.monotonic() - started
                watch(lane_node.pid)
                progress(f'lane_node is active after {start_s:.1f} s; playing')
                published = _play(settings, log_folder, environment, recorder, lane_node)
            finally:
                exit_status = lane_node.stop()
        recorder.finish()
        return Playback(published, recorder.received, recorder.answered, recorder.diagnostics,
                        exit_status, start_s)


def _play(
    settings: PlaybackSettings, log_folder: Path, environment: dict[str, str],
    recorder: OutputRecorder, lane_node: RosProcess,
) -> dict[int, int]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / 'published.json'
        arguments = [str(settings.bag), '--topic', settings.topic, '--log', str(log)]
        if settings.hz:
            arguments += ['--hz', str(settings.hz)]
        if settings.count:
            arguments += ['--count', str(settings.count)]
        if settings.clock:
            arguments += ['--clock']
        player = RosProcess(PLAYER_MODULE, arguments, log_folder / 'player.log', environment)
        try:
            while not log.exists():
                if player.wait(POLL_S) is not None and not log.exists():
                    raise UserError(f'the frames could not be played: {player.last_words(1)}')
                if lane_node.exit_status is not None:
                    raise UserError('lane_node ended while frames were played: '
                                    f'{lane_node.last_words()}')
            published = dict(json.loads(log.read_text()))
            _wait_until_quiet(recorder, len(published))
        finally:
            player.release()
            if player.wait(2.0) is None:
                player.stop()
    return published


def _wait_until_quiet(recorder: OutputRecorder, expected: int) -> None:
    """Return when all masks have come, or when none has for QUIET_S."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_S:
        count = len(recorder.received)
        if count >= expected:
            time.sleep(POLL_S)  # its centre and offset follow right behind the last mask
            return
        if count != last:
            last, since = count, time.monotonic()
        time.sleep(POLL_S)


def _wait_until_active(node: Node, lane_node: RosProcess) -> None:
    client = node.create_client(GetState, f'{NODE_NAME}/get_state')
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if lane_node.cannot_start:
            raise UserError(f'lane_node cannot start: {lane_node.last_words()}')
        if client.service_is_ready():
            future = client.call_async(GetState.Request())
            answered = threading.Event()
            future.add_done_callback(lambda _: answered.set())
            if (answered.wait(1.0) and future.result()
                    and future.result().current_state.id == State.PRIMARY_STATE_ACTIVE):
                return
        time.sleep(POLL_S)
    raise UserError(f'lane_node did not become active in {START_TIMEOUT_S:g} s; '
                    f'its last words: {lane_node.last_words()}')


@contextlib.contextmanager
def _ros() -> Iterator[tuple[Node, SingleThreadedExecutor]]:
    context = rclpy.Context()
    # Ctrl-C raises KeyboardInterrupt here, so that the other processes are ended.
    initialize(context=context)
    try:
        node = rclpy.create_node('lane_perception_recorder', context=context)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        yield node, executor
    finally:
        rclpy.try_shutdown(context=context)


@contextlib.contextmanager
def _spinning(executor: SingleThreadedExecutor) -> Iterator[None]:
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        executor.shutdown()
        thread.join(5.0)

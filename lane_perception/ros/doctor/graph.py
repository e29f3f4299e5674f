# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The image topics that can be seen, with their quality of service and rates, and the node."""

from __future__ import annotations

import time
from typing import Any
from typing import Iterator

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from lane_perception.errors import UserError
from lane_perception.ros.diagnostics import OK
from lane_perception.ros.doctor.finding import BROKEN
from lane_perception.ros.doctor.finding import DOUBTFUL
from lane_perception.ros.doctor.finding import Finding
from lane_perception.ros.doctor.finding import GOOD
from lane_perception.ros.initialize import initialize
from lane_perception.ros.qos import outputs_of_lane_nodes

TYPES = {'sensor_msgs/msg/Image': Image, 'sensor_msgs/msg/CompressedImage': CompressedImage}
DISCOVERY_S = 3.0   # at most, until the first image topic is seen
SETTLE_S = 0.5      # for the others
LISTEN_S = 2.5


class _Listener:
    """Counts the messages of one topic."""

    def __init__(self, node: Node, topic: str, message_type: type) -> None:
        self.topic = topic
        self.times: list[float] = []
        qos = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
        node.create_subscription(message_type, topic, self._on_message, qos, raw=True)

    def _on_message(self, message: bytes) -> None:
        self.times.append(time.monotonic())

    @property
    def rate(self) -> float:
        """Return messages per second, 0 for fewer than two."""
        if len(self.times) < 2:
            return 0.0
        return (len(self.times) - 1) / (self.times[-1] - self.times[0])


def graph() -> Iterator[Finding]:
    """Listen for a moment, and say what is published and how lane_node feels."""
    context = rclpy.Context()
    try:
        initialize(context=context)
    except UserError as error:
        yield Finding(BROKEN, f'ROS does not start, so the topics are not looked at: {error}',
                      'export ROS_LOG_DIR=FOLDER with a folder that you may write to'
                      if 'ROS_LOG_DIR' in str(error) else '')
        return
    try:
        node = Node('lane_perception_doctor', context=context, start_parameter_services=False)
        executor = rclpy.executors.SingleThreadedExecutor(context=context)
        executor.add_node(node)
        diagnostics: dict[str, Any] = {}

        def on_diagnostics(message: DiagnosticArray) -> None:
            diagnostics.update({one.name: one for one in message.status})
        node.create_subscription(DiagnosticArray, '/diagnostics', on_diagnostics, 10)
        end = time.monotonic() + DISCOVERY_S
        while not _image_topics(node) and time.monotonic() < end:
            _spin(executor, 0.1)
        _spin(executor, SETTLE_S)
        listeners = [_Listener(node, topic, TYPES[kind]) for topic, kind in _image_topics(node)]
        _spin(executor, LISTEN_S)
        yield from _topics(node, listeners)
        yield from _nodes(diagnostics)
        node.destroy_node()
        executor.shutdown()
    finally:
        context.try_shutdown()


def _image_topics(node: Node) -> list[tuple[str, str]]:
    """Return (topic, type) of what is published in this domain as pictures, sorted."""
    return [(topic, types[0]) for topic, types in sorted(node.get_topic_names_and_types())
            if types[0] in TYPES and node.get_publishers_info_by_topic(topic)]


def _spin(executor: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        executor.spin_once(timeout_sec=left)


def _topics(node: Node, listeners: list[_Listener]) -> Iterator[Finding]:
    if not listeners:
        yield Finding(DOUBTFUL, 'no image topic is published in this domain',
                      'start the camera, or play a recording; ROS_DOMAIN_ID must be the same')
    outputs = outputs_of_lane_nodes(name for name, _ in node.get_topic_names_and_types())
    for listener in listeners:
        publisher = next(iter(node.get_publishers_info_by_topic(listener.topic)), None)
        if publisher is None:
            yield Finding(DOUBTFUL, f'{listener.topic}: its publisher went away while it was '
                          'listened to', 'does the camera driver restart? Look at its log')
            continue
        reliability = publisher.qos_profile.reliability.name.lower()
        text = f'{listener.topic} ({publisher.topic_type.split("/")[-1]}, {reliability})'
        if listener.rate:
            yield Finding(GOOD, f'{text}: {listener.rate:.1f} Hz')
        elif listener.topic in outputs:
            yield Finding(GOOD, f'{text}: silent while there is no input or no subscriber')
        else:
            yield Finding(DOUBTFUL, f'{text}: nothing arrived in {LISTEN_S:g} s',
                          'is the camera streaming? Raw images need the Fast DDS profile in the '
                          "camera's process (docs/node.md)")


def _nodes(diagnostics: dict[str, Any]) -> Iterator[Finding]:
    # By what they say and not by their names, which anybody may change.
    ours = {name: one for name, one in diagnostics.items()
            if any(value.key == 'frames_undecodable' for value in one.values)}
    if not ours:
        yield Finding(GOOD, 'lane_node is not running')
    for name, status in ours.items():
        level = GOOD if ord(status.level) == OK else DOUBTFUL
        yield Finding(level, f'/{name} says: {status.message}')

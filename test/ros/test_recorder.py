# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The recorder of a node's outputs, where the middleware tells a message's times and where not."""

import time

import pytest

pytest.importorskip('rclpy')

from geometry_msgs.msg import PointStamped  # noqa: E402
from lane_perception.ros import recorder as module  # noqa: E402
from lane_perception.ros.message_classes import serialize  # noqa: E402
from lane_perception.ros.recorder import OutputRecorder  # noqa: E402
from ros_desk import header  # noqa: E402
from std_msgs.msg import Float32  # noqa: E402


class DeafNode:
    """Takes subscriptions and keeps their callbacks."""

    def __init__(self):
        self.callbacks = {}

    def create_subscription(self, kind, topic, callback, qos, raw=False):
        self.callbacks[topic] = callback


class ListWriter:
    """Keeps what is written."""

    def __init__(self):
        self.written = []

    def write_serialized(self, topic, message_type, data, stamp_ns):
        self.written.append((topic, stamp_ns, data))


ONE_BY_ONE = ('center 0', 'offset 0', 'center 1', 'offset 1', 'center 2', 'offset 2')
BEHIND = ('center 0', 'center 1', 'offset 0', 'center 2', 'offset 1', 'offset 2')
ONE_LOST = ('center 0', 'center 1', 'offset 1', 'center 2', 'offset 2')


@pytest.mark.parametrize('numbered, arrivals', [
    (True, ONE_BY_ONE), (True, BEHIND), (True, ONE_LOST),
    (False, ONE_BY_ONE), (False, BEHIND), (False, ONE_LOST)])
def test_offsets_get_the_stamps_of_their_centers(monkeypatch, numbered, arrivals):
    monkeypatch.setattr(module, 'NUMBERED', numbered)
    node, writer = DeafNode(), ListWriter()
    recorder = OutputRecorder(node, '/lane_perception', writer, ('center', 'offset'))
    for arrival in arrivals:
        name, number = arrival.split()
        message = (PointStamped(header=header(int(number))) if name == 'center' else
                   Float32(data=float(number)))
        sent_ns = 2 * int(number) + (name == 'offset')
        info = [{'source_timestamp': sent_ns}] if numbered else []
        node.callbacks[f'/lane_perception/{name}'](serialize(message), *info)
        time.sleep(0.001)
    recorder.finish()
    offsets = [(stamp, data) for topic, stamp, data in writer.written if topic.endswith('offset')]
    assert offsets == [(1_000_000_000_000 + 1_000_000 * number,
                        serialize(Float32(data=float(number)))) for number in range(3)
                       if f'offset {number}' in arrivals]

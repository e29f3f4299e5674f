# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Record what a lane_node publishes, with the stamps of the pictures that it belongs to.

Messages are taken as bytes and written as they are. The log time of each is its header stamp, so
that the output bag runs alongside the recording that was played. ``~/offset`` has no header: it is
published right after the ``~/center`` of the same frame, and the writer's time that DDS carries
with every sample says which centre that was. Humble tells no such time; there each takes the next
of the centres in their order, or, where some were lost, the last that had arrived.
"""

from __future__ import annotations

import bisect
import time
from dataclasses import dataclass
from typing import Any
from typing import Iterator
from typing import Protocol

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.qos import ReliabilityPolicy

from lane_perception.ros.lane_outputs import OUTPUT_TYPES
from lane_perception.ros.message_classes import message_class
from lane_perception.ros.qos import NUMBERED
from lane_perception.ros.serialized import read_stamp

QUEUE_DEPTH = 50  # messages per topic; a recorder that falls behind this far loses some


class SerializedWriter(Protocol):
    """What the recorder needs of a bag's writer."""

    def write_serialized(self, topic: str, message_type: str, data: bytes, stamp_ns: int) -> None:
        """Append one serialised message."""


@dataclass(frozen=True)
class _Offset:
    source_ns: int   # when the node published it, on the node's clock
    data: bytes


class OutputRecorder:
    """Subscribe to a lane_node's outputs, note when each mask arrives, write all into a bag."""

    def __init__(
        self,
        node: Node,
        prefix: str,
        writer: SerializedWriter | None = None,
        outputs: tuple[str, ...] = ('mask', 'center', 'offset', 'path', 'pose'),
    ) -> None:
        """
        Subscribe.

        :param node: an rclpy node that the caller spins.
        :param prefix: the lane_node's full name, such as ``/lane_perception``.
        :param writer: where messages go; None only notes when masks arrive.
        :param outputs: of OUTPUT_TYPES. The overlay and the markers are made only while they are
            subscribed to.
        """
        self.received: dict[int, int] = {}      # stamp of a mask -> monotonic ns of its arrival
        self.answered: dict[int, int] = {}      # the same of its publishing, by the node
        self.diagnostics: dict[str, str] = {}   # that node's last with input, keys and values
        self._prefix = prefix
        self._clocks_ns = time.time_ns() - time.monotonic_ns()   # DDS stamps by the wall clock
        self._writer = writer
        self._centers: list[tuple[int, int]] = []   # (source time, stamp)
        self._offsets: list[_Offset] = []
        qos = QoSProfile(depth=QUEUE_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
        for name in outputs:
            kind = message_class(OUTPUT_TYPES[name])
            node.create_subscription(
                kind, f'{prefix}/{name}', self._callback(name), qos, raw=True)
        node.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def _callback(self, name: str) -> Any:
        """Return the subscription's callback; it takes no message info where there is none."""
        with_info = self._on_offset if name == 'offset' else self._on_stamped(name)
        if NUMBERED:
            return with_info
        return lambda data: with_info(data, {'source_timestamp': time.time_ns()})

    def _on_stamped(self, name: str) -> Any:
        topic = f'{self._prefix}/{name}'
        message_type = OUTPUT_TYPES[name]

        def on_stamped(data: bytes, info: dict[str, int]) -> None:
            arrived_ns = time.monotonic_ns()
            stamp_ns = read_stamp(data, in_array=name == 'markers')
            if name == 'mask':
                self.received.setdefault(stamp_ns, arrived_ns)
                self.answered.setdefault(stamp_ns, info['source_timestamp'] - self._clocks_ns)
            elif name == 'center':
                self._centers.append((info['source_timestamp'], stamp_ns))
            if self._writer:
                self._writer.write_serialized(topic, message_type, data, stamp_ns)
        return on_stamped

    def _on_offset(self, data: bytes, info: dict[str, int]) -> None:
        self._offsets.append(_Offset(info['source_timestamp'], data))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if self._prefix.lstrip('/') in status.name:
                values = {pair.key: pair.value for pair in status.values}
                # The silence after a recording's last frame is no fault of the node's.
                has_ended = (status.message.startswith('no input')
                             and values.get('frames_received', '0') != '0')
                if not has_ended:
                    self.diagnostics = {'message': status.message, **values}

    def finish(self) -> None:
        """Write the offsets, each at the stamp of its frame; call it when nothing more comes."""
        if not self._writer:
            return
        for offset, stamp_ns in self._with_stamps():
            self._writer.write_serialized(
                f'{self._prefix}/offset', OUTPUT_TYPES['offset'], offset.data, stamp_ns)

    def _with_stamps(self) -> Iterator[tuple[_Offset, int]]:
        """Yield each offset that belongs to a centre, with that centre's stamp."""
        if not NUMBERED and len(self._offsets) == len(self._centers):
            yield from zip(self._offsets, (stamp_ns for _, stamp_ns in self._centers))
            return
        self._centers.sort()
        times = [source_ns for source_ns, _ in self._centers]
        for offset in self._offsets:
            place = bisect.bisect_right(times, offset.source_ns) - 1
            if place >= 0:
                yield offset, self._centers[place][1]

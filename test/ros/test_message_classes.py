# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The same message always gives the same bytes."""

import numpy as np
import pytest

from lane_perception.ros.images import mask_message
from lane_perception.ros.lane_outputs import header_of
from lane_perception.ros.message_classes import serialize

GAP = 39   # after is_bigendian, before step, where the frame is "cam" and the encoding "mono8"


def test_gaps_between_fields_are_zero(monkeypatch):
    serialization = pytest.importorskip('rclpy.serialization', reason='ROS 2 is not installed')
    message = mask_message(np.full((3, 4), 255, np.uint8), header_of(5, 'cam'))
    data = bytearray(serialization.serialize_message(message))
    expected = data[:GAP] + b'\0' + data[GAP + 1:]
    data[GAP] = 99
    monkeypatch.setattr(serialization, 'serialize_message', lambda message: bytes(data))
    assert serialize(message) == expected

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Take one picture, and the lens that belongs to it, from live topics."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from lane_perception.errors import UserError
from lane_perception.geometry.camera_info import info_topic_of
from lane_perception.ros.images import to_bgr
from lane_perception.ros.initialize import initialize

INFO_WAIT = 1.0  # seconds that the lens may come after the picture


def type_of(topic: str) -> type:
    """Return the class of the messages on a topic with pictures, by its name."""
    return CompressedImage if topic.endswith('/compressed') else Image


def capture(topic: str, info_topic: str | None = None, timeout: float = 10.0,
            ) -> tuple[NDArray[np.uint8], Any]:
    """
    Return the next picture, and the newest CameraInfo or None.

    :param topic: of sensor_msgs/Image, or of CompressedImage when it ends in "/compressed".
    :param info_topic: None: camera_info beside the picture's topic.
    :param timeout: seconds to wait for the picture.
    :raises UserError: when none comes, or it cannot be decoded.
    """
    if info_topic is None:
        info_topic = info_topic_of(topic)
    messages: dict[str, Any] = {}
    initialize()
    try:
        node = rclpy.create_node('calibrate_ground')
        node.create_subscription(type_of(topic), topic,
                                 lambda message: messages.update(image=message),
                                 qos_profile_sensor_data)
        node.create_subscription(CameraInfo, info_topic,
                                 lambda message: messages.update(info=message),
                                 qos_profile_sensor_data)
        end = time.monotonic() + timeout
        while 'image' not in messages and time.monotonic() < end:
            rclpy.spin_once(node, timeout_sec=0.1)
        end = time.monotonic() + INFO_WAIT
        while 'info' not in messages and time.monotonic() < end:
            rclpy.spin_once(node, timeout_sec=0.1)
        node.destroy_node()
    finally:
        rclpy.try_shutdown()
    if 'image' not in messages:
        raise UserError(f'no picture came on {topic} in {timeout:g} s; see "doctor" for what is '
                        'published')
    return np.array(to_bgr(messages['image'])), messages.get('info')

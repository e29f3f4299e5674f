# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write recordings of a drive, to be played or replayed while time is taken."""

from __future__ import annotations

from pathlib import Path

import cv2

from lane_perception.benchmark.driving import drive_picture
from lane_perception.data.recording_writer import RecordingWriter

TYPES = {'raw': 'sensor_msgs/msg/Image', 'jpeg': 'sensor_msgs/msg/CompressedImage'}
JPEG_QUALITY = 80
START_NS = 1_700_000_000_000_000_000   # stamp of the first frame
PERIOD_NS = 33_333_333                 # between stamps


def write_frames(
    bag: Path, topic: str, size: tuple[int, int], transport: str, count: int,
) -> Path:
    """
    Write a recording and return its path.

    :param size: height and width in pixels.
    :param transport: raw or jpeg.
    :param count: frames of the drive.
    """
    height, width = size
    with RecordingWriter(bag) as writer:
        message_class = writer.message_class(TYPES[transport])
        time_class = writer.message_class('builtin_interfaces/msg/Time')
        header_class = writer.message_class('std_msgs/msg/Header')
        for number in range(count):
            image = drive_picture(number, height, width)
            stamp_ns = START_NS + PERIOD_NS * number
            header = header_class(time_class(*divmod(stamp_ns, 10**9)), 'camera')
            if transport == 'raw':
                message = message_class(
                    header, height, width, 'bgr8', 0, 3 * width, image.ravel())
            else:
                quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
                message = message_class(
                    header, 'jpeg', cv2.imencode('.jpg', image, quality)[1].ravel())
            writer.write(topic, TYPES[transport], message, stamp_ns)
    return bag

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Make the demo's recording: a drive through the synthetic world, with its truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recordings import RecordingWriter
from lane_perception.data.synthetic import TEST_SEEDS
from lane_perception.data.synthetic import drive

IMAGE_TOPIC = '/camera/image_raw'
TRUTH_TOPIC = '/ground_truth/lane_mask'
CENTER_TOPIC = '/ground_truth/lane_center'
FRAME_ID = 'camera'
START_NS = 1_700_000_000_000_000_000   # stamp of the first frame
SEED = TEST_SEEDS + 2                  # training never draws it
SECONDS = 5.0
RATE = 30.0                            # frames per second
SPEED = 0.6                            # metres per second

IMAGE = 'sensor_msgs/msg/Image'
POINT = 'geometry_msgs/msg/PointStamped'


def write_drive(
    path: Path, seed: int = SEED, seconds: float = SECONDS, rate: float = RATE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """
    Write a drive as a recording: pictures, true masks and true lane centres with equal stamps.

    :param progress: told how many of how many frames are done.
    """
    total = round(seconds * rate)
    with RecordingWriter(path, replace=True) as writer:
        for number, frame in enumerate(drive(seed, SPEED, seconds, rate)):
            stamp_ns = START_NS + round(frame.stamp * 1e9)
            header = _header(writer, stamp_ns)
            for topic, pixels, encoding in ((IMAGE_TOPIC, frame.image, 'bgr8'),
                                            (TRUTH_TOPIC, frame.mask, 'mono8')):
                message = _image(writer, header, pixels, encoding)
                writer.write(topic, IMAGE, message, stamp_ns)
            u, v = frame.truth.center or (np.nan, np.nan)
            point = writer.message_class('geometry_msgs/msg/Point')(u, v, 0.0)
            message = writer.message_class(POINT)(header, point)
            writer.write(CENTER_TOPIC, POINT, message, stamp_ns)
            progress(number + 1, total)


def _header(writer: RecordingWriter, stamp_ns: int) -> Any:
    time = writer.message_class('builtin_interfaces/msg/Time')(*divmod(stamp_ns, 10**9))
    return writer.message_class('std_msgs/msg/Header')(time, FRAME_ID)


def _image(
    writer: RecordingWriter, header: Any, pixels: NDArray[np.uint8], encoding: str,
) -> Any:
    height, width = pixels.shape[:2]
    return writer.message_class(IMAGE)(
        header, height, width, encoding, 0, pixels.size // height, pixels.ravel())

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Small recordings of noise and numbers: write them, read them back, find their files."""

import cv2
import numpy as np
from rosbags.rosbag2 import CompressionFormat
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores
from rosbags.typesys import get_typestore

from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader

IMAGE = 'sensor_msgs/msg/CompressedImage'
TOPIC = '/camera/image_raw/compressed'
SECOND = 1_000_000_000


def image_message(types, stamp, size=(90, 160)):
    """Return a JPEG message of noise, which neither zstd nor the cut of a file can shrink away."""
    pixels = np.random.default_rng(stamp).integers(0, 255, (*size, 3), np.uint8)
    data = cv2.imencode('.jpg', pixels)[1].ravel()
    header = types('std_msgs/msg/Header')(
        types('builtin_interfaces/msg/Time')(*divmod(stamp, SECOND)), 'camera')
    return types(IMAGE)(header, 'jpeg', data)


def write(path, count=50, storage='mcap', replace=False):
    with RecordingWriter(path, storage, replace) as writer:
        for index in range(count):
            stamp = 1000 * SECOND + index * SECOND // 10
            writer.write(TOPIC, IMAGE, image_message(writer.message_class, stamp), stamp + 5)
            number = writer.message_class('std_msgs/msg/Float32')(index / 2)
            writer.write('/offset', 'std_msgs/msg/Float32', number, stamp)
    return path


def plain_mcap(path, mode=None):
    """Write an MCAP bag with rosbags itself, without chunk compression or with bag compression."""
    types = get_typestore(Stores.LATEST)
    writer = Writer(path, version=9, storage_plugin=StoragePlugin.MCAP)
    if mode:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection(TOPIC, IMAGE, typestore=types)
        for index in range(100):
            message = image_message(types.types.__getitem__, index)
            writer.write(connection, index, types.serialize_cdr(message, IMAGE))
    return path


def read(path, topic=TOPIC):
    with RecordingReader(path) as reader:
        return [frame[:2] for frame in reader.frames(topic)], reader.problems


def storage_file(bag):
    return next(file for file in bag.iterdir() if file.name != 'metadata.yaml')

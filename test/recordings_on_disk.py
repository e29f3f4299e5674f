# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write small recordings of drawn tracks, with their true masks."""

import cv2
import numpy as np
from conftest import draw_track

from lane_perception.data.recording_writer import RecordingWriter

TOPIC = '/camera/image_raw'
INFO = '/camera/camera_info'
TRUTH = '/ground_truth/lane_mask'
POSE = '/ground_truth/pose'
START = 1_700_000_000_000_000_000
PERIOD = 1_000_000_000 // 20


def track(index, size=(120, 160)):
    """Return picture and label of a frame: two lines that sway, the label a pixel off."""
    image = draw_track(*size, shift=40 * np.sin(index / 3))
    label = cv2.inRange(np.roll(image[:, :, 0], 1, axis=1), 160, 255)
    return image, label


def write_recording(path, count=12, compressed=False, stamps=None, sizes=None, truth=True,
                    storage='mcap', blank=(), pose=None, lens=None):
    """
    Write a recording.

    :param stamps: nanoseconds of each frame; None: one every 50 ms.
    :param sizes: (height, width) of each frame.
    :param blank: numbers of black frames.
    :param pose: lateral metres and heading radians on POSE.
    :param lens: focal length, pixels, of an equidistant one that INFO tells with the first frame.
    """
    with RecordingWriter(path, storage) as writer:
        for index in range(count):
            stamp = START + index * PERIOD if stamps is None else stamps[index]
            image, label = track(index, sizes[index] if sizes else (120, 160))
            if index in blank:
                image = np.zeros_like(image)
            log_time = START + index * PERIOD
            if lens and index == 0:
                writer.write(INFO, 'sensor_msgs/msg/CameraInfo',
                             camera_info(lens, stamp, writer.message_class), log_time)
            _write(writer, TOPIC, image, stamp, log_time, compressed)
            if truth:
                _write(writer, TRUTH, label, stamp, log_time, compressed)
            if pose:
                writer.write(POSE, 'geometry_msgs/msg/PoseStamped',
                             true_pose(stamp, *pose, writer.message_class), log_time)
    return path


def _write(writer, topic, image, stamp, log_time, compressed):
    make = writer.message_class
    header = make('std_msgs/msg/Header')(
        make('builtin_interfaces/msg/Time')(*divmod(stamp, 1_000_000_000)), 'camera')
    if compressed:
        data = cv2.imencode('.png', image)[1].ravel()
        kind = 'sensor_msgs/msg/CompressedImage'
        writer.write(f'{topic}/compressed', kind, make(kind)(header, 'png', data), log_time)
        return
    kind = 'sensor_msgs/msg/Image'
    encoding = 'bgr8' if image.ndim == 3 else 'mono8'
    message = make(kind)(header, *image.shape[:2], encoding, 0, image.size // image.shape[0],
                         image.ravel())
    writer.write(topic, kind, message, log_time)


def camera_info(focal, stamp, make):
    """Return the CameraInfo of an equidistant lens for pictures of 160x120."""
    header = make('std_msgs/msg/Header')(
        make('builtin_interfaces/msg/Time')(*divmod(stamp, 1_000_000_000)), 'camera')
    matrix = np.array([focal, 0.0, 79.5, 0.0, focal, 59.5, 0.0, 0.0, 1.0])
    return make('sensor_msgs/msg/CameraInfo')(
        header, 120, 160, 'equidistant', np.zeros(4), matrix, np.eye(3).ravel(), np.zeros(12),
        0, 0, make('sensor_msgs/msg/RegionOfInterest')(0, 0, 0, 0, False))


def true_pose(stamp, lateral, heading, make):
    """Return a PoseStamped of the car in the frame of the lane."""
    header = make('std_msgs/msg/Header')(
        make('builtin_interfaces/msg/Time')(*divmod(stamp, 1_000_000_000)), 'lane')
    pose = make('geometry_msgs/msg/Pose')(
        make('geometry_msgs/msg/Point')(0.0, lateral, 0.0),
        make('geometry_msgs/msg/Quaternion')(0.0, 0.0, np.sin(heading / 2), np.cos(heading / 2)))
    return make('geometry_msgs/msg/PoseStamped')(header, pose)


def write_ground(path, size=(120, 160)):
    """
    Write the calibration of the camera that sees the drawn tracks.

    The two lines meet at row 126 of 480 and are taken to be 0.4 m apart.
    """
    from lane_perception.geometry.ground_calibration import GroundCalibration
    height, width = size
    scale = height / 480
    horizon, middle = 126.3 * scale, (width - 1) / 2
    across = 0.4 * (480 - 126.3) / 480
    homography = np.array([[0, 0, 100 * scale], [-across, 0, across * middle], [0, 1, -horizon]])
    GroundCalibration(width, height, homography, 0.005).save(path)
    return path

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write a drive through the synthetic world as a rosbag2 recording, with its truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from typing import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.driving import drive
from lane_perception.data.synthetic.driving import Frame
from lane_perception.data.synthetic.settings import WorldSettings
from lane_perception.ros.serialized import NANOSECONDS

IMAGE_TOPIC = '/camera/image_raw'            # Image, or with /compressed JPEG
INFO_TOPIC = '/camera/camera_info'           # CameraInfo
MASK_TOPIC = '/ground_truth/lane_mask'       # Image mono8, or with /compressed PNG
POSE_TOPIC = '/ground_truth/pose'            # PoseStamped: the car in the frame of the lane
CENTER_TOPIC = '/ground_truth/center'        # PointStamped, pixels: the lane's center
PATH_TOPIC = '/ground_truth/path'            # Path in base_link: the lane's center line, metres
MOUNT_TOPIC = '/tf_static'                   # from base_link to the camera
CAMERA_FRAME = 'camera_optical_frame'
START_NS = 1_700_000_000_000_000_000         # stamp of the first frame
QUALITY = 92                                 # of the JPEG that compressed pictures are stored as


def write_recording(out: Path, seed: int, count: int, speed: float = 0.5, rate: float = 30.0,
                    settings: WorldSettings = WorldSettings(), compressed: bool = True,
                    reverse: bool = False, replace: bool = False,
                    progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """
    Write count frames of the drive of a seed; the recording appears when it is complete.

    :param out: the rosbag2 folder to make.
    :param speed: of the car, metres per second.
    :param rate: frames per second.
    :param compressed: pictures as JPEG and masks as PNG, instead of raw.
    :param reverse: the other way round the track.
    :param replace: whether an earlier output that is there already gives way to this one, as this
        one will to the next; other recordings never do.
    :raises UserError: when the folder exists already, or rosbags is not installed.
    """
    with RecordingWriter(out, replace=replace) as writer:
        messages = _Messages(writer)
        frames = drive(seed, speed, count / rate, rate, settings, reverse=reverse)
        for number, frame in enumerate(frames, 1):
            stamp_ns = START_NS + round(frame.stamp * 1e9)
            if number == 1:
                messages.mount(frame.camera, stamp_ns)
            messages.frame(frame, stamp_ns, compressed)
            progress(number, count)


class _Messages:
    """Builds and writes the messages of one recording."""

    def __init__(self, writer: RecordingWriter) -> None:
        """Take the writer."""
        self.writer = writer

    def make(self, kind: str, *values: Any) -> Any:
        """Return a message of a kind such as std_msgs/Header."""
        package, name = kind.split('/')
        return self.writer.message_class(f'{package}/msg/{name}')(*values)

    def write(self, topic: str, kind: str, message: Any, stamp_ns: int) -> None:
        """Append a message of a kind such as sensor_msgs/Image."""
        self.writer.write(topic, kind.replace('/', '/msg/'), message, stamp_ns)

    def header(self, stamp_ns: int, frame: str) -> Any:
        """Return a header."""
        stamp = self.make('builtin_interfaces/Time', *divmod(stamp_ns, NANOSECONDS))
        return self.make('std_msgs/Header', stamp, frame)

    def frame(self, frame: Frame, stamp_ns: int, compressed: bool) -> None:
        """Write all messages of one frame, all with its stamp."""
        header = self.header(stamp_ns, CAMERA_FRAME)
        self.picture(IMAGE_TOPIC, frame.image, header, stamp_ns, 'jpeg' if compressed else '')
        self.write(INFO_TOPIC, 'sensor_msgs/CameraInfo', self.camera_info(frame.camera, header),
                   stamp_ns)
        self.picture(MASK_TOPIC, frame.mask, header, stamp_ns, 'png' if compressed else '')
        truth = frame.truth
        pose = self.pose(0.0, truth.lateral, truth.heading)
        lane = self.header(stamp_ns, 'lane')
        self.write(POSE_TOPIC, 'geometry_msgs/PoseStamped',
                   self.make('geometry_msgs/PoseStamped', lane, pose), stamp_ns)
        u, v = truth.center or (np.nan, np.nan)
        point = self.make('geometry_msgs/Point', float(u), float(v), 0.0)
        self.write(CENTER_TOPIC, 'geometry_msgs/PointStamped',
                   self.make('geometry_msgs/PointStamped', header, point), stamp_ns)
        base = self.header(stamp_ns, 'base_link')
        turns = np.arctan2(*np.gradient(truth.center_line, axis=0).T[::-1])
        poses = [self.make('geometry_msgs/PoseStamped', base, self.pose(x, y, turn))
                 for (x, y), turn in zip(truth.center_line[::5], turns[::5])]
        self.write(PATH_TOPIC, 'nav_msgs/Path', self.make('nav_msgs/Path', base, poses), stamp_ns)

    def pose(self, x: float, y: float, turn: float) -> Any:
        """Return a pose on the plane."""
        point = self.make('geometry_msgs/Point', float(x), float(y), 0.0)
        quaternion = self.make('geometry_msgs/Quaternion', 0.0, 0.0, float(np.sin(turn / 2)),
                               float(np.cos(turn / 2)))
        return self.make('geometry_msgs/Pose', point, quaternion)

    def picture(self, topic: str, pixels: NDArray[np.uint8], header: Any, stamp_ns: int,
                form: str) -> None:
        """Write a picture: raw where form is empty, else compressed as jpeg or png."""
        if form:
            options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if form == 'jpeg' else []
            suffix = '.jpg' if form == 'jpeg' else '.png'
            data = cv2.imencode(suffix, pixels, options)[1].ravel()
            self.write(f'{topic}/compressed', 'sensor_msgs/CompressedImage',
                       self.make('sensor_msgs/CompressedImage', header, form, data), stamp_ns)
            return
        height, width = pixels.shape[:2]
        encoding = 'bgr8' if pixels.ndim == 3 else 'mono8'
        message = self.make('sensor_msgs/Image', header, height, width, encoding, 0,
                            pixels.size // height, pixels.ravel())
        self.write(topic, 'sensor_msgs/Image', message, stamp_ns)

    def camera_info(self, camera: Camera, header: Any) -> Any:
        """Return the message that describes a camera's lens."""
        coefficients = np.zeros(4 if camera.model == 'equidistant' else 5)
        coefficients[:len(camera.coefficients)] = camera.coefficients
        projection = np.column_stack((camera.matrix, np.zeros(3)))
        region = self.make('sensor_msgs/RegionOfInterest', 0, 0, 0, 0, False)
        return self.make('sensor_msgs/CameraInfo', header, camera.height, camera.width,
                         camera.model, coefficients, camera.matrix.ravel(), np.eye(3).ravel(),
                         projection.ravel(), 0, 0, region)

    def mount(self, camera: Camera, stamp_ns: int) -> None:
        """Write where the camera sits on the car."""
        rotation = camera.rotation
        w = np.sqrt(max(1 + np.trace(rotation), 0)) / 2
        if w > 1e-3:
            vector = np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0],
                               rotation[1, 0] - rotation[0, 1]]) / (4 * w)
        else:  # half a turn: its axis is the rotation's eigenvector of value one
            values, vectors = np.linalg.eig(rotation)
            vector = np.real(vectors[:, int(np.argmin(np.abs(values - 1)))])
        transform = self.make(
            'geometry_msgs/Transform',
            self.make('geometry_msgs/Vector3', *(float(c) for c in camera.position)),
            self.make('geometry_msgs/Quaternion', *(float(c) for c in vector), float(w)))
        stamped = self.make('geometry_msgs/TransformStamped', self.header(stamp_ns, 'base_link'),
                            CAMERA_FRAME, transform)
        self.write(MOUNT_TOPIC, 'tf2_msgs/TFMessage', self.make('tf2_msgs/TFMessage', [stamped]),
                   stamp_ns)

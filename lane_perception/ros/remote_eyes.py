# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The simulated car sees through a lane_node in a process of its own, over DDS.

World and node go in lock-step: a picture is published, and the drive goes on when the node's path
of that stamp has come. So the drive needs no quick machine, and repeats itself.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import PointStamped
from nav_msgs.msg import Path as PathMessage
from numpy.typing import NDArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from lane_perception.data.synthetic.driving import World
from lane_perception.data.synthetic.scene import Pose
from lane_perception.errors import UserError
from lane_perception.geometry.lane import Lane
from lane_perception.geometry.lane import offset_of
from lane_perception.ros.images import image_message
from lane_perception.ros.initialize import initialize
from lane_perception.ros.lane_outputs import NODE_NAME
from lane_perception.ros.processes import START_TIMEOUT_S
from lane_perception.ros.processes import environment_of_processes
from lane_perception.ros.processes import private_environment
from lane_perception.ros.processes import RosProcess
from lane_perception.ros.serialized import NANOSECONDS

ANSWER_TIMEOUT_S = 5.0   # for one frame, before it is published again
TRIES = 4
EPOCH_S = 1000           # stamp of the drive's beginning: 0 would mean "no stamp"


class RemoteEyes:
    """A context manager that runs the node while the car drives."""

    def __init__(self, folder: Path, model: str, ground: Path | None, lane_width: float,
                 resolution: str = '') -> None:
        """
        Start the node and wait until it listens.

        :param folder: for the node's log.
        :param model: shipped name or path.
        :param ground: calibration file of the camera; None: nobody has calibrated it.
        :param lane_width: metres; 0: learn it.
        :param resolution: HxW of the network's input; '': the model's own.
        :raises UserError: when the node cannot start.
        """
        environment = private_environment()
        with ExitStack() as stack:   # whatever goes wrong, Ctrl-C as well: nobody else ends it
            stack.enter_context(environment_of_processes(environment))
            self._node_process = RosProcess(
                'lane_perception.cli.lane_node',
                ['--ros-args', '-p', f'model:={model}', '-p', f'lane_width:={float(lane_width)}',
                 *(['-p', f'ground_calibration:={ground}'] if ground else []),
                 *(['-p', f'resolution:={resolution}'] if resolution else [])],
                folder / 'lane_node.log', environment)
            stack.callback(self._node_process.stop)
            context = Context()
            initialize(context=context, domain_id=int(environment['ROS_DOMAIN_ID']))
            stack.callback(rclpy.shutdown, context=context)
            self._node = rclpy.create_node('simulated_car', context=context)
            stack.callback(self._node.destroy_node)
            self._executor = SingleThreadedExecutor(context=context)
            self._executor.add_node(self._node)
            self._answers: dict[str, Any] = {}
            # Without a calibration the node publishes no path.
            self._awaited = {'center': PointStamped, **({'path': PathMessage} if ground else {})}
            for name, kind in self._awaited.items():
                self._node.create_subscription(
                    kind, f'{NODE_NAME}/{name}',
                    lambda message, name=name: self._answers.update({name: message}), 10)
            self._pictures = self._node.create_publisher(
                Image, 'image', qos_profile_sensor_data)
            self._wait_for_node()
            self._started = stack.pop_all()

    def __enter__(self) -> RemoteEyes:
        """Return the eyes."""
        return self

    def __exit__(self, *error: Any) -> None:
        """End the node."""
        self._started.close()

    def __call__(self, world: World, pose: Pose, stamp: float,
                 ) -> tuple[Lane, NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the node's lane, the picture, and an empty mask (it stays in the node)."""
        image = world.picture(pose)
        seconds, rest = divmod(round(stamp * NANOSECONDS), NANOSECONDS)
        header = Header(frame_id='camera')
        header.stamp.sec, header.stamp.nanosec = int(seconds) + EPOCH_S, int(rest)
        message = image_message(image, 'bgr8', header)
        for _ in range(TRIES):
            self._pictures.publish(message)
            if self._wait(lambda: all(
                    name in self._answers and self._answers[name].header.stamp == header.stamp
                    for name in self._awaited), ANSWER_TIMEOUT_S):
                return self._lane(image.shape[1]), image, np.zeros(image.shape[:2], np.uint8)
        raise UserError('the lane_node gave no answer to a picture; it says: '
                        f'{self._node_process.last_words()}')

    def _lane(self, width: int) -> Lane:
        u, v = (getattr(self._answers['center'].point, axis) for axis in 'xy')
        path = None
        if 'path' in self._awaited:
            path = np.array([(pose.pose.position.x, pose.pose.position.y)
                             for pose in self._answers['path'].poses]).reshape(-1, 2)
        if np.isnan(u):
            return Lane(path=path)
        return Lane((u, v), offset_of(u, width), path)

    def _wait_for_node(self) -> None:
        if not self._wait(lambda: self._pictures.get_subscription_count() > 0
                          or self._node_process.cannot_start, START_TIMEOUT_S):
            raise UserError('the lane_node does not listen; it says: '
                            f'{self._node_process.last_words()}')
        if self._node_process.cannot_start:
            raise UserError(f'the lane_node cannot start: {self._node_process.last_words()}')

    def _wait(self, condition: Any, timeout_s: float) -> bool:
        end = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True

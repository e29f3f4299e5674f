# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From a lane to the messages that say it; every one carries its frame's stamp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane import Lane
from lane_perception.ros.message_classes import message_class

Point = message_class('geometry_msgs/msg/Point')
PointStamped = message_class('geometry_msgs/msg/PointStamped')
PoseStamped = message_class('geometry_msgs/msg/PoseStamped')
PoseWithCovarianceStamped = message_class('geometry_msgs/msg/PoseWithCovarianceStamped')
Path = message_class('nav_msgs/msg/Path')
ColorRGBA = message_class('std_msgs/msg/ColorRGBA')
Float32 = message_class('std_msgs/msg/Float32')
Header = message_class('std_msgs/msg/Header')
Marker = message_class('visualization_msgs/msg/Marker')
MarkerArray = message_class('visualization_msgs/msg/MarkerArray')

LANE_FRAME = 'lane'
UNKNOWN_VARIANCE = 1e6   # of what the lane does not tell: x, z, roll, pitch (REP-103's units)
LINE_WIDTH_M = 0.02      # of the lines in the markers
MARKING_COLOR = ColorRGBA(r=1.0, g=0.8, b=0.0, a=1.0)
LANE_COLOR = ColorRGBA(r=0.3, g=0.9, b=0.3, a=1.0)


def center_message(lane: Lane, header: Header) -> PointStamped:
    """Return the lane centre in pixels (x right, y down, z 0); NaN, NaN without a lane."""
    u, v = lane.center if lane.center is not None else (math.nan, math.nan)
    return PointStamped(header=header, point=Point(x=float(u), y=float(v), z=0.0))


def offset_message(lane: Lane) -> Float32:
    """Return the offset: positive means that the lane centre lies left; NaN without a lane."""
    return Float32(data=float(lane.offset))


def path_message(lane: Lane, stamp: Any, base_frame: str) -> Path:
    """
    Return the centre line in base_frame, near to far, each pose turned along it.

    :param lane: with a ground calibration; an empty path says that there is no lane.
    """
    header = Header(stamp=stamp, frame_id=base_frame)
    path = Path(header=header)
    if len(lane.path) == 0:
        return path
    steps = np.gradient(lane.path, axis=0) if len(lane.path) > 1 else np.array([[1.0, 0.0]])
    for (x, y), (dx, dy) in zip(lane.path, steps):
        pose = PoseStamped(header=header)
        pose.pose.position.x, pose.pose.position.y = float(x), float(y)
        _set_yaw(pose.pose, math.atan2(dy, dx))
        path.poses.append(pose)
    return path


def pose_message(lane: Lane, stamp: Any) -> PoseWithCovarianceStamped:
    """Return the car in the frame of the lane: y metres left of its centre, yaw against it."""
    message = PoseWithCovarianceStamped(header=Header(stamp=stamp, frame_id=LANE_FRAME))
    message.pose.pose.position.y = float(lane.lateral)
    _set_yaw(message.pose.pose, lane.heading)
    covariance = np.diag(np.full(6, UNKNOWN_VARIANCE))
    covariance[np.ix_((1, 5), (1, 5))] = lane.covariance
    message.pose.covariance = covariance.reshape(-1)
    return message


def markers_message(
    lane: Lane, stamp: Any, base_frame: str, ground: GroundCalibration,
    image_size: tuple[int, int],
) -> MarkerArray:
    """
    Return the markings and the centre line as line strips on the floor.

    :param image_size: (width, height) of the frame, in whose pixels the markings are.
    """
    header = Header(stamp=stamp, frame_id=base_frame)
    lines = [(ground.to_ground(marking, image_size), MARKING_COLOR, 'markings')
             for marking in lane.markings]
    lines.append((lane.path, LANE_COLOR, 'lane'))
    # One message clears what the last frame drew and draws anew.
    array = MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])
    for number, (points, color, namespace) in enumerate(lines):
        points = points[np.isfinite(points).all(axis=1)]
        if len(points) > 1:
            array.markers.append(_strip(header, number, points, color, namespace))
    return array


def _strip(
    header: Header, number: int, points: NDArray[np.float64], color: ColorRGBA, namespace: str,
) -> Marker:
    marker = Marker(header=header, ns=namespace, id=number, type=Marker.LINE_STRIP,
                    action=Marker.ADD, color=color)
    marker.pose.orientation.w = 1.0
    marker.scale.x = LINE_WIDTH_M
    marker.points = [Point(x=float(x), y=float(y), z=0.0) for x, y in points]
    return marker


def _set_yaw(pose: Any, yaw: float) -> None:
    pose.orientation.z = math.sin(yaw / 2.0)
    pose.orientation.w = math.cos(yaw / 2.0)

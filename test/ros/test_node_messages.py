# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A lane as messages: units, signs, stamps, and what is said when there is none."""

import math

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane import Lane
from lane_perception.ros import messages

STAMP = Time(sec=7, nanosec=8)
HEADER = Header(stamp=STAMP, frame_id='camera')
# Straight down: 100 pixels a metre; the middle of the bottom row lies 0.2 m ahead.
GROUND = GroundCalibration(
    96, 64, np.array([[0.0, -0.01, 0.84], [-0.01, 0.0, 0.475], [0.0, 0.0, 1.0]]), 0.001)
LANE = Lane(
    center=(40.0, 41.0), offset=0.156, path=np.array([[0.2, 0.1], [0.5, 0.1], [0.8, 0.4]]),
    lateral=-0.1, heading=-0.2, covariance=np.array([[0.01, 0.002], [0.002, 0.03]]),
    markings=[np.array([[20.0, 60.0], [20.0, 10.0]]), np.array([[70.0, 60.0]])])
NO_LANE = Lane(path=np.zeros((0, 2)))


def yaw_of(pose):
    return 2.0 * math.atan2(pose.orientation.z, pose.orientation.w)


def test_center_and_offset():
    message = messages.center_message(LANE, HEADER)
    assert message.header == HEADER
    assert (message.point.x, message.point.y, message.point.z) == (40.0, 41.0, 0.0)
    assert messages.offset_message(LANE).data == pytest.approx(0.156)


def test_no_lane_is_nan_nan_and_an_empty_path():
    point = messages.center_message(NO_LANE, HEADER).point
    assert math.isnan(point.x) and math.isnan(point.y) and point.z == 0.0
    assert math.isnan(messages.offset_message(NO_LANE).data)
    path = messages.path_message(NO_LANE, STAMP, 'base_link')
    assert len(path.poses) == 0 and path.header == Header(stamp=STAMP, frame_id='base_link')


def test_the_path_runs_near_to_far_and_its_poses_look_along_it():
    path = messages.path_message(LANE, STAMP, 'axle')
    assert [(one.pose.position.x, one.pose.position.y) for one in path.poses] \
        == [(0.2, 0.1), (0.5, 0.1), (0.8, 0.4)]
    assert yaw_of(path.poses[0].pose) == pytest.approx(0.0)
    assert yaw_of(path.poses[-1].pose) == pytest.approx(math.pi / 4), 'it bends to the left'
    assert all(one.header == path.header for one in path.poses)
    assert path.header == Header(stamp=STAMP, frame_id='axle')


def test_the_pose_is_the_car_against_the_lane():
    message = messages.pose_message(LANE, STAMP)
    assert message.header == Header(stamp=STAMP, frame_id='lane')
    assert message.pose.pose.position.y == -0.1, 'left of the centre is positive'
    assert yaw_of(message.pose.pose) == pytest.approx(-0.2)
    covariance = np.array(message.pose.covariance).reshape(6, 6)
    np.testing.assert_allclose(covariance, covariance.T)
    assert (covariance[1, 1], covariance[1, 5], covariance[5, 5]) == (0.01, 0.002, 0.03)
    assert (np.linalg.eigvalsh(covariance) > 0).all()


def test_markers_lie_on_the_floor_and_replace_those_of_the_last_frame():
    array = messages.markers_message(LANE, STAMP, 'base_link', GROUND, (96, 64))
    first, *strips = array.markers
    assert first.action == Marker.DELETEALL
    assert [one.ns for one in strips] == ['markings', 'lane'], 'one point makes no line'
    marking = strips[0]
    assert marking.type == Marker.LINE_STRIP and marking.scale.x > 0
    assert marking.pose.orientation.w == 1.0
    assert [(round(one.x, 3), round(one.y, 3)) for one in marking.points] \
        == [(0.24, 0.275), (0.74, 0.275)]
    assert all(one.header == Header(stamp=STAMP, frame_id='base_link') for one in strips)
    assert len({(one.ns, one.id) for one in strips}) == len(strips)
    assert len(messages.markers_message(NO_LANE, STAMP, 'b', GROUND, (96, 64)).markers) == 1


def test_markers_of_another_image_size_are_scaled():
    half = Lane(path=np.zeros((0, 2)), markings=[(LANE.markings[0] + 0.5) / 2 - 0.5])
    small = messages.markers_message(half, STAMP, 'b', GROUND, (48, 32)).markers[1]
    assert small.points[0].x == pytest.approx(0.24) and small.points[1].y == pytest.approx(0.275)

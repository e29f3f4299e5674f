# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""With a ground calibration the node says in metres where the car is in the lane."""

from dataclasses import replace

import numpy as np
import pytest
from geometry_msgs.msg import PointStamped
from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.msg import Path
from ros_desk import bright_picture
from ros_desk import number_of
from ros_desk import raw_message
from ros_desk import send_until_answered
from sensor_msgs.msg import CameraInfo
from visualization_msgs.msg import MarkerArray

from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lens import Lens
from lane_perception.geometry.nominal_view import NominalCamera

PICTURE = bright_picture()
MASK = np.where(PICTURE[:, :, 0] > 160, 255, 0).astype(np.uint8)
# Straight down: 100 pixels a metre, the bottom of the picture 0.2 m ahead of the axle.
GROUND = GroundCalibration(
    96, 64, np.array([[0.0, -0.01, 0.84], [-0.01, 0.0, 0.475], [0.0, 0.0, 1.0]]), 0.001)


def test_a_ground_calibration_brings_path_pose_and_markers(desk, small_model, tmp_path):
    GROUND.save(tmp_path / 'ground.yaml')
    desk.start({'model': small_model, 'ground_calibration': tmp_path / 'ground.yaml',
                'base_frame': 'axle'})
    paths = desk.listen(Path, '/lane_perception/path')
    poses = desk.listen(PoseWithCovarianceStamped, '/lane_perception/pose')
    markers = desk.listen(MarkerArray, '/lane_perception/markers')
    camera = desk.camera()
    desk.spin(0.5)
    # The bars lie at 19.5 and 75.5; the car's middle, 47.5, is their middle: move them 8 left.
    moved = np.roll(PICTURE, -8, axis=1)
    number = [0]

    def send():
        number[0] += 30
        camera.publish(raw_message(moved, number[0]))
        desk.spin(0.1)
        return paths and paths[-1].poses and poses and markers
    desk.spin_until(send)
    path, pose = paths[-1], poses[-1]
    assert path.header.frame_id == 'axle' and number_of(path.header.stamp) > 0
    assert path.poses[-1].pose.position.x > path.poses[0].pose.position.x, 'near to far'
    for one in path.poses:
        assert one.pose.position.y == pytest.approx(0.08, abs=0.02), 'the lane lies left'
    assert pose.header.frame_id == 'lane'
    assert pose.pose.pose.position.y == pytest.approx(-0.08, abs=0.02), 'the car lies right of it'
    assert abs(pose.pose.pose.orientation.z) < 0.1
    assert 0 < pose.pose.covariance[7] < 1 and 0 < pose.pose.covariance[35] < 1
    strips = [one for one in markers[-1].markers if one.points]
    assert {one.ns for one in strips} == {'markings', 'lane'}
    assert all(one.header.frame_id == 'axle' for one in strips)
    # Without a lane the path is empty, and there is no pose.
    del paths[:], poses[:]
    desk.spin(0.3)
    dark = raw_message(np.zeros_like(PICTURE), number[0] + 60_000)
    send_until_answered(desk, camera, dark, paths)
    assert len(paths[-1].poses) == 0
    desk.spin(0.3)
    assert not [one for one in poses if number_of(one.header.stamp) > number[0]]


def test_the_lens_model_is_taken_from_camera_info_where_the_calibration_has_none(
        desk, small_model, tmp_path):
    GROUND.save(tmp_path / 'ground.yaml')
    process = desk.start({'model': small_model, 'ground_calibration': tmp_path / 'ground.yaml',
                          'min_confidence': 0.0})   # beside the lane, which is doubtful
    paths = desk.listen(Path, '/lane_perception/path')
    camera = desk.camera()
    moved = np.roll(PICTURE, -8, axis=1)
    number = [0]

    def lateral_now():
        number[0] += 60_000    # far apart, so that nothing is remembered
        while not paths or number_of(paths[-1].header.stamp) != number[0]:
            send_until_answered(desk, camera, raw_message(moved, number[0]), paths)
        return paths[-1].poses[0].pose.position.y
    without = lateral_now()
    # At twice the size, as a camera that is scaled down.
    lens = dict(width=192, height=128, distortion_model='plumb_bob',
                d=[-0.25, 0.0, 0.0, 0.0, 0.0], k=[96.0, 0.0, 95.5, 0.0, 96.0, 63.5, 0, 0, 1.0])
    infos = desk.camera('/camera_info', CameraInfo)
    expected = []
    for bent in (-0.25, -0.15):   # the second one corrects the first
        lens['d'][0] = bent
        infos.publish(CameraInfo(**lens))
        desk.spin(0.5)
        infos.publish(CameraInfo(**lens))
        desk.spin(0.5)
        finder = LaneFinder(ground=replace(GROUND, lens=Lens.create(
            [48.0, 0, 47.5, 0, 48.0, 31.5, 0, 0, 1], 'plumb_bob', [bent, 0, 0, 0, 0])))
        expected.append(finder.find(np.roll(MASK, -8, axis=1), 1.0).path[0, 1])
        assert lateral_now() == pytest.approx(expected[-1], abs=1e-3)
    assert abs(expected[0] - without) > 0.005 and abs(expected[0] - expected[1]) > 0.003
    assert process.output.count('taken from camera_info: plumb_bob') == 2


def test_without_a_calibration_the_lane_is_found_through_the_lens_of_camera_info(
        desk, small_model):
    process = desk.start({'model': small_model, 'min_confidence': 0.0})
    centers = desk.listen(PointStamped, '/lane_perception/center')
    camera, infos = desk.camera(), desk.camera('/camera_info', CameraInfo)
    moved = np.roll(PICTURE, -8, axis=1)
    send_until_answered(desk, camera, raw_message(moved, 60_000), centers)
    lens = CameraInfo(width=96, height=64, distortion_model='equidistant', d=[0.0] * 4,
                      k=[36.0, 0.0, 47.5, 0.0, 36.0, 31.5, 0, 0, 1.0])
    desk.spin_until(lambda: infos.publish(lens) or desk.spin(0.2) or
                    'taken from camera_info: equidistant' in process.output)
    while number_of(centers[-1].header.stamp) != 120_000:
        send_until_answered(desk, camera, raw_message(moved, 120_000), centers)
    known = NominalCamera((96, 64), Lens.create(
        [36.0, 0, 47.5, 0, 36.0, 31.5, 0, 0, 1], 'equidistant', [0.0] * 4))
    mask = np.roll(MASK, -8, axis=1)
    expected, usual = (LaneFinder(camera=one).find(mask, 1.0).center[0] for one in (known, None))
    assert centers[-1].point.x == pytest.approx(expected, abs=0.05)
    assert abs(expected - usual) > 0.2


def tell_lens_until(desk, process, said):
    """Publish a lens that bends until the node has said something."""
    infos = desk.camera('/camera_info', CameraInfo)
    lens = CameraInfo(width=96, height=64, distortion_model='plumb_bob',
                      d=[-0.25, 0.0, 0.0, 0.0, 0.0],
                      k=[48.0, 0.0, 47.5, 0.0, 48.0, 31.5, 0, 0, 1.0])
    desk.spin_until(lambda: infos.publish(lens) or desk.spin(0.2) or said in process.output)


def test_a_best_effort_camera_info_is_heard_whatever_is_asked_of_the_pictures(
        desk, small_model, tmp_path):
    GROUND.save(tmp_path / 'ground.yaml')
    process = desk.start({'model': small_model, 'ground_calibration': tmp_path / 'ground.yaml',
                          'qos.reliability': 'reliable'})
    tell_lens_until(desk, process, 'taken from camera_info: plumb_bob')


def test_no_lens_is_taken_for_a_calibration_of_pixels_as_they_were_seen(
        desk, small_model, tmp_path):
    replace(GROUND, as_seen=True).save(tmp_path / 'ground.yaml')
    process = desk.start({'model': small_model, 'ground_calibration': tmp_path / 'ground.yaml'})
    tell_lens_until(desk, process, 'make it again with --camera-info')
    assert 'taken from camera_info' not in process.output


def test_a_picture_of_another_shape_than_the_calibration_is_an_error_that_is_said(
        desk, small_model, tmp_path):
    GroundCalibration(96, 48, np.array(
        [[0.0, -0.01, 0.7], [-0.01, 0.0, 0.475], [0.0, 0.0, 1.0]]), 0.001).save(
            tmp_path / 'ground.yaml')
    process = desk.start({'model': small_model, 'ground_calibration': tmp_path / 'ground.yaml'})
    camera = desk.camera()
    for number in range(4):
        camera.publish(raw_message(PICTURE, number))
        desk.spin(0.1)
    level, message, values = desk.diagnosis(lambda level, message, values: 'aspect' in message)
    assert level >= 1 and int(values['frames_failed']) > 0
    assert process.process.poll() is None

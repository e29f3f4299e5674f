# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the diagnostics say while nothing arrives, and where to look for the camera."""

import time

import pytest
from conftest import draw_track
from geometry_msgs.msg import PointStamped
from ros_desk import raw_message
from ros_desk import TIMEOUT_S
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Float32

from lane_perception.ros.diagnostics import OK
from lane_perception.ros.diagnostics import WARN


@pytest.fixture(scope='module')
def silent(make_desk, small_model):
    """Return a desk with an active node to which nobody publishes."""
    desk = make_desk()
    desk.start({'model': small_model})
    return desk


def said(desk, part):
    """Wait for a warning in the diagnostics that holds a part of a sentence."""
    return desk.diagnosis(lambda level, message, _: level == WARN and part in message)[1]


def test_without_any_camera_it_says_so(silent):
    assert said(silent, 'nothing publishes /image').endswith(
        'start the camera, or remap image to its topic (ros2 topic list)')


def test_a_camera_under_another_name_is_named(silent):
    publisher = silent.node.create_publisher(Image, '/front/image_raw', 1)
    assert 'pictures are on /front/image_raw: remap' in said(silent, '/front/image_raw')
    silent.node.destroy_publisher(publisher)


def test_what_other_lane_nodes_publish_is_no_camera(silent):
    outputs = {'mask': Image, 'overlay/compressed': CompressedImage, 'center': PointStamped,
               'offset': Float32}
    publishers = [silent.node.create_publisher(kind, f'/rear/eyes/{name}', 1)
                  for name, kind in outputs.items()]
    publishers.append(silent.node.create_publisher(Image, '/rear/eyes/image_raw', 1))
    assert 'pictures are on /rear/eyes/image_raw: remap' in said(silent, '/rear/eyes')
    for publisher in publishers:
        silent.node.destroy_publisher(publisher)


def test_what_is_no_picture_at_all_brings_no_hint_at_the_transport(silent):
    publisher = silent.node.create_publisher(Float32, '/image', 1)
    assert said(silent, 'carries std_msgs/msg/Float32').endswith(
        'listens for sensor_msgs/msg/Image; remap the input')
    silent.node.destroy_publisher(publisher)


def test_a_compressed_camera_brings_the_hint_at_the_transport(silent):
    publisher = silent.node.create_publisher(CompressedImage, '/image/compressed', 1)
    assert said(silent, '/image/compressed').endswith('set image_transport to compressed')
    silent.node.destroy_publisher(publisher)


def test_pictures_of_the_other_kind_under_another_name_bring_both_cures(silent):
    publisher = silent.node.create_publisher(CompressedImage, '/front/image_raw/compressed', 1)
    assert said(silent, '/front/image_raw/compressed').endswith(
        'set image_transport to compressed and remap image/compressed to its topic')
    silent.node.destroy_publisher(publisher)


def test_compressed_twice_over_is_not_cured_by_what_is_set_already(desk, small_model):
    desk.start({'model': small_model, 'image_transport': 'compressed'},
               remaps={'image/compressed': '/camera/compressed/compressed'})
    publisher = desk.node.create_publisher(CompressedImage, '/camera/compressed', 1)
    assert said(desk, 'but /camera/compressed is').endswith(
        'remap image/compressed to it (for a launch file: image:= without /compressed)')
    desk.node.destroy_publisher(publisher)


def test_a_lens_that_is_published_and_not_heard_is_told(desk, small_model):
    process = desk.start({'model': small_model}, remaps={'image': '/camera/image_raw'})
    publisher = desk.node.create_publisher(CameraInfo, '/camera/camera_info', 1)
    process.wait_for_output('/camera/camera_info is published and not heard, and it may tell the '
                            'lens: remap camera_info to it')
    desk.node.destroy_publisher(publisher)


def test_a_camera_that_stops_is_a_warning_after_a_second_and_ok_when_it_is_back(silent):
    camera = silent.camera()

    def stream_until_ok():
        silent.diagnostics.clear()
        end = time.monotonic() + TIMEOUT_S
        while not any(status.level == bytes([OK]) for status in silent.diagnostics.values()):
            assert time.monotonic() < end, silent.diagnostics
            message = raw_message(draw_track(64, 96), 0)
            message.header.stamp = silent.node.get_clock().now().to_msg()
            camera.publish(message)
            silent.spin(0.05)
    stream_until_ok()
    assert 'has a publisher, but no frame arrived for a second' in said(silent, 'no input')
    stream_until_ok()

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The node in the test's own process: what it says when something is not as it should be."""

import time

import numpy as np
import pytest
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions
from ros_desk import raw_message
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Float32

from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.ros.diagnostics import ERROR
from lane_perception.ros.diagnostics import WARN
from lane_perception.ros.lane_node import LaneNode


@pytest.fixture
def make_node(ros_domain, small_model):
    """Return a function that makes the node, with further parameters; one in a test."""
    made = []

    def make(remapping='image:=image', **parameters):
        arguments = ['--ros-args', '-p', f'model:={small_model}', '-r', remapping]
        for name, value in parameters.items():
            arguments += ['-p', f'{name}:={value}']
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
        made.append(LaneNode())
        return made[-1]
    yield make
    for node in made:
        node.end()
        node.destroy_node()
    rclpy.try_shutdown()


def looking_down():
    """Return the calibration of a camera that looks straight down, 100 pixels a metre."""
    return GroundCalibration(96, 64, np.array(
        [[0.0, -0.01, 0.84], [-0.01, 0.0, 0.475], [0.0, 0.0, 1.0]]), 0.001)


def test_a_repeated_warning_does_not_swallow_another_one(make_node, capfd):
    node = make_node()
    for sentence in ('no input: first', 'no input: first', 'the camera is upside down'):
        node._warn(sentence)
    said = capfd.readouterr().err
    assert said.count('no input: first') == 1 and 'the camera is upside down' in said


def test_cleanup_forgets_why_activate_failed(make_node, monkeypatch):
    node = make_node()

    def fail(*arguments, **more):
        raise RuntimeError('no memory')
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    with monkeypatch.context() as patched:
        patched.setattr('lane_perception.ros.lane_node.Worker', fail)
        assert node.trigger_activate() == TransitionCallbackReturn.FAILURE
    assert node._summarize().level == ERROR and 'no memory' in node._summarize().message
    assert node._summarize().values['frames_received'] == '0', 'counted in every state'
    assert node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
    assert node._summarize().message == 'not configured'


@pytest.mark.parametrize('width, is_said', [(0.0, False), (0.35, True)])
def test_a_lane_width_without_a_calibration_is_said_to_do_nothing(
        make_node, capfd, width, is_said):
    node = make_node(lane_width=width)
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    said = capfd.readouterr().err
    assert ('lane_width does nothing without a ground calibration' in said) == is_said


def test_a_shut_down_node_no_longer_tells_why_configure_failed(make_node):
    node = make_node(ground_calibration='/no/such.yaml')
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert node.trigger_shutdown() == TransitionCallbackReturn.SUCCESS
    assert node._summarize().message == 'shut down for good: start the node again'


def test_the_home_folder_may_be_written_as_a_tilde(make_node, tmp_path, monkeypatch):
    looking_down().save(tmp_path / 'ground.yaml')
    monkeypatch.setenv('HOME', str(tmp_path))
    node = make_node(ground_calibration='~/ground.yaml')   # no shell expands what is after :=
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert 'path' in node._outputs


def test_somebody_else_who_publishes_the_nodes_outputs_is_told(make_node):
    node = make_node()
    assert node.trigger_configure() == node.trigger_activate() == TransitionCallbackReturn.SUCCESS

    def trouble_comes(wanted):
        for _ in range(100):   # until the graph has changed
            node._statistics.arrived(time.monotonic())
            if ('2 publishers on /lane_perception/offset' in node._summarize().message) == wanted:
                return True
            time.sleep(0.05)
        return False
    other = node.create_publisher(Float32, '/lane_perception/offset', 1)
    assert trouble_comes(True)
    node.destroy_publisher(other)
    assert trouble_comes(False)


@pytest.mark.parametrize('change, sentence', [
    (dict(d=[float('nan')] * 5), 'coefficient is not a finite number'),
    (dict(distortion_model='thin_prism'), 'distortion model "thin_prism" is not known'),
    (dict(width=96, height=48), 'another aspect ratio'),
    (dict(width=0, height=0), 'another aspect ratio'),
    (dict(k=[1e-6, 0.0, 47.5, 0.0, 1e-6, 31.5, 0.0, 0.0, 1.0]), 'does not lie on the floor'),
], ids=('nan', 'model', 'aspect', 'no size', 'focal length'))
def test_a_lens_that_cannot_be_is_said_until_a_better_one_comes(
        make_node, tmp_path, change, sentence):
    looking_down().save(tmp_path / 'ground.yaml')
    node = make_node(ground_calibration=tmp_path / 'ground.yaml')
    assert node.trigger_configure() == node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    lens = dict(width=96, height=64, distortion_model='plumb_bob', d=[-0.25, 0.0, 0.0, 0.0, 0.0],
                k=[48.0, 0.0, 47.5, 0.0, 48.0, 31.5, 0.0, 0.0, 1.0])
    node._on_camera_info(CameraInfo(**{**lens, **change}))
    summary = node._summarize()
    assert summary.level == WARN and summary.message.startswith('lens: ')
    assert sentence in summary.message and summary.values['lens'] == 'none'
    node._on_camera_info(CameraInfo(**lens))
    summary = node._summarize()
    assert 'lens: ' not in summary.message and summary.values['lens'] == 'plumb_bob'
    node._on_camera_info(CameraInfo(**{**lens, 'd': [0.0] * 5}))
    assert node._summarize().values['lens'] == 'none'


FISHEYE = dict(width=192, height=128, distortion_model='equidistant', d=[0.0] * 4,
               k=[60.0, 0.0, 95.5, 0.0, 60.0, 63.5, 0.0, 0.0, 1.0])


def show_picture(node, height=64, width=96):
    """Let the node process a picture."""
    node._picture_size = None
    node._take(raw_message(np.zeros((height, width, 3), np.uint8), 1), 'eye')
    deadline = time.monotonic() + 20
    while node._picture_size != (width, height):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def known(node):
    """Return the lens that counts, and whether it is complained about."""
    return node._summarize().values['lens'], bool(node._lens.trouble)


def test_without_a_calibration_the_lens_counts_once_the_size_of_pictures_is_known(make_node):
    node = make_node()
    assert node.trigger_configure() == node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    node._on_camera_info(CameraInfo(**FISHEYE))
    assert known(node) == ('none', False)
    show_picture(node)   # it counts for this one
    assert known(node) == ('equidistant', False)
    assert node._worker.camera.lens.matrix[0, 0] == 30.0, 'of half the size'
    show_picture(node, height=48)
    assert known(node) == ('none', True), 'another aspect ratio'
    show_picture(node)
    for change, expected in (
            (dict(width=96), ('none', True)),
            (dict(k=[3.6, 0.0, 95.5, 0.0, 3.6, 63.5, 0.0, 0.0, 1.0]), ('none', True)),   # in mm
            (dict(k=[1.0, 0.0, 95.5, 0.0, 1.0, 63.5, 0.0, 0.0, 1.0]), ('none', False)),
            (dict(k=[0.0] * 9), ('none', False)),   # drivers that were given no lens
            (dict(distortion_model='', d=[]), ('plumb_bob', False))):
        node._on_camera_info(CameraInfo(**{**FISHEYE, **change}))
        assert known(node) == expected, change
        assert (node._worker.camera is None) == (expected[0] == 'none')


@pytest.mark.parametrize('calibrated', [False, True])
def test_a_corrected_lens_is_taken_after_the_node_was_activated_again(
        make_node, tmp_path, calibrated):
    looking_down().save(tmp_path / 'ground.yaml')
    node = make_node(**({'ground_calibration': tmp_path / 'ground.yaml'} if calibrated else {}))
    assert node.trigger_configure() == node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    node._on_camera_info(CameraInfo(**FISHEYE))
    show_picture(node)
    assert known(node) == ('equidistant', False)
    assert node.trigger_deactivate() == node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    show_picture(node)
    assert known(node) == ('none', False) and node._pipeline.finder.camera is None
    node._on_camera_info(CameraInfo(**{**FISHEYE, 'k': [66.0, *FISHEYE['k'][1:]]}))
    lens = (node._worker.ground or node._worker.camera).lens
    assert lens.matrix[0, 0] == 33.0


@pytest.mark.parametrize('topic, lens', [('/eye/image_raw', 'plumb_bob'),
                                         ('/eye/image_rect', 'none')])
def test_rectified_pictures_are_not_undistorted_again(make_node, tmp_path, topic, lens):
    looking_down().save(tmp_path / 'ground.yaml')
    node = make_node(f'image:={topic}', ground_calibration=tmp_path / 'ground.yaml')
    assert node.trigger_configure() == node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    node._on_camera_info(CameraInfo(
        width=96, height=64, distortion_model='plumb_bob', d=[-0.25, 0.0, 0.0, 0.0, 0.0],
        k=[48.0, 0.0, 47.5, 0.0, 48.0, 31.5, 0.0, 0.0, 1.0],
        p=[40.0, 0.0, 47.5, 0.0, 0.0, 40.0, 31.5, 0.0, 0.0, 0.0, 1.0, 0.0]))
    assert node._summarize().values['lens'] == lens

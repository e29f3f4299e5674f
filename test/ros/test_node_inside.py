# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The node in the test's own process: what it says when something is not as it should be."""

import pytest
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from lane_perception.ros.diagnostics import ERROR
from lane_perception.ros.lane_node import LaneNode


@pytest.fixture
def make_node(ros_domain, small_model):
    """Return a function that makes the node, with further parameters; one in a test."""
    made = []

    def make(**parameters):
        arguments = ['--ros-args', '-p', f'model:={small_model}']
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
    assert node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
    assert node._summarize().message == 'not configured'


@pytest.mark.parametrize('width, is_said', [(0.0, False), (0.35, True)])
def test_a_lane_width_without_a_calibration_is_said_to_do_nothing(
        make_node, capfd, width, is_said):
    node = make_node(lane_width=width)
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    said = capfd.readouterr().err
    assert ('lane_width does nothing without a ground calibration' in said) == is_said

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Parameters of a running node: live ones take effect, impossible ones are refused with why."""

import itertools
import math

import numpy as np
import pytest
from geometry_msgs.msg import PointStamped
from rcl_interfaces.srv import DescribeParameters
from rcl_interfaces.srv import ListParameters
from ros_desk import bright_picture
from ros_desk import raw_message
from ros_desk import send_until_answered
from ros_desk import TIMEOUT_S
from sensor_msgs.msg import Image

from lane_perception.ros.parameters import PARAMETERS

HEIGHT = 64
_numbers = itertools.count(1)


class Running:
    """A node that runs, its camera, and what it answers."""

    def __init__(self, desk, model):
        self.desk = desk
        self.process = desk.start({'model': model})
        self.masks = desk.listen(Image, '/lane_perception/mask')
        self.centers = desk.listen(PointStamped, '/lane_perception/center')
        self.camera = desk.camera()

    def mask_of(self, image):
        """Return the (H, W) mask that the node makes of a picture."""
        message = raw_message(image, next(_numbers))
        mask = send_until_answered(self.desk, self.camera, message, self.masks)
        while mask.header.stamp != message.header.stamp:   # a late one of the picture before
            mask = send_until_answered(self.desk, self.camera, message, self.masks)
        return np.array(mask.data, np.uint8).reshape(mask.height, mask.width)

    def center_of(self, image):
        """Return the (u, v) that the node answers to a picture."""
        self.mask_of(image)
        stamp = self.masks[-1].header.stamp
        self.desk.spin_until(lambda: self.centers and self.centers[-1].header.stamp == stamp)
        return self.centers[-1].point.x, self.centers[-1].point.y

    def change(self, name, value):
        return self.desk.set_parameter(name, value)

    def value_of(self, key):
        """Return a value of the diagnostics."""
        return self.desk.diagnosis(lambda level, message, values: key in values)[2][key]


@pytest.fixture(scope='module')
def node(make_desk, small_model):
    return Running(make_desk(), small_model)


@pytest.fixture
def restored(node):
    """Put the defaults back after the test."""
    yield
    for one in PARAMETERS:
        if one.live:
            assert node.change(one.name, one.default)[0], one.name


def test_all_parameters_are_described_with_unit_and_range(node):
    response = node.desk.call(ListParameters, '/lane_perception/list_parameters',
                              ListParameters.Request())
    assert {one.name for one in PARAMETERS} <= set(response.result.names)
    request = DescribeParameters.Request(names=[one.name for one in PARAMETERS])
    descriptors = node.desk.call(
        DescribeParameters, '/lane_perception/describe_parameters', request).descriptors
    for one, descriptor in zip(PARAMETERS, descriptors):
        assert descriptor.description == one.summary
        assert descriptor.read_only != one.live
        ranges = [*descriptor.floating_point_range, *descriptor.integer_range]
        assert [(each.from_value, each.to_value) for each in ranges] == (
            [(one.minimum, one.maximum)] if one.minimum is not None else [])


def test_threshold_changes_the_next_mask(node, restored):
    gray = np.full((HEIGHT, 96, 3), 172, np.uint8)     # the model calls that 0.77
    assert node.mask_of(gray).min() == 255
    assert node.change('threshold', 0.9) == (True, '')
    assert node.mask_of(gray).max() == 0
    assert node.value_of('threshold') == '0.900'


def test_look_ahead_moves_the_center(node, restored):
    # The small picture shows too little beyond its bottom row for a lane that is sure.
    assert node.change('min_confidence', 0.0) == (True, '')
    assert node.change('look_ahead', 0.1) == (True, '')
    near = node.center_of(bright_picture())[1]
    assert node.change('look_ahead', 0.35) == (True, '')
    far = node.center_of(bright_picture())[1]
    assert near - far == pytest.approx(0.25 * HEIGHT, abs=1.5), 'counted from the bottom'


def test_augmentation_is_switched_while_it_runs(node, restored):
    assert node.value_of('tta') == 'none'
    assert node.change('tta', 'full') == (True, '')
    assert node.mask_of(bright_picture()).max() == 255
    assert node.value_of('tta') == 'full'


@pytest.mark.parametrize('name, value, reason', [
    ('threshold', 1.5, 'threshold'),
    ('threshold', -0.1, 'threshold'),
    ('threshold', math.nan, 'threshold'),
    ('look_ahead', 2.0, 'look_ahead'),
    ('tta', 'all', 'tta "all" is not known; use one of none, flip, full'),
    ('tta', 3, 'type'),
    ('look_ahead_m', 0.5, 'look_ahead_m needs a ground calibration'),
    ('model', 'other', 'read-only parameter: model'),
    ('runtime', 'torch', 'read-only parameter: runtime'),
    ('qos.depth', 5, 'read-only parameter: qos.depth'),
    ('treshold', 0.5, 'undeclared parameter'),
])
def test_an_impossible_change_is_refused_with_its_reason(node, name, value, reason):
    accepted, sentence = node.change(name, value)
    assert not accepted
    assert reason in sentence
    assert node.mask_of(bright_picture()).max() == 255, 'it works on as before'


def test_a_mistyped_name_at_start_ends_it_with_the_nearest(desk, small_model):
    process = desk.start({'model': small_model, 'treshold': 0.4}, active=False)
    assert process.process.wait(TIMEOUT_S) == 2
    assert process.output.strip() == \
        'lane_node: there is no parameter "treshold"; did you mean "threshold"?'


def test_an_unknown_name_for_many_nodes_is_a_warning(desk, small_model, tmp_path):
    (tmp_path / 'car.yaml').write_text('/**: {ros__parameters: {wheels: 4}}')
    process = desk.start({'model': small_model, 'use_sim_time': False},
                         arguments=('--params-file', str(tmp_path / 'car.yaml')))
    assert 'there is no parameter "wheels"' in process.output


def test_a_parameter_file_for_another_name_is_a_warning(desk, small_model, tmp_path):
    (tmp_path / 'my.yaml').write_text('lane_node:\n  ros__parameters:\n    max_rate: 5.0\n')
    process = desk.start({'model': small_model},
                         arguments=('--params-file', str(tmp_path / 'my.yaml')))
    assert 'my.yaml sets nothing of this node: it is for lane_node; let it' in process.output


def test_a_parameter_file_is_taken(desk, small_model, tmp_path):
    file = tmp_path / 'mine.yaml'
    file.write_text('/**:\n  ros__parameters:\n    threshold: 0.25\n    tta: flip\n'
                    f'    model: {small_model}\n')
    desk.start(arguments=('--params-file', str(file)))
    values = desk.diagnosis(lambda level, message, values: 'tta' in values)[2]
    assert (values['threshold'], values['tta']) == ('0.250', 'flip')


def test_the_network_takes_a_smaller_input_and_the_mask_keeps_the_pictures_size(
        desk, small_model):
    desk.start({'model': small_model, 'resolution': '32x64'})
    masks, camera = desk.listen(Image, '/lane_perception/mask'), desk.camera()
    mask = send_until_answered(desk, camera, raw_message(bright_picture(), 1), masks)
    assert (mask.height, mask.width) == bright_picture().shape[:2]
    values = desk.diagnosis(lambda level, message, values: 'resolution' in values)[2]
    assert values['resolution'] == '32x64'

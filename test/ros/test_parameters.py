# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The parameter file, the README and the node's table say the same."""

from pathlib import Path

import pytest
import yaml

from lane_perception.errors import UserError
from lane_perception.ros.parameters import check_values
from lane_perception.ros.parameters import LiveSettings
from lane_perception.ros.parameters import PARAMETERS
from lane_perception.ros.parameters import refuse_unknown
from lane_perception.ros.parameters import value_of
from lane_perception.ros.parameters import without_effect

FILE = Path(__file__).resolve().parents[2] / 'config' / 'lane_perception.yaml'
DEFAULTS = {one.name: one.default for one in PARAMETERS}


def flat(values, prefix=''):
    """Return {dotted name: value} of nested parameters."""
    found = {}
    for key, value in values.items():
        found |= flat(value, f'{prefix}{key}.') if isinstance(value, dict) \
            else {f'{prefix}{key}': value}
    return found


def test_the_file_holds_every_parameter_with_its_default():
    written = flat(yaml.safe_load(FILE.read_text())['/**']['ros__parameters'])
    assert written == DEFAULTS
    assert {name: type(value) for name, value in written.items()} \
        == {name: type(value) for name, value in DEFAULTS.items()}


@pytest.mark.parametrize('one', PARAMETERS, ids=lambda one: one.name)
def test_the_file_has_one_comment_for_each(one):
    key = one.name.split('.')[-1]
    line = next(line for line in FILE.read_text().splitlines()
                if line.strip().startswith(f'{key}:'))
    assert line.split('# ', 1)[1] == one.summary + ('; live' if one.live else '')


@pytest.mark.parametrize('change, sentence', [
    ({'tta': 'all'}, 'tta "all" is not known; use one of none, flip, full'),
    ({'image_transport': 'theora'}, 'use one of raw, compressed'),
    ({'look_ahead_m': 0.5}, 'look_ahead_m needs a ground calibration'),
    ({'base_frame': ''}, 'base_frame is empty'),
    ({'base_frame': '/base_link'}, 'begins with /.*; write base_link'),
    ({'resolution': 'small'}, 'resolution "small" should be HEIGHTxWIDTH'),
])
def test_values_that_contradict_are_refused_with_the_cure(change, sentence):
    with pytest.raises(UserError, match=sentence):
        check_values({**DEFAULTS, **change})


@pytest.mark.parametrize('name, text, value', [
    ('lane_width', '1', 1.0), ('max_gap_s', '0.3', 0.3), ('qos.depth', '2', 2),
    ('autostart', 'false', False), ('autostart', 'True', True), ('model', '1', '1'),
])
def test_a_launch_arguments_text_becomes_a_value_of_the_parameters_type(name, text, value):
    found = value_of(next(one for one in PARAMETERS if one.name == name), text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize('name, text, sentence', [
    ('lane_width', 'wide', 'lane_width must be a number .* such as 0.0, and not "wide"'),
    ('lane_width', 'nan', 'lane_width must be a number'),
    ('qos.depth', '2.5', 'qos.depth must be a whole number from 1 to 100'),
    ('autostart', 'maybe', 'autostart must be true or false, such as true, and not "maybe"'),
])
def test_a_text_of_another_type_is_refused_in_one_sentence(name, text, sentence):
    with pytest.raises(UserError, match=sentence):
        value_of(next(one for one in PARAMETERS if one.name == name), text)


def test_the_defaults_are_allowed_and_mean_the_models_own_threshold():
    check_values(DEFAULTS)
    assert LiveSettings.from_values(DEFAULTS).threshold is None


@pytest.mark.parametrize('change, is_said', [
    ({}, False),
    ({'lane_width': 0.35}, True),
    ({'lane_width': 0.35, 'ground_calibration': 'ground.yaml'}, False),
])
def test_a_lane_width_does_nothing_without_a_calibration(change, is_said):
    assert bool(without_effect({**DEFAULTS, **change})) == is_said


SENTENCE = 'there is no parameter "treshold"; did you mean "threshold"?'


@pytest.mark.parametrize('option, value', [
    ('-p', 'treshold:=0.3'), ('--param', 'treshold:=0.3'), ('-p', 'lane_perception:treshold:=0.3'),
    ('--params-file', 'lane_perception: {ros__parameters: {treshold: 0.3}}'),
    ('--params-file', '/front: {lane_perception: {ros__parameters: {treshold: 0.3}}}'),
])
def test_an_unknown_name_that_is_meant_for_this_node_is_refused_with_the_nearest(
        tmp_path, option, value):
    if option == '--params-file':
        (tmp_path / 'mine.yaml').write_text(value)
        value = str(tmp_path / 'mine.yaml')
    with pytest.raises(UserError) as error:
        refuse_unknown(['treshold', 'tta'], ['--ros-args', option, value])
    assert str(error.value) == SENTENCE


def test_an_unknown_name_of_a_section_for_many_nodes_is_only_said(tmp_path):
    (tmp_path / 'car.yaml').write_text(
        '/**: {ros__parameters: {treshold: 0.3, wheels: {count: 4}}}\n'
        'driver: {ros__parameters: {exposure: 3, wheels: {count: 6}}}\n')
    arguments = ['--ros-args', '--params-file', str(tmp_path / 'car.yaml'), '-p', 'tta:=flip']
    assert refuse_unknown(['treshold', 'wheels.count', 'tta'], arguments) == [
        SENTENCE, 'there is no parameter "wheels.count"']


def test_a_value_that_only_rcl_takes_is_no_obstacle(tmp_path):
    (tmp_path / 'car.yaml').write_text(
        '/**: {ros__parameters: {treshold: 0.3, built: 2026-02-30}}')
    arguments = ['--ros-args', '--params-file', str(tmp_path / 'car.yaml')]
    assert refuse_unknown(['treshold'], arguments) == [SENTENCE]


def test_a_nested_name_is_found_in_the_file(tmp_path):
    (tmp_path / 'mine.yaml').write_text('lane_perception: {ros__parameters: {qos: {dept: 2}}}')
    with pytest.raises(UserError, match='did you mean "qos.depth"'):
        refuse_unknown(['qos.dept'], ['--params-file', str(tmp_path / 'mine.yaml')])


def test_the_parameters_of_every_rclpy_node_pass():
    names = ['use_sim_time', 'start_type_description_service',
             'qos_overrides./lane_perception/mask.publisher.depth']
    assert refuse_unknown(names, [part for name in names for part in ('-p', f'{name}:=1')]) == []

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A misspelt argument of a launch file is refused."""

import pytest

from lane_perception.errors import UserError
from lane_perception.ros.launch_arguments import refuse_unknown

FILE = '/somewhere/share/lane_perception/launch/lane_perception.launch.py'
NAMES = ('image', 'lane_width', 'qos.depth')


@pytest.mark.parametrize('words', [
    [],
    ['image:=/camera', 'lane_width:=0.3', 'qos.depth:=2'],
    ['--show-args', 'a:b', 'image:=x:=y'],
])
def test_what_is_declared_passes(words):
    refuse_unknown(FILE, NAMES, ['ros2', 'launch', 'lane_perception', 'lane_perception.launch.py',
                                 *words])


@pytest.mark.parametrize('word, sentence', [
    ('lane_widht:=0.3', 'lane_perception.launch.py has no argument lane_widht; did you mean '
                        'lane_width?'),
    ('colour:=red', 'has no argument colour; --show-args lists all'),
])
@pytest.mark.parametrize('file', ['lane_perception.launch.py', FILE])
def test_a_misspelt_one_is_refused(file, word, sentence):
    with pytest.raises(UserError, match=sentence):
        refuse_unknown(FILE, NAMES, ['ros2', 'launch', file, 'image:=/camera', word])


def test_arguments_of_a_launch_file_that_includes_this_one_are_not_judged():
    refuse_unknown(FILE, NAMES, ['ros2', 'launch', 'my_car', 'car.launch.py', 'colour:=red'])

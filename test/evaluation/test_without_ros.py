# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Replay needs no ROS, and writes the same messages without it."""

import os
import subprocess
import sys

import numpy as np
import pytest
from bright_model import write_bright_model
from recordings_on_disk import write_ground
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main as replay
from lane_perception.data.recordings import RecordingReader
from lane_perception.ros import message_classes

WITHOUT_ROS = '''
import importlib.util
import sys
ROS = ('rclpy', 'cv_bridge', 'std_msgs', 'sensor_msgs', 'geometry_msgs', 'nav_msgs',
       'visualization_msgs', 'builtin_interfaces')
class NoRos:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ROS:
            raise ModuleNotFoundError(name)
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in ROS else found(name, *rest)
sys.meta_path.insert(0, NoRos())
from lane_perception.cli.replay import main
status = main(sys.argv[1:])
assert not [name for name in sys.modules if name.partition('.')[0] in ROS]
sys.exit(status)
'''


def values(message):
    """Return a message as nested lists."""
    if isinstance(message, (list, np.ndarray)):
        return [values(one) for one in message]
    if hasattr(message, '__msgtype__'):
        return [values(getattr(message, name)) for name in message.__dataclass_fields__
                if not name.startswith('__')]
    return message


def messages(bag):
    with RecordingReader(bag) as reader:
        return [(raw.topic, raw.log_time_ns, values(reader.deserialize(raw.data,
                                                                       raw.message_type)))
                for raw in reader.messages()]


@pytest.mark.skipif(not message_classes.has_ros(), reason='no ROS here to compare with')
def test_the_output_bag_is_the_same_with_ros_and_without(tmp_path):
    model = tmp_path / 'bright.onnx'
    write_bright_model(model, 128, 160)
    bag = write_recording(tmp_path / 'drive', count=4, blank=[2])
    arguments = [str(bag), '--model', str(model),
                 '--ground', str(write_ground(tmp_path / 'ground.yaml'))]
    assert replay([*arguments, '--out', str(tmp_path / 'with')]) == 0
    run = subprocess.run(
        [sys.executable, '-c', WITHOUT_ROS, *arguments, '--out', str(tmp_path / 'without')],
        capture_output=True, text=True, env={**os.environ})
    assert run.returncode == 0, run.stderr
    with_ros, without = messages(tmp_path / 'with/bag'), messages(tmp_path / 'without/bag')
    assert len(with_ros) == len(without) >= 4 * 6
    assert {topic.rpartition('/lane_perception/')[2] for topic, _, _ in without} == {
        'mask', 'center', 'offset', 'path', 'pose', 'markers', 'overlay/compressed'}
    for one, other in zip(with_ros, without):
        np.testing.assert_equal(one, other)


def test_an_unknown_field_of_a_stand_in_is_an_error(monkeypatch):
    monkeypatch.setattr(message_classes, 'has_ros', lambda: False)
    stand_in = message_classes.message_class.__wrapped__('geometry_msgs/msg/Point')
    with pytest.raises(TypeError, match='no field w'):
        stand_in(w=1.0)
    assert stand_in(x=1.0).y == 0.0
    turn = message_classes.message_class.__wrapped__('geometry_msgs/msg/Quaternion')
    pose = message_classes.message_class.__wrapped__('geometry_msgs/msg/Pose')()
    assert (pose.orientation.x, turn().x) == (0.0, 0.0)

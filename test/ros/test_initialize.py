# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""ROS that cannot start is one sentence and status 2, whichever verb wanted it."""

import subprocess
import sys

import pytest

from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.errors import UserError
from lane_perception.ros.initialize import initialize

rclpy = pytest.importorskip('rclpy')


@pytest.fixture
def no_home(monkeypatch, ros_domain):
    """Give this test, and the processes it starts, a home that nobody can write to."""
    monkeypatch.setenv('HOME', '/proc/nohome')
    monkeypatch.delenv('ROS_LOG_DIR', raising=False)
    monkeypatch.delenv('ROS_HOME', raising=False)


def write_bag(folder):
    """Write a recording of one small picture; return its folder."""
    from sensor_msgs.msg import Image
    from rclpy.serialization import serialize_message
    message = Image(height=4, width=4, step=12, encoding='bgr8', data=bytes(48))
    message.header.stamp.sec = 1
    with RecordingWriter(folder) as writer:
        writer.write_serialized('/image', 'sensor_msgs/msg/Image', serialize_message(message),
                                1_000_000_000)
    return folder


def test_the_sentence_says_what_to_set(no_home):
    with pytest.raises(UserError, match='nohome.*ROS_LOG_DIR'):
        initialize(context=rclpy.Context())


def test_a_domain_that_is_no_number_is_not_called_a_wrong_argument(monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', 'kitchen')
    with pytest.raises(UserError, match='^ROS does not start: ROS_DOMAIN_ID is not'):
        initialize(context=rclpy.Context())


@pytest.mark.parametrize('verb, arguments', [
    ('cli.lane_node', []),
    ('cli.demo', ['--bag', 'BAG', '--model', 'MODEL', '--out', 'OUT']),
    ('cli.drive_simulated', ['--over-dds', '--no-video', '--seconds', '0.3', '--model', 'MODEL',
                             '--out', 'OUT']),
    ('cli.calibrate_ground', ['--topic', '/image', '--board', 'checkerboard:6x4:0.06',
                              '--out', 'OUT/ground.yaml']),
    ('cli.benchmark', ['--only', 'stages', '--model', 'MODEL', '--rounds', '2', '--budget', '1',
                       '--out', 'OUT/stages.json']),
    ('ros.player', ['BAG', '--topic', '/image', '--log', 'OUT.json']),
])
def test_a_home_that_cannot_be_written_is_one_sentence(
        verb, arguments, no_home, tmp_path, bright_model):
    bag = str(write_bag(tmp_path / 'bag'))
    given = [one.replace('BAG', bag).replace('MODEL', str(bright_model))
             .replace('OUT', str(tmp_path / 'out')) for one in arguments]
    run = subprocess.run([sys.executable, '-m', f'lane_perception.{verb}', *given],
                         capture_output=True, text=True, timeout=120)
    assert run.returncode == 2, run.stderr
    assert 'Traceback' not in run.stderr
    last = run.stderr.strip().splitlines()[-1]
    assert '/proc/nohome' in last and 'ROS_LOG_DIR' in last

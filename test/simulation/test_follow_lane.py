# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The example controller as a process: it steers by the offset and stops the car in time."""

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / 'examples' / 'follow_lane.py'


def environment():
    """Return that of a process of its own: rclpy's wheels note in it that they are set up."""
    return {key: value for key, value in os.environ.items()
            if key != '_ROS_WHEELS_BOOTSTRAP_COMPLETE'}


@pytest.fixture(params=[()])
def drive(ros_domain, request):
    """Start the example with more parameters, and give (publish, the commands heard, process)."""
    rclpy = pytest.importorskip('rclpy')
    from geometry_msgs.msg import Twist
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor
    from std_msgs.msg import Float32
    process = subprocess.Popen([sys.executable, str(EXAMPLE), '--ros-args', '-p', 'speed:=0.4',
                                *request.param],
                               env=environment())
    context = Context()
    rclpy.init(context=context, domain_id=ros_domain)
    node = rclpy.create_node('test_follow_lane', context=context)
    heard = []
    node.create_subscription(Twist, 'cmd_vel', lambda message: heard.append(
        (time.monotonic(), message.linear.x, message.angular.z)), 10)
    publisher = node.create_publisher(Float32, 'offset', 1)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)

    def publish(offset, seconds):
        """Publish an offset at 20 Hz for a time (None: only listen); return the last command."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if offset is not None:
                publisher.publish(Float32(data=offset))
            until = time.monotonic() + 0.05
            while time.monotonic() < until:
                executor.spin_once(timeout_sec=0.01)
        return heard[-1][1:] if heard else None
    end = time.monotonic() + 30.0
    while publisher.get_subscription_count() == 0 and time.monotonic() < end:
        publish(None, 0.1)
    yield publish, heard, process
    if process.poll() is None:
        process.kill()
    process.wait()
    node.destroy_node()
    rclpy.shutdown(context=context)


def test_it_steers_to_the_lane_and_stops_without_one(drive):
    publish, heard, process = drive
    speed, turn = publish(0.25, 1.0)
    assert speed == pytest.approx(0.4) and turn > 0.1    # lane to the left: turn left
    speed, turn = publish(-0.25, 1.0)
    assert turn < -0.1
    assert publish(math.nan, 0.5) == (0.0, 0.0)          # no lane
    assert publish(0.25, 1.0)[0] == pytest.approx(0.4)
    assert publish(None, 1.0) == (0.0, 0.0)              # silence


@pytest.mark.parametrize('offset', [math.inf, -math.inf, 50.0, -1.6])
def test_what_is_no_offset_stops_it(drive, offset):
    publish, heard, process = drive
    assert publish(-1.0, 1.0)[0] == pytest.approx(0.4)   # the lane leaves the picture there
    assert publish(offset, 0.5) == (0.0, 0.0)


@pytest.mark.parametrize('drive', [('-p', 'use_sim_time:=true')], indirect=True)
def test_it_stops_on_silence_while_the_recordings_clock_stands_still(drive):
    publish, heard, process = drive   # nobody publishes /clock: the time of ROS is 0
    assert publish(0.25, 1.0)[0] == pytest.approx(0.4)
    assert publish(None, 1.0) == (0.0, 0.0)


@pytest.mark.parametrize('given', ['gain:=2', 'turn_limit:=-1.0', 'speed:=fast'])
def test_a_wrong_parameter_is_one_sentence_and_status_2(ros_domain, given):
    pytest.importorskip('rclpy')
    done = subprocess.run([sys.executable, str(EXAMPLE), '--ros-args', '-p', given], check=False,
                          env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert 'Traceback' not in done.stderr and '2.0, not 2' in done.stderr


@pytest.mark.parametrize('asked', ['--help', '-h'])
def test_help_is_its_text_and_drives_nothing(asked):
    pytest.importorskip('rclpy')
    done = subprocess.run([sys.executable, str(EXAMPLE), asked], check=False, env=environment(),
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.startswith('Drive by the lane') and 'speed:=0.3' in done.stdout


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_it_stops_the_car_when_it_is_ended(drive, number):
    publish, heard, process = drive
    assert publish(0.25, 1.0)[0] == pytest.approx(0.4)
    process.send_signal(number)
    process.send_signal(number)                          # ros2 launch hands Ctrl-C on twice
    end = time.monotonic() + 15.0
    while process.poll() is None and time.monotonic() < end:
        publish(0.25, 0.1)                               # the lane is still there
    assert process.returncode == 0
    assert publish(None, 0.5) == (0.0, 0.0)

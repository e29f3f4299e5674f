# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""No process that a verb started outlives it, and nothing half written stays."""

import os
import subprocess
import sys
import time

from lane_perception.ros.processes import private_environment
import psutil
import pytest
from recordings_on_disk import TOPIC
from recordings_on_disk import write_recording

# Starts a process that goes on for ever, as this package starts its nodes.
STARTER = """
import os, sys, time
from pathlib import Path
from lane_perception.ros.processes import RosProcess

process = RosProcess('http.server', ['0', '--bind', '127.0.0.1'], Path(sys.argv[1]),
                     dict(os.environ), ('nice', '-n', '1'))
print(process.pid, flush=True)
time.sleep(60)
"""


def ended(processes, seconds=30.0):
    """Return whether all of them have ended in time."""
    _, alive = psutil.wait_procs(processes, seconds)
    for one in alive:
        one.kill()
    return not alive


@pytest.mark.parametrize('around', [0, 1])
def test_a_demo_is_never_in_the_domain_of_the_car(monkeypatch, around):
    own = private_environment()['ROS_DOMAIN_ID']
    monkeypatch.setenv('ROS_DOMAIN_ID', str(int(own) + around))
    beside = private_environment()['ROS_DOMAIN_ID']
    assert beside != os.environ['ROS_DOMAIN_ID'] and 1 <= int(beside) <= 101


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux tells of the end of a parent')
def test_a_process_ends_when_its_parent_was_killed(tmp_path):
    starter = subprocess.Popen([sys.executable, '-c', STARTER, str(tmp_path / 'log')],
                               stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(starter.stdout.readline()))
    time.sleep(0.5)
    assert child.is_running()
    starter.kill()
    starter.communicate()
    assert ended([child], 5.0)


def test_sigterm_ends_the_demo_with_its_node_and_its_player(tmp_path, ros_domain, bright_model):
    pytest.importorskip('rclpy')
    bag, out = write_recording(tmp_path / 'drive', count=1200), tmp_path / 'out'
    said = tmp_path / 'said.txt'
    with open(said, 'w') as file:
        demo = subprocess.Popen(
            [sys.executable, '-m', 'lane_perception.cli.demo', '--bag', str(bag), '--topic', TOPIC,
             '--model', str(bright_model), '--out', str(out)], stdout=file, stderr=file)
    end = time.monotonic() + 60.0
    while 'playing' not in said.read_text():
        assert demo.poll() is None and time.monotonic() < end, said.read_text()
        time.sleep(0.1)
    started = psutil.Process(demo.pid).children(recursive=True)
    assert started
    demo.terminate()
    try:
        assert demo.wait(60.0) == 143, said.read_text()
    finally:
        demo.kill()
    assert ended(started)
    assert [path.name for path in out.iterdir() if path.suffix != '.log'] == []
    assert 'Traceback' not in said.read_text()


def test_sigterm_leaves_nothing_half_written_of_a_replay(tmp_path, bright_model):
    bag, out = write_recording(tmp_path / 'drive', count=1200), tmp_path / 'out'
    replay = subprocess.Popen(
        [sys.executable, '-m', 'lane_perception.cli.replay', str(bag), '--topic', TOPIC,
         '--model', str(bright_model), '--out', str(out)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60.0
    while not list(out.glob('.bag.*')):
        assert replay.poll() is None and time.monotonic() < end
        time.sleep(0.1)
    replay.terminate()
    _, error = replay.communicate(timeout=60)
    assert replay.returncode == 143, error
    assert not out.exists()

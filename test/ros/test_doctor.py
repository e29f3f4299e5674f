# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The doctor: what is broken has a cure and status 1, what works is said."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lane_perception.cli import doctor
from lane_perception.ros.doctor import installation
from lane_perception.ros.doctor import model
from lane_perception.ros.doctor.finding import BROKEN
from lane_perception.ros.doctor.finding import DOUBTFUL
from lane_perception.ros.doctor.finding import Finding
from lane_perception.ros.doctor.finding import GOOD

CHECKOUT = Path(__file__).resolve().parents[2]


def screen(arguments, timeout=120):
    """Run the doctor in a process of its own; return its exit status and what it printed."""
    run = subprocess.run([sys.executable, '-m', 'lane_perception.cli.doctor', *arguments],
                         capture_output=True, text=True, timeout=timeout)
    return run.returncode, run.stdout


def test_a_whole_installation_is_called_whole(bright_model, ros_domain):
    status, text = screen(['--model', str(bright_model), '--no-topics'])
    assert status == 0, text
    assert 'cv_bridge work together' in text and 'model bright runs on' in text
    assert 'FAIL' not in text


def test_it_runs_with_the_standard_library_alone_and_names_what_is_missing():
    run = subprocess.run([sys.executable, '-S', '-m', 'lane_perception.cli.doctor'],
                         capture_output=True, text=True, timeout=60, cwd=CHECKOUT)
    assert run.returncode == 1 and not run.stderr, run.stderr
    for name in ('rclpy', 'numpy', 'OpenCV'):
        assert f'[FAIL] {name} cannot be imported' in run.stdout
    assert 'pip install "numpy<2"' in run.stdout


@pytest.mark.parametrize('package, shown', [('cv2', 'OpenCV'), ('numpy', 'numpy')])
def test_a_package_that_is_missing_is_one_thing_to_mend(package, shown):
    code = (f'import sys; sys.modules["{package}"] = None; '
            'from lane_perception.cli.doctor import main; sys.exit(main(["--no-topics"]))')
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert run.returncode == 1 and 'Traceback' not in run.stderr, run.stderr
    assert f'[FAIL] {shown} cannot be imported' in run.stdout
    assert '[warn] model lane_lite cannot be looked at' in run.stdout
    assert '1 thing to mend' in run.stdout


def test_a_home_that_cannot_be_written_is_a_finding(bright_model, ros_domain, monkeypatch):
    pytest.importorskip('rclpy')
    monkeypatch.setenv('HOME', '/proc/nohome')
    monkeypatch.delenv('ROS_LOG_DIR', raising=False)
    monkeypatch.delenv('ROS_HOME', raising=False)
    status, text = screen(['--model', str(bright_model)])
    assert status == 1 and '1 thing to mend' in text
    assert '[FAIL] ROS does not start' in text and 'export ROS_LOG_DIR=' in text


def test_a_model_that_cannot_be_loaded_is_named_and_ends_in_status_1(tmp_path, capsys):
    damaged = tmp_path / 'damaged.onnx'
    damaged.write_bytes(b'not a model')
    assert doctor.run(['--model', str(damaged), '--no-topics']) == 1
    assert 'damaged.onnx is damaged' in capsys.readouterr().out


@pytest.mark.parametrize('own, takes_ms, smaller, smaller_ms', [
    ('384x640', 60.0, '256x416', '26.0'),    # the largest that is quick enough
    ('384x640', 400.0, '192x320', '100.0'),  # the smallest that was measured
    ('256x416', 40.0, '192x320', '23.1'),
])
def test_a_processor_too_slow_for_the_camera_is_told_what_a_smaller_input_brings(
        bright_model, monkeypatch, own, takes_ms, smaller, smaller_ms):
    def takes(pipeline, picture):   # in proportion to the area
        return takes_ms * area(pipeline.segmenter.resolution) / area(own)
    monkeypatch.setattr(model, '_median_ms', takes)
    finding, = model.model(str(bright_model), own)
    assert finding.level == DOUBTFUL and 'slower than a camera' in finding.text
    assert f'set resolution to {smaller} ({smaller_ms} ms; less accurate' in finding.cure


@pytest.mark.parametrize('instructions, advised', [(['avx_vnni'], True), (['avx2'], False)])
def test_int8_is_advised_where_it_suits_the_processor(
        bright_model, monkeypatch, instructions, advised):
    monkeypatch.setattr('lane_perception.runtimes.precision.instructions', lambda: instructions)
    monkeypatch.setattr(model, '_median_ms', lambda pipeline, picture: 50.0)
    finding, = model.model(str(bright_model))
    assert ('export --int8' in finding.cure) == advised


def test_nothing_smaller_is_advised_than_was_measured(bright_model, monkeypatch):
    monkeypatch.setattr(model, '_median_ms', lambda pipeline, picture: 50.0)
    finding, = model.model(str(bright_model), '192x320')
    assert finding.level == DOUBTFUL and 'resolution' not in finding.cure
    measured = json.loads((CHECKOUT / 'benchmark/results/input_sizes.json').read_text())
    told = {row['resolution'] for row in measured['candidates'].values()}
    assert {f'{height}x{width}' for height, width in model.MEASURED} == told
    assert list(model.MEASURED) == sorted(model.MEASURED, reverse=True)


def area(resolution):
    height, width = map(int, resolution.split('x'))
    return height * width


def test_the_last_line_counts_what_is_broken_and_what_is_doubtful(monkeypatch, capsys):
    for levels, status, end in (
            ([GOOD, GOOD], 0, 'nothing is broken'),
            ([GOOD, DOUBTFUL], 0, 'nothing is broken, 1 warning'),
            ([BROKEN, DOUBTFUL, DOUBTFUL], 1, '1 thing to mend, 2 warnings'),
            ([BROKEN, BROKEN], 1, '2 things to mend')):
        monkeypatch.setattr(doctor, 'findings',
                            lambda arguments: iter(Finding(one, 'a finding') for one in levels))
        assert doctor.run([]) == status
        assert capsys.readouterr().out.splitlines()[-1] == end


def test_a_numpy_that_cv_bridge_cannot_do_is_found(monkeypatch):
    monkeypatch.setattr(installation, 'TRY_CV_BRIDGE',
                        'raise ImportError("numpy.core.multiarray failed to import")')
    found = list(installation.numpy_and_cv_bridge())
    assert [one.level for one in found] == [BROKEN]
    assert 'multiarray' in found[0].text and 'numpy<2' in found[0].cure


@pytest.mark.parametrize('both, check', [
    (('onnxruntime', 'onnxruntime-gpu'), lambda: list(installation.runtimes())),
    (('opencv-python', 'opencv-python-headless'), lambda: [installation.opencv()]),
])
def test_two_builds_over_each_other_are_found(monkeypatch, both, check):
    monkeypatch.setattr(installation, 'package_version',
                        lambda name: '1.0' if name in both else '')
    broken = [one for one in check() if one.level == BROKEN]
    assert len(broken) == 1
    assert all(name in broken[0].text for name in both) and 'uninstall' in broken[0].cure


def test_a_shell_without_the_shared_memory_profile_is_warned(monkeypatch):
    for name in installation.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert [one.level for one in installation.shared_memory()] == [DOUBTFUL]
    monkeypatch.setenv(installation.VARIABLES[0], 'mine.xml')
    assert [one.level for one in installation.shared_memory()] == [GOOD]


def test_a_container_with_little_shared_memory_is_warned(monkeypatch):
    monkeypatch.setenv(installation.VARIABLES[0], 'mine.xml')
    monkeypatch.setattr(installation, 'room_bytes', lambda: 60 * 2**20)
    first = next(iter(installation.shared_memory()))
    assert first.level == DOUBTFUL
    assert 'only 60 MB' in first.text and '--shm-size' in first.cure


def test_a_camera_is_seen_with_its_type_and_rate(bright_model, ros_domain):
    camera = subprocess.Popen([sys.executable, '-c', CAMERA])
    try:
        time.sleep(1.0)
        status, text = screen(['--model', str(bright_model)])
    finally:
        camera.terminate()
        camera.wait()
    assert '/front/image_raw' in text, text
    line = next(line for line in text.splitlines() if '/front/image_raw' in line)
    assert '(Image, best_effort)' in line and ' Hz' in line
    assert float(line.split(': ')[1].split()[0]) > 1
    assert 'lane_node is not running' in text and status == 0


def test_a_node_of_any_name_is_known_by_what_it_says():
    pytest.importorskip('rclpy')
    from diagnostic_msgs.msg import DiagnosticStatus
    from diagnostic_msgs.msg import KeyValue
    from lane_perception.ros.doctor.graph import _nodes
    battery = DiagnosticStatus(message='full', values=[KeyValue(key='model', value='LiPo')])
    eyes = DiagnosticStatus(level=DiagnosticStatus.WARN, message='not active',
                            values=[KeyValue(key='frames_undecodable', value='0')])
    finding, = _nodes({'battery': battery, 'front/eyes': eyes})
    assert (finding.level, finding.text) == (DOUBTFUL, '/front/eyes says: not active')


CAMERA = """
import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
rclpy.init()
node = rclpy.create_node('camera')
qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
publisher = node.create_publisher(Image, '/front/image_raw', qos)
message = Image(height=4, width=4, step=12, encoding='bgr8', data=bytes(48))
node.create_timer(0.1, lambda: publisher.publish(message))
rclpy.spin(node)
"""

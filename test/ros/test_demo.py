# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The demo: a recording drives the node in its own process, and what comes out is scored."""

import json
import math
import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from conftest import draw_track
from slow_model import write_slow_model

from lane_perception.cli.demo import main
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader

pytest.importorskip('rclpy')

TOPIC, TRUTH = '/camera/image_raw', '/truth/mask'
FRAMES, RATE = 45, 15
START_NS = 1_600_000_000_000_000_000
REPORT_KEYS = {
    'lane_iou', 'background_iou', 'miou', 'miou_per_image', 'precision', 'recall', 'f1',
    'pixel_accuracy', 'line_f1', 'center_mae_px', 'lane_found', 'frames_sent', 'frames_received',
    'frames_dropped', 'output_rate_hz', 'age_ms', 'latency_ms',
}


def write_recording(bag, compressed=False, stamps=None, frames=FRAMES, replace=False):
    """Write a drawn track that sways, with its true masks; return the stamps."""
    stamps = stamps or [START_NS + number * 10**9 // RATE for number in range(frames)]
    suffix = '/compressed' if compressed else ''
    with RecordingWriter(bag, replace=replace) as writer:
        make = writer.message_class
        for number, stamp_ns in enumerate(stamps):
            image = draw_track(shift=30 * math.sin(number / 10))
            mask = np.where(image[..., 0] > 160, 255, 0).astype(np.uint8)
            header = make('std_msgs/msg/Header')(
                make('builtin_interfaces/msg/Time')(*divmod(stamp_ns, 10**9)), 'camera')
            for topic, pixels, encoding in ((TOPIC, image, 'bgr8'), (TRUTH, mask, 'mono8')):
                log_ns = START_NS + number * 10**9 // RATE
                if compressed:
                    kind = 'sensor_msgs/msg/CompressedImage'
                    data = cv2.imencode('.png', pixels)[1].ravel()
                    message = make(kind)(header, 'png', data)
                else:
                    kind = 'sensor_msgs/msg/Image'
                    height, width = pixels.shape[:2]
                    message = make(kind)(header, height, width, encoding, 0,
                                         pixels.size // height, pixels.ravel())
                writer.write(topic + suffix, kind, message, log_ns)
    return stamps


def least_share(on_a_quiet_machine=0.95):
    """Return the share of frames that must come back; a node that gets no processor drops them."""
    return on_a_quiet_machine if os.getloadavg()[0] <= 1.5 * os.cpu_count() else 0.05


def read(bag, topic):
    with RecordingReader(bag) as reader:
        return list(reader.frames(topic))


@pytest.mark.parametrize('compressed', [False, True], ids=['raw', 'compressed'])
def test_a_recording_drives_the_node_and_is_scored(
        tmp_path, ros_domain, bright_model, compressed, capsys):
    stamps = write_recording(tmp_path / 'drive', compressed)
    suffix = '/compressed' if compressed else ''
    out = tmp_path / 'out'
    status = main(['--bag', str(tmp_path / 'drive'), '--truth-topic', TRUTH + suffix,
                   '--model', str(bright_model), '--out', str(out)])
    printed = capsys.readouterr().out
    assert status == 0
    report = json.loads((out / 'report.json').read_text())
    assert REPORT_KEYS <= set(report)
    assert report['frames_sent'] == FRAMES
    assert report['frames_received'] >= least_share() * FRAMES
    assert report['frames_dropped'] == FRAMES - report['frames_received']
    assert 0 < report['age_ms']['p50'] <= report['age_ms']['p99']
    assert 0 < report['latency_ms']['p50'] <= report['age_ms']['p50']
    assert report['output_rate_hz'] <= 1.1 * RATE
    assert report['line_f1'] > 0.95, 'the bright model finds what was drawn'
    assert report['node']['exit_status'] == 0
    assert 'use_sim_time' not in report['node']['diagnostics']['message'], \
        'the recording is of another day, and the node is told its time'
    assert TOPIC + suffix in printed, 'it says which topic it took'

    masks = read(out / 'bag', '/lane_perception/mask')
    assert len(masks) == report['frames_received']
    for stamp_ns, log_ns, mask in masks:
        assert stamp_ns in stamps and log_ns == stamp_ns
        assert mask.header.frame_id == 'camera'
        assert (mask.height, mask.width, mask.encoding) == (480, 640, 'mono8')
        assert set(np.unique(mask.data)) <= {0, 255}

    centers = {stamp: message
               for stamp, _, message in read(out / 'bag', '/lane_perception/center')}
    offsets = read(out / 'bag', '/lane_perception/offset')
    assert len(offsets) == len(centers) == len(masks)
    for _, log_ns, offset in offsets:
        u = centers[log_ns].point.x
        expected = (639 / 2 - u) / 320
        assert offset.data == pytest.approx(expected, abs=1e-4, nan_ok=True), \
            'an offset is logged at the stamp of its own frame'

    picture = cv2.imread(str(out / 'frames.png'))
    assert picture.shape == (960, 1920, 3)
    video = cv2.VideoCapture(str(out / 'overlay.mp4'))
    shown = video.get(cv2.CAP_PROP_FRAME_COUNT)
    assert 0 < shown <= report['frames_received']
    assert video.read()[0], 'the video can be played'


def test_a_node_that_drops_frames_says_why(tmp_path, ros_domain, capsys):
    write_slow_model(tmp_path / 'slow.onnx', layers=12)
    write_recording(tmp_path / 'drive', frames=75)
    assert main(['--bag', str(tmp_path / 'drive'), '--model', str(tmp_path / 'slow.onnx'),
                 '--hz', '30', '--out', str(tmp_path / 'out')]) == 0
    report = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert report['frames_dropped'] > 0 and 5 < report['input_rate_hz'] < 31
    printed = capsys.readouterr().out
    why = next(line for line in printed.splitlines() if 'why dropped' in line)
    takes, network, period = map(int, re.search(
        r'takes (\d+) ms here \(the network (\d+)\), and one comes every (\d+) ms', why).groups())
    assert takes >= network > period == round(1000 / report['input_rate_hz'])
    assert 'resolution' in why
    said = report['node']['diagnostics']
    assert 'no input' not in said['message'], 'that the recording has ended is no fault'
    assert int(said['frames_received']) > 0


def test_a_rate_of_ones_own_keeps_the_source_stamps(tmp_path, ros_domain, bright_model):
    stamps = write_recording(tmp_path / 'drive', compressed=True)
    out = tmp_path / 'out'
    assert main(['--bag', str(tmp_path / 'drive'), '--model', str(bright_model),
                 '--hz', '20', '--out', str(out)]) == 0
    report = json.loads((out / 'report.json').read_text())
    assert 0.9 * 20 * least_share() <= report['output_rate_hz'] <= 1.1 * 20
    assert 'lane_iou' not in report and report['lane_found'] > 0.9
    assert {stamp for stamp, _, _ in read(out / 'bag', '/lane_perception/mask')} <= set(stamps)


def test_exit_status_1_with_a_sentence_when_nothing_came_out(
        tmp_path, ros_domain, bright_model, capsys):
    bag = tmp_path / 'broken'
    with RecordingWriter(bag) as writer:
        make = writer.message_class
        for number in range(5):
            stamp_ns = START_NS + number * 10**8
            header = make('std_msgs/msg/Header')(
                make('builtin_interfaces/msg/Time')(*divmod(stamp_ns, 10**9)), 'camera')
            message = make('sensor_msgs/msg/CompressedImage')(
                header, 'jpeg', np.arange(50, dtype=np.uint8))
            writer.write('/camera', 'sensor_msgs/msg/CompressedImage', message, stamp_ns)
    assert main(['--bag', str(bag), '--model', str(bright_model),
                 '--out', str(tmp_path / 'out')]) == 1
    error = capsys.readouterr().err
    assert '5 frames were sent and no mask came back' in error
    assert 'Traceback' not in error


@pytest.mark.parametrize('arguments, sentence', [
    (['--bag', '{nowhere}'], 'there is no recording'),
    (['--bag', '{bag}', '--topic', '/no/such'], 'has no topic /no/such'),
    (['--bag', '{bag}', '--truth-topic', '/no/truth'], 'has no topic /no/truth'),
    (['--bag', '{bag}', '--model', 'no_such_model'], 'no_such_model'),
    (['--bag', '{bag}', '--hz', '-3'], 'is not a rate'),
    (['--bag', '{bag}', '--hz', 'nan'], 'nan is not a rate'),
    (['--bag', '{bag}', '--hz', 'inf'], 'inf is not a rate'),
    (['--topic', '/camera'], 'give it with --bag'),
    (['--bag', '{twins}'], 'a stamp of their own'),
])
def test_bad_use_is_one_sentence_and_status_2(tmp_path, bright_model, capsys, arguments, sentence):
    write_recording(tmp_path / 'bag', frames=2)
    write_recording(tmp_path / 'twins', stamps=[START_NS, START_NS])
    places = {name: str(tmp_path / name) for name in ('bag', 'twins', 'nowhere')}
    given = [one.format(**places) for one in arguments]
    if '--model' not in given:
        given += ['--model', str(bright_model)]
    assert main([*given, '--out', str(tmp_path / 'out')]) == 2
    error = capsys.readouterr().err.strip()
    assert sentence in error and len(error.splitlines()) == 1


@pytest.mark.parametrize('replace', [False, True], ids=['own drive', 'earlier output'])
def test_the_source_is_never_replaced_by_the_output(tmp_path, bright_model, capsys, replace):
    stamps = write_recording(tmp_path / 'bag', frames=2, replace=replace)
    for source in (tmp_path / 'bag', tmp_path / 'bag' / 'bag.mcap'):
        assert main(['--bag', str(source), '--model', str(bright_model),
                     '--out', str(tmp_path)]) == 2
        assert 'would be replaced' in capsys.readouterr().err
    assert [stamp for stamp, _, _ in read(tmp_path / 'bag', TOPIC)] == stamps


@pytest.mark.parametrize('place, sentence', [
    ('run', 'holds a training run'), ('labels', 'is the data set'),
    ('drive', 'is the recording'), ('mine', 'overlay.mp4 exists already')])
def test_runs_labels_recordings_and_own_files_are_no_place_for_results(
        tmp_path, bright_model, capsys, place, sentence):
    write_recording(tmp_path / 'drive', frames=2)
    for name in ('run/run.json', 'run/report.json', 'labels/images/a.jpg', 'mine/overlay.mp4'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('mine')
    before = sorted(tmp_path.rglob('*'))
    assert main(['--bag', str(tmp_path / 'drive'), '--model', str(bright_model),
                 '--out', str(tmp_path / place)]) == 2
    output = capsys.readouterr()
    assert sentence in output.err and '--out' in output.err and not output.out
    assert sorted(tmp_path.rglob('*')) == before


@pytest.mark.parametrize('name', ['bag', 'recording'])
def test_a_drive_of_ones_own_in_the_output_folder_is_never_replaced(
        tmp_path, bright_model, capsys, name):
    stamps = write_recording(tmp_path / name, frames=2)
    assert main(['--model', str(bright_model), '--out', str(tmp_path)]) == 2
    output = capsys.readouterr()
    assert f'{tmp_path / name} exists already' in output.err and not output.out
    assert [stamp for stamp, _, _ in read(tmp_path / name, TOPIC)] == stamps


def test_without_ros_it_says_so_at_once(tmp_path):
    code = ('import importlib.util as u; found = u.find_spec\n'
            'u.find_spec = lambda name, *more: None if name == "rclpy" else found(name, *more)\n'
            'from lane_perception.cli.demo import main; raise SystemExit(main([]))')
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                         cwd=tmp_path)
    assert run.returncode == 2
    assert 'needs ROS 2' in run.stderr and 'Traceback' not in run.stderr


def test_real_frames_come_back_with_their_stamps(shared_data, tmp_path, ros_domain, bright_model):
    bag, topic = shared_data / 'seame_cam_a_bag', '/camera/image_raw/compressed'
    out = tmp_path / 'out'
    assert main(['--bag', str(bag), '--topic', topic, '--hz', '30',
                 '--truth-topic', '/ground_truth/lane_mask/compressed',
                 '--model', str(bright_model), '--out', str(out)]) == 0
    report = json.loads((out / 'report.json').read_text())
    assert report['frames_received'] >= least_share() * report['frames_sent'] > 0
    sources = {stamp for stamp, _, _ in read(bag, topic)}
    assert {stamp for stamp, _, _ in read(out / 'bag', '/lane_perception/mask')} <= sources

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The simulated car, its controller, and drives in the synthetic world with true masks."""

import json
import math
import os

import cv2
import numpy as np
import pytest

from lane_perception.cli import drive_simulated
from lane_perception.data.synthetic.driving import World
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.simulation.car import Car
from lane_perception.simulation.closed_loop import drive_loop
from lane_perception.simulation.closed_loop import LoopSettings
from lane_perception.simulation.controller import Controller
from lane_perception.simulation.eyes import calibration_of
from lane_perception.simulation.eyes import car_camera
from lane_perception.simulation.eyes import lane_width
from lane_perception.simulation.eyes import TrueMaskEyes

TRACK = 2_000_003


def world_and_eyes(reverse=False):
    camera = car_camera()
    world = World(TRACK, camera=camera, reverse=reverse)
    settings = LaneSettings(lane_width=lane_width(world))
    return world, TrueMaskEyes(LaneFinder(settings, calibration_of(camera)))


def test_a_held_steering_angle_drives_the_circle_of_the_wheelbase():
    car = Car(0.0, 0.0, 0.0)
    places = []
    for _ in range(4000):
        car.move(math.radians(20), 0.5, 0.005)
        places.append((car.x, car.y))
    places = np.array(places[1000:])
    radius = 0.25 / math.tan(math.radians(20))
    center = (places.max(axis=0) + places.min(axis=0)) / 2
    assert np.hypot(*(places - center).T) == pytest.approx(radius, rel=0.01)


def test_steering_stops_at_its_limit():
    car = Car(0.0, 0.0, 0.0)
    for _ in range(1000):
        car.move(3.0, 0.0, 0.005)
    assert car.steering == pytest.approx(math.radians(30), abs=1e-3)


def test_pure_pursuit_steers_towards_the_path():
    controller = Controller(0.25, 0.5)
    x = np.linspace(0, 1, 20)
    controller.path(np.column_stack((x, np.full(20, 0.1))), 0.0)
    assert controller.command(0.0)[0] > 0.05
    controller.path(np.column_stack((x, np.full(20, -0.1))), 0.0)
    assert controller.command(0.0)[0] < -0.05


def test_the_controller_stops_without_a_lane():
    controller = Controller(0.25, 0.5)
    assert controller.command(0.0)[1] == 0.0
    controller.offset(0.1, 0.0)
    assert controller.command(0.1)[1] == 0.5
    controller.offset(float('nan'), 0.25)
    assert controller.command(0.25)[1] == 0.0


@pytest.mark.parametrize('steer_by', ['path', 'offset'])
def test_a_drive_stays_in_its_lane(steer_by):
    report = drive_loop(*world_and_eyes(), LoopSettings(seconds=12, steer_by=steer_by)).report()
    assert report['departures'] == 0
    assert report['in_lane'] == 1.0
    assert report['distance_m'] > 5.0
    assert report['mean_offset_m'] < (0.02 if steer_by == 'path' else 0.05)


def test_a_drive_survives_lost_frames_and_gaps():
    log = drive_loop(*world_and_eyes(reverse=True), LoopSettings(seconds=12, drop=0.3, gap=0.5))
    assert log.report()['departures'] == 0
    assert 0.5 * len(log.stamp) < len(log.seen) < 0.72 * len(log.stamp)


def test_a_centre_line_of_short_blocks_is_followed():
    world = World(2_100_001, camera=car_camera())
    finder = LaneFinder(LaneSettings(lane_width=lane_width(world)), calibration_of(world.camera))
    report = drive_loop(world, TrueMaskEyes(finder), LoopSettings(seconds=14.0)).report()
    assert report['departures'] == 0 and report['mean_offset_m'] < 0.01


def test_a_car_without_a_calibration_is_not_drawn_into_two_lanes_at_once():
    # In its bends one edge is out of sight, and the outer edge of the other lane offers itself.
    world = World(2_000_011, camera=car_camera())
    report = drive_loop(world, TrueMaskEyes(LaneFinder()),
                        LoopSettings(seconds=15.0, steer_by='offset')).report()
    assert report['departures'] == 0 and report['mean_offset_m'] < 0.06


def test_a_blind_car_stands_still():
    world, _ = world_and_eyes()
    finder = LaneFinder(ground=calibration_of(world.camera))

    def look(world, pose, stamp):
        return finder.find(np.zeros((480, 640), np.uint8), stamp), None, None
    report = drive_loop(world, look, LoopSettings(seconds=1)).report()
    assert report['distance_m'] == 0.0
    assert report['lane_found'] == 0.0


def test_the_verb_writes_report_and_top_view(tmp_path, capsys):
    assert drive_simulated.main(['--true-mask', '--no-video', '--seconds', '2',
                                 '--out', str(tmp_path)]) == 0
    report = json.loads((tmp_path / 'report.json').read_text())
    assert {'distance_m', 'seconds', 'in_lane', 'mean_offset_m', 'max_offset_m',
            'departures'} <= report.keys()
    picture = cv2.imread(str(tmp_path / 'top_view.png'))
    assert (picture == (90, 200, 90)).all(axis=2).any()  # the way, inside the lane
    assert 'departures 0' in capsys.readouterr().out


def test_the_verb_writes_a_video(tmp_path):
    assert drive_simulated.main(['--true-mask', '--seconds', '0.2', '--out', str(tmp_path)]) == 0
    video = cv2.VideoCapture(str(tmp_path / 'drive.mp4'))
    frames = 0
    while video.read()[0]:
        frames += 1
    assert frames >= 2


@pytest.mark.parametrize('place', ['run', 'bag', 'bag/drive', 'labels', 'own'])
def test_the_verb_writes_into_no_run_recording_or_data_set_and_over_no_video(
        place, tmp_path, capsys):
    for name in ('run/run.json', 'bag/metadata.yaml', 'bag/bag_0.mcap', 'labels/images/a.jpg',
                 'labels/report.json', 'own/drive.mp4'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    before = sorted(tmp_path.rglob('*'))
    assert drive_simulated.main(['--true-mask', '--seconds', '0.2', '--out',
                                 str(tmp_path / place)]) == 2
    assert str(tmp_path / place.split('/')[0]) in capsys.readouterr().err
    assert sorted(tmp_path.rglob('*')) == before


def test_a_drive_over_dds_writes_over_no_calibration_of_the_users(tmp_path, capsys):
    pytest.importorskip('rclpy')
    (tmp_path / 'ground.yaml').write_text('mine')
    assert drive_simulated.main(['--over-dds', '--seconds', '0.2', '--out', str(tmp_path)]) == 2
    assert f'{tmp_path / "ground.yaml"} exists already' in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['ground.yaml']


def test_a_drive_leaves_nothing_that_only_an_earlier_one_made(tmp_path):
    for name in ('drive.mp4', 'lane_node.log', 'ground.yaml'):
        (tmp_path / name).write_text('earlier')
    (tmp_path / 'report.json').write_text(json.dumps({'command': '', 'machine': {}}))
    arguments = ['--true-mask', '--no-video', '--seconds', '0.2', '--out', str(tmp_path)]
    assert drive_simulated.main(arguments) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        'report.json', 'top_view.png', 'ground.yaml'}


@pytest.mark.parametrize('options, sentence', [
    (['--seconds', '0.2', '--gap', '0.5'],
     '--gap has no effect in this drive: a gap is the last 0.5 s of each 5 s'),
    (['--gap', '4.5', '--seconds', '0.8'], None),
    (['--seconds', '0.2', '--learn-width', '--no-calibration', '--steer-by', 'offset'],
     '--learn-width has no effect with --no-calibration'),
    (['--seconds', '0.2', '--learn-width'], None),
])
def test_an_option_without_effect_is_said(options, sentence, tmp_path, capsys):
    assert drive_simulated.main(['--true-mask', '--no-video', '--out', str(tmp_path),
                                 *options]) == 0
    assert capsys.readouterr().err == (
        f'drive_simulated: note: {sentence}\n' if sentence else '')


@pytest.mark.parametrize('track', [5, 999_999, 1_000_000])
def test_a_track_that_training_may_have_drawn_is_told_of(track, bright_model, tmp_path, capsys):
    assert drive_simulated.main(['--track', str(track), '--no-video', '--seconds', '0.1',
                                 '--model', str(bright_model), '--out', str(tmp_path)]) == 0
    note = f'drive_simulated: note: training may have drawn track {track}, as any below 1000000\n'
    assert capsys.readouterr().err == (note if track < 1_000_000 else '')


def test_the_verb_refuses_a_speed_that_no_car_has(capsys):
    assert drive_simulated.main(['--speed', '90']) == 2
    assert '--speed 90 is not between' in capsys.readouterr().err


def test_the_verb_drives_without_a_calibration_as_a_car_does_that_has_none(
        tmp_path, capsys, monkeypatch):
    given = []
    monkeypatch.setattr('lane_perception.geometry.lane_finder.LaneFinder',
                        lambda *arguments: given.append(arguments) or LaneFinder(*arguments))
    assert drive_simulated.main(['--true-mask', '--no-video', '--seconds', '1', '--steer-by',
                                 'offset', '--no-calibration', '--out', str(tmp_path)]) == 0
    assert given == [(LaneSettings(), None)]
    report = json.loads((tmp_path / 'report.json').read_text())
    assert (report['calibrated'], report['lane_width_given']) == (False, False)
    assert report['distance_m'] > 0.2 and report['departures'] == 0
    assert drive_simulated.main(['--no-calibration', '--out', str(tmp_path)]) == 2
    assert 'give --steer-by offset' in capsys.readouterr().err


@pytest.mark.parametrize('arguments, sentence', [
    (['--true-mask', '--resolution', '64x96'], '--true-mask needs no network'),
    (['--resolution', 'small'], 'should be HEIGHTxWIDTH'),
    (['--resolution', '²x64'], 'should be HEIGHTxWIDTH')])
def test_a_resolution_that_cannot_be_is_refused(arguments, sentence, capsys):
    assert drive_simulated.main(arguments) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize('model', ['nix', 'lane_lite'])
def test_a_model_beside_the_true_mask_is_refused(model, tmp_path, capsys):
    assert drive_simulated.main(['--true-mask', '--model', model, '--no-video', '--seconds', '0.1',
                                 '--out', str(tmp_path)]) == 2
    assert '--true-mask needs no network: leave --model out' in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path, capsys):
    (tmp_path / 'top_view.png').mkdir()
    (tmp_path / 'report.json').write_text(json.dumps({'command': '', 'machine': {}}))
    assert drive_simulated.main(['--true-mask', '--no-video', '--seconds', '0.2', '--out',
                                 str(tmp_path)]) == 2
    assert 'top_view.png' in capsys.readouterr().err
    assert json.loads((tmp_path / 'report.json').read_text())['seconds'] > 0.0
    assert {path.name for path in tmp_path.iterdir()} == {'report.json', 'top_view.png'}


@pytest.mark.parametrize('calibrated', [True, False])
def test_a_drive_over_dds_goes_through_a_real_node(
        tmp_path, bright_model, ros_domain, calibrated):
    pytest.importorskip('rclpy')
    before = dict(os.environ)
    assert drive_simulated.main(['--over-dds', '--no-video', '--seconds', '0.3', '--model',
                                 str(bright_model), '--resolution', '64x96', '--out',
                                 str(tmp_path), *([] if calibrated else [
                                     '--no-calibration', '--steer-by', 'offset'])]) == 0
    report = json.loads((tmp_path / 'report.json').read_text())
    assert (report['transport'], report['resolution']) == ('dds', '64x96')
    assert 'bright on' in (tmp_path / 'lane_node.log').read_text()
    assert 'input 64x96' in (tmp_path / 'lane_node.log').read_text()
    assert (tmp_path / 'ground.yaml').exists() == calibrated
    assert dict(os.environ) == before


def test_a_node_that_cannot_start_is_told_in_a_sentence(tmp_path, ros_domain, capsys):
    pytest.importorskip('rclpy')
    assert drive_simulated.main(['--over-dds', '--no-video', '--seconds', '0.3', '--model',
                                 'no_such_model', '--out', str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert 'the lane_node cannot start' in told and 'no_such_model' in told


@pytest.fixture
def started(monkeypatch):
    """Return a list of the nodes that the simulated car starts."""
    remote_eyes = pytest.importorskip('lane_perception.ros.remote_eyes')
    started = []

    class Kept(remote_eyes.RosProcess):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            started.append(self)
    monkeypatch.setattr(remote_eyes, 'RosProcess', Kept)
    return started


@pytest.mark.parametrize('failing', ['init', 'create_node'])
def test_a_node_is_ended_when_its_listener_cannot_start(
        tmp_path, ros_domain, monkeypatch, bright_model, started, failing):
    import rclpy

    def fail(*arguments, **more):
        raise OSError('no more sockets')
    monkeypatch.setattr(rclpy, failing, fail)
    before = dict(os.environ)
    with pytest.raises(OSError, match='no more sockets'):
        drive_simulated.main(['--over-dds', '--no-video', '--seconds', '0.3', '--model',
                              str(bright_model), '--out', str(tmp_path)])
    assert started[0].exit_status is not None
    assert dict(os.environ) == before


def test_a_node_that_never_listens_is_ended(
        tmp_path, ros_domain, monkeypatch, bright_model, started, capsys):
    monkeypatch.setattr('lane_perception.ros.remote_eyes.START_TIMEOUT_S', 0.0)
    assert drive_simulated.main(['--over-dds', '--no-video', '--seconds', '0.3', '--model',
                                 str(bright_model), '--out', str(tmp_path)]) == 2
    assert 'does not listen' in capsys.readouterr().err
    assert started[0].exit_status is not None

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The verb synthesize: readable data sets and recordings, whole or not at all."""

import json
import os
import signal
import subprocess
import sys
import time

import cv2
from lane_perception.cli.synthesize import main
from lane_perception.data.readers import read_dataset
from lane_perception.data.recordings import RecordingReader
from lane_perception.data.synthetic import Camera
from lane_perception.data.synthetic import dataset
from lane_perception.data.synthetic import sample
from lane_perception.data.synthetic import WorldSettings
import numpy as np
import pytest
import yaml

SIZE = 'size=160x120'


def test_a_data_set_holds_the_samples_of_its_seed(tmp_path):
    out = tmp_path / 'set'
    assert main(['--count', '4', '--seed', '9', '--processes', '1', '--out', str(out), SIZE]) == 0
    assert {path.name for path in out.iterdir()} == {'images', 'masks', 'truth.jsonl'}
    lines = [json.loads(line) for line in (out / 'truth.jsonl').read_text().splitlines()]
    assert [line['stem'] for line in lines] == [f'synthesize_00000{n}' for n in range(4)]
    expected = sample(9, 2, WorldSettings(size=(160, 120)))
    mask = cv2.imread(str(out / 'masks' / 'synthesize_000002.png'), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(mask, expected.mask)
    image = cv2.imread(str(out / 'images' / 'synthesize_000002.jpg'))
    assert np.abs(image.astype(int) - expected.image).mean() < 6
    assert lines[2]['lane']['lateral'] == pytest.approx(expected.truth.lateral, abs=1e-4)
    read = read_dataset(out).samples
    assert [one.recording for one in read] == [one.stem for one in read] and len(read) == 4


def test_more_processes_change_nothing(tmp_path):
    for name, processes in (('one', '1'), ('two', '2')):
        main(['--count', '8', '--processes', processes, '--out', str(tmp_path / name), SIZE])
    for folder in ('images', 'masks'):
        for path in (tmp_path / 'one' / folder).iterdir():
            assert path.read_bytes() == (tmp_path / 'two' / folder / path.name).read_bytes()
    assert ((tmp_path / 'one' / 'truth.jsonl').read_text()
            == (tmp_path / 'two' / 'truth.jsonl').read_text())


def test_trackless_pictures_have_empty_masks_and_no_lane(tmp_path):
    out = tmp_path / 'set'
    main(['--count', '3', '--trackless', '1', '--processes', '1', '--out', str(out), SIZE])
    for line in (out / 'truth.jsonl').read_text().splitlines():
        assert json.loads(line)['lane'] is None
    for path in (out / 'masks').iterdir():
        assert not cv2.imread(str(path), cv2.IMREAD_UNCHANGED).any()


def test_the_truth_in_metres_falls_on_the_truth_in_pixels(tmp_path):
    out = tmp_path / 'set'
    main(['--count', '2', '--processes', '1', '--out', str(out), SIZE])
    for line in (out / 'truth.jsonl').read_text().splitlines():
        line = json.loads(line)
        line['camera'].pop('ground_homography')
        camera = Camera(**line['camera'])
        for metres, pixel in zip(line['lane']['center_line'], line['lane']['center_line_px']):
            if pixel is not None and metres[0] > camera.mount_forward + 0.1:
                assert np.allclose(camera.project(np.array([metres]))[0], pixel, atol=0.2)


def test_a_recording_has_pictures_camera_and_truth_with_equal_stamps(tmp_path):
    out = tmp_path / 'drive'
    assert main(['--recording', '--count', '5', '--seed', '1000002', '--rate', '10', '--out',
                 str(out), SIZE]) == 0
    with RecordingReader(out) as reader:
        assert not reader.problems
        stamps = {}
        for topic in ('/camera/image_raw/compressed', '/camera/camera_info',
                      '/ground_truth/lane_mask/compressed', '/ground_truth/center',
                      '/ground_truth/pose', '/ground_truth/path'):
            stamps[topic] = [stamp for stamp, _, _ in reader.frames(topic)]
            assert stamps[topic] == stamps['/camera/image_raw/compressed']
        stamps = stamps['/camera/image_raw/compressed']
        assert np.diff(stamps).tolist() == [100_000_000] * 4
        _, _, info = next(reader.frames('/camera/camera_info'))
        assert (info.width, info.height) == (160, 120)
        _, _, message = next(reader.frames('/ground_truth/lane_mask/compressed'))
        mask = cv2.imdecode(message.data, cv2.IMREAD_UNCHANGED)
        assert mask.shape == (120, 160) and set(np.unique(mask)) <= {0, 127, 255}
        _, _, path = next(reader.frames('/ground_truth/path'))
        assert path.header.frame_id == 'base_link' and len(path.poses) > 10


def test_the_recorded_mount_is_the_camera_s(tmp_path):
    out = tmp_path / 'drive'
    main(['--recording', '--raw', '--count', '1', '--seed', '1000002', '--out', str(out), SIZE,
          'camera_height=0.2', 'pitch=25'])
    with RecordingReader(out) as reader:
        assert '/camera/image_raw' in reader.topics()
        _, _, message = next(reader.frames('/tf_static'))
    topics = yaml.safe_load((out / 'metadata.yaml').read_text())[
        'rosbag2_bagfile_information']['topics_with_message_count']
    qos = {one['topic_metadata']['name']: one['topic_metadata']['offered_qos_profiles']
           for one in topics}
    # As listeners to transforms ask for it, and a player's default is not.
    offered = yaml.safe_load(qos['/tf_static'])[0]
    assert (offered['durability'], offered['reliability']) == (1, 1)
    assert qos['/camera/image_raw'] == ''
    transform = message.transforms[0].transform
    assert transform.translation.z == pytest.approx(0.2)
    x, y, z, w = (getattr(transform.rotation, name) for name in 'xyzw')
    forward = np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
    assert np.rad2deg(np.arcsin(-forward[2])) == pytest.approx(25, abs=0.1)
    assert forward[0] > 0.8


@pytest.mark.parametrize('arguments, sentence', [
    (['flor=foam'], 'the nearest is floor'),
    (['floor=lava'], 'none of foam'),
    (['fov=wide'], 'should be a number'),
    (['pitch=99'], 'out of range: -10 to 80'),
    (['size=640'], 'should be WIDTHxHEIGHT'),
    (['lens=plumb_bob', 'fov=160'], 'too wide for lens=plumb_bob'),
    (['--count', '0'], '--count 0 should be at least 1'),
    (['--trackless', '2'], 'should be a share from 0 to 1'),
    (['--recording', '--trackless', '0.5'], '--trackless is for data sets'),
    (['--recording', '--speed', '0'], 'should be above 0'),
])
def test_bad_use_is_refused_with_one_sentence(arguments, sentence, tmp_path, capsys):
    out = tmp_path / 'set'
    assert main([*arguments, '--out', str(out)]) == 2
    assert sentence in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize('kind, options', [
    ([], ['--speed', '1']), ([], ['--rate', '10']), ([], ['--reverse']), ([], ['--raw']),
    (['--recording'], ['--processes', '999'])])
def test_an_option_of_the_other_kind_is_said(kind, options, tmp_path, capsys):
    assert main([*kind, *options, '--count', '1', '--out', str(tmp_path / 'out'), SIZE]) == 0
    assert capsys.readouterr().err == (f'synthesize: note: {options[0]} has no effect '
                                       f'{"with" if kind else "without"} --recording\n')


@pytest.mark.parametrize('kind', [[], ['--recording']])
def test_what_is_there_is_not_overwritten(kind, tmp_path, capsys):
    (tmp_path / 'kept').write_text('mine')
    assert main([*kind, '--count', '1', '--out', str(tmp_path), SIZE]) == 2
    assert 'exists already' in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['kept']


@pytest.mark.parametrize('kind', [[], ['--recording']])
def test_the_working_directory_is_refused(kind, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*kind, '--count', '1', '--out', '.', SIZE]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert tmp_path.is_dir() and not list(tmp_path.iterdir())


def test_an_interrupted_run_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr(dataset, 'describe', interrupt)
    assert main(['--count', '2', '--processes', '1', '--out', str(tmp_path / 'set'), SIZE]) == 130
    assert not list(tmp_path.iterdir())


# The verb as a shell starts it; its processes import the file that they are started from.
VERB = '''
import signal, sys
from lane_perception.cli.synthesize import main
if __name__ == '__main__':
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
'''


@pytest.mark.parametrize('drawn', [0, 3])   # when its processes begin, and when they work
def test_ctrl_c_ends_all_processes_without_a_traceback(drawn, tmp_path):
    (tmp_path / 'verb.py').write_text(VERB)
    place = tmp_path / 'place'
    process = subprocess.Popen(
        [sys.executable, tmp_path / 'verb.py', '--count', '5000', '--processes', '2', '--out',
         place / 'set', SIZE],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (
            place.is_dir() and len(list(place.glob('.set.*/images/*.jpg'))) >= drawn):
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)   # as a terminal does
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and said.endswith('verb: interrupted\n')
    assert 'Traceback' not in said
    assert not place.exists()

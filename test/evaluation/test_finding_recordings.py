# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What replay is given and cannot replay is said with the next step."""

import numpy as np
import pytest
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main
from lane_perception.data.image_files import write_image
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.errors import UserError
from lane_perception.evaluation.recording_runs import find_recordings


def write_answers(path):
    """Write a recording of what a lane_node published, without a message."""
    with RecordingWriter(path) as writer:
        writer.add_topic('/car/lane_perception/mask', 'sensor_msgs/msg/Image')
        writer.add_topic('/lane_perception/offset', 'std_msgs/msg/Float32')
    return path


def test_a_folder_of_pictures_is_for_evaluate(tmp_path):
    (tmp_path / 'labels' / 'images').mkdir(parents=True)
    sentence = f'{tmp_path}/labels is not a recording: it holds no .mcap or .db3 file'
    with pytest.raises(UserError, match=f'^{sentence}$'):
        find_recordings([tmp_path / 'labels'])
    write_image(tmp_path / 'labels' / 'images' / 'a.png', np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(UserError, match=f'^{sentence}; models are scored .* by evaluate$'):
        find_recordings([tmp_path / 'labels'])


def test_a_video_is_for_extract_frames(tmp_path, model, capsys):
    (tmp_path / 'drive.mp4').write_bytes(b'a video')
    assert main([str(tmp_path / 'drive.mp4'), '--model', str(model), '--out',
                 str(tmp_path / 'new' / 'out')]) == 2
    assert 'frames of a video are taken by extract_frames' in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['drive.mp4']


def test_what_a_node_published_is_left_out_of_a_folder_of_recordings(tmp_path):
    drive = write_recording(tmp_path / 'lap1', count=1)
    answers = write_answers(tmp_path / 'out' / 'lap1' / 'bag')
    both = write_recording(tmp_path / 'lap2', count=1)
    notes = []
    assert find_recordings([tmp_path], tmp_path / 'out2', notes.append) == [drive, both]
    assert notes == [
        f'the recording {answers} holds only what a lane_node published, and is left out']
    with pytest.raises(UserError, match=f'no recording of a camera at {tmp_path}/out'):
        find_recordings([tmp_path / 'out'], say=notes.append)
    assert find_recordings([answers]) == [answers], 'asked for by name'


def test_a_replay_beside_the_results_of_an_earlier_one_leaves_these_out(tmp_path, model, capsys):
    write_recording(tmp_path / 'drives' / 'lap1', count=2)
    for out in ('out', 'out2'):
        assert main([str(tmp_path / 'drives'), '--model', str(model), '--no-video', '--out',
                     str(tmp_path / 'drives' / out)]) == 0
    assert 'drives/out/bag holds only what a lane_node published' in capsys.readouterr().err

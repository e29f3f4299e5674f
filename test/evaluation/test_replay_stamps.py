# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""replay where stamps are none, frames damaged or labels without a marking."""

import json

import numpy as np
import pytest
from bright_model import write_bright_model
from recordings_on_disk import PERIOD
from recordings_on_disk import START
from recordings_on_disk import TOPIC
from recordings_on_disk import TRUTH
from recordings_on_disk import track
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main
from lane_perception.data.image_files import write_image
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp('model') / 'bright.onnx'
    write_bright_model(path, 128, 160)
    return path


def run(bag, model, out, *arguments):
    assert main([str(bag), '--model', str(model), '--out', str(out), '--no-video',
                 *map(str, arguments)]) == 0
    return json.loads((out / 'report.json').read_text())


@pytest.mark.parametrize('stamp', [0, -1_000_000_000, -1])
def test_frames_without_a_stamp_lie_in_the_output_as_they_were_recorded(tmp_path, model, stamp):
    bag = write_recording(tmp_path / 'drive', count=3, stamps=[stamp] * 3)
    report = run(bag, model, tmp_path / 'out', '--truth-topic', TRUTH)
    assert report['images_judged'] == 3
    assert any(one.startswith(f'3 frames on {TOPIC} have no stamp') for one in report['problems'])
    with RecordingReader(tmp_path / 'out' / 'bag') as reader:
        written = [frame[:2] for frame in reader.frames('/lane_perception/mask')]
    assert written == [(stamp, START + index * PERIOD) for index in range(3)]


@pytest.mark.parametrize('kept', [30, 200])
def test_labels_by_number_count_a_first_frame_that_is_damaged(tmp_path, model, kept):
    bag = write_recording(tmp_path / 'drive', count=6, truth=False)
    folder = tmp_path / 'labels'
    folder.mkdir()
    for index in range(6):
        write_image(folder / f'{index}.png', track(index)[1])
    whole = run(bag, model, tmp_path / 'whole', '--labels', folder)
    with RecordingReader(bag) as reader, RecordingWriter(tmp_path / 'bad') as writer:
        for number, raw in enumerate(reader.messages()):
            data = raw.data if number else raw.data[:kept]
            writer.write_serialized(raw.topic, raw.message_type, data, raw.log_time_ns)
    for more in ([], ['--label-rate', 1e9 / PERIOD]):
        report = run(tmp_path / 'bad', model, tmp_path / 'out', '--labels', folder, *more)
        assert report['frames']['lane_iou'] == whole['frames']['lane_iou'][1:]
        problem, = report['problems']
        assert 'was left out: a damaged' in problem


def test_labels_without_a_marking_are_said(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', count=2, truth=False)
    folder = tmp_path / 'labels'
    folder.mkdir()
    for index in range(2):
        classes = np.where(track(index)[1] == 255, 2, 0).astype(np.uint8)
        write_image(folder / f'{index}.png', classes)
    problem, = run(bag, model, tmp_path / 'out', '--labels', folder)['problems']
    assert problem.startswith(f'none of the 2 labels in {folder} holds a marking')

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lens that a recording tells counts in replay as in the node."""

import json

import pytest
from recordings_on_disk import INFO
from recordings_on_disk import TOPIC
from recordings_on_disk import write_ground
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lens import Lens
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.pipeline import LanePipeline
from lane_perception.ros.images import to_bgr

FOCAL = 60.0   # pixels, of pictures 160 pixels wide: a wide lens


def replayed(bag, model, out, *arguments):
    assert main([str(bag), '--model', str(model), '--out', str(out), '--no-video',
                 *map(str, arguments)]) == 0
    return json.loads((out / 'report.json').read_text())


def offsets(report):
    return [offset for offset in report['frames']['offset'] if offset is not None]


def test_the_lane_is_found_through_the_lens_of_camera_info(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', lens=FOCAL)
    report = replayed(bag, model, tmp_path / 'out')
    without = replayed(write_recording(tmp_path / 'plain'), model, tmp_path / 'plain_out')
    assert (report['data']['lens'], without['data']['lens']) == ('equidistant', 'none')
    pipeline = LanePipeline.load(str(model))
    pipeline.finder = LaneFinder(camera=NominalCamera((160, 120), Lens.create(
        [FOCAL, 0, 79.5, 0, FOCAL, 59.5, 0, 0, 1], 'equidistant', [0.0] * 4)))
    with RecordingReader(bag) as reader:
        expected = [pipeline.process(to_bgr(frame.message), frame.stamp_ns / 1e9).offset
                    for frame in reader.received(TOPIC)]
    assert offsets(report) == pytest.approx(expected, abs=1e-6)
    assert offsets(report) != pytest.approx(offsets(without), abs=1e-3)


def test_a_lens_that_cannot_be_is_a_line_of_the_report(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', lens=1e-6)
    report = replayed(bag, model, tmp_path / 'out')
    assert report['data']['lens'] == 'none' and len(offsets(report)) == 12
    assert any(one.startswith('lens: camera_info is not used') for one in report['problems'])


def test_the_lens_is_added_to_a_calibration_without_one(tmp_path, model):
    ground = write_ground(tmp_path / 'ground.yaml')
    bag = write_recording(tmp_path / 'drive', lens=FOCAL)
    report = replayed(bag, model, tmp_path / 'out', '--ground', ground)
    assert report['data']['lens'] == 'equidistant'


def test_another_message_where_camera_info_would_be_is_no_lens(tmp_path, model):
    bag = write_recording(tmp_path / 'drive')
    with RecordingReader(bag) as reader, RecordingWriter(tmp_path / 'other') as writer:
        for frame in reader.received(TOPIC):
            writer.write(TOPIC, 'sensor_msgs/msg/Image', frame.message, frame.log_time_ns)
            writer.write(INFO, 'std_msgs/msg/String',
                         writer.message_class('std_msgs/msg/String')('none'), frame.log_time_ns)
    report = replayed(tmp_path / 'other', model, tmp_path / 'out')
    assert report['data']['lens'] == 'none' and len(offsets(report)) == 12

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lens that a recording tells counts in replay as in the node."""

from dataclasses import replace
import json

import numpy as np
import pytest
import yaml
from recordings_on_disk import INFO
from recordings_on_disk import TOPIC
from recordings_on_disk import write_ground
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader
from lane_perception.errors import UserError
from lane_perception.geometry.ground_calibration import GroundCalibration
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


def offsets_of(pipeline, bag):
    with RecordingReader(bag) as reader:
        return [pipeline.process(to_bgr(frame.message), frame.stamp_ns / 1e9).offset
                for frame in reader.received(TOPIC)]


def seen_through(focal, bag, model):
    pipeline = LanePipeline.load(str(model))
    pipeline.finder = LaneFinder(camera=NominalCamera((160, 120), Lens.create(
        [focal, 0, 79.5, 0, focal, 59.5, 0, 0, 1], 'equidistant', [0.0] * 4)))
    return offsets_of(pipeline, bag)


def test_the_lane_is_found_through_the_lens_of_camera_info(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', lens=FOCAL)
    report = replayed(bag, model, tmp_path / 'out')
    without = replayed(write_recording(tmp_path / 'plain'), model, tmp_path / 'plain_out')
    assert (report['data']['lens'], without['data']['lens']) == ('equidistant', 'none')
    assert offsets(report) == pytest.approx(seen_through(FOCAL, bag, model), abs=1e-6)
    assert offsets(report) != pytest.approx(offsets(without), abs=1e-3)


def lens_file(path, **changes):
    values = {'image_width': 320, 'image_height': 240, 'distortion_model': 'equidistant',
              'camera_matrix': {'rows': 3, 'cols': 3, 'data': [
                  2 * FOCAL, 0.0, 159.5, 0.0, 2 * FOCAL, 119.5, 0.0, 0.0, 1.0]},
              'distortion_coefficients': {'rows': 1, 'cols': 4, 'data': [0.0] * 4}}
    path.write_text(yaml.safe_dump({**values, **changes}))
    return path


def test_a_file_tells_the_lens_where_the_recording_does_not(tmp_path, model):
    file = lens_file(tmp_path / 'ost.yaml')
    bag = write_recording(tmp_path / 'plain')
    told = replayed(bag, model, tmp_path / 'told', '--camera-info', file)
    assert told['data']['lens'] == 'equidistant'
    assert offsets(told) == pytest.approx(seen_through(FOCAL, bag, model), abs=1e-6)
    pipeline = LanePipeline.load(str(model), camera_info=file)
    # Its nominal horizon is half a pixel off, of pictures as large as the file's.
    assert offsets(told) == pytest.approx(offsets_of(pipeline, bag), abs=4e-3)
    assert offsets_of(LanePipeline.load(str(model)), bag) != pytest.approx(offsets(told), abs=4e-3)


def test_a_file_counts_instead_of_what_is_recorded(tmp_path, model):
    bag = write_recording(tmp_path / 'drive', lens=1.5 * FOCAL)
    told = replayed(bag, model, tmp_path / 'told', '--camera-info',
                    lens_file(tmp_path / 'ost.yaml'))
    assert offsets(told) == pytest.approx(seen_through(FOCAL, bag, model), abs=1e-6)
    assert offsets(told) != pytest.approx(seen_through(1.5 * FOCAL, bag, model), abs=1e-3)


@pytest.mark.parametrize('changes, sentence', [
    (dict(camera_matrix=[0.0] * 9), 'holds no lens model'),
    (dict(image_width=640), 'another aspect ratio'),
    (dict(camera_matrix=[1.0] * 8), 'is no camera_info file'),
    (dict(distortion_coefficients=None), 'is no camera_info file'),
    (dict(image_height=0), 'is no camera_info file'),
    (dict(distortion_model='fancy', distortion_coefficients=[0.1] * 4), 'fancy'),
])
def test_a_file_without_the_pictures_lens_is_refused(
        tmp_path, model, capsys, changes, sentence):
    bag = write_recording(tmp_path / 'plain')
    file = lens_file(tmp_path / 'ost.yaml', **changes)
    assert main([str(bag), '--model', str(model), '--out', str(tmp_path / 'out'), '--no-video',
                 '--camera-info', str(file)]) == 2
    said = capsys.readouterr().err
    assert sentence in said and 'ost.yaml' in said and not (tmp_path / 'out/report.json').exists()


def test_the_pipeline_takes_a_straight_lens_with_a_calibration_and_refuses_none(tmp_path, model):
    ground = write_ground(tmp_path / 'ground.yaml')
    pipeline = LanePipeline.load(str(model), ground=ground,
                                 camera_info=lens_file(tmp_path / 'ost.yaml'))
    assert pipeline.finder.ground.lens.model == 'equidistant' and pipeline.finder.camera is None
    straight = lens_file(tmp_path / 'straight.yaml', distortion_model='plumb_bob',
                         distortion_coefficients=[0.0] * 5)
    assert LanePipeline.load(str(model), ground=ground,
                             camera_info=straight).finder.ground.lens is None
    assert LanePipeline.load(str(model), camera_info=straight).finder.camera.lens is not None
    nothing = lens_file(tmp_path / 'none.yaml', camera_matrix=[0.0] * 9)
    for known in (None, ground):
        with pytest.raises(UserError, match='none.yaml: it holds no lens'):
            LanePipeline.load(str(model), ground=known, camera_info=nothing)
    flat = lens_file(tmp_path / 'flat.yaml', image_height=0)
    with pytest.raises(UserError, match='flat.yaml is no camera_info file'):
        LanePipeline.load(str(model), camera_info=flat)


def test_a_file_does_not_go_with_a_calibration_of_pixels_as_they_were_seen(tmp_path, model):
    ground = GroundCalibration.load(write_ground(tmp_path / 'ground.yaml'))
    replace(ground, as_seen=True).save(tmp_path / 'seen.yaml')
    with pytest.raises(UserError) as error:
        LanePipeline.load(str(model), ground=tmp_path / 'seen.yaml',
                          camera_info=lens_file(tmp_path / 'ost.yaml'))
    said = str(error.value)
    assert said.count('cannot be used') == 1 and said.endswith('make it again with --camera-info')


def test_a_calibration_with_a_lens_counts_before_the_file(tmp_path, model):
    ground = GroundCalibration.load(write_ground(tmp_path / 'ground.yaml'))
    lens = Lens.create([80.0, 0, 79.5, 0, 80.0, 59.5, 0, 0, 1], 'plumb_bob', [0.01] * 5)
    replace(ground, lens=lens).save(tmp_path / 'whole.yaml')
    report = replayed(write_recording(tmp_path / 'plain'), model, tmp_path / 'out', '--ground',
                      tmp_path / 'whole.yaml', '--camera-info', lens_file(tmp_path / 'ost.yaml'))
    assert report['data']['lens'] == 'plumb_bob'
    assert any('ost.yaml is not used' in one for one in report['problems'])


def test_a_changed_file_is_replayed_with_again(tmp_path, model):
    bags = [write_recording(tmp_path / 'bags' / name) for name in ('one', 'two')]
    file = lens_file(tmp_path / 'ost.yaml')

    def lenses():
        assert main([*map(str, bags), '--model', str(model), '--out', str(tmp_path / 'out'),
                     '--no-video', '--camera-info', str(file)]) == 0
        return [json.loads((tmp_path / 'out' / name / 'report.json').read_text())['data']['lens']
                for name in ('one', 'two')]
    assert lenses() == ['equidistant'] * 2
    lens_file(file, distortion_model='plumb_bob', distortion_coefficients=[0.01] * 5)
    assert lenses() == ['plumb_bob'] * 2


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


def test_a_file_is_not_that_of_pictures_of_another_aspect_ratio(tmp_path, model):
    pipeline = LanePipeline.load(str(model), camera_info=lens_file(tmp_path / 'ost.yaml'))
    assert pipeline.process(np.zeros((480, 640, 3), np.uint8)).mask.shape == (480, 640)
    with pytest.raises(UserError, match='of 320x240 pixels, and these are 640x360'):
        pipeline.process(np.zeros((360, 640, 3), np.uint8))

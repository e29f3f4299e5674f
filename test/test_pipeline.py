# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The way of a frame: from a picture to a lane, without ROS."""

import math

import numpy as np
import pytest

from conftest import draw_track

from lane_perception.errors import UserError
from lane_perception.pipeline import LanePipeline

STAGES = {'resize', 'network', 'threshold', 'geometry'}


@pytest.fixture
def pipeline(bright_model):
    return LanePipeline.load(bright_model)


def test_a_straight_track_has_its_centre_in_the_middle(pipeline, track_image):
    lane = pipeline.process(track_image)
    assert lane.mask.shape == track_image.shape[:2] and lane.mask.dtype == np.uint8
    u, v = lane.center
    assert u == pytest.approx(319.5, abs=4)
    assert v == pytest.approx(480 * (1 - 0.35), abs=2)
    assert lane.offset == pytest.approx(0, abs=0.02)
    assert 0 < lane.confidence <= 1
    assert lane.path is None and lane.lateral is None and lane.heading is None
    assert set(lane.timings) == STAGES and all(value >= 0 for value in lane.timings.values())


def test_a_lane_to_the_left_has_a_positive_offset(pipeline):
    lane = pipeline.process(draw_track(shift=-60))
    assert lane.offset == pytest.approx(60 / 320, abs=0.03)
    assert lane.center[0] < 319.5


@pytest.mark.parametrize('value', [0, 90, 255])
def test_a_plain_picture_has_no_lane(pipeline, value):
    lane = pipeline.process(np.full((480, 640, 3), value, np.uint8))
    assert lane.center is None and math.isnan(lane.offset) and lane.confidence == 0


@pytest.mark.parametrize('size', [(1, 1), (1, 2), (2, 1), (2, 2), (3, 4), (480, 1), (1, 640)])
@pytest.mark.parametrize('value', [0, 255])
def test_a_picture_of_a_few_pixels_has_no_lane(pipeline, size, value):
    image = np.full((*size, 3), value, np.uint8)
    for stamp in (None, 1.0, 2.0):
        lane = pipeline.process(image, stamp)
        assert lane.mask.shape == size and lane.center is None


@pytest.mark.parametrize('image', [
    np.zeros((480, 640), np.uint8),
    np.zeros((480, 640, 4), np.uint8),
    np.zeros((0, 640, 3), np.uint8),
    np.zeros((48, 64, 3), np.float32),
])
def test_what_is_no_colour_picture_is_refused(pipeline, image):
    with pytest.raises(UserError, match='uint8'):
        pipeline.process(image)


def test_a_gap_is_bridged_with_stamps_and_not_without(pipeline, track_image):
    dark = np.zeros_like(track_image)
    for number in range(10):
        pipeline.process(track_image, number / 30)
    assert pipeline.process(dark, 10 / 30).center is not None
    assert pipeline.process(dark, None).center is None


def test_reset_forgets_the_track(pipeline, track_image):
    for number in range(10):
        pipeline.process(track_image, number / 30)
    pipeline.reset()
    assert pipeline.process(np.zeros_like(track_image), 10 / 30).center is None


def test_a_missing_calibration_file_is_refused_by_name(bright_model):
    with pytest.raises(UserError, match='gone.yaml'):
        LanePipeline.load(bright_model, ground='gone.yaml')


def test_files_may_lie_in_the_home_folder(bright_model, tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    for name in ('ground', 'camera_info'):
        with pytest.raises(UserError, match=f'{tmp_path}/gone.yaml'):
            LanePipeline.load(bright_model, **{name: '~/gone.yaml'})


def test_a_resolution_may_be_a_text(bright_model):
    assert LanePipeline.load(bright_model, resolution='256x416').segmenter.resolution == '256x416'
    own = LanePipeline.load(bright_model).segmenter.resolution
    assert LanePipeline.load(bright_model, resolution='').segmenter.resolution == own
    with pytest.raises(UserError, match='should be HEIGHTxWIDTH'):
        LanePipeline.load(bright_model, resolution='256')


def test_what_is_no_array_is_refused(pipeline):
    with pytest.raises(UserError, match='NoneType; cv2.imread'):
        pipeline.process(None)   # what cv2.imread gives for a mistyped path

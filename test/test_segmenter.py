# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The segmenter: sizes, pixel positions, test-time augmentation, ensembles."""

from functools import partial

import cv2
import numpy as np
import pytest

from bright_model import write_bright_model

from lane_perception.errors import UserError
from lane_perception.segmenter import Segmenter
from lane_perception.segmenter import parse_resolution
from lane_perception.segmenter import resize_image


def test_the_mask_has_the_size_of_the_picture_and_marks_the_bright_lines(
        bright_model, track_image):
    mask = Segmenter.load(bright_model).mask(track_image)
    assert mask.shape == track_image.shape[:2] and mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 255}
    truth = track_image.mean(axis=2) > 160
    agreement = np.logical_and(mask > 0, truth).sum() / np.logical_or(mask > 0, truth).sum()
    assert agreement > 0.9


@pytest.mark.parametrize('size', [(1, 1), (37, 211), (120, 160), (480, 854), (1080, 1920)])
def test_any_size_of_picture_is_taken(bright_model, size):
    image = np.full((*size, 3), 255, np.uint8)
    assert (Segmenter.load(bright_model).mask(image) == 255).all()


def test_a_block_keeps_its_place_through_the_resizing(bright_model):
    image = np.zeros((480, 854, 3), np.uint8)
    image[200:300, 400:600] = 255
    mask = Segmenter.load(bright_model).mask(image)
    rows, columns = np.nonzero(mask)
    assert abs(rows.mean() - 249.5) < 0.5 and abs(columns.mean() - 499.5) < 0.5


@pytest.mark.parametrize('tta', ['none', 'flip', 'full'])
def test_a_mirrored_picture_gives_a_mirrored_probability(bright_model, track_image, tta):
    segmenter = Segmenter.load(bright_model, tta=tta, precision='fp32')
    plain = segmenter.probability(track_image).copy()
    mirrored = segmenter.probability(cv2.flip(track_image, 1))
    np.testing.assert_allclose(mirrored[:, ::-1], plain, atol=0.02)


@pytest.mark.parametrize('tta', ['flip', 'full'])
def test_what_is_found_in_the_mirrored_picture_counts_where_it_is_in_the_picture(
        bright_model, tta):
    image = np.zeros((384, 640, 3), np.uint8)
    image[:, 64:128] = 255
    found = Segmenter.load(bright_model, tta=tta, precision='fp32').probability(image)
    assert found[:, 80:112].min() > 0.95 and found[:, 160:].max() < 0.05


def test_every_size_that_a_network_is_asked_at_is_a_multiple_of_32(bright_model):
    segmenter = Segmenter.load(bright_model, tta='full', resolution=(160, 224))
    runtime, asked = segmenter.runtimes[0], set()
    run = runtime.run
    runtime.run = lambda images: asked.add(images.shape[1:3]) or run(images)
    segmenter.mask(np.zeros((120, 160, 3), np.uint8))
    assert asked == {(160, 224), (128, 160)}


def test_full_augmentation_differs_from_none_where_brightness_decides(bright_model):
    image = np.full((384, 640, 3), 150, np.uint8)  # dark for the network, light when brighter
    plain = Segmenter.load(bright_model, precision='fp32').probability(image).mean()
    full = Segmenter.load(bright_model, tta='full', precision='fp32').probability(image).mean()
    levels = np.array([150, 150, 188, 120, 150])
    assert full == pytest.approx((1 / (1 + np.exp(-0.1 * (levels - 160)))).mean(), abs=0.01)
    assert abs(full - plain) > 0.05


def test_an_ensemble_of_a_model_with_itself_changes_nothing(bright_model, track_image):
    one = Segmenter.load(bright_model).probability(track_image).copy()
    three = Segmenter.load(','.join([str(bright_model)] * 3)).probability(track_image)
    np.testing.assert_allclose(three, one, atol=1e-6)


def test_members_of_different_input_sizes_are_mixed(tmp_path, track_image):
    write_bright_model(tmp_path / 'a.onnx', 192, 320, threshold=0.3)
    write_bright_model(tmp_path / 'b.onnx', 384, 640, threshold=0.5)
    both = Segmenter.load(f'{tmp_path / "a.onnx"},{tmp_path / "b.onnx"}')
    assert both.threshold == pytest.approx(0.4)
    probability = both.probability(track_image)
    assert probability.shape == (384, 640)
    alone = Segmenter.load(tmp_path / 'b.onnx').probability(track_image)
    assert np.abs(probability - alone).mean() < 0.02


def test_the_threshold_comes_from_the_file_unless_one_is_given(tmp_path):
    write_bright_model(tmp_path / 'a.onnx', threshold=0.7)
    assert Segmenter.load(tmp_path / 'a.onnx').threshold == 0.7
    segmenter = Segmenter.load(tmp_path / 'a.onnx', threshold=0.2)
    assert segmenter.threshold == 0.2
    segmenter.threshold = None
    assert segmenter.threshold == 0.7


@pytest.mark.parametrize('arguments, sentence', [
    ({'tta': 'all'}, 'tta "all" is not known.*full'),
    ({'threshold': 1.5}, 'threshold 1.5'),
    ({'resolution': (100, 100)}, '100x100.*multiples of 32'),
    ({'resolution': (3200000, 3200000)}, '3200000x3200000.*multiples of 32 from 32 to 4096'),
    ({'model': ' , '}, 'no model'),
])
def test_impossible_settings_are_refused(bright_model, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        Segmenter.load(**{'model': bright_model, **arguments})


@pytest.mark.parametrize('arguments', [
    {'resolution': (96, 128)}, {'tta': 'flip'}, {'tta': 'full', 'resolution': (64, 96)}])
def test_a_file_for_pictures_of_one_size_is_refused_any_other_when_it_is_loaded(
        tmp_path, arguments):
    write_bright_model(tmp_path / 'fixed.onnx', 64, 96, fixed=True)
    load = partial(Segmenter.load, tmp_path / 'fixed.onnx', runtime='onnxruntime')
    assert load(resolution=(64, 96)).mask(np.full((48, 64, 3), 255, np.uint8)).all()
    with pytest.raises(UserError, match='bright cannot be run .*use its own resolution and tta'):
        load(**arguments)


@pytest.mark.parametrize('text', ['384', '384x', '384x640x3', '9' * 5000 + 'x640'],
                         ids=lambda text: text[:9])
def test_a_resolution_that_is_none_is_refused(text):
    with pytest.raises(UserError, match='should be HEIGHTxWIDTH'):
        parse_resolution(text)


def test_another_resolution_than_the_files_own(bright_model, track_image):
    segmenter = Segmenter.load(bright_model, resolution=(96, 128))
    assert segmenter.probability(track_image).shape == (96, 128)


def test_shrinking_keeps_a_line_thinner_than_the_step():
    image = np.zeros((960, 1280, 3), np.uint8)
    image[:, 641] = 255
    assert resize_image(image, 96, 128).max() > 15

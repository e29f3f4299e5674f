# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What went wrong in an image, and that what is not judged counts nowhere."""

import json

import cv2
import numpy as np
import pytest
from bright_model import write_bright_model
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main
from lane_perception.data.image_files import write_image
from lane_perception.evaluation.set_score import SetScore

EMPTY = np.zeros((300, 400), np.uint8)
CENTER = (200.0, 280.0)


def lines(*columns):
    mask = EMPTY.copy()
    for column in columns:
        cv2.line(mask, (column, 20), (column, 280), 255, 5)
    return mask


@pytest.mark.parametrize(('mask', 'label', 'failures'), [
    (lines(100), EMPTY, ('false marking',)),
    (EMPTY, lines(100), ('missed marking',)),
    (lines(100), lines(300), ('missed marking', 'false marking')),
    (lines(100), lines(100, 300), ('missed marking',)),
    (lines(100, 300), lines(100), ('false marking',)),
    (lines(100), lines(100), ()),
    (EMPTY, EMPTY, ()),
])
def test_markings_are_missed_where_some_are_labelled_and_false_where_some_are_found(
        mask, label, failures):
    assert SetScore().add('', mask, CENTER, label, CENTER).failures == failures


@pytest.mark.parametrize(('center', 'truth', 'failures'), [
    ((218.0, 280.0), CENTER, ()), ((222.0, 280.0), CENTER, ('center off',)),
    ((178.0, 280.0), CENTER, ('center off',)), (None, CENTER, ('no lane',)),
    (None, None, ()), (CENTER, None, ())])
def test_a_center_is_off_by_a_share_of_the_width_and_no_lane_where_there_is_none_is_right(
        center, truth, failures):
    assert SetScore().add('', lines(100), center, lines(100), truth).failures == failures
    assert SetScore().add('', lines(100), None, None, None).failures == ('no lane',)


def test_an_image_without_a_judged_pixel_enters_no_figure_of_the_truth():
    score = SetScore()
    one = score.add('', lines(100, 300), CENTER, np.full_like(EMPTY, 127), None)
    assert one.failures == ()
    result = score.result()
    assert result['images'] == 1 and result['images_judged'] == 0
    assert result['lane_false'] == 0 and result['lane_found'] == 1.0


def test_its_center_is_judged_where_the_truth_does_not_come_from_the_label():
    score = SetScore()
    for truth in ((203.0, 280.0), None):
        score.add('', lines(100, 300), CENTER, np.full_like(EMPTY, 127), truth,
                  center_judged=True)
    assert score.result()['center_mae_px'] == 3.0
    assert score.result()['lane_false'] == 1


def test_replay_judges_no_lane_by_a_label_that_judges_nothing(tmp_path):
    bag = write_recording(tmp_path / 'drive', count=2)
    write_bright_model(tmp_path / 'bright.onnx', 128, 160)
    (tmp_path / 'labels').mkdir()
    for number in range(2):
        label = np.full((120, 160), 127, np.uint8)
        write_image(tmp_path / 'labels' / f'frame_{number}.png', label)
    assert main([str(bag), '--labels', str(tmp_path / 'labels'), '--no-video', '--no-bag',
                 '--model', str(tmp_path / 'bright.onnx'), '--out', str(tmp_path / 'out')]) == 0
    report = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert report['lane_found'] == 1.0
    assert report['lane_false'] == 0

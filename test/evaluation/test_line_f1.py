# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Line F1: thinning equals scikit-image's, hits are counted within a Euclidean tolerance."""

import cv2
import numpy as np
import pytest
from skimage.morphology import skeletonize

from lane_perception.evaluation.line_f1 import LineScore
from lane_perception.evaluation.line_f1 import distances
from lane_perception.evaluation.line_f1 import thin
from lane_perception.evaluation.set_score import SetScore

DIAGONAL = np.hypot(300, 400)   # 500: a tolerance of 0.01 is 5 pixels


def vertical(column, width=3, top=20, bottom=280):
    mask = np.zeros((300, 400), np.uint8)
    mask[top:bottom, column - width // 2:column + width // 2 + 1] = 255
    return mask


@pytest.mark.parametrize('seed', range(4))
def test_thinning_equals_skeletonize_of_the_whole_image(seed):
    random = np.random.default_rng(seed)
    mask = np.zeros((120, 160), np.uint8)
    for _ in range(3):
        points = random.integers(-20, 180, (4, 2)).astype(np.int32)
        cv2.polylines(mask, [points], False, 255, int(random.integers(2, 12)))
    assert (thin(mask) == skeletonize(mask > 0)).all()
    assert not thin(np.zeros_like(mask)).any()


def test_distances_are_euclidean_to_the_nearest_line_pixel():
    lines = np.zeros((50, 60), bool)
    others = np.zeros_like(lines)
    lines[10, 10] = lines[40, 50] = True
    others[13, 14] = others[40, 53] = True
    assert distances(lines, others) == pytest.approx([5.0, 3.0])
    assert np.isinf(distances(lines, np.zeros_like(lines))).all()


@pytest.mark.parametrize(('shift', 'expected'), [(0, 1.0), (5, 1.0), (6, 0.0)])
def test_a_shifted_line_hits_up_to_the_tolerance_and_not_beyond(shift, expected):
    score = LineScore((0.01,))
    assert score.add(vertical(100 + shift), vertical(100)).f1 == expected
    assert score.result()['line_f1'] == expected


def test_the_width_of_a_marking_does_not_matter():
    score = LineScore()
    score.add(vertical(100, width=15), vertical(100, width=3))
    # The thinned end of a wide bar lies a little inside the bar.
    assert score.result()['line_f1'] > 0.99


def test_a_report_says_how_wide_labels_and_found_markings_are():
    score = SetScore()
    score.add('', vertical(100, width=9), None, vertical(100, width=5), None)
    result = score.result()
    assert result['label_width_px'] == pytest.approx(5, abs=0.2)
    assert result['predicted_width_px'] == pytest.approx(9, abs=0.4)


def test_a_second_tolerance_is_reported_beside_the_first():
    score = LineScore((0.01, 0.02))
    score.add(vertical(108), vertical(100))
    result = score.result()
    assert result['line_f1'] == 0.0
    assert result['line_tolerance'] == 0.01
    assert result['line_f1_at'] == {'0.01': 0.0, '0.02': 1.0}


def test_hits_are_summed_over_the_set():
    score = LineScore((0.01,))
    empty = np.zeros((300, 400), np.uint8)
    score.add(vertical(100, top=0, bottom=200), vertical(100, top=0, bottom=200))
    score.add(vertical(100, top=0, bottom=100), empty)
    found = thin(vertical(100, top=0, bottom=200)).sum()
    false = thin(vertical(100, top=0, bottom=100)).sum()
    result = score.result()
    assert result['line_precision'] == pytest.approx(found / (found + false))
    assert result['line_recall'] == 1.0


def test_missing_lines_cost_recall_and_false_ones_precision():
    both = vertical(100) | vertical(300)
    missed, false = LineScore(), LineScore()
    missed.add(vertical(100), both)
    false.add(both, vertical(100))
    assert missed.result()['line_precision'] == 1.0
    assert missed.result()['line_recall'] == pytest.approx(0.5, abs=0.01)
    assert false.result()['line_recall'] == 1.0
    assert false.result()['line_precision'] == pytest.approx(0.5, abs=0.01)


def test_predicted_lines_in_an_area_that_is_not_judged_cost_nothing():
    label = vertical(100)
    label[:, 200:] = 127
    score = LineScore()
    score.add(vertical(100) | vertical(300), label)
    assert score.result()['line_f1'] == 1.0


def test_a_labelled_line_is_found_by_one_beside_it_in_what_is_not_judged():
    label = vertical(100)
    label[:, 102:200] = 127
    score = LineScore()
    score.add(vertical(104), label)
    assert score.result()['line_recall'] == 1.0


def test_an_images_own_hits_are_those_at_the_first_tolerance():
    score = SetScore()
    score.add('', vertical(100), None, vertical(100), None)
    second = score.add('', vertical(108), None, vertical(100), None)
    assert second.line_hits == tuple(score.lines.hits[1, 0])
    assert second.line_hits[0] == 0


def test_no_line_on_both_sides_is_right_and_on_one_side_is_wrong():
    empty = np.zeros((300, 400), np.uint8)
    assert LineScore().result()['line_f1'] == 1.0
    assert LineScore().add(empty, empty).f1 == 1.0
    assert LineScore().add(vertical(100), empty).f1 == 0.0
    assert LineScore().add(empty, vertical(100)).f1 == 0.0

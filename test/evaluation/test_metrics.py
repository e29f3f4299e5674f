# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The figures against scikit-learn, by hand, and the conventions that they promise."""

import numpy as np
import pytest

from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING
from lane_perception.evaluation.label_lane import LabelLane
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.evaluation.metrics import confusion
from lane_perception.evaluation.metrics import fit_to_label
from lane_perception.evaluation.metrics import matrix_figures
from lane_perception.evaluation.threshold_curve import ThresholdCurve
from lane_perception.geometry.lane_finder import LaneFinder


def random_pair(seed, height=40, width=60, ignored=0.0):
    """Return a random prediction and label; a share of the label's pixels is not judged."""
    random = np.random.default_rng(seed)
    label = np.where(random.random((height, width)) < 0.2, 255, 0).astype(np.uint8)
    flipped = random.random((height, width)) < 0.1
    prediction = np.where(flipped, 255 - label, label).astype(np.uint8)
    label[random.random((height, width)) < ignored] = 127
    return prediction, label


def scored(pairs):
    score = SegmentationScore()
    for prediction, label in pairs:
        score.add(prediction, label)
    return score.result()


@pytest.mark.parametrize('ignored', [0.0, 0.3])
def test_every_figure_equals_scikit_learn_over_all_judged_pixels_of_the_set(ignored):
    from sklearn.metrics import accuracy_score
    from sklearn.metrics import f1_score
    from sklearn.metrics import jaccard_score
    from sklearn.metrics import precision_score
    from sklearn.metrics import recall_score
    pairs = [random_pair(seed, 30 + seed, 50, ignored) for seed in range(5)]
    judged = [label != 127 for _, label in pairs]
    truth = np.concatenate([label[keep] for (_, label), keep in zip(pairs, judged)]) == 255
    found = np.concatenate([mask[keep] for (mask, _), keep in zip(pairs, judged)]) == 255
    lane_iou = jaccard_score(truth, found)
    background_iou = jaccard_score(~truth, ~found)
    result = scored(pairs)
    assert result['lane_iou'] == pytest.approx(lane_iou, abs=1e-12)
    assert result['background_iou'] == pytest.approx(background_iou, abs=1e-12)
    assert result['miou'] == pytest.approx((lane_iou + background_iou) / 2, abs=1e-12)
    assert result['precision'] == pytest.approx(precision_score(truth, found), abs=1e-12)
    assert result['recall'] == pytest.approx(recall_score(truth, found), abs=1e-12)
    assert result['f1'] == pytest.approx(f1_score(truth, found), abs=1e-12)
    assert result['pixel_accuracy'] == pytest.approx(accuracy_score(truth, found), abs=1e-12)


def test_miou_per_image_is_the_mean_of_each_images_two_class_mean():
    from sklearn.metrics import jaccard_score
    pairs = [random_pair(seed) for seed in range(4)]
    expected = np.mean([
        (jaccard_score((label == 255).ravel(), (mask == 255).ravel())
         + jaccard_score((label == 0).ravel(), (mask == 0).ravel())) / 2
        for mask, label in pairs])
    assert scored(pairs)['miou_per_image'] == pytest.approx(expected, abs=1e-12)


def test_miou_per_image_can_look_good_where_the_lane_iou_is_poor():
    """The reports' convention: 0.69 so counted can be a lane IoU of 0.40."""
    label = np.zeros((100, 100), np.uint8)
    label[:10] = 255
    prediction = np.zeros_like(label)
    prediction[:4] = 255
    empty = np.zeros_like(label)
    result = scored([(prediction, label), (empty, empty)])
    assert result['lane_iou'] == pytest.approx(0.4)
    assert result['miou_per_image'] == pytest.approx(((0.4 + 90 / 96) / 2 + 1) / 2)


def test_an_image_with_neither_label_nor_prediction_has_lane_iou_one():
    empty = np.zeros((8, 8), np.uint8)
    assert matrix_figures(confusion(empty, empty))['lane_iou'] == 1.0
    result = scored([(empty, empty)])
    assert result['lane_iou'] == result['miou_per_image'] == 1.0
    assert result['precision'] == result['recall'] == result['f1'] == 1.0


def test_nothing_predicted_where_there_is_a_label_scores_zero_not_one():
    label = np.full((4, 4), 255, np.uint8)
    result = scored([(np.zeros_like(label), label)])
    assert result['lane_iou'] == result['precision'] == result['recall'] == result['f1'] == 0.0


def test_pixels_that_are_not_judged_change_no_figure():
    prediction, label = random_pair(3)
    grown = np.pad(label, ((0, 0), (0, 20)), constant_values=127)
    for value in (0, 255):
        assert scored([(np.pad(prediction, ((0, 0), (0, 20)), constant_values=value), grown)]) == (
            scored([(prediction, label)]))


def test_an_image_without_a_judged_pixel_is_not_in_the_set():
    score = SegmentationScore()
    assert not score.add(*random_pair(0, ignored=1.1)).any()
    assert len(score) == 0
    with pytest.raises(ValueError, match='no image'):
        score.result()


def test_any_nonzero_prediction_is_a_marking():
    _, label = random_pair(1)
    as_mask = confusion(np.full_like(label, 255), label)
    assert (confusion(np.ones_like(label), label) == as_mask).all()
    assert (confusion(np.ones(label.shape, bool), label) == as_mask).all()


@pytest.mark.parametrize(('prediction', 'label', 'counts'), [
    (255, 255, [1, 0, 0, 0]), (255, 0, [0, 1, 0, 0]), (0, 255, [0, 0, 1, 0]),
    (0, 0, [0, 0, 0, 1]), (255, 127, [0, 0, 0, 0])])
def test_a_picture_of_one_pixel_is_counted(prediction, label, counts):
    def one(value, dtype=np.uint8):
        return np.full((1, 1), value, dtype)
    assert confusion(one(prediction), one(label)).tolist() == counts
    curve = ThresholdCurve()
    curve.add(one(0.7, np.float32), one(label))
    point = curve.result(0.5)['stored']
    assert (point['precision'], point['recall']) == {
        255: (1.0, 1.0), 0: (0.0, 0.0), 127: (1.0, 1.0)}[label]
    finder = LaneFinder()
    finder.find(one(prediction))
    assert LabelLane(finder).find(one(label), finder.place.as_it_lies()).center is None


def test_the_curve_counts_a_pixel_at_exactly_a_threshold_as_the_segmenter_does():
    levels = np.arange(1, 201) / 200
    for threshold, exactly in zip(levels, levels.astype(np.float32)):
        curve = ThresholdCurve()
        below = np.nextafter(exactly, np.float32(-1))
        curve.add(np.array([[exactly, below]]), np.array([[MARKING, BACKGROUND]], np.uint8))
        point = curve.result(float(threshold))['stored']
        assert point['recall'] == 1.0 and point['precision'] == 1.0


@pytest.mark.parametrize('chance', [0.2, 0.7])
@pytest.mark.parametrize('label', [BACKGROUND, MARKING])
def test_the_curve_takes_nothing_to_nothing_as_the_figures_do(chance, label):
    labels = np.full((2, 2), label, np.uint8)
    curve = ThresholdCurve()
    curve.add(np.full((2, 2), chance, np.float32), labels)
    whole = scored([(np.full((2, 2), chance >= 0.5), labels)])
    for name in ('lane_iou', 'precision', 'recall', 'f1'):
        assert curve.result(0.5)['stored'][name] == whole[name], name


def test_sizes_must_agree_and_fit_to_label_makes_them_agree():
    prediction, label = random_pair(2)
    with pytest.raises(ValueError, match='40, 60'):
        confusion(prediction, label[:20])
    twice = np.kron(prediction, np.ones((2, 2), np.uint8))
    assert (fit_to_label(twice, label) == prediction).all()
    assert fit_to_label(prediction, label) is prediction
    # The nearest pixel of a mask three times as large is the middle one of nine.
    middle = np.zeros((9, 9), np.uint8)
    middle[4, 4] = 255
    assert fit_to_label(middle, np.zeros((3, 3), np.uint8))[1, 1] == 255

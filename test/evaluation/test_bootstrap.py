# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is drawn again is counted as the report counts it, also where nothing was found."""

import numpy as np
import pytest

from lane_perception.evaluation.bootstrap import bootstrap
from lane_perception.evaluation.bootstrap import bootstrap_sums
from lane_perception.evaluation.comparison import compare
from lane_perception.evaluation.line_f1 import line_figures
from lane_perception.evaluation.metrics import figures
from lane_perception.evaluation.report_tables import tables
from lane_perception.evaluation.report_verdict import verdict
from lane_perception.evaluation.set_score import JudgedImages

FOUND, COLLAPSED, EMPTY = [80, 10, 20, 890], [0, 0, 100, 900], [0, 0, 0, 1000]
HITS = {'FOUND': [18, 20, 18, 20], 'COLLAPSED': [0, 0, 0, 20], 'EMPTY': [0, 0, 0, 0]}


def images(kind, error=None, count=20):
    """Return a report of pictures that all scored alike."""
    counts, hits = {'FOUND': FOUND, 'COLLAPSED': COLLAPSED, 'EMPTY': EMPTY}[kind], HITS[kind]
    confusion, lines = np.array([counts] * count), np.array([hits] * count)
    return {**figures(confusion), 'line_f1': line_figures(lines.sum(axis=0)).f1,
            'center_mae_px': error, 'data': {}, 'lane_found': float(error is not None),
            'image_scores': [{'name': str(number), 'confusion': counts, 'line_hits': hits,
                              'center_error_px': error} for number in range(count)]}


@pytest.mark.parametrize('kind', HITS)
def test_pictures_that_all_scored_alike_leave_no_doubt_about_any_figure(kind):
    report = images(kind)
    drawn = bootstrap(JudgedImages.of_report(report['image_scores']))['interval']
    assert drawn == {name: pytest.approx([report[name]] * 2)
                     for name in ('lane_iou', 'miou', 'miou_per_image', 'precision', 'recall',
                                  'f1', 'line_f1')}


def scored(hit, error=2.0):
    """Return a report of pictures of which so many of 100 marking pixels each were found."""
    confusion = np.array([[one, 10, 100 - one, 890] for one in hit])
    return {**figures(confusion), 'line_f1': 1.0, 'center_mae_px': float(np.mean(error)),
            'image_scores': [
                {'name': str(number), 'confusion': counts.tolist(), 'line_hits': [20] * 4,
                 'center_error_px': float(np.broadcast_to(error, len(hit))[number])}
                for number, counts in enumerate(confusion)]}


def width(report):
    low, high = bootstrap(JudgedImages.of_report(report['image_scores']))['interval']['lane_iou']
    return high - low


def test_neighbors_that_look_alike_widen_the_interval():
    hit = np.repeat(np.random.default_rng(0).integers(20, 100, 20), 5)
    drawn = bootstrap(JudgedImages.of_report(scored(hit)['image_scores']))
    assert (drawn['blocks'], drawn['block_images']) == (20, 5)
    assert width(scored(hit)) > 1.5 * width(scored(np.random.default_rng(1).permutation(hit)))


def test_a_small_gain_on_every_picture_is_no_chance_however_unlike_they_are():
    hit = np.random.default_rng(0).integers(20, 95, 100)
    compared = compare(scored(hit + 2), scored(hit), allow=0.0)
    assert compared['metrics']['lane_iou']['verdict'] == 'better'
    assert compare(scored(hit), scored(hit + 2), 0.0)['metrics']['lane_iou']['verdict'] == 'worse'


def test_a_center_is_better_when_its_error_is_smaller():
    hit = np.full(100, 80)
    compared = compare(scored(hit, error=2.0), scored(hit, error=3.0), allow=0.0)
    assert compared['metrics']['center_mae_px']['verdict'] == 'better'
    compared = compare(scored(hit, error=3.0), scored(hit, error=2.0), allow=0.0)
    assert compared['metrics']['center_mae_px']['verdict'] == 'worse'


def test_a_change_that_one_half_of_the_pictures_gains_and_the_other_loses_is_within_chance():
    hit = np.full(100, 50)
    now = scored(hit + 20 * np.random.default_rng(0).choice([-1, 1], 100))
    assert compare(now, scored(hit), 0.0)['metrics']['lane_iou']['verdict'] == 'within chance'


@pytest.mark.parametrize(('allow', 'too_bad'), [(0.02, ['lane_iou']), (0.05, [])])
def test_what_fell_by_more_than_is_allowed_is_too_bad(allow, too_bad):
    hit = np.full(100, 80)
    assert compare(scored(hit - 3), scored(hit), allow)['too_bad'] == too_bad


def test_a_model_that_finds_nothing_any_more_is_worse_beyond_chance():
    before, now = images('FOUND', error=2.0), images('COLLAPSED')
    compared = now['comparison'] = compare(now, before, allow=0.01)
    verdicts = {name: one['verdict'] for name, one in compared['metrics'].items()}
    assert verdicts.pop('center_mae_px') == 'none now'
    assert set(verdicts.values()) == {'worse'}
    assert compared['too_bad'] == ['lane_iou', 'line_f1']
    assert compared['metrics']['center_mae_px']['before'] == 2.0
    _, (headline, *_) = verdict(now)
    assert headline.endswith(' No lane was found any more where the labels show one.')
    row = next(one for one in tables(now)[0]['rows'] if one[0] == 'center error')
    assert row == ['center error', '2.00 px', '–', '–', '', 'none now']


def test_centers_that_are_found_for_the_first_time_are_no_change():
    compared = compare(images('FOUND', error=2.0), images('COLLAPSED'), allow=0.01)
    assert compared['metrics']['center_mae_px'] == {
        'before': None, 'now': 2.0, 'change': None, 'interval': None, 'verdict': 'none before'}
    assert 'center_mae_px' not in compare(images('FOUND'), images('FOUND'), 0.01)['metrics']


def rows(random, count):
    """Return sums of pictures of which a random share was found."""
    hit, wrong = random.integers(200, 800, count), random.integers(20, 200, count)
    none, one = np.zeros(count), np.ones(count)
    return np.column_stack([hit, wrong, 1000 - hit, 90000 * one, none, none, none, none,
                            hit / 1000, one, none, none])


@pytest.mark.parametrize('count', [20, 28, 100])
def test_few_pictures_call_no_more_than_a_twentieth_of_equal_models_unequal(count):
    random, unequal = np.random.default_rng(1), 0
    for _ in range(200):
        low, high = bootstrap_sums(
            rows(random, count), rows(random, count))['interval']['lane_iou']
        unequal += not low <= 0.0 <= high
    assert unequal / 200 < 0.10   # 0.05, as exactly as 200 trials tell; 0.12 and 0.24 without it


def test_an_interval_leaves_no_figures_range():
    random = np.random.default_rng(3)
    perfect = rows(random, 20)
    perfect[:, 2] = random.integers(0, 3, 20)
    perfect[:, 1] = 0
    interval = bootstrap_sums(perfect)['interval']
    assert interval['precision'] == [1.0, 1.0] and interval['recall'][1] <= 1.0

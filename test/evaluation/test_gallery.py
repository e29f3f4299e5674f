# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The report's pictures: the worst of each kind and the best, no moment many times."""

import numpy as np
import pytest

from lane_perception.evaluation.gallery import FALSE
from lane_perception.evaluation.gallery import HIT
from lane_perception.evaluation.gallery import MISSED
from lane_perception.evaluation.gallery import NOT_JUDGED
from lane_perception.evaluation.gallery import OF_ALL
from lane_perception.evaluation.gallery import OF_BEST
from lane_perception.evaluation.gallery import OF_EACH_KIND
from lane_perception.evaluation.gallery import Exhibit
from lane_perception.evaluation.gallery import Gallery
from lane_perception.evaluation.gallery import error_picture
from lane_perception.evaluation.set_score import FAILURES
from lane_perception.evaluation.set_score import NO_LANE
from lane_perception.evaluation.set_score import ImageScore


LINES = (9, 10, 9, 10)   # hits of a picture whose label shows a line


def offered(gallery, line_f1s, failures=lambda order: (), line_hits=lambda order: LINES):
    made = []
    for order, line_f1 in enumerate(line_f1s):
        score = ImageScore(str(order), 0.5, line_f1, None, True, failures(order),
                           line_hits=line_hits(order))
        gallery.offer(order, score, lambda order=order, score=score: (
            made.append(order) or Exhibit(order, score, '', {})))
    return made


def best_of(gallery):
    return [one.order for one in gallery.exhibits() if one.best]


@pytest.mark.parametrize('seed', range(5))
def test_the_worst_and_the_best_are_kept_and_sorted(seed):
    gallery = Gallery(FAILURES)
    scores = np.random.default_rng(seed).permutation(100) / 100
    offered(gallery, scores)
    order = np.argsort(scores)
    assert [one.order for one in gallery.exhibits()] == [*order[:OF_ALL], *order[-OF_BEST:]]
    assert best_of(gallery) == order[-OF_BEST:].tolist()


def test_pictures_are_made_only_of_what_is_taken():
    gallery = Gallery(FAILURES)
    made = offered(gallery, np.linspace(1, 0, 100))
    assert made == list(range(100)), 'each is worse than all before it'
    made = offered(Gallery(FAILURES), [*np.linspace(0, 1, 50), *[0.7] * 500])
    assert made == list(range(50))


@pytest.mark.parametrize('count, best', [(0, 0), (1, 0), (5, 0), (OF_ALL, 0), (OF_ALL + 1, 1),
                                         (OF_ALL + OF_BEST, OF_BEST), (40, OF_BEST)])
def test_the_best_are_those_that_are_not_shown_as_bad(count, best):
    gallery = Gallery(FAILURES)
    offered(gallery, np.random.default_rng(1).permutation(count) / 100)
    assert len(best_of(gallery)) == best
    orders = [one.order for one in gallery.exhibits()]
    assert len(set(orders)) == len(orders) == min(count, OF_ALL + OF_BEST)


def test_one_of_a_rare_failure_is_not_one_of_the_best():
    gallery = Gallery(FAILURES)
    offered(gallery, [0.5] * 50 + [1.0] * 3, lambda order: (NO_LANE,) if order >= 50 else ())
    assert not set(best_of(gallery)) & {50, 51, 52} and len(best_of(gallery)) == OF_BEST


def test_what_worse_ones_push_out_of_the_bad_can_still_be_one_of_the_best():
    gallery = Gallery(FAILURES)
    offered(gallery, [0.95] * OF_BEST + [0.9] * (OF_ALL - OF_BEST) + [0.1] * OF_ALL)
    assert best_of(gallery) == list(range(OF_BEST))


def test_the_best_show_a_line_where_enough_pictures_do():
    scores, empty = [0.1] * OF_ALL + [1.0] * 20 + [0.8] * OF_BEST, (0, 0, 0, 0)
    gallery = Gallery(FAILURES)
    offered(gallery, scores, line_hits=lambda order: empty if OF_ALL <= order < 44 else LINES)
    assert best_of(gallery) == list(range(44, 44 + OF_BEST))


def test_without_labels_a_failure_is_never_one_of_the_best():
    gallery = Gallery(FAILURES)
    offered(gallery, [None] * 60, lambda order: () if order >= 58 else (NO_LANE,),
            lambda order: ())
    assert best_of(gallery) == [58, 59]


def test_a_kind_of_failure_has_pictures_though_others_are_worse():
    gallery = Gallery(FAILURES)
    offered(gallery, [0.1] * 50 + [0.9] * 20, lambda order: (NO_LANE,) if order >= 50 else ())
    kinds = [one for one in gallery.exhibits()
             if NO_LANE in one.score.failures and not one.best]
    assert len(kinds) == OF_EACH_KIND


def test_of_neighbors_only_the_worst_is_kept():
    gallery = Gallery(FAILURES, spacing=5)
    scores = 0.5 + 0.4 * np.cos(np.arange(60) / 60 * 2 * np.pi * 3)
    made = offered(gallery, scores)
    orders = sorted(one.order for one in gallery.exhibits())
    assert len(made) < 2 * len(orders), 'one that a worse neighbor replaces is hardly ever made'
    assert min(np.diff(orders)) >= 5
    assert {10, 30, 50} <= set(orders), 'the worst moments themselves'


def test_the_best_are_no_neighbors_of_the_worst_or_of_each_other():
    gallery = Gallery(FAILURES, spacing=5)
    scores = 0.5 + 0.4 * np.cos(np.arange(600) / 600 * 2 * np.pi * 7)
    made = offered(gallery, scores)
    orders = sorted(one.order for one in gallery.exhibits())
    assert len(best_of(gallery)) == OF_BEST and min(np.diff(orders)) >= 5
    assert scores[best_of(gallery)].min() > 0.89
    assert len(made) < 300


def test_a_short_drive_has_best_ones_beside_the_bad_where_labels_prove_them():
    gallery = Gallery(FAILURES, spacing=8)
    offered(gallery, 1 - np.arange(40) % 8 / 100)
    assert best_of(gallery) and np.diff(sorted(best_of(gallery)), prepend=-8).min() >= 8
    gallery = Gallery(FAILURES, spacing=8)
    offered(gallery, [None] * 40, line_hits=lambda order: ())
    assert [one.order for one in gallery.exhibits()] == [0, 8, 16, 24, 32], 'these look like all'
    gallery = Gallery(FAILURES, spacing=8)
    offered(gallery, [0.1] * 40, lambda order: (NO_LANE,))
    assert best_of(gallery) == [], 'a failure beside another one'


def test_the_error_picture_tells_found_false_missed_and_not_judged_apart():
    label = np.array([[255, 255, 0, 0, 127]], np.uint8)
    mask = np.array([[255, 0, 255, 0, 255]], np.uint8)
    picture = error_picture(np.full((1, 5, 3), 100, np.uint8), mask, label)
    assert [tuple(pixel) for pixel in picture[0]] == [HIT, MISSED, FALSE, (45, 45, 45), NOT_JUDGED]

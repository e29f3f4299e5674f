# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The report's pictures: the worst of each kind, not the same moment many times."""

import numpy as np

from lane_perception.evaluation.gallery import FALSE
from lane_perception.evaluation.gallery import HIT
from lane_perception.evaluation.gallery import MISSED
from lane_perception.evaluation.gallery import NOT_JUDGED
from lane_perception.evaluation.gallery import OF_ALL
from lane_perception.evaluation.gallery import OF_EACH_KIND
from lane_perception.evaluation.gallery import Exhibit
from lane_perception.evaluation.gallery import Gallery
from lane_perception.evaluation.gallery import error_picture
from lane_perception.evaluation.set_score import FAILURES
from lane_perception.evaluation.set_score import NO_LANE
from lane_perception.evaluation.set_score import ImageScore


def offered(gallery, line_f1s, failures=lambda order: ()):
    made = []
    for order, line_f1 in enumerate(line_f1s):
        score = ImageScore(str(order), 0.5, line_f1, None, True, failures(order))
        gallery.offer(order, score, lambda order=order, score=score: (
            made.append(order) or Exhibit(order, score, '', {})))
    return made


def test_the_worst_are_kept_and_sorted():
    gallery = Gallery(FAILURES)
    scores = np.random.default_rng(0).permutation(100) / 100
    offered(gallery, scores)
    worst = np.argsort(scores)[:OF_ALL]
    assert [one.order for one in gallery.exhibits()] == worst.tolist()


def test_pictures_are_made_only_of_what_is_taken():
    gallery = Gallery(FAILURES)
    made = offered(gallery, np.linspace(0, 1, 100))
    assert made == list(range(OF_ALL))


def test_a_kind_of_failure_has_pictures_though_others_are_worse():
    gallery = Gallery(FAILURES)
    offered(gallery, [0.1] * 50 + [0.9] * 20, lambda order: (NO_LANE,) if order >= 50 else ())
    kinds = [one for one in gallery.exhibits() if NO_LANE in one.score.failures]
    assert len(kinds) == OF_EACH_KIND


def test_of_neighbors_only_the_worst_is_kept():
    gallery = Gallery(FAILURES, spacing=5)
    scores = 0.5 + 0.4 * np.cos(np.arange(60) / 60 * 2 * np.pi * 3)
    made = offered(gallery, scores)
    orders = sorted(one.order for one in gallery.exhibits())
    assert len(made) < 2 * len(orders), 'one that a worse neighbor replaces is hardly ever made'
    assert min(np.diff(orders)) >= 5
    assert {10, 30, 50} <= set(orders), 'the worst moments themselves'


def test_the_error_picture_tells_found_false_missed_and_not_judged_apart():
    label = np.array([[255, 255, 0, 0, 127]], np.uint8)
    mask = np.array([[255, 0, 255, 0, 255]], np.uint8)
    picture = error_picture(np.full((1, 5, 3), 100, np.uint8), mask, label)
    assert [tuple(pixel) for pixel in picture[0]] == [HIT, MISSED, FALSE, (45, 45, 45), NOT_JUDGED]

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Whether there is a lane, over time: doubtful pictures that agree, and one among sure ones."""

import numpy as np
import pytest
from drawn_floor import lane_mask
from drawn_floor import sure
from drawn_floor import view

from lane_perception.geometry.confidence import Judgement
from lane_perception.geometry.confidence import Logistic
from lane_perception.geometry.lane_finder import LaneFinder

GROUND = view(focal=330.0, forward=0.1)
LANE = lane_mask(GROUND)
# A lane's chance is the network's probability itself; 0.9 of it are needed.
JUDGE = Judgement(Logistic(0.0, {'logit_marks': 1.0}), Logistic(1.0, {}), 0.9)


def found(chances, rate=30.0):
    """Return in which pictures of the same lane it is told, by the network's probability."""
    finder = LaneFinder(ground=GROUND, judge=JUDGE)
    return [finder.find(LANE, number / rate, sure(chance)).center is not None
            for number, chance in enumerate(chances)]


@pytest.mark.parametrize('rate', [10.0, 30.0])
def test_a_likely_lane_is_told_once_it_has_lasted(rate):
    told = found([0.8] * int(2 * rate), rate)
    first = told.index(True)
    assert 0.1 < first / rate < 0.5
    assert all(told[first:])


def test_a_sure_lane_is_told_at_once_and_an_unlikely_one_never():
    assert found([0.95] * 3) == [True] * 3
    assert not any(found([0.4] * 90))


def test_doubtful_pictures_do_not_end_a_lane_at_once_but_do_so_in_the_end():
    told = found([0.97] * 20 + [0.3] * 120)
    lost = told.index(False)
    assert 25 < lost < 100
    assert not any(told[lost:])


def test_a_picture_alone_has_no_memory():
    finder = LaneFinder(ground=GROUND, judge=JUDGE)
    assert [finder.find(LANE, None, sure(chance)).center is not None
            for chance in (0.8, 0.95, 0.8)] == [False, True, False]


def test_what_was_never_told_is_not_held():
    finder = LaneFinder(ground=GROUND, judge=JUDGE)
    for number in range(4):
        finder.find(LANE, number / 30, sure(0.7))
    assert finder.find(np.zeros_like(LANE), 4 / 30, sure(0.0)).center is None

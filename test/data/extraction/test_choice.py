# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Frames to label are uncertain, apart in time, and unlike each other."""

import numpy as np
import pytest

from lane_perception.data.extraction.choice import Candidate
from lane_perception.data.extraction.choice import choose
from lane_perception.data.extraction.choice import doubt
from lane_perception.data.extraction.choice import spread_over_time
from lane_perception.data.near_duplicates import ALIKE
from lane_perception.data.near_duplicates import distances


def random_hash(seed):
    return np.random.default_rng(seed).random(256) < 0.5


def candidates(count, doubts=None, hashes=None):
    return [Candidate(number, number / 10, random_hash(number) if hashes is None
                      else hashes[number], number % 7 if doubts is None else doubts[number])
            for number in range(count)]


def test_the_most_uncertain_comes_first():
    doubts = [0.1] * 100
    doubts[70], doubts[20] = 0.9, 0.8
    chosen = choose(candidates(100, doubts), 5)
    assert [one.number for one in chosen[:2]] == [70, 20]


def test_chosen_frames_are_spread_over_time():
    doubts = [10.0 if 40 <= number < 60 else 0.1 for number in range(100)]
    times = sorted(one.time for one in choose(candidates(100, doubts), 10))
    assert len(times) == 10
    assert min(np.diff(times)) >= 0.99 / 4
    assert [int(time / 0.99) for time in times[:-1]] == list(range(9))


def test_neighbors_in_two_parts_of_the_time_are_not_both_chosen():
    doubts = [0.1] * 100
    doubts[49], doubts[50] = 0.8, 0.9   # at the end of one tenth and the beginning of the next
    chosen = [one.number for one in choose(candidates(100, doubts), 10)]
    assert chosen[0] == 50 and 49 not in chosen


def test_lookalikes_are_never_chosen_together():
    hashes = [random_hash(number // 10) for number in range(100)]
    chosen = choose(candidates(100, hashes=hashes), 50)
    assert len(chosen) == 10
    bits = distances(np.array([one.hash for one in chosen]),
                     np.array([one.hash for one in chosen]))
    assert (bits[~np.eye(10, dtype=bool)] > ALIKE).all()


def test_all_are_chosen_when_there_are_no_more():
    assert len(choose(candidates(7), 7)) == 7 and choose([], 3) == []


@pytest.mark.parametrize('count', [1, 2, 5, 50, 200])
def test_frames_are_spread_by_their_times_not_their_numbers(count):
    times = np.concatenate([np.linspace(0, 1, 90), np.linspace(2, 10, 10)])
    numbers = spread_over_time(times.tolist(), count)
    assert numbers == sorted(set(numbers)) and len(numbers) <= count
    if count == 5:
        assert len([number for number in numbers if number >= 90]) >= 3


def test_a_sure_model_has_little_doubt_and_an_unsure_one_much():
    sure = np.zeros((100, 100), np.float32)
    sure[:, 40:50] = 1
    unsure = sure * 0.6
    assert doubt(sure) == 0 and doubt(np.zeros((9, 9), np.float32)) == 0
    assert 0.5 < doubt(unsure) < 0.8

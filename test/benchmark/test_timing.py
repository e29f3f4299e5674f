# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Subjects are timed in turns, and the figures are those of their times."""

import time

import pytest

from lane_perception.benchmark.timing import CALLS
from lane_perception.benchmark.timing import interleave
from lane_perception.benchmark.timing import milliseconds


def test_subjects_take_turns():
    calls = []
    interleave({name: lambda name=name: (calls.append(name), time.sleep(0.06))
                for name in 'ab'}, rounds=6)
    rounds = [''.join(calls[start:start + 2]) for start in range(len(calls) - 12, len(calls), 2)]
    assert set(rounds) == {'ab', 'ba'}, 'in an order that is drawn anew'


def test_a_slower_subject_has_longer_times():
    times = interleave({'quick': lambda: time.sleep(0.001), 'slow': lambda: time.sleep(0.02)},
                       rounds=3)
    assert min(times['slow']) >= 0.02 > sorted(times['quick'])[len(times['quick']) // 2]
    assert len(times['quick']) > len(times['slow']), 'a quick one is called several times a turn'
    assert len(times['quick']) <= 3 * CALLS


def test_the_budget_ends_the_rounds_but_not_before_the_third():
    times = interleave({'a': lambda: time.sleep(0.06)}, rounds=1000, budget_s=0.0)
    assert len(times['a']) == 3


def test_percentiles_are_in_milliseconds():
    figures = milliseconds([0.001 * value for value in range(1, 102)])
    assert figures['p50'] == pytest.approx(51)
    assert figures['p90'] == pytest.approx(91)
    assert figures['p99'] == pytest.approx(100)
    assert figures['calls'] == 101

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A warning that is repeated does not swallow another one."""

from lane_perception.ros.throttle import MOST
from lane_perception.ros.throttle import Throttle


def test_a_sentence_is_said_once_a_period_and_another_one_at_once():
    throttle = Throttle(5.0)
    assert throttle.passes('no input', 0.0)
    assert not throttle.passes('no input', 1.0)
    assert throttle.passes('a frame could not be processed', 1.1)
    assert not throttle.passes('no input', 4.9)
    assert throttle.passes('no input', 5.0)
    assert not throttle.passes('a frame could not be processed', 5.1)


def test_sentences_that_differ_each_time_do_not_fill_the_log():
    throttle = Throttle(5.0)
    said = [throttle.passes(f'number {number}', number / 30) for number in range(300)]
    assert sum(said) == 2 * MOST and all(said[:MOST])

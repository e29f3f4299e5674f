# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Stages in threads: what one raises reaches the last, and all end when the last gives up."""

import itertools
import threading
import time

import pytest

from lane_perception.evaluation.in_background import in_background


def counted(ended):
    try:
        yield from itertools.count()
    finally:
        ended.append(threading.current_thread().name)


def doubled(items):
    for item in items:
        yield 2 * item


def test_an_error_reaches_the_end_of_the_chain():
    def broken():
        yield 1
        raise ValueError('broken')
    chain = in_background(doubled(in_background(broken())))
    assert next(chain) == 2
    with pytest.raises(ValueError, match='broken'):
        next(chain)


def test_every_stage_has_ended_when_the_last_is_closed():
    before, ended = threading.active_count(), []
    stage = doubled(in_background(counted(ended)))
    chain = in_background(stage)   # which ends the stage, whoever else holds it
    assert [next(chain) for _ in range(3)] == [0, 2, 4]
    chain.close()
    assert len(ended) == 1
    assert threading.active_count() == before


def test_a_background_stage_yields_everything_and_passes_errors_on():
    assert list(in_background(range(100), waiting=2)) == list(range(100))

    def failing():
        yield 1
        raise KeyError('broken')
    stage = in_background(failing())
    assert next(stage) == 1
    with pytest.raises(KeyError, match='broken'):
        next(stage)


def test_a_background_stage_does_not_run_ahead_without_bound_and_ends_when_given_up():
    reached = []

    def counting():
        for number in range(1000):
            reached.append(number)
            yield number
    stage = in_background(counting(), waiting=3)
    assert next(stage) == 0
    time.sleep(0.3)
    assert len(reached) <= 6
    stage.close()
    assert len(reached) <= 7

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Stages in threads: what one raises reaches the last, and all end when the last gives up."""

import itertools
import threading

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
    chain = in_background(doubled(in_background(counted(ended))))
    assert [next(chain) for _ in range(3)] == [0, 2, 4]
    chain.close()
    assert len(ended) == 1
    assert threading.active_count() == before

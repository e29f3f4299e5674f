# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The benchmark where the system has no calls for cores and priorities, as on macOS."""

import os

from lane_perception.benchmark.node import _BusyCores
from lane_perception.benchmark.node import _plan
from lane_perception.benchmark.page import _origin
from lane_perception.benchmark.settings import BenchmarkSettings
from lane_perception.machine import describe_machine

CALLS = ('sched_getaffinity', 'sched_getscheduler', 'sched_setscheduler', 'SCHED_OTHER',
         'SCHED_FIFO', 'SCHED_RR')


def without_calls(monkeypatch):
    for name in CALLS:
        monkeypatch.delattr(os, name, raising=False)


def test_all_cores_are_kept_busy_without_scheduling_calls(monkeypatch):
    without_calls(monkeypatch)
    busy = _BusyCores()
    try:
        assert len(busy._processes) == os.cpu_count()
    finally:
        busy.stop()


def test_nothing_is_played_on_one_core_where_none_can_be_chosen(monkeypatch, tmp_path):
    without_calls(monkeypatch)
    monkeypatch.setattr('lane_perception.benchmark.node.write_frames',
                        lambda folder, *arguments: folder)
    monkeypatch.setattr('shutil.which', lambda name: f'/usr/bin/{name}')
    names = [name for name, *_ in _plan(BenchmarkSettings(), tmp_path)]
    assert any('all cores busy' in name for name in names)
    assert not any('one core' in name for name in names)


def test_the_page_tells_of_a_machine_without_scheduling_calls(monkeypatch):
    without_calls(monkeypatch)
    text = ' '.join(_origin({'machine': describe_machine(), 'command': 'benchmark'}))
    assert 'at the start, unknown priority; Python' in text

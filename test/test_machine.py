# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What reports say of the machine, also where a system tells less than Linux does."""

import json
import os
import platform

import pytest

from lane_perception.machine import describe_machine
from lane_perception.machine import usable_cores


def test_the_description_is_json_and_counts_the_cores_that_may_be_used():
    described = json.loads(json.dumps(describe_machine()))
    assert described['cores'] == usable_cores() >= 1
    assert described['processor'] and described['memory_gib'] > 0


@pytest.mark.skipif(not hasattr(os, 'sched_setaffinity'), reason='no choice of cores here')
def test_cores_that_others_have_are_not_counted():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_without_scheduling_calls_all_cores_count_and_no_priority_is_told(monkeypatch):
    for name in ('sched_getaffinity', 'sched_getscheduler', 'SCHED_OTHER', 'SCHED_FIFO',
                 'SCHED_RR'):
        monkeypatch.delattr(os, name, raising=False)
    described = describe_machine()
    assert described['cores'] == os.cpu_count()
    assert 'scheduling' not in described


@pytest.mark.parametrize('release, told', [
    ('6.18.44-fc-v782', 'Linux 6.18'), ('5.15.0-1051-aws', 'Linux 5.15'),
    ('6.18-rc1', 'Linux 6.18'), ('7', 'Linux 7'), ('', 'Linux')])
def test_the_system_is_told_without_the_build_of_one_machine(monkeypatch, release, told):
    monkeypatch.setattr(platform, 'system', lambda: 'Linux')
    monkeypatch.setattr(platform, 'release', lambda: release)
    assert describe_machine()['system'] == told

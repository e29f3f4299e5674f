# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The closed-loop figures: every case both ways round, the same by any number of processes."""

from lane_perception.benchmark.closed_loops import CASES
from lane_perception.benchmark.closed_loops import closed_loops
from lane_perception.data.synthetic.driving import World


def test_every_case_is_driven_both_ways_the_same_by_one_process_and_by_two():
    one, two = (closed_loops(1, 0.5, workers=workers) for workers in (1, 2))
    assert one == two
    assert len(one['drives']) == 2 * len(CASES)
    assert [row['reverse'] for row in one['drives']].count(True) == len(CASES)
    for case, (name, summary) in zip(CASES, one['summary'].items()):
        assert f"speed {case['speed']}" in name
        assert summary['drives'] == 2
        assert summary['departures'] == 0
        assert summary['distance_m'] > 0.1 * case['speed']


def test_every_track_may_have_a_camera_of_its_own():
    one, other = (closed_loops(2, 0.2, one_camera=one_camera) for one_camera in (True, False))
    assert other['drives'][0]['track'] != one['drives'][0]['track']
    assert World(other['drives'][0]['track']).camera != World(other['drives'][-1]['track']).camera
    assert sum(summary['distance_m'] for summary in other['summary'].values()) > 0.0

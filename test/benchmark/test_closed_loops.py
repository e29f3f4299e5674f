# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The closed-loop figures: every case both ways round, the same by any number of processes."""

from lane_perception.benchmark.closed_loops import _sum_up
from lane_perception.benchmark.closed_loops import all_drives
from lane_perception.benchmark.closed_loops import CASES
from lane_perception.benchmark.closed_loops import closed_loops
from lane_perception.data.synthetic.driving import World
from lane_perception.simulation.eyes import car_camera


def test_every_case_is_driven_both_ways_the_same_by_one_process_and_by_two():
    one, two = (closed_loops(1, 0.5, workers=workers) for workers in (1, 2))
    assert one == two
    assert len(one['drives']) == 2 * len(CASES)
    assert [row['reverse'] for row in one['drives']].count(True) == len(CASES)
    for case, (name, summary) in zip(CASES.values(), one['summary'].items()):
        assert f"speed {case['speed']}" in name
        assert summary['drives'] == 2
        assert summary['departures'] == 0
        assert summary['distance_m'] > 0.1 * case['speed']


def test_every_track_may_have_a_camera_of_its_own():
    one, other = (all_drives(2, 0.2, one_camera=one_camera) for one_camera in (True, False))
    assert not {drive.track for drive in one} & {drive.track for drive in other}
    assert {drive.camera for drive in one} == {car_camera()}
    assert {drive.camera for drive in other} == {None}
    assert World(other[0].track).camera != World(other[-1].track).camera
    rows = [drive.run() for drive in other if drive.case == 'path']
    assert sum(row['distance_m'] for row in rows) > 0.0


def test_a_car_that_drove_less_than_half_of_its_way_stood():
    row = {'speed': 0.5, 'seconds': 10.0, 'departures': 0, 'mean_offset_m': 0.01,
           'max_offset_m': 0.02, 'in_lane': 1.0}
    summary = _sum_up([{**row, 'distance_m': meters} for meters in (4.9, 2.6, 2.4, 0.0)])
    assert (summary['drives'], summary['stood']) == (4, 2)


def test_one_case_alone_goes_as_it_goes_among_all():
    alone = closed_loops(1, 0.5, cases=['offset'])
    assert alone['drives'] == closed_loops(1, 0.5)['drives'][3::len(CASES)]
    assert list(alone['summary']) == ['speed 0.5, steer_by offset']

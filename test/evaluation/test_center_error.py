# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Centre errors: how they are counted, and what has none."""

import numpy as np

from lane_perception.evaluation.center_error import CenterScore


def test_errors_are_signed_one_by_one_and_absolute_in_the_mean():
    score = CenterScore()
    assert score.add((110.0, 300.0), (100.0, 300.0)) == 10.0
    assert score.add((98.0, 300.0), (100.0, 300.0)) == -2.0
    assert score.result()['center_mae_px'] == 6.0
    assert score.result()['lane_found'] == 1.0


def test_centers_on_other_rows_are_counted():
    score = CenterScore()
    for v in (298.0, 300.0, 302.0, 303.0, 296.5):
        assert score.add((110.0, 300.0), (100.0, v)) == 10.0
    score.add(None, (100.0, 200.0))
    assert score.other_rows == 2


def test_missing_and_false_lanes_are_counted_apart_from_the_error():
    score = CenterScore()
    assert np.isnan(score.add(None, (100.0, 300.0)))
    assert np.isnan(score.add((100.0, 300.0), None))
    assert np.isnan(score.add((100.0, 300.0), judged=False))
    score.add((103.0, 300.0), (100.0, 300.0))
    assert score.result() == {
        'center_mae_px': 3.0, 'center_p95_px': 3.0, 'lane_found': 0.75,
        'lane_missed': 1, 'lane_false': 1}


def test_without_any_pair_there_is_no_error_figure():
    assert CenterScore().result()['center_mae_px'] is None
    assert CenterScore().result()['lane_found'] is None

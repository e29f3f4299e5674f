# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Steadiness over time: gaps, jumps, flicker and bad stretches."""

import numpy as np
import pytest

from lane_perception.evaluation.set_score import NO_LANE
from lane_perception.evaluation.time_series import JUMPED
from lane_perception.evaluation.time_series import Flicker
from lane_perception.evaluation.time_series import Row
from lane_perception.evaluation.time_series import TimeSeries

PERIOD = 100_000_000


def series(offsets, stamps=None):
    """Return a series in which a frame without an offset has no lane."""
    made = TimeSeries()
    for index, offset in enumerate(offsets):
        stamp = index * PERIOD if stamps is None else stamps[index]
        values = {'offset': offset, 'confidence': 0.0 if offset is None else 0.8}
        made.add(Row(stamp, values, offset is not None, () if offset is not None else (NO_LANE,)))
    return made


def test_gaps_are_counted_and_last_from_the_frame_before_to_the_frame_after():
    figures = series([0.0, None, 0.0, None, None, None, 0.0]).steadiness()
    assert figures['gaps'] == 2
    assert figures['longest_gap_s'] == pytest.approx(0.4)
    assert figures['lane_found'] == pytest.approx(3 / 7)
    assert figures['confidence'] == pytest.approx(0.8)


def test_jumps_are_changes_between_neighbors_only():
    assert series([0.0, 0.1, 0.4, 0.4]).steadiness()['jumps'] == 1
    assert series([0.0, 0.9], [0, 10 * PERIOD]).steadiness()['jumps'] == 0
    assert series([0.0, None, 0.9]).steadiness()['jumps'] == 0


def test_bad_frames_near_each_other_are_one_stretch_with_its_reasons():
    offsets = [0.0] * 5 + [None] * 3 + [0.0] * 3 + [None] + [0.0] * 10 + [0.9] + [0.9] * 3
    stretches = series(offsets).bad_stretches()
    assert [(one['first'], one['last'], one['frames']) for one in stretches] == [
        (5, 11, 4), (22, 22, 1)]
    assert stretches[0]['reasons'] == [NO_LANE]
    assert stretches[0]['from_s'] == pytest.approx(0.5)
    assert stretches[1]['reasons'] == [JUMPED]


def test_an_empty_series_has_no_figures_and_no_stretch():
    assert TimeSeries().bad_stretches() == []
    assert TimeSeries().steadiness()['lane_found'] is None


def test_flicker_is_zero_for_the_same_mask_and_one_for_another_place():
    mask = np.zeros((120, 160), np.uint8)
    mask[:, 20:25] = 255
    other = np.roll(mask, 60, axis=1)
    flicker = Flicker()
    assert flicker.add(mask, 0) is None
    assert flicker.add(mask, PERIOD) == 0.0
    assert flicker.add(other, 2 * PERIOD) == 1.0
    assert flicker.add(other, 100 * PERIOD) is None, 'too late to be a neighbor'
    empty = np.zeros_like(mask)
    assert flicker.add(empty, 101 * PERIOD) == 1.0
    assert flicker.add(empty, 102 * PERIOD) == 0.0


def test_a_line_that_moves_by_a_pixel_hardly_flickers():
    mask = np.zeros((120, 160), np.uint8)
    mask[:, 20:25] = 255
    flicker = Flicker()
    flicker.add(mask, 0)
    # Both are thickened by a pixel on each side: 6 columns of 8 are of both.
    assert flicker.add(np.roll(mask, 1, axis=1), PERIOD) == pytest.approx(0.25)

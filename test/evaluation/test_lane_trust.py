# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Wrong, missing and false lanes, the risk-coverage curve and the calibration error."""

import numpy as np
import pytest

from lane_perception.evaluation.lane_trust import calibration_error
from lane_perception.evaluation.lane_trust import is_right
from lane_perception.evaluation.lane_trust import risk_coverage
from lane_perception.evaluation.lane_trust import TrustScore


def test_a_center_is_right_within_two_percent_of_the_width():
    assert is_right((112.0, 5.0), (100.0, 9.0), 600)
    assert not is_right((112.1, 5.0), (100.0, 9.0), 600)
    assert not is_right(None, (100.0, 9.0), 600)
    assert not is_right((100.0, 9.0), None, 600)


def test_each_kind_of_answer_is_counted():
    score = TrustScore()
    score.add((100, 0), 0.9, (101, 0), 640)    # right
    score.add((100, 0), 0.6, (200, 0), 640)    # wrong
    score.add(None, 0.0, (200, 0), 640)        # missing
    score.add((100, 0), 0.3, None, 640)        # false
    score.add(None, 0.0, None, 640)            # rightly none
    result = score.result()
    assert (result['frames'], result['frames_with_lane']) == (5, 3)
    assert result['lane_found'] == pytest.approx(2 / 3, abs=1e-4)
    assert result['center_right'] == 0.5
    assert result['false_lanes'] == 0.5
    # right, wrong, false, missing: risks 0, 1/2, 2/3, 3/4
    assert result['risk_coverage']['area'] == pytest.approx((0 + 1 / 2 + 2 / 3 + 3 / 4) / 4,
                                                            abs=1e-4)


def test_the_area_lies_between_the_best_order_and_the_worst():
    wrong = np.array([True, True, False, False, False, False])
    good, bad = np.linspace(0, 1, 6), np.linspace(1, 0, 6)
    assert risk_coverage(good, wrong)['area'] == risk_coverage(good, wrong)['best']
    assert risk_coverage(bad, wrong)['area'] > risk_coverage(good, wrong)['random']
    assert risk_coverage(np.full(6, 0.5), wrong)['area'] == pytest.approx(2 / 6, abs=1e-4)
    assert risk_coverage(good, wrong)['risk_at']['1'] == pytest.approx(2 / 6, abs=1e-4)
    assert risk_coverage(np.zeros(0), np.zeros(0, bool)) is None


def test_the_order_of_frames_of_equal_confidence_does_not_matter():
    confidence = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    one = risk_coverage(confidence, np.array([False, True, False, False, True]))
    other = risk_coverage(confidence, np.array([False, False, False, True, True]))
    assert one == other


def test_the_calibration_error_is_the_gap_between_confidence_and_share_right():
    right = np.arange(100) < 80
    assert calibration_error(np.full(100, 0.8), right) == 0.0
    assert calibration_error(np.full(100, 0.5), right) == pytest.approx(0.3)
    assert calibration_error(np.full(100, 1.0), right) == pytest.approx(0.2)
    assert calibration_error(np.zeros(0), np.zeros(0, bool)) is None

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The geometry's errors are counted against the lane itself, not against its samples."""

import numpy as np
import pytest

from lane_perception.benchmark.lane_accuracy import LaneScore
from lane_perception.benchmark.track_frames import track_frames
from lane_perception.geometry.lane import Lane


def perfect(frame, **changed):
    """Return the true lane as a lane finder would tell it, in steps of 8 cm."""
    truth = frame.truth
    values = dict(center=truth.center or (0.0, 0.0), path=truth.center_line[::4],
                  lateral=truth.lateral, heading=truth.heading, curvature=truth.curvature,
                  width=frame.width, covariance=np.diag((1e-4, 1e-4)))
    return Lane(**{**values, **changed})


@pytest.fixture(scope='module')
def bent():
    """Return a frame whose lane bends by more than 1 / metre beside the car."""
    return next(frame for frame in track_frames(1_970_000, 60)
                if frame.sides and abs(frame.truth.curvature) > 1.0)


def test_the_true_lane_has_no_errors_in_a_bend_either(bent):
    score = LaneScore()
    score.add(bent, perfect(bent))
    row = score.rows[0]
    assert row['lateral'] == row['heading'] == row['wrong'] == 0.0
    assert row['seen_lateral'] < 1e-6
    assert np.degrees(row['seen_heading']) < 0.3  # a chord of 8 cm is askew to its end by 2.3


def test_a_lane_beside_the_true_one_is_a_wrong_lane(bent):
    score = LaneScore()
    line = bent.truth.center_line[::4]
    ahead = np.gradient(line, axis=0)
    normal = np.column_stack((-ahead[:, 1], ahead[:, 0])) / np.hypot(*ahead.T)[:, None]
    score.add(bent, perfect(bent, path=line + bent.width * normal))
    assert score.rows[0]['wrong'] == 1.0
    assert score.rows[0]['seen_lateral'] == pytest.approx(bent.width, abs=0.01)


def test_tracks_with_other_roads_give_frames_too():
    frames = list(track_frames(1_970_001, 40, tidy=False))
    assert len(frames) == 40
    assert sum(frame.sides > 0 for frame in frames) > 25

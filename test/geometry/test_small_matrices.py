# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Small symmetric matrices: what they give, and that a frame asks no other library for it."""

import numpy as np
import pytest
from drawn_floor import lane_mask
from drawn_floor import view

from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.geometry.small_matrices import invert
from lane_perception.geometry.small_matrices import solve


@pytest.mark.parametrize('size', [1, 2, 3, 4, 12])
def test_they_give_what_numpy_gives(size):
    some = np.random.default_rng(size).normal(size=(size + 3, size))
    matrix = some.T @ some
    right = np.arange(3.0 * size).reshape(size, 3)
    np.testing.assert_allclose(invert(matrix), np.linalg.inv(matrix), rtol=1e-9)
    np.testing.assert_allclose(solve(matrix, right), np.linalg.solve(matrix, right), rtol=1e-9)
    one = solve(matrix, right[:, 0].copy())
    np.testing.assert_allclose(one, np.linalg.solve(matrix, right[:, 0]), rtol=1e-9)


def test_no_frame_of_a_drive_waits_for_numpys_threads(monkeypatch):
    def refuse(*_):
        raise AssertionError('numpy sets all cores to this')
    ground = view(focal=330.0, forward=0.1)
    finder = LaneFinder(LaneSettings(lane_width=0.4), ground)
    mask = lane_mask(ground)
    finder.find(mask, 0.0)  # the calibration is inverted once
    for name in ('inv', 'solve', 'lstsq', 'svd', 'eigh'):
        monkeypatch.setattr(np.linalg, name, refuse)
    for number in range(1, 4):
        assert finder.find(mask, number / 30.0).center is not None

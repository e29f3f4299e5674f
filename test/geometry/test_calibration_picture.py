# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The picture by which a person judges a calibration can be read."""

import numpy as np

from lane_perception.benchmark.calibration_cameras import camera
from lane_perception.geometry.calibration_picture import draw_calibration
from lane_perception.simulation.eyes import calibration_of

CAPTION = 22        # rows
LABEL_HEIGHT = 12   # pixels, at most


def test_labels_of_far_lines_do_not_lie_on_one_another():
    one = camera()
    drawn = draw_calibration(np.full((480, 640, 3), 90, np.uint8), calibration_of(one))
    rows = (drawn[CAPTION:, :640].min(axis=2) > 180).any(axis=1)   # only letters are as white
    edges = np.flatnonzero(np.diff(np.concatenate(([False], rows, [False])).astype(int)))
    heights = edges[1::2] - edges[::2]
    assert len(heights) >= 4 and heights.max() <= LABEL_HEIGHT

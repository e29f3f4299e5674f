# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lane finder on drawn masks."""

import cv2
import numpy as np

from lane_perception.geometry.lane_finder import LaneFinder


def draw(*lines, height=480, width=640):
    """Return a mask with one polyline of (u, v) points per argument."""
    mask = np.zeros((height, width), np.uint8)
    for line in lines:
        cv2.polylines(mask, [np.int32(line)], False, 255, 14)
    return mask


LEFT = [(80, 479), (270, 200)]
RIGHT = [(560, 479), (370, 200)]


def test_two_markings_give_the_middle():
    lane = LaneFinder().find(draw(LEFT, RIGHT))
    assert abs(lane.center[0] - 320) < 2
    assert abs(lane.offset) < 0.01


def test_a_lane_to_the_left_gives_a_positive_offset():
    shifted = [[(u - 60, v) for u, v in line] for line in (LEFT, RIGHT)]
    lane = LaneFinder().find(draw(*shifted))
    assert abs(lane.center[0] - 260) < 2
    assert abs(lane.offset - 60 / 320) < 0.01


def test_one_marking_uses_the_width_learned_from_two():
    finder = LaneFinder()
    finder.find(draw(LEFT, RIGHT))
    assert abs(finder.find(draw(LEFT)).center[0] - 320) < 6
    assert abs(finder.find(draw(RIGHT)).center[0] - 320) < 6


def test_an_empty_mask_is_no_lane():
    lane = LaneFinder().find(np.zeros((480, 640), np.uint8))
    assert lane.center is None
    assert np.isnan(lane.offset)
    assert lane.confidence == 0.0

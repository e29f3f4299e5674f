# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The picture for people."""

import numpy as np
import pytest

from lane_perception.geometry.lane import Lane
from lane_perception.overlay import draw_overlay


@pytest.mark.parametrize('size', [(120, 160), (480, 640), (1080, 1920)])
def test_the_mask_is_tinted_and_the_rest_is_left_alone(size):
    image = np.full((*size, 3), 90, np.uint8)
    mask = np.zeros(size, np.uint8)
    mask[size[0] // 2:size[0] // 2 + 9, 10:40] = 255
    drawn = draw_overlay(image, mask, Lane())
    below = drawn[size[0] // 4:]
    tinted = (below != 90).any(axis=2)
    np.testing.assert_array_equal(tinted, mask[size[0] // 4:] > 0)
    assert below[tinted][0, 2] > below[tinted][0, 0], 'red'
    assert (image == 90).all(), 'the picture itself is not touched'


def test_the_center_is_where_the_lane_says(track_image):
    nothing = np.zeros(track_image.shape[:2], np.uint8)
    without = draw_overlay(track_image, nothing, Lane())
    lane = Lane(center=(200.0, 300.0), offset=0.37, confidence=0.9,
                center_line=np.array([[210.0, 479.0], [200.0, 300.0], [np.nan, 5.0], [1e12, 0.0]]))
    drawn = draw_overlay(track_image, nothing, lane)
    changed = (drawn != without).any(axis=2)
    assert changed[300, 200] and changed[390, 205]
    assert tuple(drawn[300, 200]) == (80, 220, 80)


def test_a_marking_that_leaves_far_beyond_the_picture_is_drawn_up_to_its_border():
    image = np.full((120, 160, 3), 90, np.uint8)
    lane = Lane(markings=(np.array([[20.0, 60.0], [1e12, 60.0]]),))
    drawn = draw_overlay(image, np.zeros((120, 160), np.uint8), lane)
    changed = (drawn[60] != 90).any(axis=1)
    assert changed[25:].all() and not changed[:15].any()


def test_a_read_only_picture_can_be_drawn_on(track_image):
    track_image.setflags(write=False)
    draw_overlay(track_image, np.zeros(track_image.shape[:2], np.uint8), Lane())

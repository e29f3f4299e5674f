# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The demo's picture and video appear whole or not at all."""

import cv2
import numpy as np
import pytest
from conftest import draw_track

from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.ros.demo_pictures import as_told
from lane_perception.ros.demo_pictures import Pictures
from lane_perception.ros.demo_score import Pair


def add(pictures, count=3, height=120):
    image = draw_track(height, 160)
    mask = np.where(image[..., 0] > 160, 255, 0).astype(np.uint8)
    for number in range(count):
        pictures.add(Pair(number * 10**8, image, mask, (80.0, 78.0), None, None))


def test_both_are_there_in_the_end(tmp_path):
    with Pictures(tmp_path, 3) as pictures:
        add(pictures)
    assert {path.name for path in tmp_path.iterdir()} == {'frames.png', 'overlay.mp4'}
    assert cv2.imread(str(tmp_path / 'frames.png')).shape == (2 * 480, 3 * 640, 3)


def test_frames_of_two_sizes_lie_side_by_side(tmp_path):
    with Pictures(tmp_path, 6) as pictures:
        add(pictures, count=2)
        add(pictures, count=4, height=90)
    sheet = cv2.imread(str(tmp_path / 'frames.png'))
    assert sheet.shape == (480 + 360, 3 * 640, 3)


def test_an_interruption_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), Pictures(tmp_path, 3) as pictures:
        add(pictures)
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / 'frames.png').mkdir()
    with pytest.raises(OSError), Pictures(tmp_path, 3) as pictures:
        add(pictures)


def test_what_is_drawn_is_the_nodes_centre_and_offset():
    image = draw_track(120, 160)
    mask = np.where(image[..., 0] > 160, 255, 0).astype(np.uint8)
    seen = LaneFinder().find(mask)
    told = as_told(seen, Pair(0, image, mask, seen.center, None, None))
    assert told.offset == pytest.approx(seen.offset) and told.center_line is not None
    other = as_told(seen, Pair(0, image, mask, (150.0, 78.0), None, None))
    assert other.offset == pytest.approx(-(150 - 79.5) / 80) and other.center_line is None
    assert as_told(seen, Pair(0, image, mask, None, None, None)).center is None

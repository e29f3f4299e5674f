# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The measure of snapping sees what was gained, and where careful masks lie askew."""

import json

import cv2
import numpy as np
import pytest

from lane_perception.benchmark.snapping import body
from lane_perception.benchmark.snapping import measure
from lane_perception.data.drawing import draw_line
from lane_perception.data.drawing import fill_polygon
from lane_perception.errors import UserError


def write_data(folder, right=0, down=0):
    """Write pictures of one tape, a line drawn along it, and its extent, moved."""
    for part in ('images', 'masks', 'masks_careful'):
        (folder / part).mkdir()
    for number in range(2):
        extent = np.zeros((200, 320), np.uint8)
        fill_polygon(extent, ((60, 200), (84, 200), (170, 60), (166, 60)), 255)
        fill_polygon(extent, ((320, 150), (320, 166), (200, 70), (200, 66)), 255)
        image = np.full((200, 320, 3), 50, np.float32)
        image[extent > 0] = 200
        image += np.random.default_rng(number).normal(0, 4, image.shape)
        lines = np.zeros_like(extent)
        draw_line(lines, ((72, 198), (168, 62)), 4, 255)
        draw_line(lines, ((318, 157), (202, 69)), 4, 255)
        moved = np.roll(extent, (down, right), (0, 1))
        name = f'lap_{number}.png'
        cv2.imwrite(str(folder / 'images' / name), np.clip(image, 0, 255).astype(np.uint8))
        cv2.imwrite(str(folder / 'masks' / name), lines)
        cv2.imwrite(str(folder / 'masks_careful' / name), moved)
    return folder


def test_snapped_lines_fit_masks_that_fit_the_picture(tmp_path):
    result = measure(write_data(tmp_path))
    assert result['truth_offset_px'] == [0, 0] and result['images'] == 2
    assert result['drawn_iou'] < 0.6 < 0.9 < result['snapped_iou']
    assert result['snapped_iou'] == result['snapped_iou_truth_moved_back']
    assert result['truth_moved_back_iou'] == 1


def test_masks_that_lie_askew_are_told_from_lines_that_do(tmp_path):
    result = measure(write_data(tmp_path, right=1, down=1))
    assert result['truth_offset_px'] == [1, 1]
    assert result['snapped_iou'] < result['snapped_iou_truth_moved_back'] > 0.9
    assert result['truth_moved_back_iou'] < 0.95


def test_the_result_is_written_with_its_command(tmp_path):
    (tmp_path / 'data').mkdir()
    body([str(write_data(tmp_path / 'data')), str(tmp_path / 'snapping.json')])
    result = json.loads((tmp_path / 'snapping.json').read_text())
    assert result['command'].endswith('snapping data snapping.json')
    with pytest.raises(UserError, match='usage'):
        body([])

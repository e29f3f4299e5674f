# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""ChArUco boards in pictures: where their corners are."""

import cv2
import numpy as np
import pytest

from lane_perception.benchmark.calibration_cameras import camera
from lane_perception.benchmark.calibration_cameras import DOTS
from lane_perception.benchmark.calibration_cameras import photograph
from lane_perception.errors import UserError
from lane_perception.geometry.boards import Board

SQUARE = 0.06  # metres
LEFT, NEAR = 0.22, 0.3

pytestmark = pytest.mark.skipif(not hasattr(getattr(cv2, 'aruco', None), 'CharucoDetector'),
                                reason='OpenCV is older than 4.7')


def charuco(columns, rows, older=False):
    """Return the print of a board, a white margin of one square around it."""
    side = round(SQUARE * DOTS)
    board = cv2.aruco.CharucoBoard((columns, rows), SQUARE, 0.75 * SQUARE,
                                   cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50))
    if older:
        board.setLegacyPattern(True)
    return board.generateImage(((columns + 2) * side, (rows + 2) * side), marginSize=side)


def floor_of(places, rows):
    """Return the (N, 2) floor metres of places on a board that lies at LEFT and NEAR."""
    dot = 0.5 / DOTS   # the middle of a print's first pixel
    return np.column_stack((NEAR + (rows + 1) * SQUARE - places[:, 1] + dot,
                            LEFT - SQUARE - places[:, 0] + dot))


@pytest.mark.parametrize('pitch', [22, 25, 30])
def test_the_corners_of_a_charuco_board_are_where_the_camera_sees_them(pitch):
    one = camera(pitch=pitch)
    pixels, places = Board.parse('charuco:5x5:0.06:0.045').find(
        photograph(one, charuco(5, 5), LEFT, NEAR))
    errors = pixels - one.project(floor_of(places, 5))[0]
    assert len(errors) >= 9
    assert np.sqrt((errors ** 2).mean(axis=0)).max() < 0.1


@pytest.mark.parametrize('older', [False, True])
@pytest.mark.parametrize('rows', [5, 6])
def test_boards_of_the_pattern_before_opencv_4_6_are_found_too(rows, older):
    if older and not hasattr(cv2.aruco.CharucoBoard, 'setLegacyPattern'):
        pytest.skip('OpenCV is older than 4.8')
    one = camera(pitch=30)
    pixels, places = Board.parse(f'charuco:5x{rows}:0.06:0.045').find(
        photograph(one, charuco(5, rows, older), LEFT, NEAR))
    errors = pixels - one.project(floor_of(places, rows))[0]
    assert len(errors) >= 9 and np.abs(errors.mean(axis=0)).max() < 0.1


@pytest.mark.parametrize('name', ['getPredefinedDictionary', 'DICT_NONE', 'CharucoBoard', ''])
def test_what_is_no_dictionary_is_refused(name):
    with pytest.raises(UserError, match=f'no marker dictionary {name}'):
        Board.parse(f'charuco:5x5:0.07:0.052:{name}')

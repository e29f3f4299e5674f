# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The three ways to a ground calibration, on synthetic cameras with exact truth."""

import numpy as np
import pytest

from lane_perception.benchmark.calibration_cameras import by_board
from lane_perception.benchmark.calibration_cameras import by_lane
from lane_perception.benchmark.calibration_cameras import by_points
from lane_perception.benchmark.calibration_cameras import calibrations
from lane_perception.benchmark.calibration_cameras import camera
from lane_perception.benchmark.calibration_cameras import checkers
from lane_perception.benchmark.calibration_cameras import photograph
from lane_perception.benchmark.calibration_cameras import PLACES
from lane_perception.benchmark.calibration_cameras import sides_of_lane
from lane_perception.benchmark.calibration_cameras import SIZE
from lane_perception.benchmark.calibration_cameras import ten_cameras
from lane_perception.benchmark.calibration_cameras import worst_error
from lane_perception.errors import UserError
from lane_perception.geometry import calibrating
from lane_perception.geometry.boards import Board
from lane_perception.simulation.eyes import calibration_of


@pytest.mark.parametrize('number', range(10))
def test_points_give_the_floor_within_a_hundredth_of_the_distance(number):
    one = ten_cameras()[number]
    calibration = by_points(one)
    assert worst_error(calibration, one, one.mount_forward) < 0.01
    assert calibration.camera_to_axle == pytest.approx(one.mount_forward, abs=0.01)
    assert calibration.rms_error_m < 0.01


@pytest.mark.parametrize('number', range(10))
def test_a_board_gives_the_floor_within_a_hundredth_of_the_distance(number):
    one = ten_cameras()[number]
    assert worst_error(by_board(one), one, 0.0) < 0.01


@pytest.mark.parametrize('number', range(10))
def test_a_straight_lane_gives_the_floor_within_a_hundredth_of_the_distance(number):
    one = ten_cameras()[number]
    assert worst_error(by_lane(one), one, 0.0) < 0.01


@pytest.mark.parametrize('way', [calibrating.from_points, calibrating.from_board])
def test_a_lens_that_folds_above_the_pictures_last_row_is_calibrated(way):
    one = camera(coefficients=(-0.3, 0.0, 0.0, 0.0, 0.0), focal=300.0, mount_height=0.25, pitch=20)
    lens = calibration_of(one).lens
    assert not lens.covers(np.array([[319.5, 479.0]])).any()
    calibration = way(one.project(PLACES)[0], PLACES, SIZE, lens)
    assert worst_error(calibration, one, 0.0) < 0.01
    mount = calibrating.mount_of(calibration)
    assert mount.height == pytest.approx(0.25, rel=0.01)
    assert np.degrees(mount.pitch) == pytest.approx(20, abs=0.3)


@pytest.mark.parametrize('side', [0, 1])
def test_marking_that_the_lens_does_not_cover_tells_nothing_of_the_floor(side):
    one = ten_cameras()[9]
    lens = calibration_of(one).lens
    sides = sides_of_lane(one)
    rim = np.array([[0.0, 479.0], [639.0, 479.0]])[side]
    assert not lens.covers(rim).any() and lens.covers(sides[side]).all()
    sides[side] = np.vstack((rim, sides[side]))
    calibration = calibrating.from_lane(*sides, 0.4, SIZE, lens)
    assert (calibration.homography == by_lane(one).homography).all()
    assert calibration.rms_error_m == by_lane(one).rms_error_m


def test_the_three_ways_agree():
    one = camera(forward=0.15)
    points, board, lane = by_points(one, 0.05), by_board(one), by_lane(one)
    pixels = np.array([(u, v) for u in (150, 320, 500) for v in (300, 380, 460)])
    for other in (board, lane):
        other = calibrating.moved_to_axle(other, 0.15)
        assert np.abs(other.to_ground(pixels) - points.to_ground(pixels)).max() < 0.006


def test_the_benchmark_tells_how_far_the_three_ways_are_off_and_apart():
    told = calibrations(2)
    points = [worst_error(by_points(one), one, one.mount_forward) for one in ten_cameras()[:2]]
    assert told['cameras'] == 2
    assert told['points']['largest'] == pytest.approx(max(points), abs=1e-5)
    assert all(told[way]['largest'] < 0.01 for way in ('points', 'board', 'lane'))
    assert told['points']['median'] < told['agreement']['largest'] < 0.02


def test_the_mount_is_told():
    mount = calibrating.mount_of(calibration_of(camera(mount_height=0.17, pitch=21, roll=2,
                                                       forward=0.12)))
    assert mount.height == pytest.approx(0.17)
    assert np.degrees(mount.pitch) == pytest.approx(21)
    assert np.degrees(mount.roll) == pytest.approx(2)
    assert mount.forward == pytest.approx(0.12)


def test_a_board_tells_the_focal_length_of_an_undistorted_lens():
    # The optical axis is assumed in the middle of the picture and lies 3 pixels off it here.
    one = camera(coefficients=(), pitch=35)
    image = photograph(one, checkers(8, 5, 0.06), 0.3, 0.25)
    calibration = calibrating.from_board(*Board.parse('checkerboard:8x5:0.06').find(image), SIZE,
                                         None)
    assert worst_error(calibration, one, 0.0) < 0.06


def test_a_charuco_board_seen_in_part_is_enough():
    import cv2
    if not hasattr(cv2.aruco, 'CharucoDetector'):
        pytest.skip('OpenCV is older than 4.7')
    board = Board.parse('charuco:6x8:0.06:0.045:DICT_4X4_50')
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    print_ = cv2.aruco.CharucoBoard((6, 8), 0.06, 0.045, dictionary).generateImage((720, 960))
    one = camera(pitch=35)
    corners = board.find(photograph(one, print_, 0.30, 0.25))
    assert 6 <= len(corners[0]) <= 35
    calibration = calibrating.from_board(*corners, SIZE, calibration_of(one).lens)
    assert worst_error(calibration, one, 0.0) < 0.01


@pytest.mark.parametrize('missing', ['cv2.aruco.CharucoDetector', 'cv2.aruco'])
def test_an_opencv_that_finds_no_charuco_boards_says_so(monkeypatch, missing):
    monkeypatch.delattr(missing, raising=False)   # an old OpenCV lacks it anyway
    with pytest.raises(UserError, match='use a checkerboard, or OpenCV 4.7'):
        Board.parse('charuco:6x8:0.06:0.045:DICT_4X4_50')
    assert Board.parse('checkerboard:6x4:0.06').kind == 'checkerboard'


@pytest.mark.parametrize('places, sentence', [
    (PLACES[:3], '3 different points are too few'),
    (np.repeat(PLACES[[0, 3, 4]], 2, axis=0), '3 different points are too few'),
    (np.array([(x, 0.1) for x in (0.4, 0.6, 0.8, 1.0, 1.2)]), 'nearly on a line'),
    (np.array([(x, 0.1) for x in (0.4, 0.6, 0.8, 1.0)] + [(0.7, -0.2)]), 'nearly on a line'),
])
def test_points_that_leave_the_view_open_are_refused(places, sentence):
    one = camera()
    with pytest.raises(UserError, match=sentence):
        calibrating.from_points(one.project(places)[0], places, SIZE, calibration_of(one).lens)


def test_a_point_that_is_repeated_counts_once():
    one = camera()
    lens = calibration_of(one).lens
    pixels = np.round(one.project(PLACES)[0])
    often = np.repeat(np.arange(len(PLACES)), [9] + [1] * (len(PLACES) - 1))
    once, repeated = (calibrating.from_points(pixels[rows], PLACES[rows], SIZE, lens)
                      for rows in (slice(None), often))
    assert (once.homography == repeated.homography).all()


def test_mirrored_places_are_refused():
    one = camera(coefficients=())
    pixels, _ = one.project(PLACES)
    with pytest.raises(UserError, match='mirrored'):
        calibrating.from_points(pixels, PLACES * (1, -1), SIZE, None)


def test_places_in_centimetres_are_refused():
    one = camera()
    with pytest.raises(UserError, match='unit'):
        calibrating.from_points(one.project(PLACES)[0], PLACES * 100, SIZE,
                                calibration_of(one).lens)


def test_swapped_points_show_as_error():
    one = camera()
    pixels = one.project(PLACES)[0]
    pixels[[0, 1]] = pixels[[1, 0]]
    calibration = calibrating.from_points(pixels, PLACES, SIZE, calibration_of(one).lens)
    assert calibration.rms_error_m > 0.03


def test_a_bent_lane_is_refused():
    one = camera()
    x = np.linspace(0.35, 1.5, 60)
    left, right = (one.project(np.column_stack((x, y + 0.4 * x * x)))[0] for y in (0.2, -0.2))
    with pytest.raises(UserError, match='not straight'):
        calibrating.from_lane(left, right, 0.4, SIZE, calibration_of(one).lens)


@pytest.mark.parametrize('near', [0.22, 0.3, 0.36])
@pytest.mark.parametrize('model, coefficients', [
    ('plumb_bob', ()), ('plumb_bob', (-0.25, 0.06, 0.001, -0.001, 0.0)),
    ('equidistant', (-0.02, 0.003, 0.0, 0.0))])
def test_a_board_is_found_from_low_above_the_floor(model, coefficients, near):
    one = camera(model, coefficients, focal=300.0, mount_height=0.17, pitch=23.0)
    image = photograph(one, checkers(6, 4, 0.06), 0.27, near)
    pixels, places = Board.parse('checkerboard:6x4:0.06').find(image)
    floor = np.column_stack((near + 0.3 - places[:, 1], 0.15 - places[:, 0]))
    true = one.project(floor)[0]
    assert min(np.abs(one - true).max() for one in (pixels, pixels[::-1])) < 0.4


@pytest.mark.parametrize('text', ['8x6', 'checkerboard:8x6', 'checkerboard:8x6:25',
                                  'charuco:5x7:0.03:0.04', 'charuco:5x7:0.04:0.03:DICT_NONE',
                                  'checkerboard:2x2:0.02', 'circles:4x4:0.02'])
def test_a_board_that_cannot_be_is_refused(text):
    with pytest.raises(UserError):
        Board.parse(text)

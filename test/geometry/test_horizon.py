# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Without a calibration the lane is found wherever the horizon lies, from the first picture on."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from lane_perception.geometry import place
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lens import Lens
from lane_perception.geometry.marks import MarkReader
from lane_perception.geometry.nominal_view import FIRST_HORIZON
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.geometry.place import Place

SIZE = (640, 480)   # width, height
BOTTOM = (60, 500)  # columns where the two markings leave the picture


def straight_lane(horizon):
    """Return the mask of two straight markings that meet in the middle of the horizon's row."""
    width, height = SIZE
    mask = np.zeros((height, width), np.uint8)
    for bottom in BOTTOM:
        edges = [(bottom - 10, height), (bottom + 10, height), (width / 2, horizon)]
        cv2.fillConvexPoly(mask, np.round(edges).astype(int), 255)
    mask[:max(round(horizon) + 40, 0)] = 0
    return mask


@pytest.mark.parametrize('horizon', [-40, 0, 60, 120, 160, 200, 230])
def test_the_first_picture_gives_the_middle_of_two_markings(horizon):
    lane = LaneFinder().find(straight_lane(horizon))
    row = SIZE[1] * (1 - 0.35)
    share = (row - horizon) / (SIZE[1] - horizon)
    middle = SIZE[0] / 2 + share * (sum(BOTTOM) / 2 - SIZE[0] / 2)
    assert lane.center is not None
    assert lane.center[1] == pytest.approx(row, abs=2)
    assert lane.center[0] == pytest.approx(middle, abs=12)
    assert lane.left is not None and len(lane.left) and len(lane.right)


@pytest.mark.parametrize('horizon', [0, 60, 120, 160, 200])
def test_the_tape_of_a_single_marking_tells_the_horizon(horizon):
    mask = straight_lane(horizon)
    mask[:, SIZE[0] // 2:] = 0
    finder = LaneFinder()
    for number in range(5):
        finder.find(mask, number / 30)
    # What is drawn here is a pixel too wide everywhere, as if it ended beyond the horizon.
    assert horizon - 25 <= finder.place.horizon * SIZE[1] <= horizon


def test_a_line_of_one_width_from_near_to_far_is_drawn_and_tells_no_horizon():
    finder, mask = LaneFinder(), np.zeros(SIZE[::-1], np.uint8)
    cv2.line(mask, (200, SIZE[1]), (300, 170), 255, 4)
    for number in range(5):
        finder.find(mask, number / 30)
    assert finder.place.horizon == FIRST_HORIZON


def test_a_horizon_that_was_found_is_kept():
    finder = LaneFinder()
    for number in range(20):
        finder.find(straight_lane(-30), number / 30)
    one_side = straight_lane(-30)
    one_side[:, 330:] = 0
    lane = finder.find(one_side, 20 / 30)
    both = finder.find(straight_lane(-30), 21 / 30)
    assert lane.center[0] == pytest.approx(both.center[0], abs=20)


def test_in_a_quick_video_no_picture_waits_for_all_horizons(monkeypatch):
    looks = []
    see = LaneFinder._see
    monkeypatch.setattr(LaneFinder, '_see', lambda *given: looks.append(1) or see(*given))
    finder, one_side = LaneFinder(), straight_lane(-30)
    one_side[:, 200:] = 0
    for number in range(10):
        looks.clear()
        finder.find(one_side, number / 30)
        assert len(looks) <= (7 if number == 0 else 2)
    for number in range(10, 30):
        lane = finder.find(straight_lane(-30), number / 30)
    assert lane.left is not None and len(lane.left) and len(lane.right)
    assert finder.place.horizon * SIZE[1] == pytest.approx(-30, abs=25)


def test_a_floor_that_was_laid_before_shows_the_same_lane():
    used = LaneFinder()
    for horizon in (200, 0, -40):
        used.find(straight_lane(horizon))
        used.reset()
    used.find(np.zeros((240, 320), np.uint8))  # another size in between
    used.reset()
    for horizon in (0, 200):
        fresh = LaneFinder().find(straight_lane(horizon))
        again = used.find(straight_lane(horizon))
        assert again.center == fresh.center
        used.reset()


@pytest.mark.parametrize('horizon', [-40, 0, 60])
def test_the_first_lane_teaches_no_horizon_far_from_the_true_one(horizon):
    finder = LaneFinder()
    assert finder.find(straight_lane(horizon), 0.0).center is not None
    assert finder.place.horizon * SIZE[1] == pytest.approx(horizon, abs=25)


def test_tape_goes_on_telling_the_horizon_once_lanes_have_taught():
    finder, one_side = LaneFinder(), straight_lane(60)
    one_side[:, SIZE[0] // 2:] = 0
    for number in range(10):
        finder.find(straight_lane(200), number / 30)
    assert finder.place.horizon * SIZE[1] == pytest.approx(200, abs=25)
    for number in range(10, 70):   # the camera has sunk, and a lane's two sides are never seen
        finder.find(one_side, number / 30)
    assert finder.place.horizon * SIZE[1] == pytest.approx(60, abs=40)


def test_a_bend_that_was_seen_first_is_outvoted_by_straight_lanes_of_another_width():
    def lane(width, bend):
        return SimpleNamespace(
            trust=0.9, candidate=SimpleNamespace(undivided=1.0), curve=SimpleNamespace(
                width=width, flare=0.0, bend=bend, surrounds=True, sides=np.zeros(0, int)))
    no_marks = SimpleNamespace(marks=SimpleNamespace(
        ground=np.zeros((0, 2)), pixels=np.zeros((0, 2))))
    known = Place(None)
    known.look_from(SIZE)
    for _ in range(2):
        assert known.learn(lane(0.29, bend=2.5), no_marks)
    assert known.unlikeness(0.4) < 0.3   # so that it may teach
    for _ in range(3):
        known.learn(lane(0.4, bend=0.2), no_marks)
    assert known.width == pytest.approx(0.4, abs=0.03)
    for _ in range(20):
        known.learn(lane(0.4, bend=0.2), no_marks)
    assert known.unlikeness(0.29) > 0.6
    settled = known.width
    known.learn(lane(0.29, bend=2.5), no_marks)
    assert known.width == pytest.approx(settled, abs=0.005)


# Its pixels are not square, and it does not look through the picture's middle.
FISHEYE = Lens.create([250.0, 0.0, 345.0, 0.0, 235.0, 225.0, 0.0, 0.0, 1.0], 'equidistant', ())


def lane_through(lens, horizon, size):
    """Return the mask of a lane, 0.4 m wide, that a car 8 cm left of its centre sees; and that."""
    ahead, mask = np.linspace(0.15, 3.0, 200), np.zeros(size[::-1], np.uint8)
    (focal_x, _, middle), (_, focal_y, _), _ = lens.matrix

    def seen(left):   # from 18 cm up
        straight = np.column_stack((middle - focal_x * left / ahead,
                                    horizon + focal_y * 0.18 / ahead))
        return (lens.distort(straight) + 0.5) * size[0] / 640 - 0.5
    for left in (0.12, -0.28):
        outline = np.concatenate((seen(left + 0.012), seen(left - 0.012)[::-1]))
        cv2.fillPoly(mask, [np.round(outline).astype(int)], 255)
    column = seen(-0.08)
    row = size[1] * (1 - 0.35)
    return mask, float(np.interp(-row, -column[:, 1], column[:, 0]))


def test_a_lens_that_is_known_straightens_the_lane():
    mask, middle = lane_through(FISHEYE, 96, (640, 480))
    usual = LaneFinder().find(mask).center[0]
    known = LaneFinder(camera=NominalCamera((640, 480), FISHEYE)).find(mask).center[0]
    assert known == pytest.approx(middle, abs=3) and abs(usual - middle) > 6


def test_a_lens_counts_for_every_size_of_its_aspect_ratio_and_for_no_other():
    camera = NominalCamera((640, 480), FISHEYE)
    mask, middle = lane_through(FISHEYE, 96, (320, 240))
    assert LaneFinder(camera=camera).find(mask).center[0] == pytest.approx(middle, abs=3)
    wide = lane_through(FISHEYE, 96, (640, 480))[0][60:420]
    assert (LaneFinder(camera=camera).find(wide).center
            == LaneFinder().find(wide).center)


def test_a_newcomer_knows_the_lens_too():
    finder = LaneFinder(camera=NominalCamera((640, 480), FISHEYE))
    assert finder._newcomer().camera is finder.camera is not None


def test_the_floor_is_not_laid_anew_for_every_picture(monkeypatch):
    laid = []
    monkeypatch.setattr(place, 'MarkReader', lambda *given: laid.append(1) or MarkReader(*given))
    finder, one_side = LaneFinder(), straight_lane(120)
    one_side[:, SIZE[0] // 2:] = 0
    for number in range(10):
        finder.find(one_side, number / 30)
    laid.clear()
    for number in range(10, 40):
        finder.find(one_side, number / 30)
    assert len(laid) <= 3
    for number in range(40, 70):
        finder.find(straight_lane(120), number / 30)
    assert len(laid) <= 9


def test_a_known_lens_that_is_narrow_may_look_far_down():
    narrow = Lens.create([500.0, 0.0, 319.5, 0.0, 500.0, 239.5, 0.0, 0.0, 1.0], 'plumb_bob', [])
    mask, middle = lane_through(narrow, -150, (640, 480))
    finder = LaneFinder(camera=NominalCamera((640, 480), narrow))
    for number in range(10):
        lane = finder.find(mask, number / 10)
    assert lane.center[0] == pytest.approx(middle, abs=5)
    assert finder.place.horizon * 480 == pytest.approx(-150, abs=30)

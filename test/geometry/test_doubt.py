# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What was learnt of a place from a wrong view is given up, and what was learnt rightly is not."""

import cv2
import numpy as np
import pytest
from drawn_floor import arc
from drawn_floor import dashed
from drawn_floor import draw
from drawn_floor import everywhere
from drawn_floor import lane_mask
from drawn_floor import view

from lane_perception.data.synthetic.driving import World
from lane_perception.data.synthetic.scene import Pose
from lane_perception.geometry.doubt import AFTER
from lane_perception.geometry.doubt import Doubt
from lane_perception.geometry.doubt import ENOUGH
from lane_perception.geometry.doubt import EVERY
from lane_perception.geometry.doubt import LONGEST
from lane_perception.geometry.doubt import MOST
from lane_perception.geometry.doubt import needed
from lane_perception.geometry.lane import Lane
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.tracking import LaneTrack
from lane_perception.simulation.eyes import true_mask

RATE = 30.0


class Newcomer:
    """Is taught by every picture, or by none."""

    def __init__(self, taught):
        self.taught = taught


class Asking:
    """A doubt whose newcomers are alike, and who of them were asked."""

    def __init__(self, taught):
        self.asked = []
        self._doubt = Doubt(lambda: Newcomer(taught))

    def better(self, taught):
        return self._doubt.better(taught, self._look)

    def _look(self, newcomer):
        self.asked.append(newcomer)
        return Lane(), ENOUGH


def masks_of_drive(seed, count):
    world = World(seed)
    center = world.scene.track.center_line()
    places = [int(center.index(0.5 * number / RATE)) for number in range(count)]
    return [true_mask(world, Pose(*(float(value) for value in center.points[place]),
                                  float(center.headings[place]))) for place in places]


def raised(mask, pixels=120):
    """What the camera sees with the car's nose lifted."""
    return cv2.warpAffine(mask, np.float32([[1, 0, 0], [0, 1, pixels]]), mask.shape[::-1],
                          flags=cv2.INTER_NEAREST)


def offsets(finder, masks, start=0.0):
    return np.array([finder.find(mask, start + number / RATE).offset
                     for number, mask in enumerate(masks)])


@pytest.mark.parametrize('seed', [7_700_002, 7_700_007])
def test_a_car_that_was_carried_with_the_node_running_finds_its_lane_soon(seed):
    drive = masks_of_drive(seed, 60)
    carried, alone = LaneFinder(), LaneFinder()
    offsets(carried, [raised(mask) for mask in drive[:30]])
    off = np.abs(offsets(carried, drive, start=3.0) - offsets(alone, drive))
    assert off[0] > 0.2, 'this view taught nothing wrong'
    assert off[40:].max() < 0.05


def test_a_wrong_lane_in_the_first_picture_does_not_fix_the_width_of_a_calibrated_floor():
    ground = view(focal=330.0, forward=0.1)
    finder = LaneFinder(ground=ground)
    assert finder.find(lane_mask(ground, width=0.7), 0.0).width == pytest.approx(0.7, abs=0.02)
    own = lane_mask(ground, width=0.4, lateral=0.05)
    lanes = [finder.find(own, 5.0 + number / RATE) for number in range(40)]
    assert lanes[-1].width == pytest.approx(0.4, abs=0.01)
    assert lanes[-1].lateral == pytest.approx(0.05, abs=0.01)


def test_a_lane_of_which_one_side_is_out_of_sight_for_long_keeps_its_width():
    drive = masks_of_drive(7_700_002, 90)
    finder, alone = LaneFinder(), LaneFinder()
    offsets(finder, drive[:30])
    width = finder.place.width
    covered = [mask.copy() for mask in drive[30:]]
    for mask in covered:
        mask[:, 320:] = 0
    off = np.abs(offsets(finder, covered, start=1.0) - offsets(alone, drive)[30:])
    assert finder.place.width == pytest.approx(width, rel=0.05)
    assert np.nanmedian(off) < 0.1


def road(ground, curvature=0.0, middle=True):
    """Draw a road of two lanes, 0.3 m each, seen from the middle of its right lane."""
    s, points, normals = arc(curvature=curvature)
    lines = [(s, points, normals, -0.15, everywhere), (s, points, normals, 0.45, everywhere)]
    return draw(ground, lines + middle * [(s, points, normals, 0.15, dashed)])


@pytest.mark.parametrize('calibrated', [True, False])
def test_a_road_whose_middle_line_is_out_of_sight_is_no_lane_twice_as_wide(calibrated):
    ground = view(focal=330.0)
    finder = LaneFinder(ground=ground if calibrated else None)
    bends = 0.4 * np.sin(np.arange(60) / 10.0)
    with_middle = offsets(finder, [road(ground, bend) for bend in bends])
    width = finder.place.width
    without = [road(ground, bend, middle=False) for bend in bends]
    off = np.abs(offsets(finder, without, start=2.0) - with_middle)
    assert finder.place.width == pytest.approx(width, rel=0.05)
    assert np.max(off) < 0.1
    alone = LaneFinder(ground=finder.ground)
    assert np.min(np.abs(offsets(alone, without) - with_middle)) > 0.2, 'seen alone it is one lane'


def test_a_road_is_believed_once_it_was_seen_for_twice_as_long():
    ground = view(focal=330.0)
    finder = LaneFinder(ground=ground)
    offsets(finder, [road(ground)] * 30)
    # Doubt comes after AFTER pictures more, in which the lane is followed, too.
    offsets(finder, [road(ground, middle=False)] * 90, start=1.0)
    assert finder.place.width == pytest.approx(0.3, abs=0.02)
    offsets(finder, [road(ground, middle=False)] * 30, start=4.0)
    assert finder.place.width == pytest.approx(0.6, abs=0.02)


def follows(lateral, width, sightings=1, surrounded=0):
    track = LaneTrack(np.array([lateral, 0.0, 0.0, width]), np.eye(4), 0.0)
    track.sightings, track.surrounded = sightings, surrounded
    return track


@pytest.mark.parametrize('newcomer, followed, pictures', [
    (follows(-0.15, 0.6), follows(0.0, 0.3, 90, 50), 30),
    (follows(0.16, 0.6), follows(0.0, 0.3, 90, 3), 30),
    (follows(-0.15, 0.6), follows(0.0, 0.3, 90, 2), ENOUGH),   # never seen whole
    (follows(-0.15, 0.6), follows(0.0, 0.3, 10, 9), ENOUGH),
    (follows(-0.15, 0.6), follows(0.0, 0.3, 99_000, 50), MOST),
    (follows(0.0, 0.6), follows(0.0, 0.3, 90, 50), ENOUGH),    # no side in common
    (follows(0.0, 0.44), follows(0.0, 0.3, 90, 50), ENOUGH),
    (follows(-0.15, 0.3), follows(0.0, 0.6, 90, 50), ENOUGH),  # a part of it
    (None, follows(0.0, 0.3, 90, 50), ENOUGH),
    (follows(0.0, 0.6), None, ENOUGH)])
def test_how_many_pictures_have_to_teach_a_newcomer(newcomer, followed, pictures):
    assert needed(newcomer, followed) == pictures


def test_a_newcomer_is_not_believed_on_a_picture_that_did_not_teach_it():
    newcomer = Newcomer(True)
    doubt = Doubt(lambda: newcomer)
    asked = []

    def look(one, enough):
        asked.append(one)
        return Lane(), enough
    while len(asked) < 2 * ENOUGH:
        assert doubt.better(False, lambda one: look(one, 3 * ENOUGH)) == (None, None)
    newcomer.taught = False
    for _ in range(2 * EVERY):
        assert doubt.better(False, lambda one: look(one, ENOUGH)) == (None, None)


def test_a_car_that_was_carried_to_a_wider_road_learns_it():
    ground = view(focal=330.0)
    finder = LaneFinder(ground=ground)
    offsets(finder, [road(ground)] * 30)
    offsets(finder, [np.zeros((480, 640), np.uint8)] * 30, start=1.0)
    offsets(finder, [road(ground, middle=False)] * 60, start=2.0)
    assert finder.place.width == pytest.approx(0.6, abs=0.02)


@pytest.mark.parametrize('calibrated', [True, False])
def test_a_road_that_shows_its_middle_line_only_later_is_two_lanes_from_then_on(calibrated):
    ground = view(focal=330.0)
    finder, alone = (LaneFinder(ground=ground if calibrated else None) for _ in range(2))
    offsets(finder, [road(ground, middle=False)] * 60)
    off = np.abs(offsets(finder, [road(ground)] * 60, start=2.0)
                 - offsets(alone, [road(ground)] * 60))
    assert off[0] > 0.2 and off[45:].max() < 0.05


def test_a_newcomer_is_asked_only_after_long_and_believed_only_after_several_lessons():
    doubt = Asking(taught=True)
    asked, answers = doubt.asked, []
    while not answers or answers[-1] is None:
        answers.append(doubt.better(False)[0])
    assert answers[-1] is asked[0]
    assert AFTER + EVERY * (ENOUGH - 1) <= len(answers) < AFTER + EVERY * ENOUGH
    assert len(asked) == ENOUGH and len(set(map(id, asked))) == 1
    assert doubt.better(False) == (None, None), 'it begins anew'
    assert len(asked) == ENOUGH


def test_a_lesson_ends_the_doubt_and_an_untaught_newcomer_gives_way_to_another():
    doubt = Asking(taught=False)
    asked = doubt.asked
    for _ in range(AFTER - 1):
        doubt.better(False)
    doubt.better(True)
    for _ in range(AFTER - 1):
        doubt.better(False)
    assert not asked
    for _ in range(1000):
        assert doubt.better(False) == (None, None)
    assert 2 * AFTER < len(asked) < 1000 / (EVERY + LONGEST / AFTER) + 2 * AFTER
    assert len({id(one) for one in asked}) == len(asked) / AFTER

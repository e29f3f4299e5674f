# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lane over time: gaps, outliers, stamps, and how honest the covariance is."""

import numpy as np
import pytest
from drawn_floor import dashed
from drawn_floor import lane_mask
from drawn_floor import view

from lane_perception.data.synthetic.driving import World
from lane_perception.data.synthetic.scene import Pose
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.simulation.eyes import calibration_of
from lane_perception.simulation.eyes import car_camera
from lane_perception.simulation.eyes import true_mask

GROUND = view(focal=330.0, forward=0.1)
EMPTY = np.zeros((480, 640), np.uint8)
STRAIGHT = lane_mask(GROUND)


def finder(**given):
    return LaneFinder(LaneSettings(lane_width=0.4, **given), GROUND)


def watch(one, masks, start=0.0, rate=30.0):
    return [one.find(mask, start + number / rate) for number, mask in enumerate(masks)]


def test_a_gap_is_held_for_the_stated_time_and_then_there_is_no_lane():
    one = finder(max_gap_s=0.4)
    watch(one, [STRAIGHT] * 5)
    gap = watch(one, [EMPTY] * 20, start=5 / 30)
    held = [lane for lane in gap if lane.center is not None]
    assert [lane.center is None for lane in gap] == [False] * len(held) + [True] * (
        20 - len(held))
    assert len(held) in (11, 12)
    assert all(lane.held for lane in held)
    assert all(abs(lane.lateral) < 0.02 for lane in held)
    confidences = [lane.confidence for lane in held]
    assert confidences == sorted(confidences, reverse=True) and confidences[0] <= 0.5
    assert gap[-1].confidence == 0.0 and len(gap[-1].path) == 0


def test_a_lane_that_is_seen_is_followed_where_none_shall_be_held():
    masks = [np.roll(STRAIGHT, 3 * (number % 2), axis=1) for number in range(8)]
    never, usual = finder(max_gap_s=0.0), finder()
    for one, other in zip(watch(never, masks), watch(usual, masks)):
        assert one.lateral == other.lateral
    assert not np.allclose(finder().find(masks[-1], 0.0).lateral, one.lateral, atol=1e-4)
    later = len(masks) / 30.0
    assert never.find(EMPTY, later).center is None and usual.find(EMPTY, later).held


@pytest.mark.parametrize('interval', [0.0001, 1e-6])
def test_pictures_whose_stamps_hardly_advance_hold_no_lane_for_ever(interval):
    one = finder()
    watch(one, [STRAIGHT] * 5)
    gap = watch(one, [EMPTY] * 100, start=5 / 30, rate=1.0 / interval)
    assert gap[0].held and not any(lane.held for lane in gap[80:])


def test_what_was_hardly_seen_is_not_held():
    for sightings, is_held in ((2, False), (3, True)):
        one = finder()
        watch(one, [STRAIGHT] * sightings)
        assert one.find(EMPTY, sightings / 30.0).held == is_held


def test_the_covariance_grows_in_a_gap():
    one = finder()
    watch(one, [STRAIGHT] * 10)
    gap = watch(one, [EMPTY] * 10, start=10 / 30)
    variances = [lane.covariance[0, 0] for lane in gap]
    assert variances == sorted(variances) and variances[-1] > 2 * variances[0]


def test_without_stamps_nothing_is_held():
    one = finder()
    assert one.find(STRAIGHT).center is not None
    assert one.find(EMPTY).center is None


@pytest.mark.parametrize('stamp', [float('nan'), float('inf')])
def test_a_stamp_that_is_no_number_counts_as_none(stamp):
    one = finder()
    for another in (stamp, 1.0, stamp, 1.03, stamp, stamp):
        assert one.find(STRAIGHT, another).center is not None


def test_one_outlier_does_not_move_the_lane():
    one = finder()
    watch(one, [STRAIGHT] * 10)
    outlier = one.find(lane_mask(GROUND, lateral=0.19, heading=0.4), 10 / 30)
    assert abs(outlier.lateral) < 0.03
    assert abs(one.find(STRAIGHT, 11 / 30).lateral) < 0.02


def test_a_lane_that_is_seen_twice_elsewhere_is_taken_over():
    one = finder()
    watch(one, [STRAIGHT] * 10)
    elsewhere = watch(one, [lane_mask(GROUND, lateral=0.15, heading=0.5)] * 3, start=10 / 30)
    assert elsewhere[-1].lateral == pytest.approx(0.15, abs=0.04)


def test_a_lane_around_the_car_is_believed_more_than_a_track_outside_of_it():
    one = finder()
    watch(one, [lane_mask(GROUND, lateral=0.14)] * 10)
    # The left line of the lane so far is the right one of the lane that the car now stands in.
    after = watch(one, [lane_mask(GROUND, lateral=-0.18)] * 4, start=10 / 30)
    assert after[0].lateral == pytest.approx(0.14, abs=0.03), 'once is an outlier'
    assert [lane.lateral for lane in after[1:]] == pytest.approx([-0.18] * 3, abs=0.02)


def test_a_lane_beside_is_not_taken_while_little_is_seen_of_the_own_one():
    one = finder()
    watch(one, [STRAIGHT] * 10)
    # Of the own lane a few dashes on the right are in sight, beside them the lane next to it.
    beside = lane_mask(GROUND, lateral=0.4, left=lambda s: dashed(s, painted=0.1, gap=0.3))
    assert all(abs(lane.lateral) < 0.05 for lane in watch(one, [beside] * 5, start=10 / 30))


def test_the_lane_is_kept_where_only_the_neighbouring_one_shows_both_sides():
    # Uncalibrated, into a bend whose inner side leaves the picture.
    world, one = World(2300033), LaneFinder()
    center = world.scene.track.center_line()
    for number in range(20, 60):
        at = int(center.index(number / 60))
        pose = Pose(*(float(value) for value in center.points[at]), float(center.headings[at]))
        lane = one.find(true_mask(world, pose), number / 30)
        assert abs(lane.center[0] - world.truth(pose).center[0]) < 0.05 * world.camera.width


def test_after_a_gap_the_neighbouring_lane_is_not_taken():
    one = finder()
    three = [lane_mask(GROUND, lateral=lateral) | lane_mask(GROUND, lateral=lateral - 0.4)
             for lateral in np.linspace(0.0, 0.1, 25)]
    before = watch(one, three[:10])
    watch(one, [EMPTY] * 10, start=10 / 30)
    after = watch(one, three[20:], start=20 / 30)
    assert abs(before[-1].lateral - 0.04) < 0.03
    assert all(abs(lane.lateral - 0.1) < 0.05 for lane in after)


@pytest.mark.parametrize('stamp', [0.05, -100.0])
def test_a_stamp_that_goes_back_drops_the_track(stamp):
    one = finder()
    watch(one, [STRAIGHT] * 10)
    assert one.find(EMPTY, stamp).center is None


@pytest.mark.parametrize('start', [7.0 - 5 / 30, 7.0], ids=['stops at 7', 'always 7'])
def test_a_stamp_that_stands_still_holds_no_lane(start):
    one = finder()
    assert all(one.find(STRAIGHT, stamp).center for stamp in np.linspace(start, 7.0, 6))
    gap = [one.find(EMPTY, 7.0) for _ in range(10)]
    assert not any(lane.center or lane.confidence for lane in gap[2:])
    assert one.find(STRAIGHT, 7.0).center is not None, 'each picture still speaks for itself'
    watch(one, [STRAIGHT] * 5, start=8.0)
    assert one.find(EMPTY, 8.2).held, 'when time goes on, so does the tracking'


def test_a_stamp_far_ahead_drops_the_track():
    one = finder()
    watch(one, [STRAIGHT] * 10)
    assert one.find(EMPTY, 100.0).center is None


def test_reset_forgets_track_and_learnt_width():
    one = LaneFinder(ground=GROUND)
    watch(one, [lane_mask(GROUND, width=0.6)] * 3)
    taught = one.find(lane_mask(GROUND, width=0.6, left=None), 0.2)
    assert abs(taught.lateral) < 0.02
    one.reset()
    assert one.find(EMPTY, 0.3).center is None
    assert abs(one.find(lane_mask(GROUND, width=0.6, left=None), 0.4).lateral) > 0.05


def test_tracking_steadies_a_flickering_mask():
    rng = np.random.default_rng(3)
    one, single, tracked = finder(), [], []
    for number in range(40):
        side = {'left': None} if number % 2 else {'right': None}
        mask = lane_mask(GROUND, lateral=rng.normal(0.0, 0.004), **side)
        single.append(finder().find(mask).lateral)
        tracked.append(one.find(mask, number / 30).lateral)
    assert np.std(tracked[10:]) < 0.7 * np.std(single[10:])


def test_the_covariance_is_honest_on_drives():
    camera = car_camera()
    squared = []
    for seed in (1_930_000, 1_930_001, 1_930_002):
        world = World(seed, camera=camera)
        center = world.scene.track.center_line()
        width = world.scene.track.ego_lane.width + world.scene.track.tape_width
        one = LaneFinder(LaneSettings(lane_width=width), calibration_of(camera))
        for number in range(150):
            s = number * 0.7 / 30
            place = center.points[int(center.index(s))]
            pose = type(world.start)(float(place[0]), float(place[1]),
                                     float(center.headings[int(center.index(s))]))
            lane, truth = one.find(true_mask(world, pose), number / 30), world.truth(pose, s)
            error = np.array([lane.lateral - truth.lateral, lane.heading - truth.heading])
            squared.append(error @ np.linalg.solve(lane.covariance, error))
    # Two numbers: 95 % of the squared errors lie below 5.99 and their mean is 2.
    assert np.mean(np.array(squared) < 5.99) > 0.9
    assert 0.3 < np.mean(squared) < 2.8

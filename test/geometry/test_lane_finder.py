# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lane finder on drawn masks, one picture at a time: what it says and what it ignores."""

import cv2
import numpy as np
import pytest
from drawn_floor import arc
from drawn_floor import dashed
from drawn_floor import draw
from drawn_floor import everywhere
from drawn_floor import lane_mask
from drawn_floor import view
from hypothesis import given
from hypothesis import HealthCheck
from hypothesis import settings
from hypothesis import strategies

from lane_perception.errors import UserError
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.geometry.nominal_view import NominalCamera

GROUND = view(focal=330.0, forward=0.1)
KNOWN = LaneSettings(lane_width=0.4)


def find(mask, ground=GROUND, **given):
    return LaneFinder(LaneSettings(**given) if given else KNOWN, ground).find(mask)


def lines(mask_of, *more):
    """Return a mask of a straight lane with more lines painted on the floor."""
    s, points, normals = arc(**mask_of)
    both = [(s, points, normals, side, everywhere) for side in (0.2, -0.2)]
    return draw(GROUND, both + list(more))


def floor_line(start, end):
    """Return a tape from one floor place to another."""
    s = np.linspace(0.0, 1.0, 80)
    start, end = np.array(start), np.array(end)
    direction = (end - start) / np.hypot(*(end - start))
    normal = np.array([-direction[1], direction[0]])
    return s, start + s[:, None] * (end - start), np.tile(normal, (80, 1)), 0.0, everywhere


def assert_straight_middle(lane, within=0.008):
    assert lane.center is not None
    assert abs(lane.lateral) < within
    assert abs(lane.heading) < 0.05
    ahead = lane.path[lane.path[:, 0] < 1.0]
    assert np.abs(ahead[:, 1]).max() < 0.015


@pytest.mark.parametrize('place', [
    dict(), dict(lateral=0.08), dict(lateral=-0.1, heading=0.1), dict(heading=-0.2),
    dict(curvature=0.8), dict(curvature=-1.2, lateral=0.05),
])
def test_the_car_is_placed_against_its_lane(place):
    lane = find(lane_mask(GROUND, **place))
    assert lane.lateral == pytest.approx(place.get('lateral', 0.0), abs=0.015)
    assert lane.heading == pytest.approx(place.get('heading', 0.0), abs=0.08)
    assert lane.curvature == pytest.approx(place.get('curvature', 0.0), abs=0.35)
    assert lane.width == pytest.approx(0.4, abs=0.005)


@pytest.mark.parametrize('curvature', [0.0, 1.2, -2.0, lambda s: 1.8 if s < 0.7 else -1.8])
def test_the_path_runs_along_the_lane_to_within_a_centimetre(curvature):
    lane = find(lane_mask(GROUND, curvature=curvature))
    _, truth, _ = arc(curvature=curvature)
    seen = lane.path[lane.path[:, 0] > 0.3]
    gap = np.sqrt(((seen[:, None] - truth) ** 2).sum(axis=2)).min(axis=1)
    assert len(seen) > 10
    assert gap.max() < 0.012


def test_a_double_marking_alone_is_one_side_of_the_lane():
    s, points, normals = arc(curvature=0.4)
    double = [(s, points, normals, at, everywhere) for at in (0.185, 0.215)]
    lane = find(draw(GROUND, double, tape=0.014))
    assert lane.lateral == pytest.approx(0.0, abs=0.03)


def test_the_path_follows_dashes_that_lie_too_far_apart_to_be_joined():
    def sparse(s):
        return np.mod(s - 0.28, 0.83) < 0.3
    lane = find(lane_mask(GROUND, left=sparse, right=None, curvature=-0.5))
    assert len(lane.markings) >= 2
    assert lane.path[-1, 0] > 1.1
    _, truth, _ = arc(curvature=-0.5)
    gap = np.sqrt(((lane.path[:, None] - truth) ** 2).sum(axis=2)).min(axis=1)
    assert gap.max() < 0.03


def test_a_neighbouring_lane_of_the_same_width_supports_a_lone_dash():
    s, points, normals = arc(curvature=-0.8)

    def one_dash(s):
        return (s > 0.6) & (s < 1.0)
    dash = (s, points, normals, 0.2, one_dash)
    alone, beside, elsewhere = (find(draw(GROUND, lines)).confidence for lines in (
        [dash], [dash, (s, points, normals, 0.6, everywhere)],
        [dash, (s, points, normals, 0.45, everywhere)]))
    assert beside > alone + 0.1
    assert beside > elsewhere + 0.1


def test_a_wide_lens_tilted_far_down_is_read_above_the_rim_that_it_cannot_undistort():
    ground = view(focal=150.0, pitch=45.0, model='equidistant', coefficients=(0.0,) * 4)
    assert np.isnan(ground.to_ground([(319.5, 479.0)])).all()
    ground.check()
    assert_straight_middle(find(lane_mask(ground), ground))


def test_dashes_join_into_one_marking():
    lane = find(lane_mask(GROUND, left=dashed, right=dashed))
    assert_straight_middle(lane)
    assert len(lane.markings) == 2


@pytest.mark.parametrize('sides', [dict(left=None), dict(right=None)])
@pytest.mark.parametrize('width', [0.3, 0.4, 0.6])
def test_one_marking_and_a_given_width_give_the_lane(sides, width):
    lane = find(lane_mask(GROUND, width=width, lateral=0.05, **sides), lane_width=width)
    assert lane.lateral == pytest.approx(0.05, abs=0.01)


def test_a_marking_that_ends_is_survived():
    lane = find(lane_mask(GROUND, right=lambda s: s < 0.55, curvature=0.5))
    _, truth, _ = arc(curvature=0.5)
    far = lane.path[(lane.path[:, 0] > 0.8) & (lane.path[:, 0] < 1.2)]
    assert len(far) > 3
    assert np.sqrt(((far[:, None] - truth) ** 2).sum(axis=2)).min(axis=1).max() < 0.02


@pytest.mark.parametrize('extra', [
    [floor_line((0.7, -0.2), (0.7, 0.2))],
    [floor_line((0.7, -0.9), (0.7, 0.9)), floor_line((1.1, -0.9), (1.1, 0.9))],
    [floor_line((0.3, y), (2.5, y)) for y in (0.6, -0.6)],
    [floor_line((0.6, 0.2), (1.5, 0.8))],
    [floor_line((0.6 + 0.12 * k, -0.15), (0.6 + 0.12 * k, 0.15)) for k in range(3)],
], ids=['stop line', 'crossing road', 'neighbouring lanes', 'fork', 'crosswalk'])
def test_what_else_is_painted_does_not_pull_the_centre(extra):
    assert_straight_middle(find(lines({}, *extra)))


@pytest.mark.parametrize('ground', [GROUND, None], ids=['calibrated', 'not calibrated'])
@pytest.mark.parametrize('lateral', [0.0, 0.06, -0.06])
def test_a_seam_between_tiles_is_no_side_of_the_lane(ground, lateral):
    road = arc(lateral)
    tapes = draw(GROUND, [(*road, side, everywhere) for side in (0.2, -0.2)], tape=0.03)
    seams = draw(GROUND, [(*road, 0.2 * k, everywhere) for k in range(-4, 5, 2)], tape=0.006)
    mask, finder = np.maximum(tapes, seams), LaneFinder(ground=ground)
    for _ in range(3):   # nor does it teach the lane's width
        lane = finder.find(mask)
    without = LaneFinder(ground=ground).find(tapes)
    assert lane.center == pytest.approx(without.center, abs=0.01 * 640)


@pytest.mark.parametrize('camera, width, tape', [
    (dict(mount_height=0.08, pitch=12.0, focal=480.0, model='plumb_bob'), 0.5, 0.02),
    (dict(mount_height=0.06, pitch=8.0, focal=420.0, model='plumb_bob'), 0.5, 0.02),
    (dict(mount_height=0.06, pitch=10.0, focal=420.0, model='plumb_bob'), 0.4, 0.05),
    (dict(mount_height=0.25, pitch=25.0, focal=220.0, model='equidistant'), 0.25, 0.02)])
@pytest.mark.parametrize('known', [False, True], ids=['nothing known', 'the lens known'])
def test_without_a_calibration_a_low_camera_and_a_high_one_see_the_lane(
        camera, width, tape, known):
    held = view(**camera)
    finder = LaneFinder(camera=NominalCamera.of(held) if known else None)
    lane = finder.find(lane_mask(held, width, tape=tape, lateral=0.03))
    _, points, _ = arc(lateral=0.03)
    middle = held.to_image(points[points[:, 0] > 0.1])
    middle = middle[np.abs(middle[:, 1] - lane.center[1]).argmin(), 0]
    assert lane.center[0] == pytest.approx(middle, abs=(0.01 if known else 0.03) * 640)
    assert len(lane.left) and len(lane.right)


def test_the_lane_is_the_one_that_the_car_stands_in():
    s, points, normals = arc(lateral=0.15)
    three = draw(GROUND, [(s, points, normals, side, everywhere) for side in (0.6, 0.2, -0.2)])
    assert find(three).lateral == pytest.approx(0.15, abs=0.01)
    other = arc(lateral=0.3)  # the car is over in the left one, 0.1 m right of its middle
    three = draw(GROUND, [(*other, side, everywhere) for side in (0.6, 0.2, -0.2)])
    assert find(three).lateral == pytest.approx(-0.1, abs=0.01)


@pytest.mark.parametrize('heading', [-0.2, 0.0, 0.2])
@pytest.mark.parametrize('side', [1.0, -1.0])
def test_a_line_that_only_the_bend_brings_into_sight_is_not_the_lane_s(heading, side):
    # Beside the car the own lane's outer line alone is in sight; behind the bend another one is.
    road = arc(side * -0.06, side * heading, lambda s: side * 1.8 if s > 0.4 else 0.0)
    mask = draw(GROUND, [(*road, side * -0.15, everywhere), (*road, side * -0.45, everywhere),
                         (*road, side * 0.15, lambda s: s < 0.35)])
    assert find(mask, lane_width=0.3).lateral == pytest.approx(side * -0.06, abs=0.08)


def test_no_marking_is_no_lane():
    lane = find(np.zeros((480, 640), np.uint8))
    assert lane.center is None and np.isnan(lane.offset) and lane.confidence == 0.0
    assert lane.path.shape == (0, 2) and lane.lateral is None
    assert find(np.zeros((480, 640), np.uint8), ground=None).path is None


def clutter(seed):
    rng = np.random.default_rng(seed)
    mask = np.zeros((480, 640), np.uint8)
    for _ in range(25):
        u, v = rng.integers(0, 640), rng.integers(150, 480)
        size = tuple(int(side) for side in rng.integers(3, 22, 2))
        cv2.ellipse(mask, (int(u), int(v)), size, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    return mask


def test_clutter_is_hardly_ever_a_lane_and_never_a_trusted_one():
    trust = [find(clutter(seed), lane_width=0.0).confidence for seed in range(300)]
    assert sum(value > 0.0 for value in trust) <= 33
    assert max(trust) < 0.65
    assert find(lane_mask(GROUND)).confidence > 0.9


@pytest.mark.parametrize('mask', [
    np.full((480, 640), 255, np.uint8), np.full((3, 4), 255, np.uint8),
    np.random.default_rng(0).integers(0, 2, (480, 640), np.uint8) * 255,
], ids=['all set', 'tiny', 'noise'])
def test_a_mask_of_nonsense_raises_nothing(mask):
    assert find(mask, ground=None).confidence < 0.5


place = strategies.fixed_dictionaries({
    'lateral': strategies.floats(-0.12, 0.12), 'heading': strategies.floats(-0.2, 0.2),
    'curvature': strategies.floats(-1.2, 1.2)})
few = settings(max_examples=12, deadline=None, derandomize=True,
               suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize('mask', [
    np.zeros((480, 640), bool), np.zeros((480, 640), np.float32),
    np.zeros((480, 640, 1), np.uint8), np.zeros(640, np.uint8), np.zeros((0, 640), np.uint8),
    [[0, 255]], None])
def test_what_is_no_mask_is_refused_with_a_sentence(mask):
    with pytest.raises(UserError, match=r'\(height, width\) array of uint8'):
        LaneFinder().find(mask)


def test_clutter_all_over_the_picture_gives_no_marks():
    noise = np.random.default_rng(0)
    place = LaneFinder().place
    place.look_from((640, 480))
    for share, empty in ((0.005, False), (0.3, True)):
        mask = ((noise.random((480, 640)) < share) * 255).astype(np.uint8)
        assert (len(place.read(mask).marks) == 0) == empty


@given(place)
@few
def test_the_mirrored_picture_changes_the_signs(place):
    mask = lane_mask(GROUND, **place)
    lane, mirrored = find(mask), find(np.ascontiguousarray(mask[:, ::-1]))
    assert mirrored.offset == pytest.approx(-lane.offset, abs=0.001)
    assert mirrored.lateral == pytest.approx(-lane.lateral, abs=0.001)
    assert mirrored.heading == pytest.approx(-lane.heading, abs=0.005)


@given(place)
@few
def test_without_a_calibration_the_mirrored_offset_changes_its_sign(place):
    mask = lane_mask(GROUND, **place)
    mirrored = find(np.ascontiguousarray(mask[:, ::-1]), ground=None)
    assert mirrored.offset == pytest.approx(-find(mask, ground=None).offset, abs=0.001)


@given(place, strategies.sampled_from([(320, 240), (960, 720), (1280, 960)]))
@few
def test_metres_stay_when_the_picture_is_scaled(place, size):
    mask = lane_mask(GROUND, **place)
    scaled = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    lane, other = find(mask), find(np.where(scaled > 127, 255, 0).astype(np.uint8))
    assert other.lateral == pytest.approx(lane.lateral, abs=0.012)
    assert other.width == pytest.approx(lane.width, abs=0.006)
    assert other.offset == pytest.approx(lane.offset, abs=0.02)


@given(place, strategies.floats(-0.15, 0.15))
@few
def test_the_pose_follows_the_turned_track(place, turn):
    turned = {**place, 'heading': place['heading'] / 2 + turn}
    first, second = (find(lane_mask(GROUND, **p)) for p in (
        {**place, 'heading': place['heading'] / 2}, turned))
    assert second.heading - first.heading == pytest.approx(turn, abs=0.06)


@pytest.mark.parametrize('curvature', [0.0, -1.2, 0.5])
def test_dashes_as_long_as_they_are_wide_make_a_marking(curvature):
    def blocks(s):
        return dashed(s, painted=0.045, gap=0.045)
    mask = lane_mask(GROUND, left=blocks, right=None, tape=0.04, curvature=curvature, lateral=0.03)
    lane = find(mask)
    assert lane.lateral == pytest.approx(0.03, abs=0.012)
    assert lane.heading == pytest.approx(0.0, abs=0.06)
    assert len(lane.left) >= 5


@pytest.mark.parametrize('curvature', [-1.5, -0.8, 0.8, 1.5])
@pytest.mark.parametrize('begins', [0.2, 0.4])
def test_the_covariance_expects_a_bend_before_the_first_floor_that_is_seen(curvature, begins):
    # Such a bend errs place and heading together: a line that is thought to run further to the
    # right begins further to the left.
    lane = find(lane_mask(GROUND, curvature=lambda s: np.where(s > begins, curvature, 0.0)))
    error = np.array([lane.lateral, lane.heading])
    assert abs(lane.heading) > 0.05 and error[0] * error[1] < 0.0
    assert lane.covariance[0, 1] < 0.0
    assert error @ np.linalg.solve(lane.covariance, error) < 5.99


@pytest.mark.parametrize('camera', [
    dict(focal=500.0, pitch=15.0), dict(focal=300.0, pitch=20.0, model='equidistant'),
    dict(focal=420.0, pitch=20.0, model='plumb_bob', coefficients=(-0.25, 0.06, 0.0, 0.0))])
def test_without_a_calibration_the_centre_is_found_whatever_the_lens(camera):
    tilted = view(**camera)
    for lateral in (0.0, 0.06, -0.12):
        lane = find(lane_mask(tilted, lateral=lateral), ground=None)
        _, points, _ = arc(lateral=lateral)
        middle = tilted.to_image(points[points[:, 0] > 0.15])
        middle = middle[np.abs(middle[:, 1] - lane.center[1]).argmin(), 0]
        assert lane.center[0] == pytest.approx(middle, abs=0.02 * 640)
        assert lane.lateral is None and lane.path is None and lane.covariance is None


def test_without_a_calibration_one_marking_uses_the_width_that_two_taught():
    tilted = view(focal=500.0, pitch=15.0)
    finder = LaneFinder()
    for _ in range(3):
        middle = finder.find(lane_mask(tilted)).center
    for side in ('left', 'right'):
        assert finder.find(lane_mask(tilted, **{side: None})).center == pytest.approx(
            middle, abs=4.0)
    finder.reset()
    assert finder.find(lane_mask(tilted, left=None)).center != pytest.approx(middle, abs=4.0)


def test_look_ahead_says_where_the_centre_is_read():
    mask = lane_mask(GROUND, curvature=0.8)
    near, far = (find(mask, look_ahead=ahead, lane_width=0.4) for ahead in (0.2, 0.5))
    assert near.center[1] == pytest.approx(0.8 * 480)
    assert far.center[1] == pytest.approx(0.5 * 480)
    assert far.offset > near.offset + 0.05
    metres = find(mask, look_ahead_m=0.8, lane_width=0.4)
    assert GROUND.to_ground([metres.center])[0, 0] == pytest.approx(0.8, abs=0.01)


def test_trust_falls_where_one_looks_further_than_is_seen():
    lane = find(lane_mask(GROUND))
    assert lane.trust.shape == (len(lane.path),)
    assert ((0.0 <= lane.trust) & (lane.trust <= 1.0)).all()
    hidden = find(lane_mask(GROUND, left=lambda s: s > 0.9, right=lambda s: s > 0.9))
    assert hidden.trust[0] < 0.5 * lane.trust.max()
    assert hidden.covariance[0, 0] > lane.covariance[0, 0]


def test_another_aspect_ratio_than_the_calibration_is_refused():
    finder = LaneFinder(ground=GROUND)
    mask = lane_mask(GROUND)
    found = finder.find(mask)
    for _ in range(2):
        with pytest.raises(UserError, match='aspect ratio'):
            finder.find(np.zeros((360, 640), np.uint8))
    after = finder.find(mask).lateral
    assert after == pytest.approx(found.lateral, abs=1e-3), 'it is none the worse for it'


@pytest.mark.parametrize('curvature, side', [(2.5, 1), (-2.5, -1)])
def test_a_lane_that_leaves_the_picture_keeps_the_offset_within_one(curvature, side):
    lane = find(lane_mask(GROUND, curvature=curvature), look_ahead=0.6, lane_width=0.4)
    assert 0.5 < side * lane.offset <= 1.0
    assert 0 <= lane.center[0] <= 639


@pytest.mark.parametrize('dash', [(0.05, 0.1), (0.1, 0.1), (0.2, 0.2)])
@pytest.mark.parametrize('begins', [0.3, 0.6, 0.9])
@pytest.mark.parametrize('side', [1, -1])
def test_a_first_lane_is_not_the_one_beside_the_car(dash, begins, side):
    # Of the own lane one marking is in sight, from some way on; of its neighbour both are.
    line = arc(heading=0.1 * side)
    mask = draw(GROUND, [
        (*line, 0.2 * side, lambda s: dashed(s, *dash) & (s > begins)),
        (*line, 0.6 * side, everywhere)])
    lane = LaneFinder().find(mask)
    shown = GROUND.to_image(line[1][line[1][:, 0] > 0.2])
    middle = shown[np.abs(shown[:, 1] - 0.65 * 480).argmin(), 0]
    assert lane.center is None or abs(lane.center[0] - middle) < 80

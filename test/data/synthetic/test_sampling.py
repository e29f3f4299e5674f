# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The synthetic world: repeatable, exactly labelled, and true to its own geometry."""

from dataclasses import replace

import cv2
from lane_perception.data.synthetic import Camera
from lane_perception.data.synthetic import lane_truth
from lane_perception.data.synthetic import sample
from lane_perception.data.synthetic import trackless
from lane_perception.data.synthetic import World
from lane_perception.data.synthetic import WorldSettings
from lane_perception.data.synthetic.renderer import to_base_link
from lane_perception.data.synthetic.scene import draw_scene
from lane_perception.data.synthetic.settings import FLOORS
from lane_perception.data.synthetic.settings import Streams
from lane_perception.data.synthetic.settings import WORLD_VERSION
from lane_perception.data.synthetic.stress import STRESS_SEED
from lane_perception.data.synthetic.stress import stress_bins
import numpy as np
import pytest

SMALL = WorldSettings(size=(320, 240))
# Of the lower half of sample 8 of seed 3 on each floor, at 160x120: mean green, and deviation.
DRAWN = {3: {'foam': (93, 27.1), 'wood': (107, 29.8), 'carpet': (102, 26.7),
             'concrete': (101, 20.1), 'linoleum': (102, 22.5), 'asphalt': (102, 24.6),
             'tile': (99, 21.1), 'mat': (93, 26.0), 'plain': (103, 28.9)}}


def test_the_same_seed_and_index_give_the_same_bytes():
    first, second = sample(3, 5, SMALL), sample(3, 5, SMALL)
    assert first.image.tobytes() == second.image.tobytes()
    assert first.mask.tobytes() == second.mask.tobytes()
    assert np.array_equal(first.truth.center_line, second.truth.center_line)


def test_a_world_that_draws_other_pictures_has_another_version():
    drawn = {}
    for floor in FLOORS:
        image = sample(3, 8, WorldSettings(size=(160, 120), floor=floor)).image[60:]
        drawn[floor] = pytest.approx((image[..., 1].mean(), image.std()), abs=0.6)
    assert DRAWN.get(WORLD_VERSION) == drawn, 'raise WORLD_VERSION, and renew DRAWN'


def test_dashes_hardly_longer_than_wide_are_usual_and_at_times_seen_end_on():
    stubby = lines = astride = beside = 0
    for index in range(60):
        scene, pose = draw_scene(Streams(3, index), SMALL)
        track = scene.track
        _, lateral = track.center_line().locate((pose.x, pose.y))
        beside += len(track.lanes) > 1
        astride += len(track.lanes) > 1 and abs(abs(lateral) / track.ego_lane.width - 0.5) < 0.12
        for marking in track.markings:
            if marking.role == 'center' and len(marking.pieces) > 4:
                lines += 1
                longest = max((last - first) * 0.01 for first, last in marking.pieces)
                stubby += longest < 5 * np.median(marking.width)
    assert lines > 15 and 0.35 < stubby / lines < 0.85
    assert beside > 15 and 0.1 < astride / beside < 0.5


def test_seeds_and_indices_give_different_pictures():
    images = [sample(seed, index, SMALL).image for seed, index in ((3, 5), (4, 5), (3, 6))]
    assert not np.array_equal(images[0], images[1])
    assert not np.array_equal(images[0], images[2])


def test_pinning_one_factor_leaves_the_others_as_they_were():
    free, pinned = sample(3, 7, SMALL), sample(3, 7, replace(SMALL, exposure=40.0))
    assert free.scene.floor == pinned.scene.floor and free.truth.pose == pinned.truth.pose
    assert free.camera == pinned.camera


def test_pictures_have_the_size_asked_for_and_masks_three_values():
    drawn = sample(1, 0, WorldSettings(size=(200, 100)))
    assert drawn.image.shape == (100, 200, 3) and drawn.image.dtype == np.uint8
    assert drawn.mask.shape == (100, 200) and set(np.unique(drawn.mask)) <= {0, 127, 255}


def test_without_a_track_nothing_is_labelled():
    for index in range(5):
        drawn = trackless(1, index, SMALL)
        assert not drawn.mask.any()
        assert drawn.truth is None
        assert drawn.image.std() > 0


@pytest.mark.parametrize('model', ['plumb_bob', 'equidistant'])
def test_pixels_go_to_the_floor_and_back(model):
    coefficients = (-0.2, 0.03, 0.002, -0.001, 0.0) if model == 'plumb_bob' else (.02, 0., 0., 0.)
    camera = Camera(640, 480, 400, 410, 322, 236, model, coefficients, 0.2, 0.3, 0.05, 0.1, 0.15)
    pixels = np.random.default_rng(0).uniform((0, 300), (640, 480), (50, 2))
    back, seen = camera.project(camera.ground(pixels))
    assert seen.all()
    assert np.abs(back - pixels).max() < 0.01


@pytest.mark.parametrize('model', ['plumb_bob', 'equidistant'])
def test_the_camera_agrees_with_opencv(model):
    coefficients = (-0.2, 0.03, 0.002, -0.001, 0.0) if model == 'plumb_bob' else (.02, .01, 0., 0.)
    camera = Camera(640, 480, 400, 410, 322, 236, model, coefficients, 0.2, 0.3, 0.05, 0.1, 0.15)
    points = np.array([[0.8, 0.1, 0.0], [1.5, -0.4, 0.1], [0.6, 0.3, 0.05]])
    to_camera = camera.rotation.T
    rotation, _ = cv2.Rodrigues(to_camera)
    shift = -to_camera @ camera.position
    project = cv2.projectPoints if model == 'plumb_bob' else cv2.fisheye.projectPoints
    expected, _ = project(points.reshape(-1, 1, 3), rotation, shift, camera.matrix,
                          np.array(coefficients))
    assert np.abs(camera.project(points)[0] - expected.reshape(-1, 2)).max() < 1e-6


def test_the_homography_takes_undistorted_pixels_to_metres():
    camera = Camera(640, 480, 400, 410, 322, 236, mount_height=0.2, pitch=0.3, roll=0.05,
                    mount_forward=0.1)
    pixels = np.array([[300.0, 400.0], [100.0, 350.0]])
    ground = np.column_stack((pixels, np.ones(2))) @ camera.ground_homography().T
    assert np.allclose(ground[:, :2] / ground[:, 2:], camera.ground(pixels))


@pytest.mark.parametrize('seed', range(1_000_000, 1_000_004))
def test_the_mask_ends_where_the_projected_rim_of_the_tape_lies(seed):
    world = World(seed, WorldSettings(size=(640, 480)))
    pose = world.start
    coverage = world.renderer.marking_coverage(world.scene, pose)
    checked = 0
    for marking in world.scene.track.markings:
        for side in (-0.5, 0.5):
            rim = marking.curve.offset(side * marking.width)
            for pixel, inward in _rim_pixels(world, marking, rim, pose):
                line = pixel + np.linspace(-4, 4, 161)[:, None] * inward
                profile = cv2.remap(coverage, line[:, 0].astype(np.float32)[None],
                                    line[:, 1].astype(np.float32)[None], cv2.INTER_LINEAR)[0]
                crossings = np.flatnonzero((profile[:-1] < 0.5) & (profile[1:] >= 0.5))
                if crossings.size == 1:
                    checked += 1
                    assert abs(-4 + 0.05 * crossings[0]) < 0.5
    assert checked > 8


def _rim_pixels(world, marking, rim, pose):
    """Yield (pixel, unit step towards the tape's middle) where a wide solid rim is in sight."""
    middle, _ = world.camera.project(to_base_link(marking.curve.points, pose))
    edge, seen = world.camera.project(to_base_link(rim, pose))
    laid = np.zeros(len(rim), bool)
    for first, last in marking.pieces:
        laid[first + 3:last - 3] = True
    inside = ((edge > 8) & (edge < np.array([world.camera.width, world.camera.height]) - 8)).all(1)
    for i in np.flatnonzero(seen & inside & laid)[::7]:
        tangent = edge[(i + 1) % len(edge)] - edge[i - 1]
        normal = np.array([-tangent[1], tangent[0]]) / max(np.linalg.norm(tangent), 1e-9)
        across = float((middle[i] - edge[i]) @ normal)
        if abs(across) > 4:  # half a tape's width in pixels: thick enough to have one rim here
            yield edge[i], normal * np.sign(across)


def test_the_picture_changes_where_the_mask_does():
    settings = WorldSettings(size=(640, 480), tape_color='white', floor_brightness=0.03, noise=0.0,
                             exposure=60.0, tape_width=0.04, blur=1.0, glare=0.0, clutter=0.0)
    world = World(1_000_001, settings)
    image, mask = world.look(world.start)
    assert (mask == 255).sum() > 500
    bright = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)

    def agreement(du, dv):
        moved = np.roll(mask == 255, (dv, du), (0, 1))
        return bright[moved].mean()
    here = agreement(0, 0)
    for du, dv in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        assert here > agreement(du, dv)


def test_the_center_lies_between_the_markings_of_the_lane():
    world = World(1_000_002, WorldSettings(size=(640, 480)))
    truth = world.truth(world.start)
    lane = world.scene.track.ego_lane
    assert abs(truth.lateral) < 1e-3 and abs(truth.heading) < 0.02
    for marking in world.scene.track.markings:
        away = np.linalg.norm(marking.curve.points - (world.start.x, world.start.y), axis=1)
        assert away.min() > 0.45 * lane.width


def test_the_car_left_of_the_center_has_a_positive_lateral_and_heading():
    world = World(1_000_003, WorldSettings(size=(320, 240)))
    start = world.start
    left = replace(start, x=start.x - 0.05 * np.sin(start.heading),
                   y=start.y + 0.05 * np.cos(start.heading), heading=start.heading + 0.1)
    truth = lane_truth(world.scene, world.camera, left)
    assert truth.lateral == pytest.approx(0.05, abs=0.005)
    assert truth.heading == pytest.approx(0.1, abs=0.03)
    assert truth.center_line[0, 1] == pytest.approx(-0.05, abs=0.01)


def test_bins_of_a_stress_table_differ_in_their_factor_alone():
    bins = stress_bins((160, 120))
    assert {'floor', 'tape_color', 'dark tape', 'fov', 'exposure', 'resolution'} <= set(bins)
    dark, bright = (sample(STRESS_SEED, 3, settings) for settings in (
        bins['exposure']['15'], bins['exposure']['180']))
    assert dark.image.mean() < 40 < 120 < bright.image.mean()
    assert dark.camera == bright.camera and dark.truth.pose == bright.truth.pose
    wide = sample(STRESS_SEED, 3, bins['fov']['170'])
    rays = wide.camera.rays(np.array([[-0.5, wide.camera.cy], [159.5, wide.camera.cy]]))
    assert np.rad2deg(np.arccos(rays[0] @ rays[1])) == pytest.approx(170, abs=6)
    for factor in bins.values():
        for settings in factor.values():
            assert sample(STRESS_SEED, 0, settings).image.shape == (120, 160, 3)


def test_dark_tape_lies_on_a_light_floor_where_asked_for():
    settings = stress_bins((160, 120))['dark tape']['on a light floor']
    for index in range(4):
        scene = sample(STRESS_SEED, index, settings).scene
        assert all(tape.name == 'black' for tape in scene.tapes)
        assert np.mean((scene.apron or scene.floor).color) > 5 * np.mean(scene.tapes[0].color)

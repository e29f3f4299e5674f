# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A lens that nobody told is learnt from the widths of the lane that the camera drives along."""

import cv2
import numpy as np
import pytest

from lane_perception.geometry import lens_study
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lens_study import LensStudy
from lane_perception.geometry.nominal_view import FOCAL
from lane_perception.geometry.nominal_view import HIGHEST
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.geometry.nominal_view import lens_between

SIZE = (640, 480)
WIDE, PINHOLE = (0.45, 0.0), (0.62, 1.0)   # focal length in image widths, straightness
HORIZON = 0.25
WIDTH, TAPE = 0.36, 0.025                  # metres
BENDS = 0.9 * np.sin(np.arange(100.0))     # 1/m


def camera_with(lens):
    return NominalCamera(SIZE, lens_between(SIZE, *lens), HIGHEST)


def beside(ahead, curvature, left):
    """Return places at a distance to the left of a lane's centre, by how far ahead that is."""
    turn = curvature * ahead
    return np.column_stack((
        ahead * np.sinc(turn / np.pi) - left * np.sin(turn),
        0.5 * curvature * ahead ** 2 * np.sinc(turn / 2 / np.pi) ** 2 + left * np.cos(turn)))


def lane_mask(view, curvature, lateral, heading):
    """Return the mask of a bending lane, and the pixel of its centre on the look-ahead row."""
    def line(left):
        """Return the pixels of a line beside the centre, from near to far."""
        x, y = beside(np.linspace(0.0, 2.0, 160), curvature, left).T
        cosine, sine = np.cos(-heading), np.sin(-heading)
        floor = np.column_stack((cosine * x - sine * (y - lateral),
                                 sine * x + cosine * (y - lateral)))
        pixels = view.to_image(floor[floor[:, 0] > 0.05], SIZE)
        return pixels[np.isfinite(pixels).all(axis=1)]
    mask = np.zeros(SIZE[::-1], np.uint8)
    for side in (0.5, -0.5):
        edges = [line(side * WIDTH + edge * TAPE) for edge in (0.5, -0.5)]
        ring = np.concatenate((edges[0], edges[1][::-1]))
        cv2.fillPoly(mask, [np.round(ring * 16).astype(np.int32)], 255, shift=4)
    center = line(0.0)
    return mask, center[np.abs(center[:, 1] - 0.65 * SIZE[1]).argmin()]


def drive(lens, pictures=90, horizon=HORIZON, start=0):
    """Yield the masks and centres of a drive through bends to both sides."""
    view = camera_with(lens).view(horizon)
    for number in range(start, start + pictures):
        s = number / 10.0
        yield lane_mask(view, 0.9 * np.sin(s), 0.05 * np.sin(2.1 * s), 0.12 * np.sin(1.3 * s))


def watch(finder, pictures, first=0):
    """Return how far the centres are off, in picture widths; NaN without one."""
    errors = []
    for number, (mask, center) in enumerate(pictures):
        found = finder.find(mask, (first + number) / 30,
                            np.clip(mask / np.float32(255), 0.01, 0.99)).center
        errors.append(np.nan if found is None else abs(found[0] - center[0]) / SIZE[0])
    return np.array(errors)


@pytest.mark.parametrize('angle', [0.1, 0.5, 0.8])
def test_the_family_runs_from_equidistant_to_pinhole(angle):
    ray = [[(SIZE[0] - 1) / 2 + FOCAL * SIZE[0] * np.tan(angle), (SIZE[1] - 1) / 2]]
    out = [lens_between(SIZE, FOCAL, straight).distort(ray)[0, 0] - (SIZE[0] - 1) / 2
           for straight in (0.0, 1.0)]
    assert out[0] == pytest.approx(FOCAL * SIZE[0] * angle)
    assert out[1] == pytest.approx(FOCAL * SIZE[0] * np.tan(angle), rel=0.01)


@pytest.mark.parametrize('lens', [WIDE, PINHOLE])
def test_a_drive_teaches_lens_and_horizon_and_the_centre_comes_right(lens):
    learning, ignorant = LaneFinder(), LaneFinder()
    ignorant.place._study_lens = lambda chains, curve: None
    errors = {finder: [] for finder in (learning, ignorant)}
    for number, (mask, center) in enumerate(drive(lens)):
        for finder, error in errors.items():
            found = finder.find(mask, number / 30).center
            error.append(np.nan if found is None else abs(found[0] - center[0]) / SIZE[0])
    late = {finder: np.nanmean(error[30:]) for finder, error in errors.items()}
    assert late[learning] < 0.6 * late[ignorant]
    assert late[learning] < 0.015
    assert learning.place.horizon == pytest.approx(HORIZON, abs=0.02)
    assert learning.place.known == 'lens' and ignorant.place.known == 'nothing'
    # What counts is where the lens sees what lies ahead and aside.
    pixels = [[40.0, 300.0], [320.0, 300.0], [600.0, 300.0], [320.0, 440.0]]
    true, learnt = (one.undistort(pixels) for one in (
        lens_between(SIZE, *lens), learning.place._nominal.lens))
    focals = lens[0] * SIZE[0], learning.place._nominal.lens.matrix[0, 0]
    middle = [(SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2]
    np.testing.assert_allclose((learnt - middle) / focals[1], (true - middle) / focals[0],
                               atol=0.15)


def test_a_lens_that_is_known_is_not_studied():
    view = camera_with(WIDE)
    finder = LaneFinder(camera=view)
    for number, (mask, _) in enumerate(drive(WIDE, 30)):
        finder.find(mask, number / 30)
    assert finder.place._nominal is view and finder.place.width is not None
    calibrated = LaneFinder(ground=view.view(HORIZON))
    for number, (mask, _) in enumerate(drive(WIDE, 30)):
        calibrated.find(mask, number / 30)
    assert calibrated.place.known == 'ground' and calibrated.place._study is None


def test_a_new_recording_begins_with_the_usual_lens():
    finder = LaneFinder()
    masks = [mask for mask, _ in drive(WIDE, 40)]
    for number, mask in enumerate(masks):
        finder.find(mask, number / 30)
    assert finder.place.known == 'lens'
    finder.reset()
    assert finder.place.known == 'nothing'
    again, new = finder.find(masks[0], 0.0), LaneFinder().find(masks[0], 0.0)
    assert again.center == pytest.approx(new.center)


class _Marks:
    """Marks of a lane on the floor of a camera."""

    def __init__(self, view, width=WIDTH, curvature=0.0):
        self.ground = np.concatenate([
            beside(np.linspace(0.3, 1.5, 25), curvature, side * width) for side in (0.5, -0.5)])
        self.pixels = view.to_image(self.ground, SIZE)
        self.sides = np.repeat((1, -1), 25)


def test_pictures_are_kept_over_an_ever_longer_time():
    study, view = LensStudy(SIZE, HORIZON), camera_with((FOCAL, 0.0)).view(HORIZON)
    marks = _Marks(view)
    taken = [study.add(marks, marks.sides, HORIZON) for _ in range(200)]
    assert all(taken[:lens_study.KEPT])
    assert 0 < sum(taken[-40:]) < 10
    assert len(study._kept) <= lens_study.KEPT
    # What a usual lens sees is no news.
    assert not study.has_news(HORIZON)
    assert study.width == pytest.approx(WIDTH, rel=0.01)
    horizon, sigma = study.horizon
    assert horizon == pytest.approx(HORIZON, abs=0.01) and 0 < sigma < 0.05


def test_first_and_newest_picture_are_kept_when_others_are_let_go():
    study, view = LensStudy(SIZE, HORIZON), camera_with((FOCAL, 0.0)).view(HORIZON)
    marks = _Marks(view)
    kept = []
    for number in range(lens_study.KEPT + 1):
        study.add(marks, marks.sides, HORIZON)
        kept.append(study._kept[-1])
    assert study._kept == kept[::2]
    for number in range(3000):
        study.add(marks, marks.sides, HORIZON)
    assert study._every == lens_study.RAREST and len(study._kept) == lens_study.KEPT
    assert kept[0] is not study._kept[0]   # a drive is longer than a camera stays as it is


def test_too_few_marks_teach_nothing():
    study, view = LensStudy(SIZE, HORIZON), camera_with((FOCAL, 0.0)).view(HORIZON)
    marks = _Marks(view)
    assert not study.add(marks, np.where(marks.sides == 1, 1, 0), HORIZON)   # one side
    few = np.zeros_like(marks.sides)
    few[[0, 1, 25, 26]] = marks.sides[[0, 1, 25, 26]]
    assert not study.add(marks, few, HORIZON)
    assert study.horizon == (HORIZON, pytest.approx(lens_study.PRIOR_SIGMA[2]))


def test_pictures_of_another_lane_do_not_carry_the_fit_away():
    true, read = (camera_with(lens).view(HORIZON) for lens in (WIDE, (FOCAL, 0.0)))
    clean, mixed = LensStudy(SIZE, HORIZON), LensStudy(SIZE, HORIZON)
    for number in range(lens_study.KEPT):
        for study, width in ((clean, WIDTH), (mixed, WIDTH if number % 4 else 1.5 * WIDTH)):
            marks = _Marks(true, width)
            marks.ground = read.to_ground(marks.pixels, SIZE)   # on the floor as it lies
            study.add(marks, marks.sides, HORIZON)
    assert mixed.horizon[0] == pytest.approx(clean.horizon[0], abs=0.005)
    assert mixed.width == pytest.approx(clean.width, rel=0.02)


def study_of(lens, bends):
    """Return a study that has seen lanes on the floor of a usual lens."""
    study, read = LensStudy(SIZE, HORIZON), camera_with((FOCAL, 0.0)).view(HORIZON)
    for bend in bends:
        marks = _Marks(camera_with(lens).view(HORIZON), curvature=bend)
        marks.ground = read.to_ground(marks.pixels, SIZE)   # on the floor as it lies
        study.add(marks, marks.sides, HORIZON)
    return study


def test_straights_tell_no_lens_and_bends_do():
    straights = study_of(WIDE, [0.0] * 100)
    assert not straights.has_news(HORIZON)
    bends = study_of(WIDE, BENDS)
    assert bends.has_news(HORIZON) and not bends.has_news(HORIZON)
    assert bends.camera().lens.matrix[0, 0] / SIZE[0] == pytest.approx(WIDE[0], abs=0.1)


@pytest.mark.parametrize('lens', [(FOCAL, 0.0), (0.85, 0.1)])
def test_a_camera_like_the_usual_one_that_was_tilted_is_seen_through_again(lens):
    finder = LaneFinder()
    watch(finder, drive(lens, 50, 0.35))
    assert finder.place.known == 'nothing'
    errors = watch(finder, drive(lens, 150, 0.15), 110)
    assert np.nanpercentile(errors[60:], 95) < 0.02


def test_what_an_earlier_view_taught_is_given_up_also_with_a_lens_that_was_learnt():
    finder = LaneFinder()
    watch(finder, drive(WIDE, 60, 0.4))
    assert finder.place.known == 'lens'
    first = finder.place
    errors = watch(finder, drive(WIDE, 150, 0.1), 120)
    assert np.isfinite(errors[60:]).mean() > 0.95 and np.nanpercentile(errors[60:], 95) < 0.02
    assert finder.place is first or finder.place.known == 'lens'


def test_a_lens_that_was_learnt_counts_for_its_own_pictures_only():
    finder = LaneFinder()
    watch(finder, drive(WIDE, 60))
    assert finder.place.known == 'lens'
    mask, _ = next(drive(WIDE, 1))
    finder.find(np.ascontiguousarray(mask[:360]), 3.0)       # of another aspect ratio
    assert finder.place.known == 'nothing'
    usual = LaneFinder(camera=camera_with(WIDE))
    usual.find(np.ascontiguousarray(mask[:360]))
    assert usual.place.known == 'nothing'
    usual.find(mask)
    assert usual.place.known == 'lens'


def test_pictures_of_another_size_are_studied_anew():
    finder = LaneFinder()
    watch(finder, drive(WIDE, 60))
    half = [(cv2.resize(mask, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) // 128 * 255,
             center / 2.0) for mask, center in drive((FOCAL, 0.0), 150)]
    errors = watch(finder, half, 300)
    assert finder.place.known == 'nothing' and np.nanmean(errors[60:]) * 2.0 < 0.01


def test_a_label_is_read_with_the_width_of_the_floor_that_lies():
    finder = LaneFinder()
    for number, (mask, _) in enumerate(drive(WIDE, 60)):
        before = finder.place.width
        finder.find(mask, number / 30)
        if finder.place._has_news:
            break
    assert finder.place.width == pytest.approx(before, rel=0.2)   # of the usual lens's floor
    known, width = finder.place.as_it_lies(), finder.place.width
    finder.find(mask, number / 30 + 0.03)
    assert known.width == width and finder.place.known == 'lens' and known.known == 'nothing'
    assert abs(finder.place.width - width) > 0.01


def test_a_camera_that_was_tilted_is_learnt_anew():
    study = study_of(WIDE, BENDS[:40])
    after = _Marks(camera_with(WIDE).view(0.42))
    assert not study.has_news(HORIZON + 0.2) and study.has_news(HORIZON)
    for number in range(lens_study.AGREE - 1):
        study.add(after, after.sides, 0.42)
    assert study.horizon[0] == pytest.approx(HORIZON, abs=0.02)   # it may be a bump
    for number in range(10):
        study.add(after, after.sides, 0.42)
    assert study.horizon[0] == pytest.approx(0.42, abs=0.02)
    assert len(study._kept) <= 10

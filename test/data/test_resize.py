# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What labels change their size by: thin lines are told from wide ones, areas are averaged."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from lane_perception.data.resize import area_resized
from lane_perception.data.resize import thinner_than
from lane_perception.data.resize import touched

QUICK = settings(max_examples=60, deadline=None)
SMALLER = st.tuples(st.integers(12, 60), st.integers(12, 80))
POINTS = st.lists(st.tuples(st.integers(0, 159), st.integers(0, 119)), min_size=2, max_size=5)


def with_line(points, width):
    mask = np.zeros((120, 160), np.uint8)
    cv2.polylines(mask, [np.array(points, np.int32).reshape(-1, 1, 2)], False, 1, width)
    return mask


def cells(mask, height, width):
    """Return the new pixel (row, column) in which each nonzero pixel's center lies."""
    rows, columns = np.nonzero(mask)
    return (((rows + 0.5) * height / mask.shape[0]).astype(int),
            ((columns + 0.5) * width / mask.shape[1]).astype(int))


@QUICK
@given(points=POINTS, width=st.integers(1, 30), size=SMALLER)
def test_whatever_is_marked_touches_the_pixel_that_it_lies_in(points, width, size):
    mask = with_line(points, width)
    assert touched(mask, *size)[cells(mask, *size)].all()


@QUICK
@given(row=st.integers(0, 119), size=SMALLER)
def test_a_line_of_one_pixel_stays_whole_and_touches_two_rows_at_most(row, size):
    mask = np.zeros((120, 160), np.uint8)
    mask[row] = 1
    assert (thinner_than(mask, 3.0) == mask).all()
    small = touched(mask, *size)
    assert small.any(axis=0).all()
    assert small.sum(axis=0).max() <= 2


@pytest.mark.parametrize('size', [(30, 320), (240, 40)])
def test_one_axis_may_grow_while_the_other_shrinks(size):
    mask = with_line([(10, 10), (150, 110)], 1)
    small = touched(mask, *size)
    assert small.shape == size
    assert small[cells(mask, *size)].all()


@QUICK
@given(left=st.integers(0, 100), top=st.integers(0, 80), more_width=st.integers(0, 50),
       more_height=st.integers(0, 40), width=st.integers(3, 40))
def test_no_part_of_a_wide_shape_is_thin(left, top, more_width, more_height, width):
    mask = np.zeros((120, 160), np.uint8)
    mask[top:top + width + more_height, left:left + width + more_width] = 1
    # What the border of the picture cuts to a thin rest is thin.
    if min(120 - top, 160 - left) >= width:
        assert not thinner_than(mask, width).any()


@pytest.mark.parametrize('angle', range(0, 180, 15))
def test_no_part_of_a_wide_slanted_line_is_thin(angle):
    turn = np.deg2rad(angle)
    step = np.array([np.cos(turn), np.sin(turn)]) * 300
    mask = np.zeros((480, 640), np.uint8)
    start, end = (320, 240) - step, (320, 240) + step
    cv2.line(mask, tuple(map(int, start)), tuple(map(int, end)), 1, 24)
    assert not thinner_than(mask, 8.0).any()
    assert (thinner_than(mask, 30.0) == mask).all()


@QUICK
@given(points=POINTS, width=st.integers(1, 30))
def test_mirrored_markings_give_mirrored_results(points, width):
    mask = with_line(points, width)
    mirrored = mask[:, ::-1].copy()
    assert (thinner_than(mirrored, 8.0) == thinner_than(mask, 8.0)[:, ::-1]).all()
    assert (touched(mirrored, 40, 40) == touched(mask, 40, 40)[:, ::-1]).all()


@QUICK
@given(points=POINTS, thickness=st.integers(1, 30), width=st.floats(1.0, 12.0),
       filled=st.booleans())
def test_thin_is_what_lies_far_from_where_a_disc_fits(points, thickness, width, filled):
    mask = with_line(points, thickness)
    if filled:
        mask = 1 - mask
    double = np.kron(mask, np.ones((2, 2), np.uint8))
    precise = cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    fits = cv2.distanceTransform(double, *precise) >= width - 1e-3
    wide = np.zeros(mask.shape, bool)
    if fits.any():
        away = cv2.distanceTransform((~fits).astype(np.uint8), *precise)
        wide = away.reshape(120, 2, 160, 2).min(axis=(1, 3)) <= 1.5 * width
    assert (thinner_than(mask, width) == mask * ~wide).all()


def test_a_thin_line_that_leaves_a_wide_one_is_thin_and_the_wide_one_is_not():
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, :60] = 1
    mask[60, 60:] = 1
    thin = thinner_than(mask, 8.0)
    assert thin[60, 65:].all() and not thin[:, :60].any()


def test_the_same_size_changes_nothing():
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (area_resized(values, 16, 16, cv2.INTER_LINEAR) == values).all()


@pytest.mark.parametrize('growing, rows', [
    (cv2.INTER_NEAREST_EXACT, [0, 0, 200, 200]), (cv2.INTER_LINEAR, [0, 50, 150, 200])])
def test_areas_are_averaged_along_one_axis_and_the_other_grows_as_asked(growing, rows):
    values = np.array([[0, 0, 0, 0], [180, 220, 160, 240]], np.uint8)
    assert area_resized(values, 4, 2, growing).tolist() == [[value, value] for value in rows]

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Labels change their size: thin lines stay, wide ones do not grow, doubt stays doubt."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from lane_perception.data.resize import area_or_nearest
from lane_perception.data.resize import resize_label
from lane_perception.data.resize import thinner_than

QUICK = settings(max_examples=60, deadline=None)
SMALLER = st.tuples(st.integers(12, 60), st.integers(12, 80))
POINTS = st.lists(st.tuples(st.integers(0, 159), st.integers(0, 119)), min_size=2, max_size=5)


def with_line(points, width, value=255):
    mask = np.zeros((120, 160), np.uint8)
    cv2.polylines(mask, [np.array(points, np.int32).reshape(-1, 1, 2)], False, value, width)
    return mask


def cells(mask, height, width):
    """Return the new pixel (row, column) in which each nonzero pixel's center lies."""
    rows, columns = np.nonzero(mask)
    return (((rows + 0.5) * height / mask.shape[0]).astype(int),
            ((columns + 0.5) * width / mask.shape[1]).astype(int))


@QUICK
@given(points=POINTS, width=st.integers(1, 3), size=SMALLER)
def test_no_part_of_a_thin_line_is_lost(points, width, size):
    mask = with_line(points, width)
    near = cv2.dilate(resize_label(mask, *size), np.ones((3, 3), np.uint8))
    assert (near[cells(mask, *size)] == 255).all()


@QUICK
@given(row=st.integers(0, 119), size=SMALLER)
def test_a_line_of_one_pixel_stays_whole(row, size):
    mask = np.zeros((120, 160), np.uint8)
    mask[row] = 255
    small = resize_label(mask, *size)
    assert (small == 255).any(axis=0).all()
    assert (small == 255).sum(axis=0).max() <= 2


@QUICK
@given(left=st.integers(0, 100), top=st.integers(0, 80), width=st.integers(0, 50),
       height=st.integers(0, 40), size=SMALLER)
def test_a_wide_shape_is_not_thickened(left, top, width, height, size):
    shrinking = max(120 / size[0], 160 / size[1])
    minimum = int(np.ceil(2 * shrinking))
    mask = np.zeros((120, 160), np.uint8)
    mask[top:top + minimum + height, left:left + minimum + width] = 255
    # What the border of the picture cuts to a thin rest is thin, and kept.
    if min(120 - top, 160 - left) >= minimum:
        half = area_or_nearest((mask / 255).astype(np.float32), *size) > 0.5 + 1e-4
        assert ((resize_label(mask, *size) == 255) == half).all()


@pytest.mark.parametrize('angle', range(0, 180, 15))
def test_a_wide_slanted_line_is_not_thickened(angle):
    turn = np.deg2rad(angle)
    step = np.array([np.cos(turn), np.sin(turn)]) * 300
    mask = np.zeros((480, 640), np.uint8)
    start, end = (320, 240) - step, (320, 240) + step
    cv2.line(mask, tuple(map(int, start)), tuple(map(int, end)), 255, 24)
    half = area_or_nearest((mask / 255).astype(np.float32), 120, 160) > 0.5 + 1e-4
    assert ((resize_label(mask, 120, 160) == 255) == half).all()


@QUICK
@given(points=POINTS, width=st.integers(1, 30), doubt=POINTS, size=SMALLER)
def test_what_is_not_judged_never_becomes_background(points, width, doubt, size):
    mask = np.maximum(with_line(points, width), with_line(doubt, 4, 127))
    small = resize_label(mask, *size)
    assert set(np.unique(small)) <= {0, 127, 255}
    assert (small[cells(mask == 127, *size)] != 0).all()
    assert not (small == 127).any() or (mask == 127).any()


@QUICK
@given(points=POINTS, width=st.integers(1, 30))
def test_mirrored_labels_give_mirrored_results(points, width):
    mask = with_line(points, width)
    small = resize_label(mask, 40, 40)
    assert (resize_label(mask[:, ::-1].copy(), 40, 40) == small[:, ::-1]).all()


def test_the_same_size_changes_nothing():
    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (resize_label(mask, 16, 16) == mask).all()


def test_growing_keeps_the_shape_and_the_doubt():
    mask = np.array([[0, 255], [90, 0]], np.uint8)
    assert resize_label(mask, 4, 4).tolist() == [
        [0, 0, 255, 255], [0, 0, 255, 255], [127, 127, 0, 0], [127, 127, 0, 0]]


@pytest.mark.parametrize('size', [(30, 320), (240, 40)])
def test_one_axis_may_grow_while_the_other_shrinks(size):
    mask = with_line([(10, 10), (150, 110)], 1)
    small = resize_label(mask, *size)
    assert small.shape == size
    near = cv2.dilate(small, np.ones((3, 3), np.uint8))
    assert (near[cells(mask, *size)] == 255).all()


def test_a_thin_line_that_leaves_a_wide_one_is_kept_and_the_wide_one_is_not():
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, :60] = 255
    mask[60, 60:] = 255
    thin = thinner_than(mask // 255, 8.0)
    assert thin[60, 65:].all() and not thin[:, :60].any()
    small = resize_label(mask, 30, 40)
    assert (small[15] == 255).all() and (small[:, :14] == 255).sum() == 10 * 14

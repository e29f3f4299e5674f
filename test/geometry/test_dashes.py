# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Dashes that are hardly longer than wide: which runs of pixels stand for one."""

import numpy as np
import pytest

from lane_perception.geometry.dashes import short_dashes

USUAL = 0.04     # metres from edge to edge
PIXEL = 0.004    # metres of floor that a pixel stands for, everywhere


def dashes_of(mask, rows):
    """Return short_dashes() of the runs along some rows, on a floor that a picture shows flat."""
    pixels, start, end = [], [], []
    for row in rows:
        edges = np.flatnonzero(np.diff(np.append(np.append(0, mask[row] > 127), 0).astype(int)))
        for left, right in edges.reshape(-1, 2):
            pixels.append(((left + right - 1) / 2.0, row))
            start.append((row * PIXEL, left * PIXEL))
            end.append((row * PIXEL, right * PIXEL))
    return short_dashes(mask, np.array(pixels), np.array(start), np.array(end), USUAL)


def picture(width):
    """Return three dashes one row apart, one below the other and each further to the right."""
    mask = np.zeros((60, width), np.uint8)
    for top, left in ((10, 100), (19, 102), (28, 104)):
        mask[top:top + 8, left:left + 10] = 255
    return mask


@pytest.mark.parametrize('width', [200, 641, 1280])
def test_dashes_one_row_apart_are_told_apart(width):
    standing, middles, idle = dashes_of(picture(width), range(10, 36))
    assert len(standing) == 3
    middles = middles[middles[:, 1].argsort()]
    assert middles[:, 1] == pytest.approx([13.5, 22.5, 31.5])
    assert middles[:, 0] == pytest.approx([104.5, 106.5, 108.5], abs=1.0)
    assert np.count_nonzero(idle) == 3 * 8 - 3


def test_a_mirrored_picture_has_the_mirrored_dashes():
    mask = picture(640)
    mask[:, 131:] = 0
    mask[40:45, 151:160] = 255    # an odd number of columns, from an odd one on
    mirrored = np.ascontiguousarray(mask[:, ::-1])
    _, middles, _ = dashes_of(mask, range(10, 45))
    _, others, _ = dashes_of(mirrored, range(10, 45))
    others[:, 0] = 639 - others[:, 0]
    assert sorted(map(tuple, middles)) == pytest.approx(sorted(map(tuple, others)))


def test_a_long_line_is_no_dash():
    mask = np.zeros((120, 640), np.uint8)
    mask[10:110, 100:110] = 255
    standing, _, idle = dashes_of(mask, range(10, 110, 5))
    assert not len(standing) and not idle.any()

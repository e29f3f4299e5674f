# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Lines of one width are told from labels that cover the tape, by train and by its audit."""

import cv2
import numpy as np
import pytest

from lane_perception.data.audit import audit_dataset
from lane_perception.data.audit import describe
from lane_perception.data.line_width import lines_of_one_width
from lane_perception.data.readers import read_dataset

PEN = 5   # pixels
PERSPECTIVE, STEEP = (3.0, 36.0), (16.0, 16.0)   # pixels that tape is wide, far away and near


def write_set(folder, label, far=PERSPECTIVE[0], near=PERSPECTIVE[1]):
    """Write six pictures of two tapes on a rough floor, with labels that label() draws."""
    rng = np.random.default_rng(0)
    for part in ('images', 'masks'):
        (folder / part).mkdir(parents=True)
    for number in range(6):
        image = rng.normal(70, 4, (240, 320, 3))
        mask = np.zeros((240, 320), np.uint8)
        for side in (-1, 1):
            middle = [(160 + side * (15 + 4 * number), 90), (160 + side * 120, 239)]
            tape = np.zeros_like(mask)
            fill(tape, middle, (far, near))
            image[tape > 0] = 205
            label(mask, tape, middle)
        image = image.clip(0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / 'images' / f'frame_{number:05d}.png'), image)
        cv2.imwrite(str(folder / 'masks' / f'frame_{number:05d}.png'), mask)
    return folder


def fill(mask, middle, widths):
    """Fill a strip between two points, so many pixels wide at each."""
    left, right = ([(x + sign * width / 2, y) for (x, y), width in zip(middle, widths)]
                   for sign in (-1, 1))
    cv2.fillPoly(mask, [np.array(left + right[::-1]).round().astype(np.int32)], 255)


def drawn_with_a_pen(mask, tape, middle):
    cv2.line(mask, *(tuple(int(value) for value in point) for point in middle), 255, PEN)


def covering_the_tape(mask, tape, middle):
    mask[tape > 0] = 255


def test_lines_of_one_width_are_told_with_their_width(tmp_path):
    data = write_set(tmp_path / 'data', drawn_with_a_pen)
    assert lines_of_one_width(read_dataset(data).samples) == pytest.approx(PEN, abs=1.5)
    report = audit_dataset(data, tmp_path / 'audit')
    assert 'labels=snap' in describe(report) and report['lines_of_one_width_px'] > 0


@pytest.mark.parametrize('widths', [PERSPECTIVE, STEEP])
def test_labels_that_cover_the_tape_are_not(tmp_path, widths):
    data = write_set(tmp_path / 'data', covering_the_tape, *widths)
    assert lines_of_one_width(read_dataset(data).samples) is None
    assert 'labels=snap' not in describe(audit_dataset(data, tmp_path / 'audit'))


def test_a_pen_is_told_where_tape_does_not_narrow(tmp_path):
    data = write_set(tmp_path / 'data', drawn_with_a_pen, *STEEP)
    assert lines_of_one_width(read_dataset(data).samples) == pytest.approx(PEN, abs=1.5)


def test_too_few_labels_or_none_tell_nothing(tmp_path):
    data = write_set(tmp_path / 'data', drawn_with_a_pen)
    assert lines_of_one_width(read_dataset(data).samples[:3]) is None
    assert lines_of_one_width([]) is None
    blank = write_set(tmp_path / 'blank', lambda *of_a_tape: None)
    assert lines_of_one_width(read_dataset(blank).samples) is None

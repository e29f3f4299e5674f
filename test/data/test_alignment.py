# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Labels that all lie beside their markings are found out."""

import json

import cv2
import numpy as np
import pytest

from lane_perception.data.alignment import PICTURES
from lane_perception.data.alignment import Alignment
from lane_perception.data.audit import audit_dataset
from lane_perception.data.audit import describe


def picture(seed, tape=200, floor=60):
    """Return a picture of two strips of tape on a noisy floor, and its exact mask."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((240, 320), np.uint8)
    for left in (40, 200):
        top = (left + int(rng.integers(0, 80)), int(rng.integers(60, 110)))
        cv2.line(mask, (left, 239), top, 255, 9)
    image = np.where(mask[..., None] > 0, tape, floor) + rng.normal(0, 12, (240, 320, 3))
    return cv2.GaussianBlur(np.clip(image, 0, 255).astype(np.uint8), (0, 0), 1.0), mask


def moved(mask, du, dv):
    return cv2.warpAffine(mask, np.float32([[1, 0, du], [0, 1, dv]]), mask.shape[::-1],
                          flags=cv2.INTER_NEAREST)


@pytest.mark.parametrize('shift', [(0, 0), (1, 1), (-2, 1), (0, -3)])
@pytest.mark.parametrize('tape', [200, 5], ids=['bright tape', 'dark tape'])
def test_the_labels_common_shift_is_measured(shift, tape):
    alignment = Alignment()
    for seed in range(PICTURES):
        image, mask = picture(seed, tape)
        alignment.add(image, moved(mask, *shift))
    assert alignment.shift() == pytest.approx(shift, abs=0.3)


def test_too_few_clear_pictures_tell_nothing():
    alignment = Alignment()
    for seed in range(PICTURES - 1):
        alignment.add(*picture(seed))
    alignment.add(*picture(0, tape=61, floor=60))               # no contrast
    alignment.add(np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 255, np.uint8))
    assert alignment.pictures == PICTURES - 1
    assert alignment.shift() is None


def test_the_audit_says_where_the_labels_lie(tmp_path):
    for part in ('images', 'masks'):
        (tmp_path / 'data' / part).mkdir(parents=True)
    for seed in range(PICTURES):
        image, mask = picture(seed)
        cv2.imwrite(str(tmp_path / 'data' / 'images' / f'frame_{seed:03d}.png'), image)
        cv2.imwrite(str(tmp_path / 'data' / 'masks' / f'frame_{seed:03d}.png'), moved(mask, 2, -1))
    report = audit_dataset(tmp_path / 'data', tmp_path / 'out')
    assert json.loads((tmp_path / 'out' / 'report.json').read_text())['label_shift_px'] \
        == pytest.approx([2, -1], abs=0.3)
    assert 'px right and' in describe(report) and 'px above of the markings' in describe(report)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Masks that show no marking are no labels, whatever values they hold."""

import numpy as np
import pytest
from labels_on_disk import square
from labels_on_disk import write_mask
from labels_on_disk import write_picture

from lane_perception.data.audit import audit_dataset
from lane_perception.data.audit import describe
from lane_perception.data.mask_values import check_masks
from lane_perception.data.readers import read_dataset
from lane_perception.errors import UserError

MARKED = square() > 0
RIGHT = np.arange(square().shape[1]) >= 30
UNUSABLE = {
    'class indices': (np.where(MARKED, 1 + RIGHT, 0), 'hold the values 0, 1, 2, but 0 is'),
    'class index 2': (MARKED * 2, 'hold the values 0, 2, but 0 is background, 255 marking'),
    'gray 128': (MARKED * 128, 'hold the values 0, 128'),
    'empty': (MARKED * 0, 'all 4 masks are empty'),
    'full': (MARKED * 0 + 255, '4 of 4 are 255 nearly everywhere'),
    'white on transparent': (np.dstack([MARKED * 0 + 255] * 3 + [MARKED * 255]),
                             'transparency is not read'),
}


def write(folder, masks):
    for number, mask in enumerate(masks):
        write_picture(folder / f'images/a_{number}.png')
        write_mask(folder / f'masks/a_{number}.png', mask.astype(np.uint8))
    return folder


@pytest.mark.parametrize('mask, sentence', UNUSABLE.values(), ids=UNUSABLE)
def test_masks_without_a_shape_fail_the_audit_and_are_refused(tmp_path, mask, sentence):
    data = write(tmp_path / 'data', [mask] * 4)
    report = audit_dataset(data, tmp_path / 'out')
    assert any(sentence in failure for failure in report['failures'])
    with pytest.raises(UserError, match=sentence):
        check_masks(read_dataset(data).samples)


def test_one_mask_that_shows_a_marking_is_enough(tmp_path):
    data = write(tmp_path / 'data', [MARKED * 0, MARKED * 128, MARKED * 0 + 255, square()])
    check_masks(read_dataset(data).samples)
    report = audit_dataset(data, tmp_path / 'out')
    assert not any('mask' in failure for failure in report['failures'])
    assert report['masks_without_marking'] == ['a_1']
    assert '1 masks have values between 0 and 255, but none 255: a_1' in describe(report)


def test_broken_masks_are_passed_over(tmp_path):
    data = write(tmp_path / 'data', [square()[:30], square()])
    check_masks(read_dataset(data).samples)
    (data / 'masks/a_1.png').write_bytes(b'broken')
    check_masks(read_dataset(data).samples)   # it is said elsewhere that none can be used

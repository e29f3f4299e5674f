# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Groups of the augmentation can be left out, and leave the others as they were."""

import numpy as np
import pytest

from lane_perception.errors import UserError
from lane_perception.training.augmentation import GROUPS
from lane_perception.training.augmentation import augment
from lane_perception.training.augmentation import change_tones
from lane_perception.training.recipe import Recipe


@pytest.fixture
def sample():
    rng = np.random.default_rng(0)
    return (rng.integers(0, 256, (64, 96, 3), dtype=np.uint8),
            rng.integers(0, 256, (64, 96, 2), dtype=np.uint8))


def test_without_any_group_a_picture_stays_as_it_is(sample):
    for seed in range(20):
        image, target = augment(*sample, 1.0, np.random.default_rng(seed), GROUPS)
        assert np.array_equal(image, sample[0]) and np.array_equal(target, sample[1])


@pytest.mark.parametrize('group', GROUPS)
def test_a_group_left_out_changes_some_pictures_and_not_all(sample, group):
    same = [np.array_equal(augment(*sample, 1.0, np.random.default_rng(seed))[0],
                           augment(*sample, 1.0, np.random.default_rng(seed), [group])[0])
            for seed in range(40)]
    assert 0 < sum(same) < len(same)


@pytest.mark.parametrize('group', sorted(set(GROUPS) - {'mirror', 'warp'}))
def test_light_and_camera_leave_the_target_alone(sample, group):
    others = [name for name in GROUPS if name != group]
    for seed in range(20):
        assert np.array_equal(augment(*sample, 1.0, np.random.default_rng(seed), others)[1],
                              sample[1])


def test_a_small_strength_changes_tones_little_also_where_it_darkens():
    gray = np.full((8, 8, 3), 128, np.uint8)
    levels = [change_tones(gray, 0.05, np.random.default_rng(seed)).mean() for seed in range(200)]
    assert 110 < min(levels) < max(levels) < 145


def test_the_recipe_refuses_a_group_that_there_is_not():
    assert Recipe(augmentation_without='glare, noise').left_out() == ['glare', 'noise']
    with pytest.raises(UserError, match='augmentation_without=fog is not known'):
        Recipe(augmentation_without='fog')


@pytest.mark.parametrize('size', [(32, 32), (16, 64)])
def test_the_smallest_pictures_are_varied_too(size):
    image, target = np.full((*size, 3), 90, np.uint8), np.zeros((*size, 2), np.uint8)
    for seed in range(60):
        assert augment(image, target, 1.0, np.random.default_rng(seed))[0].shape == image.shape

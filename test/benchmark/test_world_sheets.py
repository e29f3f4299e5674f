# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The synthetic world's page shows what its seed draws."""

import cv2
import numpy as np
import pytest

from lane_perception.benchmark import world_sheets
from lane_perception.data.synthetic import sample
from lane_perception.errors import UserError


def test_samples_and_masks_stand_in_turn(tmp_path, monkeypatch):
    for name, count in (('SAMPLES', 10), ('MASKS', 5), ('DRIVES', 1)):
        monkeypatch.setattr(world_sheets, name, count)
    assert world_sheets.body([str(tmp_path / 'new')]) == 0
    samples, masks, drives = (cv2.imread(str(tmp_path / 'new' / f'world_{name}.jpg'))
                              for name in ('samples', 'masks', 'drives'))
    assert masks.shape == (200, 1600, 3) and drives.shape == (240, 1600, 3)
    drawn = sample(world_sheets.SEED, 0, world_sheets.SAMPLE)
    second = samples[200:, :320].astype(int)
    fifth = sample(world_sheets.SEED, 5, world_sheets.SAMPLE).image
    assert np.abs(second - fifth).mean() < 12     # JPEG's error
    green = masks[:, :320][drawn.mask == 255].astype(int)
    assert (green[:, 1] > green[:, 0] + 60).mean() > 0.8


def test_a_folder_has_to_be_named():
    with pytest.raises(UserError, match='usage'):
        world_sheets.body([])

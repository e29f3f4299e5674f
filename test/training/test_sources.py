# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Labeled samples are prepared once and stay as they were."""

import numpy as np
import pytest

pytest.importorskip('torch')

from labeled_folder import write_folder  # noqa: E402

from lane_perception.data.readers import read_dataset  # noqa: E402
from lane_perception.training import sources  # noqa: E402
from lane_perception.training.batches import Samples  # noqa: E402
from lane_perception.training.sources import LabeledSource  # noqa: E402


def labeled(tmp_path):
    data = read_dataset(write_folder(tmp_path / 'data', 4))
    return data, LabeledSource(data.samples, 96, 160)


def test_a_sample_is_read_once_and_no_augmentation_changes_it(tmp_path):
    data, source = labeled(tmp_path)
    first = [part.copy() for part in source.load(0)]
    for path in (tmp_path / 'data' / 'images').iterdir():
        path.unlink()
    samples = Samples(source, augmentation=1.0)
    varied = [samples[number, 0] for number in range(30)]
    assert any((one['image'] != varied[0]['image']).any() for one in varied)
    assert all(np.array_equal(*pair) for pair in zip(first, source.load(0)))


def test_no_more_is_kept_than_there_is_room_for(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, 'KEPT_BYTES', 96 * 160 * 5 * 2)
    data, source = labeled(tmp_path)
    for number in range(4):
        source.load(number)
    assert sorted(source._kept) == [0, 1]
    assert source._room == 0

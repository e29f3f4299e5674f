# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The most alike picture is found, however many are compared at a time."""

import numpy as np

from lane_perception.data import near_duplicates
from lane_perception.data.near_duplicates import distances
from lane_perception.data.near_duplicates import nearest


def test_the_most_alike_of_all_others_is_found_by_parts(monkeypatch):
    monkeypatch.setattr(near_duplicates, '_ROWS', 3)
    hashes = np.random.default_rng(0).random((10, 256)) < 0.5
    hashes[8] = hashes[1] ^ (np.arange(256) < 5)
    numbers, bits = nearest(hashes)
    assert (numbers[8], bits[8]) == (1, 5) and (numbers[1], bits[1]) == (8, 5)
    between = distances(hashes, hashes)
    np.fill_diagonal(between, 257)
    assert (bits == between.min(axis=1)).all()
    numbers, bits = nearest(hashes[5:], hashes[:5])
    assert (numbers[3], bits[3]) == (1, 5)

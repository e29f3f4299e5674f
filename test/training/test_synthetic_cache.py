# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Samples of the synthetic world are drawn once, and never taken for those of another kind."""

import numpy as np
import pytest

pytest.importorskip('torch')

from lane_perception.data.synthetic import settings  # noqa: E402
from lane_perception.errors import UserError  # noqa: E402
from lane_perception.training.synthetic_cache import DRAWN_AS  # noqa: E402
from lane_perception.training.synthetic_cache import SyntheticCache  # noqa: E402
from lane_perception.training.synthetic_cache import parse_synthetic  # noqa: E402


def cache(folder, count=1, trackless=0.5):
    return SyntheticCache(folder, 1, count, 64, 96, trackless)


@pytest.mark.parametrize('data, sentence', [
    ('synthetic:²', 'SEED is a whole number'), ('synthetic:', 'SEED is a whole number'),
    ('synthetic:-1', 'SEED is a whole number'), ('synthetic:500000', 'from 0 to 499999')])
def test_a_seed_that_is_none_for_training_is_refused(data, sentence):
    with pytest.raises(UserError, match=sentence):
        parse_synthetic(data)


def test_the_seed_of_the_synthetic_world_is_told_from_a_folder():
    assert parse_synthetic('synthetic:12') == 12 and parse_synthetic('synthetic/12') is None


def test_samples_are_drawn_once_and_those_that_are_missing_later(tmp_path):
    cache(tmp_path).fill(1)
    drawn = {path: path.stat().st_mtime_ns for path in tmp_path.glob('*/*/*')}
    assert len(drawn) == 2
    more = cache(tmp_path, count=2)
    more.fill(1)
    assert more.missing() == []
    assert all(path.stat().st_mtime_ns == time for path, time in drawn.items())
    image, target = more.load(1)
    assert image.shape == (64, 96, 3) and target.shape == (64, 96, 2)
    assert image.dtype == target.dtype == np.uint8


def test_samples_drawn_with_another_share_or_by_another_world_are_refused(tmp_path, monkeypatch):
    cache(tmp_path).fill(1)
    with pytest.raises(UserError, match='trackless=0.5.* than asked for .*trackless=0.1.* cache='):
        cache(tmp_path, trackless=0.1).fill(1)
    monkeypatch.setattr(settings, 'WORLD_VERSION', settings.WORLD_VERSION + 1)
    with pytest.raises(UserError, match='world_version=.* than asked for'):
        cache(tmp_path).fill(1)


def test_samples_that_do_not_say_how_they_were_drawn_are_taken_with_a_sentence(tmp_path, capsys):
    cache(tmp_path).fill(1)
    capsys.readouterr()
    note = next(tmp_path.glob(f'*/{DRAWN_AS}'))
    note.unlink()
    cache(tmp_path, trackless=0.1).fill(1)
    said = capsys.readouterr().err.strip()
    assert 'does not say how its samples were drawn' in said and '\n' not in said
    assert not note.exists()

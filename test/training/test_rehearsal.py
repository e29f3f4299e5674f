# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Drawn pictures are trained on beside labelled ones, and judged nowhere."""

import json

import numpy as np
import pytest

pytest.importorskip('torch')
pytest.importorskip('lightning')

from labeled_folder import QUICK  # noqa: E402
from labeled_folder import write_folder  # noqa: E402

from lane_perception.data.readers import read_dataset  # noqa: E402
from lane_perception.errors import UserError  # noqa: E402
from lane_perception.model_file import read_safetensors_card  # noqa: E402
from lane_perception.training.recipe import load_recipe  # noqa: E402
from lane_perception.training.rehearsal import SEED  # noqa: E402
from lane_perception.training.rehearsal import with_rehearsal  # noqa: E402
from lane_perception.training.session import prepare  # noqa: E402
from lane_perception.training.session import resume  # noqa: E402
from lane_perception.training.session import start  # noqa: E402
from lane_perception.training.sources import LabeledSource  # noqa: E402
from lane_perception.training.synthetic_cache import VALIDATION_SEED_OFFSET  # noqa: E402


def recipe(share):
    return load_recipe('lite', [*QUICK, f'rehearsal={share}'])


def test_drawn_samples_follow_the_labelled_ones_as_many_as_asked_for(tmp_path):
    labeled = LabeledSource(read_dataset(write_folder(tmp_path / 'data', 6)).samples, 96, 160)
    both = with_rehearsal(labeled, recipe(0.5), tmp_path)
    assert len(both) == 6 + 3
    for index in range(6):
        assert all(np.array_equal(*pair) for pair in zip(both.load(index), labeled.load(index)))
    drawn = [both.load(index) for index in range(6, 9)]
    assert all(image.shape == (96, 160, 3) and target.shape == (96, 160, 2)
               for image, target in drawn)
    assert len({image.tobytes() for image, _ in drawn}) == 3
    assert len(list((tmp_path / 'cache').glob('*/*/*.png'))) == 3


def test_none_are_drawn_where_none_are_asked_for(tmp_path):
    labeled = LabeledSource(read_dataset(write_folder(tmp_path / 'data', 6)).samples, 96, 160)
    assert with_rehearsal(labeled, recipe(0), tmp_path) is labeled
    assert not (tmp_path / 'cache').exists()


def test_the_seed_is_one_for_training():
    assert SEED < VALIDATION_SEED_OFFSET


def test_a_run_tells_of_them_validates_on_labels_alone_and_goes_on_with_the_same(tmp_path):
    data = write_folder(tmp_path / 'data', 10)
    run = start(str(data), 'lite', [*QUICK, 'rehearsal=0.5', 'epochs=1'], str(tmp_path / 'run'))
    card = read_safetensors_card(run / 'model.safetensors')
    assert '8 of 10 labeled pictures' in card.trained_on
    assert card.trained_on.endswith('and 4 of the synthetic world')
    assert card.recipe['rehearsal'] == 0.5
    report = json.loads((run / 'report.json').read_text())
    assert report['data']['images'] == 2
    prepared = prepare(run, str(data), recipe(0.5))
    assert (len(prepared.train), len(prepared.validation)) == (8 + 4, 2)
    assert resume(str(run)) == run


def test_a_share_below_none_is_refused():
    with pytest.raises(UserError, match='rehearsal=-0.5 should be 0 or more'):
        recipe(-0.5)

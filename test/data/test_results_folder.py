# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The folder for results is looked at before the work."""

import pytest

from lane_perception.data.results_folder import open_results
from lane_perception.data.results_folder import remove_earlier
from lane_perception.errors import UserError


def test_a_folder_is_made_with_its_parents_and_holds_nothing_of_the_trial(tmp_path):
    out = tmp_path / 'deep' / 'out'
    open_results(out, [tmp_path / 'data'])
    assert list(out.iterdir()) == []


def test_what_cannot_hold_results_is_refused_in_one_sentence(tmp_path):
    file, run, data = tmp_path / 'file', tmp_path / 'run', tmp_path / 'data'
    file.write_text('mine')
    run.mkdir()
    (run / 'run.json').write_text('{}')
    (data / 'images').mkdir(parents=True)
    for out, sentence in ((file, 'file is a file'), (file / 'below', 'is a file'),
                          (run, 'holds a training run.*another --out'),
                          (data, 'outside of it'), (data / 'images', 'outside of it')):
        with pytest.raises(UserError, match=sentence):
            open_results(out, [data])
    assert file.read_text() == 'mine' and not list((data / 'images').iterdir())
    with pytest.raises(UserError, match='--out /proc/results cannot be written to'):
        open_results(type(tmp_path)('/proc/results'))


def test_earlier_results_are_removed_and_others_are_not(tmp_path):
    (tmp_path / 'bag').mkdir()
    (tmp_path / 'bag' / 'bag_0.mcap').write_text('old')
    (tmp_path / 'overlay.mp4').write_text('old')
    (tmp_path / 'report.json').write_text('new')
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'elsewhere' / 'mine').write_text('mine')
    (tmp_path / 'link').symlink_to(tmp_path / 'elsewhere')
    remove_earlier(tmp_path, ['bag', 'overlay.mp4', 'never_there', 'link'])
    assert sorted(path.name for path in tmp_path.iterdir()) == ['elsewhere', 'report.json']
    assert (tmp_path / 'elsewhere' / 'mine').read_text() == 'mine'

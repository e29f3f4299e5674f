# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The folder for results is looked at before the work."""

import json
from pathlib import Path

import pytest

from lane_perception.data.results_folder import open_results
from lane_perception.data.results_folder import remove_earlier
from lane_perception.errors import UserError


def test_a_folder_is_made_with_its_parents_and_holds_nothing_of_the_trial(tmp_path):
    out = tmp_path / 'deep' / 'out'
    with open_results(out, [tmp_path / 'data']):
        assert list(out.iterdir()) == []
    assert out.is_dir()


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
            with open_results(out, [data]):
                pass
    assert file.read_text() == 'mine' and not list((data / 'images').iterdir())
    with pytest.raises(UserError, match='--out /proc/results cannot be written to'):
        with open_results(Path('/proc/results')):
            pass


def test_a_folder_that_work_which_failed_left_empty_goes_again(tmp_path):
    (tmp_path / 'mine').mkdir()
    for out, file in (('new/deep', ''), ('mine', ''), ('kept', 'lane_node.log')):
        with pytest.raises(UserError, match='failed'):
            with open_results(tmp_path / out):
                if file:
                    (tmp_path / out / file).write_text('why')
                raise UserError('failed')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['kept', 'mine']


@pytest.mark.parametrize(('files', 'out'), [
    (['images/a.jpg'], ''), (['masks/a.png'], ''), (['images/a.jpg', 'masks/a.png'], 'masks'),
    (['a.jpg', 'a.json'], ''), (['a.png', 'a.lines.txt'], ''),
])
def test_a_data_set_takes_no_results(files, out, tmp_path):
    labels = tmp_path / 'labels'
    for name in files:
        (labels / name).parent.mkdir(parents=True, exist_ok=True)
        (labels / name).write_text('mine')
    with pytest.raises(UserError, match=f'is the data set {labels} or lies in it'):
        with open_results(labels / out):
            pass


def test_folders_called_as_those_of_a_data_set_may_be_empty_and_pictures_have_no_labels(tmp_path):
    for name in ('images', 'masks'):
        (tmp_path / name).mkdir()
    (tmp_path / 'photo.jpg').write_text('mine')
    for out in (tmp_path, tmp_path / 'images'):
        with open_results(out):
            pass


@pytest.mark.parametrize('report', [
    None, '{"command": "mine"}', '[]', 'no JSON'], ids=['none', 'other', 'list', 'text'])
def test_what_no_report_says_that_it_is_an_earlier_result_is_not_overwritten(report, tmp_path):
    (tmp_path / 'overlay.mp4').write_text('mine')
    if report is not None:
        (tmp_path / 'report.json').write_text(report)
    results = ('report.json', 'overlay.mp4')
    with pytest.raises(UserError, match=f'{tmp_path}/.* exists already, and no report.json'):
        with open_results(tmp_path, results=results):
            pass
    (tmp_path / 'report.json').write_text(json.dumps({'command': '', 'machine': {}}))
    with open_results(tmp_path, results=results):
        pass
    assert (tmp_path / 'overlay.mp4').read_text() == 'mine'


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

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Every verb says in the same sentences why --out cannot be, and leaves no empty folder."""

from importlib import import_module

import pytest

VERBS = {
    'calibrate_ground': ['--image', 'none.png', '--board', 'checkerboard:6x4:0.06'],
    'evaluate': ['--data', 'no_labels'],
    'export': ['lane_lite'],
    'synthesize': ['--count', '1'],
    'train': ['--data', 'no_labels'],
}


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Work in a folder that holds a file and a folder without labels."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'no_labels').mkdir()
    (tmp_path / 'drive.mp4').write_text('mine')
    return tmp_path


def run(verb, out, *arguments):
    if verb in ('train', 'export'):
        pytest.importorskip('lightning')
    out = f'{out}.yaml' if verb == 'calibrate_ground' else out
    return import_module(f'lane_perception.cli.{verb}').main(
        [*(arguments or VERBS[verb]), '--out', out])


@pytest.mark.parametrize('verb', VERBS)
@pytest.mark.parametrize(('out', 'sentence'), [
    ('/proc/out', 'cannot be written to: '), ('drive.mp4/out', 'drive.mp4 is a file\n')])
def test_where_nothing_can_be_written_is_said_of_out(verb, out, sentence, place, capsys):
    assert run(verb, out) == 2
    said = capsys.readouterr().err
    assert f': --out {out}' in said and sentence in said and said.count('\n') == 1
    assert (place / 'drive.mp4').read_text() == 'mine'


@pytest.mark.parametrize('verb', ['train', 'export'])
def test_a_file_is_no_folder_for_a_run_or_model(verb, capsys):
    assert run(verb, 'drive.mp4') == 2
    assert '--out drive.mp4 cannot be a folder: drive.mp4 is a file\n' in capsys.readouterr().err


@pytest.mark.parametrize(('verb', 'arguments'), [
    ('calibrate_ground', VERBS['calibrate_ground']), ('evaluate', VERBS['evaluate']),
    ('export', ['no_such_model']), ('train', VERBS['train'])])
def test_a_mistake_in_what_is_read_leaves_no_folder_behind(verb, arguments, place):
    assert run(verb, 'new/out', *arguments) == 2
    assert {path.name for path in place.iterdir()} == {'no_labels', 'drive.mp4'}

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning is scored before and after, on what was held back, and not done twice."""

import json

import pytest
from labeled_folder import write_folder

pytest.importorskip('lightning')

from lane_perception.benchmark import fine_tuning  # noqa: E402
from lane_perception.data.splits import read_split  # noqa: E402
from lane_perception.errors import UserError  # noqa: E402

TINY = ['input_width=160', 'input_height=96', 'warmup_steps=1', 'workers=0', 'threads=1',
        'epochs=1', 'batch_size=4']


def test_each_set_is_trained_on_and_scored_before_and_after(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fine_tuning, 'DRIVES', (1_100_011, 1_100_014))
    monkeypatch.setattr(fine_tuning, 'FRAMES', 24)
    data, work = write_folder(tmp_path / 'drive', 24), tmp_path / 'work'
    (data / 'split.json').unlink()   # it has no test part
    out = tmp_path / 'out.json'
    arguments = ['--data', str(data), '--work', str(work), '--out', str(out), *TINY]
    assert fine_tuning.body(arguments) == 0
    found = json.loads(out.read_text())
    assert str(tmp_path) not in json.dumps(found)
    runs = {(run['data'], 'labels=snap' in run['settings']): run for run in found['runs']}
    assert set(runs) == {('synthetic drive 1100011', False), ('synthetic drive 1100014', False),
                         ('drive', False), ('drive', True)}
    for run in runs.values():
        assert run['epochs'] == 1 and run['steps'] > 0
        for figures in run['scored'].values():
            assert figures['before'] != figures['after']
    folder = work / '-'.join(['run-1100011', *TINY])
    split = read_split(folder / 'split.json')
    own, other = (runs['synthetic drive 1100011', False]['scored'][name]
                  for name in ('test', 'other drives'))
    assert own['before']['images'] == len(split.test)
    assert own['before']['lane_iou'] == pytest.approx(
        runs['synthetic drive 1100014', False]['scored']['other drives']['before']['lane_iou'])
    assert other['before']['lane_iou'] != own['before']['lane_iou']
    trained = (folder / 'model.safetensors').stat().st_mtime_ns
    assert fine_tuning.body(arguments) == 0
    assert (folder / 'model.safetensors').stat().st_mtime_ns == trained
    assert json.loads(out.read_text())['runs'] == found['runs']


def test_data_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match='is not a folder'):
        fine_tuning.body(['--data', str(tmp_path / 'nothing')])

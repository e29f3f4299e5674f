# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`train --audit` looks a data set over and fails on leakage."""

import json

import cv2
import numpy as np
import pytest

from lane_perception.cli.train import main


@pytest.fixture
def data(tmp_path):
    """Return a data set of 24 different pictures, all labeled."""
    folder = tmp_path / 'data'
    for part in ('images', 'masks'):
        (folder / part).mkdir(parents=True)
    for number in range(24):
        noise = np.random.default_rng(number).integers(0, 255, (6, 8, 3), np.uint8)
        image = cv2.resize(noise, (128, 96), interpolation=cv2.INTER_CUBIC)
        mask = np.zeros((96, 128), np.uint8)
        mask[:, 20:30] = 255
        cv2.imwrite(str(folder / f'images/lap_{number:02d}.png'), image)
        cv2.imwrite(str(folder / f'masks/lap_{number:02d}.png'), mask)
    return folder


def test_a_clean_data_set_exits_0_and_says_what_is_there(data, tmp_path, capsys):
    assert main(['--audit', '--data', str(data), '--out', str(tmp_path / 'run')]) == 0
    said = capsys.readouterr().out
    assert '24 labeled pictures' in said and '128x96 (24)' in said
    for name in ('report.json', 'split.json', 'contact_sheet.jpg'):
        assert (tmp_path / 'run' / name).is_file()


def test_settings_without_effect_are_told(data, tmp_path, capsys, monkeypatch):
    assert main(['--audit', '--data', str(data), '--out', str(tmp_path / 'run'), '--strict',
                 'epochs=3', 'labels=masks']) == 0
    assert capsys.readouterr().err.splitlines() == [
        'train: note: epochs= has no effect with --audit',
        'train: note: --strict has no effect with --audit']
    pytest.importorskip('lightning')
    monkeypatch.setattr('lane_perception.training.session.start', lambda *given: None)
    for place, said in ((str(data), ['train: note: samples= has no effect with a folder of '
                                     'labels']),
                        ('synthetic:1', ['train: note: labels= has no effect with the synthetic '
                                         'world'])):
        assert main(['--data', place, '--out', str(tmp_path / 'new'), 'samples=3', 'labels=masks',
                     'epochs=3']) == 0
        assert capsys.readouterr().err.splitlines() == said


def test_leakage_exits_2_with_one_sentence(data, tmp_path, capsys):
    image = (data / 'images/lap_02.png').read_bytes()
    (data / 'images/lap_22.png').write_bytes(image)
    assert main(['--audit', '--data', str(data), '--out', str(tmp_path / 'run')]) == 2
    errors = capsys.readouterr().err.strip()
    assert 'lap_02 (train) and lap_22 (test)' in errors and '\n' not in errors


def test_labels_and_split_are_taken_from_settings(data, tmp_path):
    split = tmp_path / 'mine.json'
    split.write_text(json.dumps({'train': ['lap_00'], 'val': ['lap_09'], 'test': []}))
    (data / 'masks').rename(data / 'careful')
    assert main(['--audit', '--data', str(data), '--out', str(tmp_path / 'run'),
                 'labels=careful', f'split={split}']) == 0
    assert json.loads((tmp_path / 'run/report.json').read_text())['split'] == {
        'train': 1, 'val': 1, 'test': 0}


def test_classes_are_chosen_by_a_setting_and_told(data, tmp_path, capsys):
    shapes = [{'label': name, 'shape_type': 'rectangle', 'points': corners}
              for name, corners in (('lane', [[20, 0], [30, 96]]), ('car', [[60, 0], [128, 96]]))]
    for picture in (data / 'images').iterdir():
        picture.with_suffix('.json').write_text(json.dumps({'shapes': shapes}))
    command = ['--audit', '--data', str(data), '--out', str(tmp_path / 'run'), 'labels=images']
    assert main([*command, 'classes=lane']) == 0
    assert 'markings: lane 24; left out: car 24' in capsys.readouterr().out
    report = json.loads((tmp_path / 'run/report.json').read_text())
    assert report['marking_share']['max'] == pytest.approx(10 / 128)
    assert main([*command, 'classes=lane,line']) == 2
    assert 'no label has the class "line"; there are: car 24, lane 24' in capsys.readouterr().err


def test_the_split_is_the_one_of_the_recipe_that_training_would_use(data, tmp_path):
    split = tmp_path / 'mine.json'
    split.write_text(json.dumps({'train': ['lap_00'], 'val': ['lap_09'], 'test': []}))
    recipe = tmp_path / 'mine.yaml'
    recipe.write_text(f'split: {split}\n')
    assert main(['--audit', '--data', str(data), '--out', str(tmp_path / 'run'),
                 '--recipe', str(recipe)]) == 0
    assert json.loads((tmp_path / 'run/report.json').read_text())['split'] == {
        'train': 1, 'val': 1, 'test': 0}


def test_the_folder_of_a_run_is_refused_before_anything_is_read(data, tmp_path, capsys):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run/run.json').write_text('{}')
    assert main(['--audit', '--data', str(data), '--out', str(tmp_path / 'run')]) == 2
    errors = capsys.readouterr().err.strip()
    assert 'holds a training run' in errors and '\n' not in errors
    assert [path.name for path in (tmp_path / 'run').iterdir()] == ['run.json']


@pytest.mark.parametrize('arguments, sentence', [
    (['--audit', '--data', 'data', '--out', 'run', 'splitt=x'], 'did you mean split?'),
    (['--audit', '--data', 'data', '--out', 'run', 'lots'], 'not a setting of the form key=value'),
    (['--audit', '--data', '/nowhere', '--out', 'run'], 'there is no folder /nowhere'),
    (['--audit', '--data', 'synthetic:1', '--out', 'run'], 'the synthetic world has none'),
    (['--audit', '--data', 'synthetic:²', '--out', 'run'], 'SEED is a whole number'),
    (['--audit', '--out', 'run'], 'say --data DIR and --out RUN with --audit'),
])
def test_a_mistake_is_one_sentence(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    errors = capsys.readouterr().err.strip()
    assert sentence in errors and '\n' not in errors

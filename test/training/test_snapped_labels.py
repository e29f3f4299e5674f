# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A run started with labels=snap trains on tape instead of lines, and says so."""

import json

import cv2
import numpy as np
import pytest
from labeled_folder import QUICK

from lane_perception.data import line_width
from lane_perception.data.drawing import draw_line
from lane_perception.data.drawing import fill_polygon
from lane_perception.errors import UserError
from lane_perception.training.recipe import Recipe
from lane_perception.training.session import prepare
from lane_perception.training.session import resume
from lane_perception.training.session import start


@pytest.fixture
def drawn(tmp_path):
    """Return a data set of one tape, 16 pixels wide, labeled by a line of 4 pixels."""
    folder = tmp_path / 'data'
    for part in ('images', 'masks'):
        (folder / part).mkdir(parents=True)
    for number in range(4):
        left = 60 + 30 * number
        extent, line = np.zeros((2, 160, 256), np.uint8)
        fill_polygon(extent, ((left, 0), (left + 16, 0), (left + 16, 160), (left, 160)), 255)
        draw_line(line, ((left + 6, 2), (left + 6, 158)), 4, 255)
        image = np.where(extent[..., None] > 0, 210, 60) + np.random.default_rng(number).normal(
            0, 4, (160, 256, 3))
        cv2.imwrite(str(folder / f'images/lap_{number}.png'), image.clip(0, 255).astype(np.uint8))
        cv2.imwrite(str(folder / f'masks/lap_{number}.png'), line)
    return folder


def covered(run):
    """Return how many pixels of a row the first training target calls marking."""
    _, target = run.train.load(0)
    return (target[80, :, 0] > 127).sum() * 256 / target.shape[1]


def test_targets_are_as_wide_as_the_tape(drawn, tmp_path, capsys):
    size = {'input_height': 160, 'input_width': 256}
    assert covered(prepare(tmp_path, str(drawn), Recipe(**size))) <= 5
    (tmp_path / 'run').mkdir()
    run = prepare(tmp_path / 'run', str(drawn), Recipe(labels='snap', **size))
    assert covered(run) == pytest.approx(16, abs=2)
    assert (tmp_path / 'run/snapped/sheet.jpg').is_file()
    assert 'snapped' in capsys.readouterr().out and 'snapped' in run.described


def test_figures_of_a_run_say_that_they_are_against_snapped_labels(
        drawn, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(line_width, 'ENOUGH', 2)
    stems = [f'lap_{number}' for number in range(4)]
    (drawn / 'split.json').write_text(json.dumps(
        {'train': stems[:2], 'val': stems[2:3], 'test': stems[3:]}))
    quick = [*QUICK, 'epochs=1', 'batch_size=2']
    for labels, note, against in (
            ('snap', ', lines snapped to their tape', ', against the snapped labels'),
            ('', '', '')):
        run = start(str(drawn), 'lite', [*quick, f'labels={labels}'], str(tmp_path / f'r{labels}'))
        for goes_on in (False, True):
            report = json.loads((run / 'report.json').read_text())
            assert report['data']['format'] == f'pictures and PNG masks (masks/){note}'
            said = capsys.readouterr()
            assert f'on 1 pictures held back{against}: lane IoU' in said.out
            assert ('labels=snap trains on the tape' in said.err) == (not labels and not goes_on)
            assert ('snapped to their tape' in (run / 'report.html').read_text()) == bool(labels)
            (run / 'report.json').unlink()
            resume(str(run))


def test_a_label_without_its_picture_is_named_or_ends_the_run(drawn, tmp_path, capsys):
    (drawn / 'images/lap_1.png').unlink()
    recipe = Recipe(input_height=160, input_width=256)
    prepare(tmp_path, str(drawn), recipe)
    assert 'skipped: ' in (said := capsys.readouterr().err) and 'lap_1.png has no picture' in said
    with pytest.raises(UserError, match='lap_1.png has no picture'):
        prepare(tmp_path, str(drawn), recipe, strict=True)

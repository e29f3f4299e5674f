# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recipes: files, changes on the command line, refusals."""

import dataclasses
from pathlib import Path

import pytest

from lane_perception.errors import UserError
from lane_perception.training.recipe import Recipe
from lane_perception.training.recipe import load_recipe

FILES = sorted((Path(__file__).parents[2] / 'config' / 'recipes').glob('*.yaml'))
FIELDS = [field.name for field in dataclasses.fields(Recipe)]


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_a_shipped_recipe_lists_every_setting_with_a_comment(path):
    lines = [line for line in path.read_text().splitlines() if line and line[0] != '#']
    assert [line.partition(':')[0] for line in lines] == FIELDS
    assert all(len(line.partition('# ')[2]) > 10 for line in lines)
    load_recipe(str(path))


def test_a_size_that_cannot_be_halved_is_refused_where_it_would_be():
    with pytest.raises(UserError, match='input_width=160 is not a multiple of 64'):
        load_recipe('lite', ['half_size_epochs=1', 'input_width=160'])


def test_the_shipped_recipes_are_there():
    assert [path.stem for path in FILES] == ['baseline', 'lite', 'optimized', 'pretrain']


def test_settings_on_the_command_line_win_over_the_file(tmp_path):
    (tmp_path / 'mine.yaml').write_text('epochs: 3\nlearning_rate: 1e-4\n')
    recipe = load_recipe(str(tmp_path / 'mine.yaml'), ['epochs=7', 'pretrained=yes'])
    assert (recipe.epochs, recipe.learning_rate, recipe.pretrained) == (7, 1e-4, True)


def test_a_file_of_some_settings_is_completed_from_the_default_recipe(tmp_path, capsys):
    mine = tmp_path / 'mine.yaml'
    mine.write_text('epochs: 5\nseed: 2\n')
    assert load_recipe(str(mine)) == load_recipe('lite', ['epochs=5', 'seed=2'])
    assert capsys.readouterr().out == (
        f'{mine} sets epochs, seed; all other settings are those of the recipe lite\n')
    for file in FILES:   # which are whole
        assert load_recipe(str(file)) == load_recipe(file.stem)
    assert not capsys.readouterr().out


def test_a_run_that_is_never_at_the_whole_size_is_refused():
    with pytest.raises(UserError, match='half_size_epochs=10 should be less than epochs=8'):
        load_recipe('pretrain', ['epochs=8'])
    load_recipe('pretrain', ['epochs=11'])


@pytest.mark.parametrize('change, sentence', [
    ('epoch=3', 'did you mean epochs'),
    ('resolution=192x320', 'did you mean input_height=192 input_width=320'),
    ('recipe=baseline', 'a recipe is chosen by --recipe baseline'),
    ('resolution=192', 'did you mean input_height=H input_width=W'),
    ('epochs=many', 'epochs=many should be a whole number'),
    ('epochs=2.5', 'whole number'),
    ('epochs=0', '1 or more'),
    ('pretrained=maybe', 'true or false'),
    ('input_width=100', 'multiple of 32'),
    ('learning_rate=nan', 'more than 0'),
    ('ema_decay=1', 'less than 1'),
    ('loss=hinge', 'use one of bce_dice'),
    ('precision=fp8', 'use one of auto'),
    ('epochs', 'key=value'),
])
def test_a_setting_that_cannot_be_is_refused(tmp_path, change, sentence):
    (tmp_path / 'empty.yaml').write_text('')
    with pytest.raises(UserError, match=sentence):
        load_recipe(str(tmp_path / 'empty.yaml'), [change])


def test_classes_are_named_by_commas():
    assert load_recipe('lite').marking_classes() == []
    recipe = load_recipe('lite', ['classes=lane, stop line,'])
    assert recipe.marking_classes() == ['lane', 'stop line']


@pytest.mark.parametrize('written', ['[lane, stop line]', '\n- lane\n- stop line',
                                     'lane, stop line'])
def test_classes_in_a_file_may_be_a_list(tmp_path, written):
    (tmp_path / 'mine.YAML').write_text(f'classes: {written}\n')
    recipe = load_recipe(str(tmp_path / 'mine.YAML'))
    assert recipe.marking_classes() == ['lane', 'stop line']


@pytest.mark.parametrize('written', ['{lane: 1}', '[[lane]]', '[lane, ]\nsplit: {a: b}'])
def test_what_is_no_text_is_refused(tmp_path, written):
    (tmp_path / 'mine.yaml').write_text(f'classes: {written}\n')
    with pytest.raises(UserError, match='should be a text, or a list of texts'):
        load_recipe(str(tmp_path / 'mine.yaml'))


def test_an_unknown_setting_is_blamed_on_where_it_stands(tmp_path):
    path = tmp_path / 'mine.yaml'
    path.write_text('epochs: 3\n')
    with pytest.raises(UserError, match='^command line: there is no setting "epoch"'):
        load_recipe(str(path), ['epoch=7'])
    path.write_text('epoch: 3\n')
    with pytest.raises(UserError, match='mine.yaml: there is no setting "epoch"'):
        load_recipe(str(path), ['epochs=7'])


@pytest.mark.parametrize('text', ['- a\n- b\n', 'a: [\n', '\xff', 'seed: 2026-02-30',
                                  '[' * 3000], ids=lambda text: text[:9])
def test_a_file_that_is_no_recipe_is_refused(tmp_path, text):
    path = tmp_path / 'odd.yaml'
    path.write_bytes(text.encode('latin-1'))
    with pytest.raises(UserError, match='odd.yaml'):
        load_recipe(str(path))


@pytest.mark.parametrize('content, sentence', [
    (b'epochs:\t3\n', 'spaces, not tabs'),
    ('epochs: 3\n'.encode('utf-16'), 'save it as UTF-8'),
])
def test_a_file_that_an_editor_spoilt_is_refused_with_the_way_out(tmp_path, content, sentence):
    (tmp_path / 'odd.yaml').write_bytes(content)
    with pytest.raises(UserError, match=f'odd.yaml .*{sentence}'):
        load_recipe(str(tmp_path / 'odd.yaml'))


def test_a_file_as_an_editor_of_windows_leaves_it_is_read(tmp_path):
    (tmp_path / 'mine.yaml').write_bytes(b'\xef\xbb\xbfepochs: 3\r\nseed: 4\r\n')
    recipe = load_recipe(str(tmp_path / 'mine.yaml'))
    assert (recipe.epochs, recipe.seed) == (3, 4)


def test_an_unknown_recipe_is_refused_with_the_names_of_the_shipped_ones():
    with pytest.raises(UserError, match='baseline, lite, optimized, pretrain'):
        load_recipe('light')

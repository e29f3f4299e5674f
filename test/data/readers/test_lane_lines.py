# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Files of TuSimple and CULane become masks."""

import json

import numpy as np
import pytest
from labels_on_disk import only_mask
from labels_on_disk import write_picture

from lane_perception.data.readers import read_dataset
from lane_perception.data.samples import load_sample
from lane_perception.errors import UserError


def test_tusimple_lines(tmp_path):
    write_picture(tmp_path / 'clips/0313-1/6040/20.jpg')
    write_picture(tmp_path / 'clips/0313-1/5320/20.jpg')
    entries = [
        {'raw_file': 'clips/0313-1/6040/20.jpg', 'h_samples': [10, 20, 30, 40],
         'lanes': [[-2, 50, 50, 50], [-2, -2, -2, -2]]},
        {'raw_file': 'clips/0313-1/5320/20.jpg', 'h_samples': [10, 20], 'lanes': []},
    ]
    (tmp_path / 'label_data_0313.json').write_text(
        '\n'.join(json.dumps(entry) for entry in entries))
    data = read_dataset(tmp_path)
    assert 'TuSimple' in data.format and data.problems == ()
    samples = data.by_stem()
    mask = load_sample(samples['clips/0313-1/6040/20'])[1]
    assert np.flatnonzero(mask.any(axis=0)).tolist() == [50]
    assert np.flatnonzero(mask[:, 50]).tolist() == list(range(20, 41))
    assert not load_sample(samples['clips/0313-1/5320/20'])[1].any()
    assert {(one.recording, one.time) for one in data.samples} == {
        ('clips/0313-1', 6040), ('clips/0313-1', 5320)}


def test_a_clip_whose_name_only_looks_like_a_number_is_none(tmp_path):
    write_picture(tmp_path / 'clips/a/²/20.jpg')
    (tmp_path / 'labels.json').write_text(json.dumps(
        {'raw_file': 'clips/a/²/20.jpg', 'h_samples': [10, 20], 'lanes': [[5, 5]]}))
    assert only_mask(read_dataset(tmp_path)).any()


def test_tusimple_line_that_is_broken_is_named_with_its_number(tmp_path):
    write_picture(tmp_path / 'clips/a/1/20.jpg')
    good = {'raw_file': 'clips/a/1/20.jpg', 'h_samples': [10, 20], 'lanes': [[5, 5]]}
    bad = {**good, 'lanes': [[5]]}
    missing = {**good, 'raw_file': 'clips/a/2/20.jpg'}
    (tmp_path / 'labels.json').write_text(
        '\n'.join([json.dumps(good), json.dumps(bad), '{"raw', json.dumps(missing)]))
    problems = read_dataset(tmp_path).problems
    assert len(problems) == 3
    for number, problem in zip((2, 3, 4), problems):
        assert f'labels.json, line {number}' in problem
    with pytest.raises(UserError, match='line 2'):
        read_dataset(tmp_path, strict=True)


@pytest.mark.parametrize('change, sentence', [
    ('{"raw', 'it is not JSON'), ('3', 'it is no JSON object'),
    ('{"raw_file": "clips/a/1/20.jpg"}', 'it has no "lanes"'),
    ({'lanes': [[5]]}, 'a lane has 1 columns for the 2 rows in "h_samples"'),
    ({'lanes': [5, 5]}, 'its "lanes" or "h_samples" are no lists'),
    ({'h_samples': 7}, 'its "lanes" or "h_samples" are no lists'),
    ({'lanes': [[5, None]]}, 'a point is no pair of numbers')], ids=str)
def test_what_is_broken_in_a_tusimple_line_is_said_in_plain_words(tmp_path, change, sentence):
    write_picture(tmp_path / 'clips/a/1/20.jpg')
    good = {'raw_file': 'clips/a/1/20.jpg', 'h_samples': [10, 20], 'lanes': [[5, 5]]}
    bad = change if isinstance(change, str) else json.dumps({**good, **change})
    (tmp_path / 'labels.json').write_text(f'{json.dumps(good)}\n{bad}\n')
    assert read_dataset(tmp_path).problems == (
        f'{tmp_path}/labels.json, line 2, is not a TuSimple label: {sentence}',)


def test_the_first_label_of_a_picture_counts_and_a_second_is_said(tmp_path):
    write_picture(tmp_path / 'tusimple/clips/a/1/20.jpg')
    first = {'raw_file': 'clips/a/1/20.jpg', 'h_samples': [10, 20], 'lanes': [[5, 5]]}
    (tmp_path / 'tusimple/labels.json').write_text(
        '\n'.join(json.dumps(one) for one in (first, {**first, 'lanes': []})))
    write_picture(tmp_path / 'culane/images/00000.jpg')
    for folder, text in (('a', '5 10 5 20\n'), ('b', '')):
        (tmp_path / 'culane' / folder).mkdir()
        (tmp_path / 'culane' / folder / '00000.lines.txt').write_text(text)
    for name, where in (('tusimple', 'labels.json, line 2,'), ('culane', 'b/00000.lines.txt')):
        data = read_dataset(tmp_path / name)
        assert len(data) == 1 and load_sample(data.samples[0])[1].any()
        assert f'{where} labels' in data.problems[0]
        assert 'again; the first label counts' in data.problems[0]


def test_culane_lines(tmp_path):
    folder = tmp_path / 'driver_23_30frame/05151640_0419.MP4'
    write_picture(folder / '00000.jpg')
    write_picture(folder / '00030.jpg')
    (folder / '00000.lines.txt').write_text('-5.5 59 20.0 30 40.0 10\n70 59 70 20 \n')
    data = read_dataset(tmp_path)
    mask = only_mask(data)
    assert mask[30, 20] == 255 and mask[40, 70] == 255 and mask[5, 70] == 0
    assert data.samples[0].recording == 'driver_23_30frame/05151640_0419.MP4'
    assert len(data.unlabeled) == 1 and 'CULane lines (2' in data.format


@pytest.mark.parametrize('picture', ['a_1.JPG', 'a_1.png', 'a_1.jpeg'])
def test_culane_lines_beside_a_picture_of_any_format(tmp_path, picture):
    write_picture(tmp_path / 'drive' / picture)
    (tmp_path / 'drive/a_1.lines.txt').write_text('5 59 20 30\n')
    assert read_dataset(tmp_path).samples[0].image_path.name == picture


def test_culane_lines_are_of_the_jpeg_where_there_are_two_pictures(tmp_path):
    for name in ('a_1.bmp', 'a_1.jpg', 'a_1.png'):
        write_picture(tmp_path / name)
    (tmp_path / 'a_1.lines.txt').write_text('5 59 20 30\n')
    assert read_dataset(tmp_path).samples[0].image_path.name == 'a_1.jpg'


def test_broken_culane_files_are_named(tmp_path):
    write_picture(tmp_path / '00000.jpg')
    write_picture(tmp_path / '00001.jpg')
    (tmp_path / '00000.lines.txt').write_text('1 2 3 4\n')
    (tmp_path / '00001.lines.txt').write_text('1 2 3\n')
    (tmp_path / '00002.lines.txt').write_text('1 2 3 4\n')
    problems = read_dataset(tmp_path).problems
    assert '00001.lines.txt is not a CULane label' in problems[0]
    assert '00002.lines.txt has no picture' in problems[1]
    with pytest.raises(UserError, match='00001'):
        read_dataset(tmp_path, strict=True)


@pytest.mark.parametrize('value', ['NaN', 'Infinity', '1e308', '"a"', '1' + '0' * 400,
                                   '9' * 5000, '[' * 50_000 + ']' * 50_000],
                         ids=lambda value: value[:9])
def test_tusimple_line_with_a_column_that_is_no_number_is_named_and_left_out(tmp_path, value):
    write_picture(tmp_path / 'clips/a/1/20.jpg')
    write_picture(tmp_path / 'clips/a/2/20.jpg')
    good = '{"raw_file": "clips/a/1/20.jpg", "h_samples": [10, 20, 30], "lanes": [[5, 5, 5]]}'
    bad = good.replace('a/1', 'a/2').replace('[5, 5, 5]', f'[5, {value}, 5]')
    (tmp_path / 'labels.json').write_text(f'{good}\n{bad}\n')
    data = read_dataset(tmp_path)
    assert list(data.by_stem()) == ['clips/a/1/20']
    problem, = data.problems
    assert 'labels.json, line 2, is not a TuSimple label' in problem


@pytest.mark.parametrize('value', ['nan', 'inf', '-inf', '1e308', '1e400', 'a'])
def test_culane_line_with_a_coordinate_that_is_no_number_is_named_and_left_out(tmp_path, value):
    for name in ('00000', '00001'):
        write_picture(tmp_path / f'{name}.jpg')
        (tmp_path / f'{name}.lines.txt').write_text('1 2 3 4\n')
    (tmp_path / '00001.lines.txt').write_text(f'1 2 3 4\n1 2 {value} 4 5 6\n')
    data = read_dataset(tmp_path)
    assert list(data.by_stem()) == ['00000']
    assert '00001.lines.txt is not a CULane label' in data.problems[0]


def test_tusimple_file_that_is_no_text_is_named_and_the_others_are_read(tmp_path):
    write_picture(tmp_path / 'clips/a/1/20.jpg')
    good = json.dumps({'raw_file': 'clips/a/1/20.jpg', 'h_samples': [10, 20], 'lanes': [[5, 5]]})
    (tmp_path / 'label_a.json').write_text(good)
    (tmp_path / 'label_b.json').write_bytes((good + '\n').encode() * 1000 + b'\xff')
    data = read_dataset(tmp_path)
    assert list(data.by_stem()) == ['clips/a/1/20'] and 'label_b.json' in data.problems[0]

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Files of labelme become masks."""

import base64
import json

import cv2
import numpy as np
import pytest
from labels_on_disk import labelme
from labels_on_disk import line
from labels_on_disk import only_mask
from labels_on_disk import square
from labels_on_disk import write_json
from labels_on_disk import write_picture

from lane_perception.data.readers import read_dataset
from lane_perception.data.samples import load_sample
from lane_perception.errors import UserError

PATCH = base64.b64encode(
    cv2.imencode('.png', np.full((20, 20), 255, np.uint8))[1].tobytes()).decode()


def short(value):
    return str(value)[:20]


@pytest.mark.parametrize('shape', [
    {'shape_type': 'polygon', 'points': [[20, 10], [40, 10], [40, 30], [20, 30]]},
    {'shape_type': 'rectangle', 'points': [[20, 10], [40, 30]]},
    {'shape_type': 'oriented_rectangle', 'points': [[20, 10], [40, 10], [40, 30], [20, 30]]},
    {'shape_type': 'rotation', 'direction': 1.5,
     'points': [[20, 10], [40, 10], [40, 30], [20, 30]]},
    {'shape_type': 'quadrilateral', 'points': [[20, 10], [40, 10], [40, 30], [20, 30]]},
    {'shape_type': 'mask', 'points': [[20, 10], [39, 29]], 'mask': PATCH},
], ids=['polygon', 'rectangle', 'oriented rectangle', 'rotation', 'quadrilateral', 'mask'])
def test_labelme_areas(tmp_path, shape):
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'a_1.json', labelme(shape))
    data = read_dataset(tmp_path)
    assert (only_mask(data) == square()).all() and 'labelme' in data.format


@pytest.mark.parametrize('more, width', [
    ({'width': 12}, 12), ({'width': '12'}, 12), ({'description': 'width=6'}, 6),
    ({'description': 'Width: 3.0'}, 3),
    ({}, 1)])
def test_labelme_lines_are_as_wide_as_they_say(tmp_path, more, width):
    write_picture(tmp_path / 'images/a_1.jpg')
    write_json(tmp_path / 'labels/a_1.json', labelme(line([10, 30.5], [90, 30.5], **more)))
    mask = only_mask(read_dataset(tmp_path))
    rows = np.flatnonzero(mask[:, 50])
    assert len(rows) == width + 1 - width % 2   # all whose center is within half the width
    assert rows.mean() == 30


def test_what_is_not_judged_lies_above_a_marking_in_whatever_order_they_were_drawn(tmp_path):
    write_picture(tmp_path / 'a_1.jpg')
    unsure = {'label': 'ignore', 'shape_type': 'rectangle', 'points': [[20, 10], [30, 30]]}
    marking = {'shape_type': 'rectangle', 'points': [[20, 10], [40, 30]]}
    for shapes in ((unsure, marking), (marking, unsure)):
        write_json(tmp_path / 'a_1.json', labelme(*shapes))
        mask = only_mask(read_dataset(tmp_path))
        assert (mask[10:30, 20:30] == 127).all() and (mask[10:30, 30:40] == 255).all()


def test_labelme_file_without_shapes_is_an_empty_mask(tmp_path):
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'a_1.json', labelme())
    assert not only_mask(read_dataset(tmp_path)).any()


def test_labelme_circle_is_round(tmp_path):
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'a_1.json', labelme(
        {'shape_type': 'circle', 'points': [[50, 30], [60, 30]]}))
    assert (only_mask(read_dataset(tmp_path)) > 0).sum() == pytest.approx(np.pi * 100, rel=0.03)


def test_a_labelme_polyline_is_a_line(tmp_path):
    write_picture(tmp_path / 'a_1.jpg')
    drawn = []
    for kind in ('linestrip', 'polyline'):
        write_json(tmp_path / 'a_1.json', labelme(
            {'shape_type': kind, 'points': [[10, 30], [50, 20], [90, 30]], 'width': 6}))
        drawn.append(only_mask(read_dataset(tmp_path)))
    assert drawn[0].any() and (drawn[0] == drawn[1]).all()


@pytest.mark.parametrize('shape', [
    {'shape_type': 'cuboid', 'points': [[1, 1], [9, 1], [9, 9], [1, 9]] * 2},
    {'shape_type': 'polygon', 'points': [[1, 1], [9, 1]]},
    {'shape_type': 'rectangle', 'points': [[1, 1], [9, 1], [9, 9]]},
    {'shape_type': 'circle', 'points': [[1, 1]]}], ids=short)
def test_a_picture_with_a_labelme_shape_that_cannot_be_drawn_is_left_out(tmp_path, shape):
    """Its marking would be background otherwise."""
    for name in ('a_1', 'b'):
        write_picture(tmp_path / f'{name}.jpg')
    write_json(tmp_path / 'a_1.json', labelme(line([0, 0], [50, 50])))
    write_json(tmp_path / 'b.json', labelme(line([0, 0], [50, 50]), shape, name='b.jpg'))
    data = read_dataset(tmp_path)
    problem, = data.problems
    assert list(data.by_stem()) == ['a_1'] and 'b.json: shape 1 is broken' in problem
    assert f'it is a {shape["shape_type"]} of {len(shape["points"])} points' in problem


@pytest.mark.parametrize('stray', [
    {'shape_type': 'point', 'points': [[1, 2]]}, line([1, 2]),
    {'shape_type': 'polygon', 'points': [[1, 2]]}], ids=short)
def test_a_stray_point_marks_nothing_and_the_picture_is_read(tmp_path, stray):
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'a_1.json', labelme(line([0, 30], [90, 30]), stray))
    data = read_dataset(tmp_path)
    assert list(data.by_stem()) == ['a_1'] and 'shape 1 ("lane") is a ' in data.problems[0]


def test_labelme_finds_pictures_by_windows_paths(tmp_path):
    write_picture(tmp_path / 'images/a_1.jpg')
    write_json(tmp_path / 'labels/a_1.json', labelme(
        line([0, 0], [9, 9]), name='..\\images\\a_1.jpg'))
    assert only_mask(read_dataset(tmp_path)).any()


def test_a_labelme_file_that_names_another_picture_than_the_one_beside_it_is_told(tmp_path):
    for name in ('a_0.jpg', 'a_1.jpg', 'a_1.png'):
        write_picture(tmp_path / name)
    write_json(tmp_path / 'a_0.json', labelme(line([0, 0], [50, 50]), name='a_1.jpg'))
    data = read_dataset(tmp_path)
    problem, = data.problems
    assert list(data.by_stem()) == ['a_1']
    assert f'a_0.json counts for {tmp_path}/a_1.jpg' in problem and 'not for a_0.jpg' in problem
    (tmp_path / 'a_0.json').rename(tmp_path / 'a_1.json')
    for name in ('a_1.jpg', 'a_1.png', 'elsewhere/a_1.jpg'):
        write_json(tmp_path / 'a_1.json', labelme(line([0, 0], [50, 50]), name=name))
        assert only_mask(read_dataset(tmp_path)).any()


@pytest.mark.parametrize('broken, problem', [
    ('{"shapes": [', 'is not JSON'),
    (json.dumps({'shapes': 3}), 'no list of shapes'),
    (json.dumps(labelme({'shape_type': 'polygon', 'points': [[1, 'x']]})), 'shape 0 is broken'),
    (json.dumps(labelme({'shape_type': 'point', 'points': [[1, 2]]}, name='b.jpg')), 'is a point'),
    (json.dumps(labelme(line([1, 2]), name='b.jpg')), 'fewer than two points'),
    (json.dumps(labelme({'shape_type': 'mask', 'points': [[1, 2]], 'mask': '!'})),
     'cannot be decoded'),
    (json.dumps(labelme({'shape_type': 'mask', 'points': [[90, 50]], 'mask': PATCH})),
     'does not lie in the picture'),
    (json.dumps(labelme({'shape_type': 'mask', 'points': [[-5, 5]], 'mask': PATCH})),
     'does not lie in the picture'),
    ('[' * 100_000 + ']' * 100_000, 'is JSON that is nested too deeply'),
    ('{"shapes": ' + '9' * 5000 + '}', 'holds a number that is too long'),
], ids=short)
def test_a_broken_labelme_file_is_named_and_the_others_are_read(tmp_path, broken, problem):
    for name in ('a_1', 'b'):
        write_picture(tmp_path / f'{name}.jpg')
    write_json(tmp_path / 'a_1.json', labelme(line([0, 0], [50, 50])))
    (tmp_path / 'b.json').write_text(broken)
    data = read_dataset(tmp_path)
    assert 'a_1' in data.by_stem()
    assert any(problem in one and 'b.json' in one for one in data.problems), data.problems
    with pytest.raises(UserError, match='b.json'):
        read_dataset(tmp_path, strict=True)


@pytest.mark.parametrize('shape, sentence', [
    (3, 'it is no JSON object'), ({'points': []}, 'it has no "label"'),
    ({'label': 'lane'}, 'it has no "points"'),
    ({'label': 'lane', 'points': [[None, 1], [2, 3]]}, 'a point is no pair of numbers'),
    ({'label': 'lane', 'points': [[1, 2, 3]]}, 'a point is no pair of numbers'),
    ({'label': 'lane', 'points': 7}, 'a point is no pair of numbers')], ids=short)
def test_what_is_broken_in_a_labelme_shape_is_said_in_plain_words(tmp_path, shape, sentence):
    for name in ('a_1', 'b'):
        write_picture(tmp_path / f'{name}.jpg')
    write_json(tmp_path / 'a_1.json', labelme())
    write_json(tmp_path / 'b.json', {'shapes': [shape]})
    assert read_dataset(tmp_path).problems == (
        f'{tmp_path}/b.json: shape 0 is broken, and its picture is left out: {sentence}',)


@pytest.mark.parametrize('value', [float('nan'), float('inf'), -float('inf'), 1e308, 10 ** 400],
                         ids=short)
@pytest.mark.parametrize('shape', ['line', 'linestrip', 'polygon', 'rectangle', 'circle', 'mask'])
def test_a_labelme_shape_with_a_coordinate_beyond_all_is_named_and_left_out(
        tmp_path, shape, value):
    points = [[1, 2], [value, 4], [5, 6]][:3 if shape == 'polygon' else 2]
    for name in ('a_1', 'b'):
        write_picture(tmp_path / f'{name}.jpg')
    write_json(tmp_path / 'a_1.json', labelme(line([0, 0], [50, 50])))
    write_json(tmp_path / 'b.json', labelme(
        line([0, 0], [50, 50]), {'shape_type': shape, 'points': points}, name='b.jpg'))
    data = read_dataset(tmp_path)
    assert list(data.by_stem()) == ['a_1'] and 'lane 1' in data.format
    problem, = data.problems
    assert 'b.json: shape 1 is broken' in problem


@pytest.mark.parametrize('width', [float('nan'), float('inf'), -3, 10 ** 400], ids=short)
def test_a_labelme_line_of_no_width_in_pixels_is_named_and_left_out(tmp_path, width):
    for name in ('a_1', 'b'):
        write_picture(tmp_path / f'{name}.jpg')
    write_json(tmp_path / 'a_1.json', labelme())
    write_json(tmp_path / 'b.json', labelme(line([0, 0], [50, 50], width=width), name='b.jpg'))
    data = read_dataset(tmp_path)
    assert list(data.by_stem()) == ['a_1'] and 'b.json: shape 0 is broken' in data.problems[0]


@pytest.mark.parametrize('width', [0, '0', 'wide', '', [3], {}], ids=short)
def test_a_labelme_width_that_says_nothing_is_told_and_the_line_is_drawn(tmp_path, width):
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'a_1.json', labelme(line([10, 30.5], [90, 30.5], width=width)))
    data = read_dataset(tmp_path)
    assert load_sample(data.samples[0])[1][30, 50] == 255
    assert data.problems == (
        f'{tmp_path}/a_1.json: shape 0 ("lane") says the width {json.dumps(width)}, and is drawn '
        '1% of the picture wide',)


@pytest.mark.parametrize('size', ['abc', [1], float('nan'), float('inf'), {'a': 1}])
def test_a_labelme_file_whose_picture_has_no_size_is_named_and_left_out(tmp_path, size):
    for name in ('a_1', 'b'):
        write_picture(tmp_path / f'{name}.jpg')
    write_json(tmp_path / 'a_1.json', labelme())
    write_json(tmp_path / 'b.json', {**labelme(name='b.jpg'), 'imageHeight': size})
    data = read_dataset(tmp_path)
    assert list(data.by_stem()) == ['a_1']
    assert "b.json is broken: the picture's height or width is no number" in data.problems[0]


@pytest.mark.parametrize('others', [0, 12], ids=['few files', 'many files'])
def test_a_labelme_file_in_a_code_page_is_told_from_broken_json(tmp_path, others):
    for name in ('a_1', 'b', *(f'a_{number}' for number in range(2, 2 + others))):
        write_picture(tmp_path / f'{name}.jpg')
        write_json(tmp_path / f'{name}.json', labelme(name=f'{name}.jpg'))
    text = json.dumps(labelme(name='b.jpg'), ensure_ascii=False).replace('lane', '\ucc28\uc120')
    (tmp_path / 'b.json').write_bytes(text.replace('5.5.0', '\ucc28').encode('cp949'))
    problem, = read_dataset(tmp_path).problems
    assert 'b.json is not UTF-8 text; save it as UTF-8' in problem


@pytest.mark.parametrize('size', [10 ** 6, 10 ** 9, 10 ** 30])
def test_a_labelme_mask_in_a_huge_picture_is_refused_and_takes_no_memory(tmp_path, size):
    for name in ('a_1', 'b'):
        write_picture(tmp_path / f'{name}.jpg')
    write_json(tmp_path / 'a_1.json', labelme())
    shape = {'shape_type': 'mask', 'points': [[20, 10], [39, 29]], 'mask': PATCH}
    write_json(tmp_path / 'b.json', {
        **labelme(shape, name='b.jpg'), 'imageHeight': size, 'imageWidth': size})
    data = read_dataset(tmp_path)
    with pytest.raises(UserError, match='b.json'):
        if data.problems:
            raise UserError(data.problems[0])
        load_sample(data.by_stem()['b'])


@pytest.mark.parametrize(('left', 'top', 'height', 'width'), [
    (0, 0, 60, 100), (3, 0, 60, 4), (99, 59, 1, 1), (0, 59, 1, 100), (40, 7, 31, 29)])
def test_a_labelme_mask_lies_where_its_first_point_is(tmp_path, left, top, height, width):
    patch = np.random.default_rng(3).choice(np.array([0, 255], np.uint8), (height, width))
    coded = base64.b64encode(cv2.imencode('.png', patch)[1].tobytes()).decode()
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'a_1.json', labelme(
        {'shape_type': 'mask', 'points': [[left, top]], 'mask': coded}))
    expected = np.zeros((60, 100), np.uint8)
    expected[top:top + height, left:left + width] = patch
    assert (only_mask(read_dataset(tmp_path)) == expected).all()


def test_only_the_named_labels_are_markings(tmp_path):
    write_picture(tmp_path / 'a_1.jpg')
    car, unsure = ({'label': name, 'shape_type': 'rectangle', 'points': corners}
                   for name, corners in (('car', [[50, 0], [90, 50]]),
                                         ('Ignore', [[0, 0], [9, 9]])))
    write_json(tmp_path / 'a_1.json', labelme(line([20, 40], [40, 40]), car, unsure))
    data = read_dataset(tmp_path, classes=['lane'])
    assert data.format == 'labelme (markings: lane 1; not judged: Ignore 1; left out: car 1)'
    mask = only_mask(data)
    assert mask[40, 30] == 255 and mask[20, 70] == 0 and mask[5, 5] == 127
    with pytest.raises(UserError, match='"Lane"; there are: Ignore 1, car 1, lane 1'):
        read_dataset(tmp_path, classes=['Lane'])

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""COCO files from Roboflow and CVAT become masks."""

import numpy as np
import pytest
from labels_on_disk import HEIGHT
from labels_on_disk import SQUARE
from labels_on_disk import WIDTH
from labels_on_disk import coco
from labels_on_disk import only_mask
from labels_on_disk import square
from labels_on_disk import write_json
from labels_on_disk import write_picture

from lane_perception.data.drawing import fill_polygon
from lane_perception.data.drawing import fill_runs
from lane_perception.data.readers import read_dataset
from lane_perception.data.samples import load_sample
from lane_perception.errors import UserError


def run_lengths(mask, kind=int):
    counts, value = [], 0
    run = 0
    for pixel in mask.T.reshape(-1):
        if (pixel > 0) != value:
            counts.append(run)
            run, value = 0, not value
        run += 1
    return {'size': list(mask.shape), 'counts': [kind(count) for count in (*counts, run)]}


def compressed_run_lengths(mask):
    from pycocotools import mask as coco_mask
    packed = coco_mask.encode(np.asfortranarray(mask // 255))
    return {'size': packed['size'], 'counts': packed['counts'].decode()}


@pytest.mark.parametrize('segmentation', [
    [SQUARE], run_lengths(square()), run_lengths(square(), float),
    compressed_run_lengths(square())],
    ids=['polygon', 'run lengths', 'run lengths with a point', 'compressed run lengths'])
def test_roboflow_layout(tmp_path, segmentation):
    write_picture(tmp_path / 'train/a_1.jpg')
    write_json(tmp_path / 'train/_annotations.coco.json', coco(segmentation))
    data = read_dataset(tmp_path)
    assert (only_mask(data) == square()).all()
    assert data.samples[0].stem == 'train/a_1' and 'lane 1' in data.format


def test_cvat_layout(tmp_path):
    write_picture(tmp_path / 'images/default/a_1.jpg')
    write_picture(tmp_path / 'images/default/a_2.jpg')
    write_json(tmp_path / 'annotations/instances_default.json', coco([SQUARE]))
    data = read_dataset(tmp_path)
    assert (only_mask(data) == square()).all()
    assert data.samples[0].stem == 'default/a_1' and data.samples[0].recording == 'a'
    assert len(data.unlabeled) == 1


def test_two_exports_of_cvat_beside_each_other_keep_to_their_own_pictures(tmp_path):
    for drive, segmentation in (('drive1', [SQUARE]), ('drive2', [[0, 0, 9, 0, 9, 9]])):
        write_picture(tmp_path / drive / 'images/a_1.jpg')
        write_json(tmp_path / drive / 'annotations/instances_default.json', coco(segmentation))
    data = read_dataset(tmp_path)
    assert data.problems == () and list(data.by_stem()) == ['drive1/images/a_1',
                                                            'drive2/images/a_1']
    assert (load_sample(data.samples[0])[1] == square()).all()
    assert not (load_sample(data.samples[1])[1] == square()).all()


def test_a_coco_picture_without_annotation_has_an_empty_mask(tmp_path):
    content = coco([SQUARE])
    content['images'].append({'id': 8, 'file_name': 'a_2.jpg'})
    for name in ('a_1.jpg', 'a_2.jpg'):
        write_picture(tmp_path / name)
    write_json(tmp_path / 'labels.json', content)
    masks = [load_sample(sample)[1] for sample in read_dataset(tmp_path).samples]
    assert masks[0].any() and not masks[1].any()


def test_two_annotations_lie_in_one_mask_and_ignored_ones_win(tmp_path):
    content = coco([SQUARE])
    content['categories'].append({'id': 4, 'name': 'ignore'})
    content['annotations'].append({
        'id': 2, 'image_id': 7, 'category_id': 4,
        'segmentation': [[30, 10, 60, 10, 60, 30, 30, 30]]})
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'labels.json', content)
    expected = square()
    expected[10:30, 30:60] = 127
    assert (only_mask(read_dataset(tmp_path)) == expected).all()


def test_only_the_named_classes_are_markings(tmp_path):
    content = coco([SQUARE])
    content['categories'].append({'id': 4, 'name': 'car'})
    content['annotations'].append({
        'id': 2, 'image_id': 7, 'category_id': 4, 'segmentation': [[0, 0, 90, 0, 90, 50]]})
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'labels.json', content)
    assert (only_mask(read_dataset(tmp_path, classes=['lane'])) == square()).all()
    assert load_sample(read_dataset(tmp_path).samples[0])[1].sum() > square().sum()
    assert read_dataset(tmp_path).format == 'COCO (markings: car 1, lane 1)'
    assert read_dataset(tmp_path, classes=['lane']).format == (
        'COCO (markings: lane 1; left out: car 1)')
    with pytest.raises(UserError, match='no label has the class "line"; there are: car 1, lane 1'):
        read_dataset(tmp_path, classes=['lane', 'line'])


def test_coco_pictures_of_the_same_id_are_named_and_left_out(tmp_path):
    """As in two exports that were joined by hand: whose label it is cannot be told."""
    content = coco([SQUARE])
    content['images'] += [{'id': '7', 'file_name': 'b_1.jpg'}, {'id': 8, 'file_name': 'b_2.jpg'}]
    content['annotations'].append({'image_id': 8, 'category_id': 3, 'segmentation': [SQUARE]})
    for name in ('a_1.jpg', 'b_1.jpg', 'b_2.jpg'):
        write_picture(tmp_path / name)
    write_json(tmp_path / 'labels.json', content)
    data = read_dataset(tmp_path)
    problem, = data.problems
    assert 'a_1.jpg and b_1.jpg are left out: they have the same id, 7' in problem
    assert list(data.by_stem()) == ['b_2'] and 'lane 1' in data.format
    with pytest.raises(UserError, match='the same id'):
        read_dataset(tmp_path, strict=True)


@pytest.mark.parametrize('said', ['7', 7.0])
def test_coco_ids_are_the_same_as_texts_and_as_numbers(tmp_path, said):
    content = coco([SQUARE], id=said)
    content['categories'][1]['id'] = '3'
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'labels.json', content)
    data = read_dataset(tmp_path, classes=['lane'])
    assert (only_mask(data) == square()).all()


def test_coco_classes_of_the_same_id_are_refused(tmp_path):
    content = coco([SQUARE])
    content['categories'].append({'id': 3, 'name': 'lane'})
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'labels.json', content)
    assert (only_mask(read_dataset(tmp_path)) == square()).all()
    content['categories'].append({'id': 3, 'name': 'car'})
    write_json(tmp_path / 'labels.json', content)
    with pytest.raises(UserError, match='two classes of the same id, 3: "lane" and "car"'):
        read_dataset(tmp_path)


def test_boxes_are_refused(tmp_path):
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'labels.json', coco([]))
    with pytest.raises(UserError, match='export it as segmentation, not as boxes'):
        read_dataset(tmp_path)


@pytest.mark.parametrize('content, problem', [
    (coco([SQUARE], name='b.jpg'), 'names b.jpg, which is not in'),
    ({**coco([SQUARE]), 'annotations': [
        {'image_id': 9, 'category_id': 3, 'segmentation': [SQUARE]}]}, 'is of picture 9'),
    (coco([[1, 2, 3, 4]]), 'fewer than three points'),
    (coco({'size': [60, 100]}), 'without size or counts'),
    ({'images': [{'id': 1}], 'annotations': []}, 'is not a whole COCO file'),
])
def test_what_is_wrong_in_a_coco_file_is_said(tmp_path, content, problem):
    write_picture(tmp_path / 'a_1.jpg')
    write_picture(tmp_path / 'good/a_2.jpg')
    write_json(tmp_path / 'good/labels.json', coco([SQUARE], name='a_2.jpg'))
    write_json(tmp_path / 'labels.json', content)
    data = read_dataset(tmp_path)
    assert problem in data.problems[0] and str(tmp_path / 'labels.json') in data.problems[0]
    assert 'good/a_2' in data.by_stem()
    with pytest.raises(UserError, match=problem):
        read_dataset(tmp_path, strict=True)


@pytest.mark.parametrize('content, sentence', [
    ({'images': [{'id': 1}], 'annotations': []}, 'an image has no "file_name"'),
    ({'images': [{'file_name': 'a_1.jpg'}], 'annotations': []}, 'an image has no "id"'),
    ({'images': ['a_1.jpg'], 'annotations': []}, 'an image is no JSON object'),
    ({**coco([SQUARE]), 'annotations': [{'segmentation': [SQUARE]}]},
     'annotation 0 has no "image_id"'),
    ({**coco([SQUARE]), 'categories': [{'id': 3}]}, 'a category has no "name"'),
    ({**coco([SQUARE]), 'categories': 3}, 'its "categories" are no list'),
])
def test_a_coco_file_with_parts_missing_is_named(tmp_path, content, sentence):
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'labels.json', content)
    with pytest.raises(UserError, match=f'labels.json is not a whole COCO file: {sentence}$'):
        read_dataset(tmp_path)


def test_a_label_made_for_another_size_is_refused(tmp_path):
    write_picture(tmp_path / 'a_1.jpg', height=120, width=200)
    write_json(tmp_path / 'labels.json', coco([SQUARE]))
    with pytest.raises(UserError, match='made for a picture of 100x60, but the picture is 200x'):
        load_sample(read_dataset(tmp_path).samples[0])


def test_run_lengths_of_another_size_are_refused(tmp_path):
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'labels.json', coco(run_lengths(square()[:30])))
    with pytest.raises(UserError, match='run-length mask of 100x30 for a picture of 100x60'):
        load_sample(read_dataset(tmp_path).samples[0])


@pytest.mark.parametrize('counts', [
    [5, 3], [6001], [-1, 6001], [2 ** 63 - 1, 2 ** 63 - 1, 6002], [10 ** 30], [1, 'x'], [[6000]],
    [], 'x', None, {}, '', compressed_run_lengths(square()[:30])['counts'],
    compressed_run_lengths(square())['counts'][:-1], 'o' * 40 + '0', 'P1\u00fc', ' 0',
], ids=str)
def test_run_lengths_that_do_not_cover_the_picture_are_refused(tmp_path, counts):
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'labels.json', coco({'size': [HEIGHT, WIDTH], 'counts': counts}))
    with pytest.raises(UserError, match='labels.json holds a run-length mask that is broken: '):
        load_sample(read_dataset(tmp_path).samples[0])


@pytest.mark.parametrize('size', [[10 ** 6, 10 ** 6], [10 ** 30, 1], [WIDTH, HEIGHT], [60], 60,
                                  [None, 'x'], [-HEIGHT, -WIDTH]], ids=str)
def test_run_lengths_of_an_impossible_size_are_refused(tmp_path, size):
    write_picture(tmp_path / 'a_1.jpg')
    write_json(tmp_path / 'labels.json', coco({'size': size, 'counts': [10 ** 12]}))
    with pytest.raises(UserError, match='labels.json holds a run-length mask'):
        load_sample(read_dataset(tmp_path).samples[0])


@pytest.mark.parametrize('share', [0.0, 0.01, 0.3, 0.99, 1.0])
def test_run_lengths_are_read_as_pycocotools_writes_them(share):
    random = np.random.default_rng(4)
    for height, width in ((1, 1), (7, 5), (HEIGHT, WIDTH), (480, 854)):
        mask = np.where(random.random((height, width)) < share, 255, 0).astype(np.uint8)
        for counts in (run_lengths(mask)['counts'], compressed_run_lengths(mask)['counts']):
            read = np.zeros_like(mask)
            fill_runs(read, counts, 255)
            assert (read == mask).all()


@pytest.mark.parametrize('broken', [
    coco([[20, 10, float('nan'), 10, 40, 30]]), coco([[20, 10, float('inf'), 10, 40, 30]]),
    coco([[20, 10, 1e308, -1e308, 40, 30]]), coco([[20, 10, 10 ** 400, 10, 40, 30]]),
    coco([[20, 10, 'a', 10, 40, 30]]), coco([[20, 10, [4], 10, 40, 30]]),
    coco([SQUARE, SQUARE[:-1]]), coco([SQUARE, 'abc']), coco('abc'), coco(7),
    coco([SQUARE], height='abc'), coco([SQUARE], width=[1]), coco([SQUARE], width=float('nan')),
    coco([SQUARE], width=float('inf')), coco([]),
], ids=range(15))
def test_a_picture_with_a_broken_coco_label_is_named_and_left_out(tmp_path, broken):
    broken['images'].append({'id': 8, 'file_name': 'a_2.jpg'})
    broken['annotations'].append({'image_id': 8, 'category_id': 3, 'segmentation': [SQUARE]})
    broken['annotations'].append({'image_id': 7, 'category_id': 3, 'segmentation': [SQUARE]})
    for name in ('a_1.jpg', 'a_2.jpg'):
        write_picture(tmp_path / name)
    write_json(tmp_path / 'labels.json', broken)
    data = read_dataset(tmp_path)
    problem, = data.problems
    assert 'labels.json: a_1.jpg is left out: ' in problem
    assert [sample.stem for sample in data.samples] == ['a_2'] and 'lane 1' in data.format
    assert (load_sample(data.samples[0])[1] == square()).all()
    with pytest.raises(UserError, match='a_1.jpg is left out'):
        read_dataset(tmp_path, strict=True)


@pytest.mark.parametrize('seed', range(8))
def test_polygons_are_filled_as_pycocotools_does(seed):
    from pycocotools import mask as coco_mask
    rng = np.random.default_rng(seed)
    turns = np.sort(rng.uniform(0, 2 * np.pi, 9))
    radius = rng.uniform(10, 28, 9)
    points = np.stack([50 + radius * np.cos(turns), 30 + radius * np.sin(turns)], axis=1)
    ours = np.zeros((HEIGHT, WIDTH), np.uint8)
    fill_polygon(ours, tuple(map(tuple, points.tolist())), 255)
    theirs = coco_mask.decode(coco_mask.frPyObjects([points.reshape(-1).tolist()], HEIGHT, WIDTH))
    differing = (ours > 0) != (theirs[:, :, 0] > 0)
    # pycocotools rounds the outline to a fifth of a pixel.
    assert differing.sum() <= 0.025 * theirs.sum()
    after = np.roll(points, -1, axis=0)
    area = abs(np.sum(points[:, 0] * after[:, 1] - points[:, 1] * after[:, 0])) / 2
    assert (ours > 0).sum() == pytest.approx(area, rel=0.01)

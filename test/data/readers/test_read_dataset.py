# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The format of a folder is found, or a sentence says what is wrong."""

import pytest
from labels_on_disk import SQUARE
from labels_on_disk import coco
from labels_on_disk import labelme
from labels_on_disk import only_mask
from labels_on_disk import square
from labels_on_disk import write_json
from labels_on_disk import write_mask
from labels_on_disk import write_picture

from lane_perception.data.readers import read_dataset
from lane_perception.errors import UserError


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UserError, match='there is no folder'):
        read_dataset(tmp_path / 'none')


def test_missing_labels_are_named(tmp_path):
    with pytest.raises(UserError, match='there are no labels at'):
        read_dataset(tmp_path, 'none')


def test_a_folder_without_labels_is_refused_with_the_known_formats(tmp_path):
    write_picture(tmp_path / 'images/a.jpg')
    (tmp_path / 'split.json').write_text('{}')
    (tmp_path / 'notes.json').write_text('{"made": "today"}')
    with pytest.raises(UserError, match=r'no labels that can be read \(1 pictures.*COCO.*CULane'):
        read_dataset(tmp_path)


def test_the_folder_of_pictures_is_refused_with_the_right_one(tmp_path):
    write_picture(tmp_path / 'images/a.jpg')
    write_mask(tmp_path / 'masks/a.png', square())
    with pytest.raises(UserError, match=f'name the folder above it, {tmp_path}$'):
        read_dataset(tmp_path / 'images')


def test_several_kinds_of_labels_must_be_told_apart(tmp_path):
    write_picture(tmp_path / 'images/a_1.jpg')
    write_json(tmp_path / 'coco.json', coco([SQUARE]))
    write_json(tmp_path / 'labelme/a_1.json', labelme())
    with pytest.raises(UserError, match='several kinds .*coco.*labelme.* by labels='):
        read_dataset(tmp_path)
    assert only_mask(read_dataset(tmp_path, 'coco.json')).any()
    assert not only_mask(read_dataset(tmp_path, 'labelme')).any()


@pytest.mark.parametrize('content, sentence', [
    ('{"images": [', 'is not JSON'), ('[' * 100_000 + ']' * 100_000, 'is nested too deeply'),
    ('{"images": ' + '9' * 5000 + '}', 'holds a number that is too long')],
    ids=['cut off', 'nested too deeply', 'a number too long'])
def test_a_label_file_that_is_not_json_is_named(tmp_path, content, sentence):
    write_picture(tmp_path / 'a.jpg')
    (tmp_path / 'labels.json').write_text(content)
    with pytest.raises(UserError, match=f'labels.json .*{sentence}'):
        read_dataset(tmp_path)


def test_classes_of_labels_that_have_none_are_refused(tmp_path):
    write_picture(tmp_path / 'images/a.jpg')
    write_mask(tmp_path / 'masks/a.png', square())
    (tmp_path / 'lines').mkdir()
    (tmp_path / 'lines/a.lines.txt').write_text('5 59 20 30\n')
    for labels in ('', 'lines'):
        with pytest.raises(UserError, match='among those of COCO and labelme.*have none'):
            read_dataset(tmp_path, labels, classes=['lane'])


def test_what_is_linked_twice_is_there_once_under_its_own_name(tmp_path):
    for folder, write in (('images', write_picture), ('masks', lambda file: write_mask(
            file, square()))):
        for drive in ('drive1', 'drive6'):
            write((tmp_path / folder / drive / 'a_1.png'))
        (tmp_path / folder / 'best').symlink_to(tmp_path / folder / 'drive6')
        (tmp_path / folder / 'latest').symlink_to(tmp_path / folder / 'drive6')
    found = read_dataset(tmp_path)
    assert [one.stem for one in found.samples] == ['drive1/a_1', 'drive6/a_1']


def test_linked_folders_are_followed_but_not_in_circles(tmp_path):
    elsewhere, data = tmp_path / 'elsewhere', tmp_path / 'data'
    write_picture(elsewhere / 'pictures/a_1.jpg')
    write_mask(elsewhere / 'masks/a_1.png', square())
    write_json(elsewhere / 'labels/a_1.json', labelme())
    for link, target in (
            (data / 'images/drive1', elsewhere / 'pictures'),
            (data / 'masks/drive1', elsewhere / 'masks'),
            (data / 'lines', elsewhere / 'labels'),
            (data / 'images/all', data),
            (elsewhere / 'pictures/again', elsewhere / 'pictures'),
            (elsewhere / 'labels/above', elsewhere)):
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    assert (only_mask(read_dataset(data)) == square()).all()
    assert read_dataset(data).samples[0].stem == 'drive1/a_1'
    assert not only_mask(read_dataset(data, 'lines')).any()

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The format of a folder is found, or a sentence says what is wrong."""

import errno
import json
import os
import unicodedata

import pytest
from labels_on_disk import SQUARE
from labels_on_disk import coco
from labels_on_disk import labelme
from labels_on_disk import only_mask
from labels_on_disk import square
from labels_on_disk import write_json
from labels_on_disk import write_mask
from labels_on_disk import write_picture

from lane_perception.data.image_files import find_files
from lane_perception.data.readers import read_dataset
from lane_perception.data.splits import read_split
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


@pytest.mark.parametrize('locked', ['', 'images', 'images/drive2'])
def test_a_folder_that_may_not_be_read_is_named(tmp_path, locked, monkeypatch):
    for drive in ('drive1', 'drive2'):
        write_picture(tmp_path / f'images/{drive}/a_1.jpg')
        write_mask(tmp_path / f'masks/{drive}/a_1.png', square())
    listed = os.scandir

    def scandir(folder):   # root, as which tests may run, reads every folder
        if str(folder) == str(tmp_path / locked):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        return listed(folder)
    monkeypatch.setattr(os, 'scandir', scandir)
    if not locked:
        (tmp_path / 'masks').rename(tmp_path / 'labels')
    with pytest.raises(UserError, match=f'folder {tmp_path / locked} cannot be read: Permission'):
        read_dataset(tmp_path)


def test_a_disk_of_its_own_is_a_data_set(tmp_path):
    write_picture(tmp_path / 'images/a_1.jpg')
    write_mask(tmp_path / 'masks/a_1.png', square())
    write_picture(tmp_path / 'lost+found/a_2.jpg')   # which only root may read
    assert [sample.stem for sample in read_dataset(tmp_path).samples] == ['a_1']
    assert find_files(tmp_path) == [tmp_path / 'images/a_1.jpg', tmp_path / 'masks/a_1.png']


@pytest.mark.parametrize('kind', ['coco', 'labelme', 'tusimple'])
def test_a_picture_of_a_format_that_is_not_read_is_told_from_one_that_is_missing(tmp_path, kind):
    write_picture(tmp_path / 'clips/b.jpg')
    (tmp_path / 'clips/a.gif').write_bytes(b'GIF89a')
    for number, name in enumerate(('b.jpg', 'a.gif', 'c.gif')):
        if kind == 'coco':
            write_json(tmp_path / f'clips/{number}.json', coco([SQUARE], name=name))
        elif kind == 'labelme':
            write_json(tmp_path / f'clips/{number}.json', labelme(name=name))
        else:
            write_json(tmp_path / f'{number}.json', {
                'raw_file': f'clips/{name}', 'h_samples': [10, 20], 'lanes': [[5, 5]]})
    data = read_dataset(tmp_path)
    assert list(data.by_stem()) == ['clips/b'] and len(data.problems) == 2
    assert 'a.gif, which is of no format that is read (.jpg, ' in data.problems[0]
    assert data.problems[1].endswith(f'c.gif, which is not in {tmp_path}')


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


@pytest.mark.parametrize('kind', ['masks', 'coco', 'labelme', 'tusimple', 'culane'])
@pytest.mark.parametrize('forms', [('NFD', 'NFC'), ('NFC', 'NFD')])
def test_accents_match_however_they_are_written(tmp_path, kind, forms):
    """As macOS writes the names of files, decomposed, and other systems and programs do not."""
    there, said = (unicodedata.normalize(form, 'Straße_für_1') for form in forms)
    write_picture(tmp_path / f'images/{there}.jpg')
    if kind == 'masks':
        write_mask(tmp_path / f'masks/{said}.png', square())
    elif kind == 'coco':
        write_json(tmp_path / 'labels.json', coco([SQUARE], name=f'{said}.jpg'))
    elif kind == 'labelme':
        write_json(tmp_path / 'labels/a.json', labelme(name=f'../images/{said}.jpg'))
    elif kind == 'tusimple':
        write_json(tmp_path / 'labels.json', {
            'raw_file': f'{said}.jpg', 'h_samples': [10, 20], 'lanes': [[5, 5]]})
    else:
        (tmp_path / f'images/{said}.lines.txt').write_text('1 2 3 4\n')
    data = read_dataset(tmp_path)
    stem, = data.by_stem()
    assert stem == unicodedata.normalize('NFC', said) and not data.unlabeled


@pytest.mark.parametrize('form', ['NFC', 'NFD'])
def test_a_split_names_accents_in_either_way(tmp_path, form):
    for name in ('\u00fc_1', 'u\u0308_2'):
        write_picture(tmp_path / f'images/{name}.jpg')
        write_mask(tmp_path / f'masks/{name}.png', square())
    parts = {part: [unicodedata.normalize(form, f'\u00fc_{number}')]
             for number, part in enumerate(('train', 'val'), 1)}
    (tmp_path / 'split.json').write_text(json.dumps(parts))
    split = read_split(tmp_path / 'split.json', read_dataset(tmp_path))
    assert (split.train, split.val) == (('\u00fc_1',), ('\u00fc_2',))

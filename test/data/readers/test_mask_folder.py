# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Folders of pictures and PNG masks are read, and broken files are named."""

import numpy as np
import pytest
from labels_on_disk import only_mask
from labels_on_disk import square
from labels_on_disk import write_mask
from labels_on_disk import write_picture

from lane_perception.data.readers import read_dataset
from lane_perception.data.samples import load_sample
from lane_perception.errors import UserError


def test_masks_with_the_names_of_pictures(tmp_path):
    write_picture(tmp_path / 'images/lap1/a_1.jpg')
    write_picture(tmp_path / 'images/lap1/a_2.jpg')
    write_mask(tmp_path / 'masks/lap1/a_1.png', square())
    data = read_dataset(tmp_path)
    assert (only_mask(data) == square()).all()
    assert data.samples[0].stem == 'lap1/a_1'
    assert [path.name for path in data.unlabeled] == ['a_2.jpg']
    assert 'PNG masks' in data.format


def test_pictures_may_lie_beside_the_folder_of_masks(tmp_path):
    write_picture(tmp_path / 'a_1.jpg')
    write_picture(tmp_path / 'a_2.jpg')
    write_mask(tmp_path / 'masks/a_1.png', square())
    data = read_dataset(tmp_path)
    assert [sample.stem for sample in data.samples] == ['a_1']
    assert [path.name for path in data.unlabeled] == ['a_2.jpg'], 'a mask is no picture'


def test_folders_with_masks_of_their_own_beside_each_other_are_one_data_set(tmp_path):
    for drive in ('drive1', 'drive2'):
        write_picture(tmp_path / drive / 'images/a_1.jpg')
        write_mask(tmp_path / drive / 'masks/a_1.png', square())
    write_picture(tmp_path / 'drive1/images/a_2.jpg')
    write_picture(tmp_path / 'drive3/a_1.jpg')
    write_mask(tmp_path / 'drive3/masks/a_1.png', square())
    write_mask(tmp_path / 'drive3/masks/a_9.png', square())
    (tmp_path / 'latest').symlink_to(tmp_path / 'drive2')
    (tmp_path / 'notes.json').write_text('{')
    data = read_dataset(tmp_path)
    assert list(data.by_stem()) == ['drive1/images/a_1', 'drive2/images/a_1', 'drive3/a_1']
    assert len({sample.recording for sample in data.samples}) == 3
    assert all((load_sample(sample)[1] == square()).all() for sample in data.samples)
    assert [path.name for path in data.unlabeled] == ['a_2.jpg']
    assert 'notes.json is not JSON' in data.problems[0] and 'a_9.png' in data.problems[1]
    with pytest.raises(UserError, match='notes.json'):
        read_dataset(tmp_path, strict=True)
    with pytest.raises(UserError, match='drive1 and beside it have none, such as lane'):
        read_dataset(tmp_path, classes=['lane'])


def test_labels_of_other_kinds_count_before_masks_in_inner_folders(tmp_path):
    write_picture(tmp_path / 'drive1/a_1.jpg')
    write_mask(tmp_path / 'drive1/masks/a_1.png', square())
    (tmp_path / 'drive1/a_1.lines.txt').write_text('5 59 20 30\n')
    assert 'CULane' in read_dataset(tmp_path).format


@pytest.mark.parametrize('stored, read', [
    (square() // 255, square()),
    (np.where(square() > 0, 255, 127).astype(np.uint8), None),
    (square().astype(np.uint16) * 257, square()),
    (np.dstack([square()] * 3), square()),
    (np.dstack([square() // 4, square() * 0, square() // 2]), square()),
    (np.dstack([square()] * 3 + [np.full_like(square(), 255)]), square()),
], ids=['zero and one', 'not judged', '16 bits', 'gray in three channels', 'color', 'alpha'])
def test_masks_are_read_whatever_their_depth(tmp_path, stored, read):
    write_picture(tmp_path / 'images/a.jpg')
    write_mask(tmp_path / 'masks/a.png', stored)
    mask = only_mask(read_dataset(tmp_path))
    assert (mask == (stored if read is None else read)).all()


def test_another_folder_of_masks_is_read_when_named(tmp_path):
    write_picture(tmp_path / 'images/a.jpg')
    write_mask(tmp_path / 'masks/a.png', square() * 0)
    write_mask(tmp_path / 'careful/a.png', square())
    assert (only_mask(read_dataset(tmp_path, 'careful')) == square()).all()
    assert (only_mask(read_dataset(tmp_path, tmp_path / 'careful')) == square()).all()
    assert only_mask(read_dataset(tmp_path)).max() == 0


def test_a_mask_without_picture_is_a_problem_or_an_error(tmp_path):
    write_picture(tmp_path / 'images/a.jpg')
    write_mask(tmp_path / 'masks/a.png', square())
    write_mask(tmp_path / 'masks/b.png', square())
    data = read_dataset(tmp_path)
    assert len(data) == 1 and 'b.png has no picture' in data.problems[0]
    with pytest.raises(UserError, match='b.png has no picture'):
        read_dataset(tmp_path, strict=True)


@pytest.mark.parametrize('folder', ['images', 'masks'])
def test_two_files_of_one_name_are_a_problem_or_an_error(tmp_path, folder):
    for name in 'abc':
        write_picture(tmp_path / f'images/{name}.jpg')
        write_mask(tmp_path / f'masks/{name}.png', square())
    write_mask(tmp_path / f'{folder}/a.bmp', square())
    data = read_dataset(tmp_path)
    assert [sample.stem for sample in data.samples] == ['b', 'c'] and data.unlabeled == ()
    sentence = rf'{folder}/a.bmp and .*{folder}/a\.(jpg|png) are files of one name'
    assert len(data.problems) == 1
    with pytest.raises(UserError, match=sentence):
        read_dataset(tmp_path, strict=True)


def test_masks_beside_every_picture_are_not_taken_for_pictures(tmp_path):
    write_picture(tmp_path / 'images/a.jpg')
    write_mask(tmp_path / 'images/a.png', square())
    write_mask(tmp_path / 'masks/a.png', square())
    with pytest.raises(UserError, match='a.jpg and .*a.png are files of one name'):
        read_dataset(tmp_path)


def test_masks_that_match_no_picture_are_refused(tmp_path):
    write_picture(tmp_path / 'images/a.jpg')
    write_mask(tmp_path / 'masks/a_mask.png', square())
    with pytest.raises(UserError, match='has the name of a picture'):
        read_dataset(tmp_path)


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path):
    write_picture(tmp_path / 'images/a.jpg')
    write_mask(tmp_path / 'masks/a.png', square()[:30])
    with pytest.raises(UserError, match=r'a\.png is 100x30, but its picture is 100x60'):
        load_sample(read_dataset(tmp_path).samples[0])


@pytest.mark.parametrize('damage, sentence', [
    (lambda data: b'', 'is empty'),
    (lambda data: data[:len(data) // 2], 'is cut off'),
    (lambda data: b'not a picture', 'is damaged or not a picture'),
])
def test_a_broken_picture_is_named(tmp_path, damage, sentence):
    write_picture(tmp_path / 'images/a.jpg')
    write_mask(tmp_path / 'masks/a.png', square())
    sample = read_dataset(tmp_path).samples[0]
    sample.image_path.write_bytes(damage(sample.image_path.read_bytes()))
    with pytest.raises(UserError, match=f'a.jpg {sentence}'):
        load_sample(sample)


def test_a_picture_that_vanished_is_named(tmp_path):
    write_picture(tmp_path / 'images/a.jpg')
    write_mask(tmp_path / 'masks/a.png', square())
    sample = read_dataset(tmp_path).samples[0]
    sample.image_path.unlink()
    with pytest.raises(UserError, match='a.jpg does not exist'):
        load_sample(sample)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The truth in label files goes to the frames that their names mean."""

import numpy as np
import pytest
from labels_on_disk import labelme
from labels_on_disk import line
from labels_on_disk import write_json
from labels_on_disk import write_picture

from lane_perception.data.image_files import write_image
from lane_perception.data.recordings import Received
from lane_perception.errors import UserError
from lane_perception.evaluation.label_folder import LabelFolder

SIZE = (4, 6)
SECOND = 1_000_000_000


def frames_at(stamps):
    return [Received(number, stamp, stamp, 'message') for number, stamp in enumerate(stamps)]


def write_labels(folder, names):
    """Write a mask under each name, whose pixels are its place in the list, from 1."""
    folder.mkdir()
    for number, name in enumerate(names, 1):
        write_image(folder / f'{name}.png', np.full(SIZE, 10 * number, np.uint8))
    return folder


def matched(labels, frames, blind=()):
    """Return the place, from 0, of each frame's label, None without, and what was said."""
    found = []
    for frame, following in zip(frames, [*frames[1:], None]):
        mask = labels.label(frame, None if frame.number in blind else SIZE, following)
        found.append(None if mask is None else int(mask[0, 0]) // 10 - 1)
    return found, labels.close()


def test_a_broken_label_is_named_among_what_could_not_be_used(tmp_path):
    for number in range(2):
        write_picture(tmp_path / f'frame_{number}.jpg')
    write_json(tmp_path / 'frame_0.json', labelme(line([0, 5], [90, 5]), name='frame_0.jpg'))
    write_json(tmp_path / 'frame_1.json', labelme(
        line([0, 5], [float('nan'), 5]), name='frame_1.jpg'))
    labels = LabelFolder(tmp_path)
    first, second = frames_at([0, 1])
    assert labels.label(first, (60, 100)).any()
    assert labels.label(second, (60, 100)) is None
    problem, = labels.close()
    assert 'frame_1.json: shape 0 is broken' in problem


def test_the_masks_of_drives_beside_each_other_are_labels_and_their_pictures_none(tmp_path):
    for drive, number in (('one', 0), ('two', 1)):
        folder = tmp_path / drive
        (folder / 'images').mkdir(parents=True)
        write_image(folder / 'images' / f'{number}.png', np.full(SIZE, 200, np.uint8))
        (folder / 'masks').mkdir()
        write_image(folder / 'masks' / f'{number}.png', np.full(SIZE, 10 + 10 * number, np.uint8))
    assert matched(LabelFolder(tmp_path), frames_at([0, 1])) == ([0, 1], [])


def test_classes_are_chosen_and_told(tmp_path):
    write_picture(tmp_path / 'frame_0.jpg')
    write_json(tmp_path / 'frame_0.json', labelme(
        line([0, 5], [90, 5]), line([0, 50], [90, 50], label='car'), name='frame_0.jpg'))
    frame, = frames_at([0])
    every, chosen = LabelFolder(tmp_path), LabelFolder(tmp_path, classes=['lane'])
    assert every.label(frame, (60, 100))[50].any()
    mask = chosen.label(frame, (60, 100))
    assert mask[5].any() and not mask[50].any()
    assert every.format == 'labelme (markings: car 1, lane 1)'
    assert chosen.format == 'labelme (markings: lane 1; left out: car 1)'
    with pytest.raises(UserError, match='no label has the class "lanes"'):
        LabelFolder(tmp_path, classes=['lanes'])


def test_masks_have_no_classes_to_choose(tmp_path):
    folder = write_labels(tmp_path / 'labels', ['0'])
    assert LabelFolder(folder).format == 'masks'
    with pytest.raises(UserError, match='have none, such as lane'):
        LabelFolder(folder, classes=['lane'])


@pytest.mark.parametrize('start', [0, 10 * SECOND, 3_600 * SECOND, 1_700_000_000 * SECOND])
@pytest.mark.parametrize('naming', [
    str, lambda stamp: f'{stamp / SECOND:.6f}', lambda stamp: str(stamp / SECOND),
    lambda stamp: f'{stamp // SECOND}.{stamp % SECOND:09d}',
    lambda stamp: f'{stamp // SECOND}.{stamp % SECOND // 1_000_000:03d}',
    lambda stamp: f'frame_{stamp / SECOND:.2f}'],
    ids=['nanoseconds', 'rounded', 'float', 'exact', 'cut off', 'two digits'])
def test_names_are_stamps_of_any_clock_and_exactness(tmp_path, start, naming):
    stamps = [start + number * SECOND // 30 for number in range(25)]
    labels = LabelFolder(write_labels(tmp_path / 'labels', map(naming, stamps)))
    assert matched(labels, frames_at(stamps)) == (list(range(25)), [])


def test_a_number_with_a_fraction_is_never_a_frames_number(tmp_path):
    labels = LabelFolder(write_labels(tmp_path / 'labels', ['0.500000', '1.500000']))
    found, said = matched(labels, frames_at([70 * SECOND, 71 * SECOND]))
    assert found == [None, None]
    assert said == [f'2 of 2 labels in {tmp_path / "labels"} match no frame by its stamp']


def test_few_digits_are_the_nearest_frames_and_said(tmp_path):
    labels = LabelFolder(write_labels(tmp_path / 'labels', ['0.1', '0.5', '0.9']))
    found, said = matched(labels, frames_at([number * SECOND // 20 for number in range(20)]))
    assert [number for number, label in enumerate(found) if label is not None] == [2, 10, 18]
    assert said[0].startswith('3 labels in') and 'several frames fit' in said[0]


@pytest.mark.parametrize('blind', [(), (0,), (3, 4)])
def test_numbers_count_frames_without_a_picture(tmp_path, blind):
    labels = LabelFolder(write_labels(tmp_path / 'labels', [f'{n:03d}' for n in range(8)]))
    found, said = matched(labels, frames_at(range(SECOND, 9 * SECOND, SECOND)), blind)
    assert found == [None if number in blind else number for number in range(8)]
    assert said == []


@pytest.mark.parametrize('blind', [(), (0,)])
def test_a_rate_counts_from_the_first_frame_to_the_nearest(tmp_path, blind):
    labels = LabelFolder(write_labels(tmp_path / 'labels', [f'{n:03d}' for n in range(4)]), 10.0)
    stamps = [5 * SECOND + number * SECOND // 30 for number in range(12)]
    found, said = matched(labels, frames_at(stamps), blind)
    expected = {0: None if blind else 0, 3: 1, 6: 2, 9: 3}
    assert found == [expected.get(number) for number in range(12)]
    assert said == []


def test_a_frame_that_comes_a_little_early_has_the_label_of_its_number(tmp_path):
    labels = LabelFolder(write_labels(tmp_path / 'labels', [f'{n:03d}' for n in range(4)]), 30.0)
    early = [5 * SECOND + number * 33_333_333 for number in range(4)]   # of 33,333,333.3
    assert matched(labels, frames_at(early)) == ([0, 1, 2, 3], [])


def test_of_two_labels_of_one_frame_the_first_counts_and_the_other_is_named(tmp_path):
    labels = LabelFolder(write_labels(tmp_path / 'labels', ['a_7', 'b_7']))
    found, said = matched(labels, frames_at(range(8)))
    assert found == [None] * 7 + [0]
    assert said == [f'the label b_7 in {tmp_path / "labels"} is of a frame that has one already '
                    '(7), and was left out']


def test_labels_of_one_name_in_several_folders_do_not_hide_each_other(tmp_path):
    folder = write_labels(tmp_path / 'labels', ['7'])
    write_labels(folder / 'other', ['0', '7'])
    found, said = matched(LabelFolder(folder), frames_at(range(8)))
    assert found == [0, *[None] * 6, 0]
    assert said == [f'the label other/7 in {folder} is of a frame that has one already (7), and '
                    'was left out']


@pytest.mark.parametrize('naming, period, found', [
    ('{0}_{1:09d}', 333_333_333, [0, 1, 2, 3]), ('{0}_{1}', 333_333_333, [0, 1, 2, 3]),
    ('{0}_{1:09d}', SECOND, [0, 1, 2, 3]),
    # the recording's stamp, and the frame's number
    ('1714560019_{2:06d}', 333_333_333, [0, 1, 2, 3])])
def test_a_stamp_in_two_numbers_is_one(tmp_path, naming, period, found):
    stamps = [1714560019 * SECOND + number * period + 20_000_000 for number in range(4)]
    names = [naming.format(*divmod(stamp, SECOND), number) for number, stamp in enumerate(stamps)]
    labels = LabelFolder(write_labels(tmp_path / 'labels', names))
    assert matched(labels, frames_at(stamps)) == (found, [])


def test_photos_are_no_masks(tmp_path):
    folder = tmp_path / 'labels'
    folder.mkdir()
    write_picture(folder / '0.jpg')
    with pytest.raises(UserError, match='holds no labels: its 1 JPEG pictures are no masks'):
        LabelFolder(folder)
    write_image(folder / '0.png', np.full(SIZE, 10, np.uint8))
    found, said = matched(LabelFolder(folder), frames_at([0]))
    assert found == [0]
    assert said == [f'1 JPEG pictures in {folder} were left out: masks are PNG']


def test_numbers_that_match_no_frame_name_the_rate_of_a_video(tmp_path):
    frames = frames_at([SECOND * number for number in range(1, 4)])
    folder = write_labels(tmp_path / 'labels', ['frame_0', 'frame_30', 'frame_60'])
    found, said = matched(LabelFolder(folder), frames)
    assert found == [0, None, None]
    assert said == [f'2 of 3 labels in {folder} match no frame by its number; where the labels '
                    'were taken from a video, give its frames per second with --label-rate']
    assert matched(LabelFolder(folder, rate=30), frames) == ([0, 1, 2], [])


def test_a_rate_for_labels_named_after_stamps_is_said(tmp_path):
    frames = frames_at([SECOND * 1_700_000_000, SECOND * 1_700_000_001])
    folder = write_labels(tmp_path / 'labels', [str(frame.stamp_ns) for frame in frames])
    assert matched(LabelFolder(folder, rate=30), frames) == ([0, 1], [
        f'--label-rate has no effect: the labels in {folder} are named after stamps'])

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Splits keep neighbors in time together and are the same every time."""

import json
import random
from pathlib import Path

import pytest

from lane_perception.data.samples import DataSet
from lane_perception.data.samples import LabeledImage
from lane_perception.data.samples import MaskFile
from lane_perception.data.samples import with_recordings
from lane_perception.data.splits import PARTS
from lane_perception.data.splits import choose_split
from lane_perception.data.splits import make_split
from lane_perception.data.splits import read_split
from lane_perception.data.splits import write_split
from lane_perception.errors import UserError


def named(*stems):
    return with_recordings(LabeledImage(stem, Path(f'{stem}.jpg'), MaskFile(Path(f'{stem}.png')))
                           for stem in stems)


def data_set(path, stems):
    return DataSet(path, 'test', named(*stems))


def frame_number(stem):
    return int(stem.rsplit('_', 1)[1])


def test_one_recording_is_cut_into_blocks_of_time_with_gaps():
    split = make_split(named(*(f'lap_{number:04d}' for number in range(0, 2000, 10))))
    train, val, test = ([frame_number(stem) for stem in split.part(part)] for part in PARTS)
    assert max(train) + 40 <= min(val) and max(val) + 40 <= min(test)
    assert 0.62 <= len(train) / 200 <= 0.72
    assert 0.12 <= len(val) / 200 <= 0.16 and 0.12 <= len(test) / 200 <= 0.16


def test_frames_taken_closely_lose_at_least_one_frame_at_each_cut():
    split = make_split(named(*(f'lap_{number}' for number in range(24))))
    numbers = sorted(frame_number(stem) for part in PARTS for stem in split.part(part))
    assert len(numbers) <= 22
    train, val, test = ([frame_number(stem) for stem in split.part(part)] for part in PARTS)
    assert max(train) + 1 < min(val) and max(val) + 1 < min(test)


def test_order_of_samples_does_not_matter():
    samples = named(*(f'lap_{number}' for number in range(57)))
    shuffled = list(samples)
    random.Random(3).shuffle(shuffled)
    assert make_split(samples) == make_split(shuffled)


def test_frame_9_comes_before_frame_10():
    split = make_split(named(*(f'{number}_cam_image_array_' for number in range(100))))
    assert {int(stem.split('_')[0]) for stem in split.train} == set(range(len(split.train)))


def test_whole_recordings_are_dealt_when_there_are_enough():
    stems = [f'drive{letter}/frame_{number}' for letter in 'abcdefghij' for number in range(30)]
    split = make_split(named(*stems))
    drives = [{stem.split('/')[0] for stem in split.part(part)} for part in PARTS]
    assert not (drives[0] & drives[1] or drives[1] & drives[2] or drives[0] & drives[2])
    assert [len(drive) for drive in drives] in ([7, 2, 1], [7, 1, 2], [6, 2, 2])
    assert 'recording' in split.how


def test_a_recording_much_larger_than_the_others_is_what_is_trained_on():
    split = make_split(named(*(f'{drive}/{n}' for drive, count in (('a', 15), ('b', 70), ('c', 15))
                               for n in range(count))))
    assert [{stem[0] for stem in split.part(part)} for part in PARTS] == [{'b'}, {'a'}, {'c'}]


def test_frames_named_by_stamps_are_cut_by_time():
    stems = [f'{1714560000 + number / 5:.6f}' for number in range(200)]
    split = make_split(named(*stems))
    train, val, test = ([float(stem) for stem in split.part(part)] for part in PARTS)
    assert max(train) + 0.8 <= min(val) and max(val) + 0.8 <= min(test) and not split.doubt


@pytest.mark.parametrize('form, doubtful', [
    ('lap{0}_{1}', True), ('{0:x}f00{1}', True), ('synthesize_{0}{1}', False),
    ('tour{1}_{0}', False),
])
def test_many_short_recordings_are_doubted(form, doubtful):
    split = make_split(named(*(form.format(first, second)
                               for first in range(30) for second in range(3))))
    assert bool(split.doubt) == doubtful
    if doubtful:
        assert '30 recordings of 3 in the median, each dealt on its own' in split.doubt


@pytest.mark.parametrize('starts', [
    ('20240110_12', '20240111_12'), ('20240110_12', '20240111_12', '20240111_15'),
    ('20240110_12', '20000101_00')])
def test_pauses_between_drives_and_a_wrong_clock_leave_out_no_more(starts):
    stems = [f'IMG_{start}{number // 60:02d}{number % 60:02d}' for start in starts
             for number in range(60)]
    split = make_split(named(*stems))
    assert len(split.left_out) <= 0.06 * len(stems)
    for part, share in zip(PARTS, (0.70, 0.15, 0.15)):
        assert len(split.part(part)) == pytest.approx(share * len(stems), abs=0.05 * len(stems))


def test_two_recordings_are_each_cut_by_time():
    split = make_split(named(*(f'{drive}/{n}' for drive in 'ab' for n in range(100))))
    for part in PARTS:
        assert {stem[0] for stem in split.part(part)} == {'a', 'b'}


def test_augmented_versions_of_one_picture_stay_together():
    stems = [f'lap_{number:03d}_jpg.rf.{version}{number:04x}' for number in range(60)
             for version in ('aa', 'bb', 'cc')]
    split = make_split(named(*stems))
    part_of = {stem: part for part in PARTS for stem in split.part(part)}
    for number in range(60):
        parts = {part_of.get(stem) for stem in stems if stem.startswith(f'lap_{number:03d}_')}
        assert len(parts) == 1


@pytest.mark.parametrize('count', [6, 30])
def test_versions_of_a_single_moment_are_never_cut(count):
    with pytest.raises(UserError, match='do not suffice'):
        make_split(named(*(f'lap_7_jpg.rf.{version:032x}' for version in range(count))))


@pytest.mark.parametrize('count', range(3, 41))
def test_every_size_gives_training_and_validation_without_overlap(count):
    split = make_split(named(*(f'lap_{number}' for number in range(count))))
    stems = [stem for part in PARTS for stem in split.part(part)]
    assert split.train and split.val and split.test
    assert len(stems) == len(set(stems)) >= count - 2 * max(1, count // 20)
    assert len(split.train) > len(split.val) or count < 5


def test_two_pictures_cannot_be_split():
    with pytest.raises(UserError, match='2 labeled pictures are too few to split'):
        make_split(named('a_1', 'a_2'))


def test_split_json_in_the_folder_counts(tmp_path):
    (tmp_path / 'split.json').write_text(
        json.dumps({'train': ['a_1', 'a_2'], 'val': ['a_3'], 'test': []}))
    split = choose_split(data_set(tmp_path, ['a_1', 'a_2', 'a_3', 'a_4']))
    assert (split.train, split.val, split.test) == (('a_1', 'a_2'), ('a_3',), ())


def test_split_survives_being_written_and_read(tmp_path):
    split = make_split(named(*(f'lap_{number}' for number in range(50))))
    write_split(split, tmp_path / 'split.json')
    again = read_split(tmp_path / 'split.json')
    assert [again.part(part) for part in PARTS] == [split.part(part) for part in PARTS]
    assert [path.name for path in tmp_path.iterdir()] == ['split.json']


def test_file_names_are_taken_for_stems(tmp_path):
    (tmp_path / 'split.json').write_text('{"train": ["a_1.jpg"], "val": ["a_2.png"]}')
    split = choose_split(data_set(tmp_path, ['a_1', 'a_2']))
    assert (split.train, split.val) == (('a_1',), ('a_2',))


def test_the_samples_are_looked_through_once_however_many_a_split_file_names(
        tmp_path, monkeypatch):
    stems = [f'a_{number}' for number in range(40)]
    (tmp_path / 'split.json').write_text(json.dumps({'train': stems[:30], 'val': stems[30:]}))
    data, by_stem, asked = data_set(tmp_path, stems), DataSet.by_stem, []
    monkeypatch.setattr(DataSet, 'by_stem', lambda self: asked.append(1) or by_stem(self))
    choose_split(data)
    assert len(asked) == 1


@pytest.mark.parametrize('text, sentence', [
    ('{"train": ["a_1"], "val": ["a_1"]}', 'names a_1 twice, in train and in val'),
    ('{"train": ["a_1"], "val": ["b_7"]}', 'names b_7, which'),
    ('{"train": ["a_1"], "val": []}', 'no labeled picture into "val"'),
    ('{"train": "a_1", "val": ["a_2"]}', 'is not a split file'),
    ('[1, 2]', 'is not a split file'),
    ('{"train": [', 'is not JSON'),
])
def test_wrong_split_file_is_refused_with_its_name(tmp_path, text, sentence):
    file = tmp_path / 'mine.json'
    file.write_text(text)
    with pytest.raises(UserError, match=sentence) as raised:
        choose_split(data_set(tmp_path, ['a_1', 'a_2']), file)
    assert 'mine.json' in str(raised.value)


def test_a_split_file_as_an_editor_of_windows_leaves_it_is_read(tmp_path):
    file = tmp_path / 'mine.json'
    file.write_text('{"train": ["a_1"], "val": ["a_2"]}', encoding='utf-8-sig')
    assert choose_split(data_set(tmp_path, ['a_1', 'a_2']), file).val == ('a_2',)


def test_missing_split_file_is_refused(tmp_path):
    with pytest.raises(UserError, match='there is no split file'):
        choose_split(data_set(tmp_path, ['a_1', 'a_2']), tmp_path / 'none.json')


def test_folders_of_an_export_are_kept_when_asked_for(tmp_path):
    stems = ['train/a_1', 'Valid/drive/a_2', 'export/val/a_4', 'test/a_3', 'a_5', 'train_a_6']
    split = choose_split(data_set(tmp_path, stems), 'folders')
    assert (split.train, split.val, split.test) == (
        ('train/a_1',), ('Valid/drive/a_2', 'export/val/a_4'), ('test/a_3',))
    with pytest.raises(UserError, match='needs folders train and valid'):
        choose_split(data_set(tmp_path, ['a_1', 'a_2']), 'folders')

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings are read as far as they go, whatever is missing or damaged."""

import shutil
import sqlite3
import zlib
from pathlib import Path

import cv2
import pytest
import yaml
from noise_recordings import IMAGE
from noise_recordings import SECOND
from noise_recordings import TOPIC
from noise_recordings import image_message
from noise_recordings import plain_mcap
from noise_recordings import read
from noise_recordings import storage_file
from noise_recordings import write
from rosbags.rosbag2 import CompressionMode
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores
from rosbags.typesys import get_types_from_msg
from rosbags.typesys import get_typestore

from lane_perception.data.mcap_scan import CHUNK
from lane_perception.data.mcap_scan import CHUNK_HEAD
from lane_perception.data.mcap_scan import DATA_END
from lane_perception.data.mcap_scan import MAGIC
from lane_perception.data.mcap_scan import RECORD_HEAD
from lane_perception.data.recordings import RecordingReader
from lane_perception.data.recordings import _natural_order
from lane_perception.errors import UserError


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_what_is_written_is_read_back_in_order(tmp_path, storage):
    bag = write(tmp_path / 'bag', storage=storage)
    with RecordingReader(bag) as reader:
        assert reader.topics()[TOPIC] == (TOPIC, IMAGE, 50)
        frames = list(reader.frames(TOPIC))
        offsets = [message.data for _, _, message in reader.frames('/offset')]
        assert not reader.problems
    assert [stamp for stamp, _, _ in frames] == [
        1000 * SECOND + index * SECOND // 10 for index in range(50)]
    assert all(log_time == stamp + 5 for stamp, log_time, _ in frames)
    assert offsets == [index / 2 for index in range(50)]
    assert cv2.imdecode(frames[7][2].data, cv2.IMREAD_COLOR).shape == (90, 160, 3)


def test_several_topics_come_in_the_order_of_their_log_times(tmp_path):
    bag = write(tmp_path / 'bag', 5)
    with RecordingReader(bag) as reader:
        times = [raw.log_time_ns for raw in reader.messages()]
        only = {raw.topic for raw in reader.messages(['/offset', '/absent'])}
    assert times == sorted(times)
    assert len(times) == 10
    assert only == {'/offset'}


@pytest.mark.parametrize('share', [0.3, 0.7, 0.9])
def test_a_truncated_mcap_is_read_up_to_the_cut(tmp_path, share):
    bag = write(tmp_path / 'bag', 200)
    whole, _ = read(bag)
    file = storage_file(bag)
    size = file.stat().st_size
    with open(file, 'r+b') as stream:
        stream.truncate(int(size * share))
    frames, problems = read(bag)
    assert frames == whole[:len(frames)]
    assert len(frames) > 200 * share - 15
    assert len(frames) < 200
    assert len(problems) == 1
    assert 'cut short' in problems[0]


def test_a_recording_that_lost_only_its_index_is_read_whole(tmp_path):
    bag = write(tmp_path / 'bag', 200)
    with open(storage_file(bag), 'r+b') as stream:
        stream.truncate(storage_file(bag).stat().st_size - 40)
    assert len(read(bag)[0]) == 200


def test_a_record_of_impossible_length_ends_the_reading_with_a_sentence(tmp_path):
    bag = write(tmp_path / 'bag', 10)
    file = storage_file(bag)
    content = file.read_bytes()
    data_end = content.index(b'\x0f\x04\x00\x00\x00')
    file.write_bytes(content[:data_end] + b'\x05' + b'\xff' * 8 + b'x')
    frames, problems = read(bag)
    assert len(frames) == 10
    assert 'cut short' in problems[0]


def test_a_cut_in_an_uncompressed_chunk_loses_no_whole_message(tmp_path):
    bag = plain_mcap(tmp_path / 'bag')
    file = storage_file(bag)
    content = file.read_bytes()
    # The cut lies inside the data of the 61st message, within a chunk of about a megabyte.
    types = get_typestore(Stores.LATEST)
    data = bytes(types.serialize_cdr(image_message(types.types.__getitem__, 60), IMAGE))
    file.write_bytes(content[:content.index(data) + 100])
    assert [stamp for stamp, _ in read(bag)[0]] == list(range(60))


@pytest.mark.parametrize('wrong', [False, True])
def test_a_chunk_whose_checksum_is_wrong_is_left_out_and_said(tmp_path, wrong):
    bag = plain_mcap(tmp_path / 'bag')
    file = storage_file(bag)
    content = bytearray(file.read_bytes()[:-40])   # without the end of its index it is scanned
    position, chunks = len(MAGIC), []
    while content[position] != DATA_END:
        if content[position] == CHUNK:
            chunks.append(position)
        position += RECORD_HEAD.size + RECORD_HEAD.unpack_from(content, position)[1]
    body = chunks[-1] + RECORD_HEAD.size   # the first one describes the topic
    first, last, size, _ = CHUNK_HEAD.unpack_from(content, body)
    inside = body + CHUNK_HEAD.size + 4 + 8   # behind the compression's name '' and the length
    checksum = zlib.crc32(content[inside:inside + size]) ^ wrong
    CHUNK_HEAD.pack_into(content, body, first, last, size, checksum)
    file.write_bytes(content)
    frames, problems = read(bag)
    assert (0 < len(frames) < 100) == wrong
    assert any('checksum is wrong' in problem for problem in problems) == wrong


@pytest.mark.parametrize('mode', [CompressionMode.MESSAGE, CompressionMode.FILE])
def test_compressed_recordings_are_read_with_and_without_metadata(tmp_path, mode):
    bag = plain_mcap(tmp_path / 'bag', mode)
    frames, problems = read(bag)
    assert len(frames) == 100
    assert not problems
    (bag / 'metadata.yaml').unlink()
    assert read(bag)[0] == frames


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_a_recording_without_metadata_is_read_and_said_so(tmp_path, storage):
    bag = write(tmp_path / 'bag', 10, storage)
    (bag / 'metadata.yaml').unlink()
    frames, problems = read(bag)
    assert len(frames) == 10
    assert 'metadata.yaml' in problems[0]


def test_files_are_sorted_by_numbers_and_by_nothing_that_only_looks_like_one():
    names = ['a_10.mcap', '²10.mcap', 'a_2.mcap']
    assert [path.name for path in sorted(map(Path, names), key=_natural_order)] == [
        'a_2.mcap', 'a_10.mcap', '²10.mcap']


@pytest.mark.parametrize('text, sentence', [
    ('rosbag2_bagfile_information: [', 'is not YAML'), ('2026-02-30', 'holds a value'),
    ('rosbag2_bagfile_information: {}', 'does not list the files')])
def test_damaged_metadata_is_no_obstacle(tmp_path, text, sentence):
    bag = write(tmp_path / 'bag', 10)
    (bag / 'metadata.yaml').write_text(text)
    frames, problems = read(bag)
    assert len(frames) == 10
    assert sentence in problems[0] and 'in the order of their names' in problems[0]


def test_a_storage_file_alone_is_a_recording(tmp_path):
    bag = write(tmp_path / 'bag', 10)
    assert len(read(storage_file(bag))[0]) == 10


def test_a_split_recording_is_read_in_order_and_a_missing_part_is_named(tmp_path):
    split = tmp_path / 'split'
    split.mkdir()
    for part in (2, 10):
        bag = write(tmp_path / f'part{part}', part)
        shutil.copy(storage_file(bag), split / f'split_{part}.mcap')
    frames, _ = read(split)
    assert len(frames) == 12
    assert [stamp for stamp, _ in frames[:2]] == [1000 * SECOND, 1000 * SECOND + SECOND // 10]
    assert frames[2][0] == 1000 * SECOND, 'split_2 comes before split_10'
    metadata = {'rosbag2_bagfile_information': {
        'relative_file_paths': ['split_2.mcap', 'split_3.mcap', 'split_10.mcap']}}
    (split / 'metadata.yaml').write_text(yaml.safe_dump(metadata))
    frames, problems = read(split)
    assert len(frames) == 12
    assert 'split_3.mcap' in problems[0]
    (split / 'split_3.mcap').write_bytes(b'')
    frames, problems = read(split)
    assert len(frames) == 12
    assert 'split_3.mcap' in problems[0]


def test_a_damaged_message_is_left_out_and_the_rest_is_read(tmp_path):
    bag = write(tmp_path / 'bag', 5, 'sqlite3')
    with sqlite3.connect(storage_file(bag)) as database:
        database.execute('UPDATE messages SET data = x\'0001000001\' WHERE id = 3')
    frames, problems = read(bag)
    assert len(frames) == 4
    assert 'left out' in problems[0]


def test_messages_that_sqlite_has_not_taken_in_yet_are_said(tmp_path):
    bag = write(tmp_path / 'bag', 5, 'sqlite3')
    file = storage_file(bag)
    file.with_name(f'{file.name}-wal').write_bytes(b'the newest messages')
    frames, problems = read(bag)
    assert len(frames) == 5
    assert f'merge them: sqlite3 {file.name} VACUUM' in problems[0]


def test_a_message_type_that_only_the_recording_knows_is_read(tmp_path):
    kind = 'car_msgs/msg/Speed'
    types = get_typestore(Stores.LATEST)
    types.register(get_types_from_msg('float64 meters_per_second', kind))
    with Writer(tmp_path / 'bag', version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection('/speed', kind, typestore=types)
        writer.write(connection, 7, types.serialize_cdr(types.types[kind](1.5), kind))
    with RecordingReader(tmp_path / 'bag') as reader:
        (stamp, _, message), = reader.frames('/speed')
    assert message.meters_per_second == 1.5
    assert stamp == 7, 'without a header, when it was logged'


def test_a_truncated_sqlite_recording_gives_a_sentence(tmp_path):
    bag = write(tmp_path / 'bag', 200, 'sqlite3')
    file = storage_file(bag)
    with open(file, 'r+b') as stream:
        stream.truncate(file.stat().st_size // 2)
    try:
        frames, problems = read(bag)
    except UserError as error:
        assert file.name in str(error)
    else:
        assert len(frames) < 200
        assert file.name in problems[0]


@pytest.mark.parametrize(('make', 'sentence'), [
    (lambda folder: folder / 'absent', 'there is no recording'),
    (lambda folder: folder, 'holds no .mcap or .db3'),
    (lambda folder: _touch(folder / 'old.bag'), 'ROS 1'),
    (lambda folder: _touch(folder / 'film.avi'), 'rosbag2 folder'),
    (lambda folder: _touch(folder / 'empty.mcap'), 'magic'),
    (lambda folder: _touch(folder / 'empty.db3'), 'cannot be read'),
])
def test_what_is_no_recording_is_refused_with_a_sentence(tmp_path, make, sentence):
    with pytest.raises(UserError, match=sentence):
        RecordingReader(make(tmp_path))


def _touch(path):
    path.write_bytes(b'')
    return path


def test_a_missing_topic_and_a_wrong_type_are_named_with_what_there_is(tmp_path):
    bag = write(tmp_path / 'bag', 2)
    with RecordingReader(bag) as reader:
        with pytest.raises(UserError, match=f'no topic /nope; it has: .*{TOPIC}'):
            next(reader.frames('/nope'))
        with pytest.raises(UserError, match='holds std_msgs/msg/Float32'):
            reader.require('/offset', [IMAGE])


def test_the_real_recording_is_read(shared_data):
    with RecordingReader(shared_data / 'seame_cam_a_bag') as reader:
        frames = list(reader.frames(TOPIC))
        assert len(frames) == 221
        assert frames[0][0] == 1_700_000_000 * SECOND
        assert not reader.problems

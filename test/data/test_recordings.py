# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings are written whole or not at all, and read as far as they go."""

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys

import cv2
import numpy as np
import pytest
import yaml
from rosbags.rosbag2 import CompressionFormat
from rosbags.rosbag2 import CompressionMode
from rosbags.rosbag2 import Reader
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer
from rosbags.rosbag2.storage_mcap import McapWriter
from rosbags.typesys import Stores
from rosbags.typesys import get_typestore

from lane_perception.data.recordings import RecordingReader
from lane_perception.data.recordings import RecordingWriter
from lane_perception.errors import UserError

IMAGE = 'sensor_msgs/msg/CompressedImage'
TOPIC = '/camera/image_raw/compressed'
SECOND = 1_000_000_000


def image_message(types, stamp, size=(90, 160)):
    """Return a JPEG message of noise, which neither zstd nor the cut of a file can shrink away."""
    pixels = np.random.default_rng(stamp).integers(0, 255, (*size, 3), np.uint8)
    data = cv2.imencode('.jpg', pixels)[1].ravel()
    header = types('std_msgs/msg/Header')(
        types('builtin_interfaces/msg/Time')(*divmod(stamp, SECOND)), 'camera')
    return types(IMAGE)(header, 'jpeg', data)


def write(path, count=50, storage='mcap', replace=False):
    with RecordingWriter(path, storage, replace) as writer:
        for index in range(count):
            stamp = 1000 * SECOND + index * SECOND // 10
            writer.write(TOPIC, IMAGE, image_message(writer.message_class, stamp), stamp + 5)
            number = writer.message_class('std_msgs/msg/Float32')(index / 2)
            writer.write('/offset', 'std_msgs/msg/Float32', number, stamp)
    return path


def read(path, topic=TOPIC):
    with RecordingReader(path) as reader:
        return [frame[:2] for frame in reader.frames(topic)], reader.problems


def storage_file(bag):
    return next(file for file in bag.iterdir() if file.name != 'metadata.yaml')


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


def test_an_mcap_is_read_by_humble_and_carries_its_message_definitions_for_viewers(tmp_path):
    bag = write(tmp_path / 'bag', 3)
    information = yaml.safe_load((bag / 'metadata.yaml').read_text())[
        'rosbag2_bagfile_information']
    # From version 9 on the quality of service is a list, which Humble cannot read.
    assert information['version'] == 8
    for topic in information['topics_with_message_count']:
        assert topic['topic_metadata']['offered_qos_profiles'] == ''
    assert information['relative_file_paths'] == ['bag.mcap']
    with Reader(bag / 'bag.mcap') as reader:
        definitions = {one.msgtype: one.msgdef.data for one in reader.connections}
    assert 'string format' in definitions[IMAGE]
    assert 'float32 data' in definitions['std_msgs/msg/Float32']


def test_several_topics_come_in_the_order_of_their_log_times(tmp_path):
    bag = write(tmp_path / 'bag', 5)
    with RecordingReader(bag) as reader:
        times = [raw.log_time_ns for raw in reader.messages()]
        only = {raw.topic for raw in reader.messages(['/offset', '/absent'])}
    assert times == sorted(times)
    assert len(times) == 10
    assert only == {'/offset'}


def test_nothing_is_left_of_a_recording_that_failed(tmp_path):
    with pytest.raises(RuntimeError):
        with RecordingWriter(tmp_path / 'bag') as writer:
            writer.write(TOPIC, IMAGE, image_message(writer.message_class, 5), 5)
            raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_a_recording_appears_only_when_it_is_complete(tmp_path):
    with RecordingWriter(tmp_path / 'bag') as writer:
        writer.add_topic('/offset', 'std_msgs/msg/Float32')
        assert not (tmp_path / 'bag').exists()
    assert [file.name for file in tmp_path.iterdir()] == ['bag']


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_an_output_is_replaced_only_on_request_and_other_folders_never(tmp_path, storage):
    bag = write(tmp_path / 'bag', 2, storage, replace=True)
    with pytest.raises(UserError, match='exists already'):
        RecordingWriter(bag)
    with RecordingWriter(bag, replace=True) as writer:
        writer.write(TOPIC, IMAGE, image_message(writer.message_class, 5), 5)
        assert len(read(bag)[0]) == 2
    assert len(read(bag)[0]) == 1
    (bag / 'thesis.odt').write_text('mine')
    with pytest.raises(UserError, match='exists already'):
        RecordingWriter(bag, replace=True)
    assert {file.name for file in tmp_path.iterdir()} == {'bag'}


def test_an_empty_folder_gives_way_to_an_output(tmp_path):
    (tmp_path / 'bag').mkdir()
    with pytest.raises(UserError, match='exists already'):
        write(tmp_path / 'bag', 1)
    assert len(read(write(tmp_path / 'bag', 1, replace=True))[0]) == 1


@pytest.mark.parametrize('end', [0, 1], ids=['before the old moves', 'before the new does'])
def test_an_earlier_output_stays_when_its_replacement_is_interrupted(tmp_path, monkeypatch, end):
    bag = write(tmp_path / 'earlier', 2, replace=True)
    move, stopped = os.replace, []

    def interrupted(*names):
        if names[end] == bag and not stopped:
            raise stopped.append(names) or SystemExit(143)
        move(*names)
    writer = RecordingWriter(bag, replace=True)
    writer.write(TOPIC, IMAGE, image_message(writer.message_class, 5), 5)
    with monkeypatch.context() as patched:
        patched.setattr(os, 'replace', interrupted)
        with pytest.raises(SystemExit):
            writer.close()
    assert len(read(bag)[0]) == 2
    assert list(tmp_path.iterdir()) == [bag]


@pytest.mark.parametrize('damage', [
    lambda bag: None,
    lambda bag: (bag / 'metadata.yaml').unlink(),
    lambda bag: (bag / 'metadata.yaml').write_text('rosbag2_bagfile_information: ['),
], ids=['whole', 'without metadata', 'damaged metadata'])
@pytest.mark.parametrize('make', [lambda path: write(path, 2), lambda path: plain_mcap(path)],
                         ids=['ours', 'foreign'])
def test_a_recording_that_was_not_written_as_an_output_is_never_replaced(tmp_path, make, damage):
    bag = make(tmp_path / 'bag')
    damage(bag)
    before = len(read(bag)[0])
    with pytest.raises(UserError, match=f'{bag} exists already.* give another --out'):
        RecordingWriter(bag, replace=True)
    assert len(read(bag)[0]) == before > 0


def test_errors_of_a_full_disk_name_the_recording_and_leave_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    writer = RecordingWriter(tmp_path / 'bag')
    with monkeypatch.context() as patched:
        patched.setattr(McapWriter, 'write', full)
        with pytest.raises(OSError) as raised:
            writer.write(TOPIC, IMAGE, image_message(writer.message_class, 5), 5)
        assert raised.value.filename == str(tmp_path / 'bag')
        writer.abort()
    for method in ('__init__', 'close'):
        with monkeypatch.context() as patched:
            patched.setattr(McapWriter, method, full)
            with pytest.raises(OSError) as raised:
                write(tmp_path / 'bag', 1)
            assert raised.value.filename == str(tmp_path / 'bag')
            assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_of_a_recording_is_removed_by_the_next(tmp_path):
    code = ('import os, signal, sys\n'
            'from lane_perception.data.recordings import RecordingWriter\n'
            'RecordingWriter(sys.argv[1])\n'
            'os.kill(os.getpid(), signal.SIGKILL)')
    for name in ('bag', 'other'):
        run = subprocess.run([sys.executable, '-c', code, str(tmp_path / name)])
        assert run.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    write(tmp_path / 'bag', 1)
    left = {file.name.split('.')[1] if file.name.startswith('.') else file.name
            for file in tmp_path.iterdir()}
    assert left == {'bag', 'other'} and len(list(tmp_path.iterdir())) == 2


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


def plain_mcap(path, mode=None):
    """Write an MCAP bag with rosbags itself, without chunk compression or with bag compression."""
    types = get_typestore(Stores.LATEST)
    writer = Writer(path, version=9, storage_plugin=StoragePlugin.MCAP)
    if mode:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection(TOPIC, IMAGE, typestore=types)
        for index in range(100):
            message = image_message(types.types.__getitem__, index)
            writer.write(connection, index, types.serialize_cdr(message, IMAGE))
    return path


def test_a_cut_in_an_uncompressed_chunk_loses_no_whole_message(tmp_path):
    bag = plain_mcap(tmp_path / 'bag')
    file = storage_file(bag)
    content = file.read_bytes()
    # The cut lies inside the data of the 61st message, within a chunk of about a megabyte.
    types = get_typestore(Stores.LATEST)
    data = bytes(types.serialize_cdr(image_message(types.types.__getitem__, 60), IMAGE))
    file.write_bytes(content[:content.index(data) + 100])
    assert [stamp for stamp, _ in read(bag)[0]] == list(range(60))


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


def test_damaged_metadata_is_no_obstacle(tmp_path):
    bag = write(tmp_path / 'bag', 10)
    (bag / 'metadata.yaml').write_text('rosbag2_bagfile_information: [')
    frames, problems = read(bag)
    assert len(frames) == 10
    assert 'cannot be understood' in problems[0]


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

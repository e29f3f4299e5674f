# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings are written whole or not at all."""

import errno
import os
import signal
import subprocess
import sys

import pytest
import yaml
from noise_recordings import IMAGE
from noise_recordings import TOPIC
from noise_recordings import image_message
from noise_recordings import plain_mcap
from noise_recordings import read
from noise_recordings import write
from rosbags.rosbag2 import Reader
from rosbags.rosbag2.storage_mcap import McapWriter

from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.errors import UserError


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
            'from lane_perception.data.recording_writer import RecordingWriter\n'
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

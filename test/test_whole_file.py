# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A file is written whole or not at all."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from lane_perception.whole_file import temporary_beside
from lane_perception.whole_file import whole_file

# Writes half of each file that it is told, and waits for its end.
HALF = """
import sys, time
from contextlib import ExitStack
from lane_perception.whole_file import whole_file

with ExitStack() as stack:
    for path in sys.argv[1:]:
        stack.enter_context(whole_file(path)).write_text('half')
    print('half', flush=True)
    time.sleep(60)
"""


def test_the_file_appears_when_all_is_written(tmp_path):
    path = tmp_path / 'report.json'
    with whole_file(path) as temporary:
        temporary.write_text('new')
        assert temporary.parent == tmp_path and not path.exists()
    assert path.read_text() == 'new'
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_the_old_file_stands_and_nothing_else_lies_about(tmp_path):
    path = tmp_path / 'report.json'
    path.write_text('old')
    with pytest.raises(RuntimeError, match='disk'), whole_file(path) as temporary:
        temporary.write_text('ne')
        raise RuntimeError('disk')
    assert path.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_the_name_is_and_then_the_name(tmp_path, monkeypatch):
    path = tmp_path / 'report.json'
    done = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(descriptor):
        fsync(descriptor)
        done.append(os.fstat(descriptor).st_ino)

    def watched_replace(source, destination):
        replace(source, destination)
        done.append('renamed')
    monkeypatch.setattr(os, 'fsync', watched_fsync)
    monkeypatch.setattr(os, 'replace', watched_replace)
    with whole_file(path) as temporary:
        temporary.write_text('new')
    assert done == [path.stat().st_ino, 'renamed', tmp_path.stat().st_ino]


def half_written(*paths):
    """Return a process that has written half of these files."""
    process = subprocess.Popen([sys.executable, '-c', HALF, *map(str, paths)],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'half\n'
    return process


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


def write(path):
    with whole_file(path) as temporary:
        temporary.write_text('new')


def test_what_a_killed_process_left_of_a_file_is_removed_when_it_is_written_again(tmp_path):
    path, other = tmp_path / 'report.json', tmp_path / 'other.json'
    kill(half_written(path, other))
    assert len(list(tmp_path.iterdir())) == 2
    write(path)
    assert path.read_text() == 'new'
    left = [file.name for file in tmp_path.iterdir() if file != path]
    assert len(left) == 1 and left[0].startswith('.other.json.')
    write(other)
    assert set(tmp_path.iterdir()) == {path, other}


def test_what_a_living_process_is_writing_stays(tmp_path):
    path = tmp_path / 'report.json'
    process = half_written(path)
    try:
        write(path)
        left = [file for file in tmp_path.iterdir() if file != path]
        assert [file.read_text() for file in left] == ['half']
    finally:
        kill(process)
    write(path)
    assert list(tmp_path.iterdir()) == [path]


def test_what_an_earlier_process_of_the_same_number_left_is_removed(tmp_path, monkeypatch):
    path = tmp_path / 'set'
    left = temporary_beside(path)   # of a name that is not given again to find out
    left.mkdir()
    (left / 'half').write_text('half')
    monkeypatch.setattr('lane_perception.whole_file._listed', {})   # a new process's
    assert temporary_beside(path) == left
    assert not list(tmp_path.iterdir())


def test_what_a_process_of_another_machine_or_container_is_writing_stays(tmp_path):
    path = tmp_path / 'report.json'
    process = half_written(path)
    kill(process)
    left, = tmp_path.iterdir()
    elsewhere = tmp_path / f'.report.json.{process.pid}-01234567.tmp'
    left.rename(elsewhere)
    write(path)
    assert set(tmp_path.iterdir()) == {path, elsewhere}


def test_an_error_of_the_disk_names_the_file_and_not_the_temporary_one(tmp_path):
    path = tmp_path / 'report.json'
    with pytest.raises(OSError) as raised, whole_file(path):
        raise OSError(errno.ENOSPC, 'No space left on device')
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(path))
    absent = tmp_path / 'absent' / 'report.json'
    with pytest.raises(FileNotFoundError) as raised:
        write(absent)
    assert raised.value.filename == str(absent)
    path.mkdir()
    with pytest.raises(IsADirectoryError) as raised:
        write(path)
    assert raised.value.filename == str(path)


def test_an_error_about_something_else_stays_as_it_is(tmp_path):
    with pytest.raises(FileNotFoundError) as raised, whole_file(tmp_path / 'report.json'):
        open(tmp_path / 'source')
    assert raised.value.filename == str(tmp_path / 'source')
    broken = BrokenPipeError(errno.EPIPE, 'Broken pipe')
    with pytest.raises(BrokenPipeError) as raised, whole_file(tmp_path / 'report.json'):
        raise broken
    assert raised.value is broken


def test_a_folder_is_listed_once_however_many_files_are_written(tmp_path, monkeypatch):
    listed, listdir = [], os.listdir
    monkeypatch.setattr(os, 'listdir', lambda folder: listed.append(folder) or listdir(folder))
    for number in range(5):
        temporary_beside(tmp_path / f'{number}.json')
    assert listed == [tmp_path]

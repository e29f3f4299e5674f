# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A file is written whole or not at all."""

import os

import pytest

from lane_perception.whole_file import whole_file


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

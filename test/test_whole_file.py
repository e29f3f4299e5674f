# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A file is written whole or not at all."""

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

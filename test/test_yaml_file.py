# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""YAML files: whatever is wrong with one is a sentence that names it."""

import pytest

from lane_perception.errors import UserError
from lane_perception.yaml_file import load_yaml


@pytest.mark.parametrize('content, sentence', [
    (b'a: [', 'is not YAML'),
    (b'a:\tb', 'spaces, not tabs'),
    (b'\xff', 'save it as UTF-8'),
    (b'a: 2026-02-30', 'put it in quotes'),
    (b'a: ' + b'9' * 5000, 'put it in quotes'),
    (b'a: !!bool maybe', 'put it in quotes'),
    (b'a: !!timestamp maybe', 'put it in quotes'),
    (b'[' * 3000, 'nested too deeply'),
    (None, 'cannot be read: No such file'),
], ids=lambda value: str(value)[:20])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, sentence):
    path = tmp_path / 'file.yaml'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=f'^{path} .*{sentence}'):
        load_yaml(path)


def test_a_file_is_read(tmp_path):
    (tmp_path / 'file.yaml').write_text('a: [1, no, 2026-02-28]\n')
    assert load_yaml(tmp_path / 'file.yaml')['a'][:2] == [1, False]

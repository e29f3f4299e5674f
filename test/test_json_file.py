# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""JSON files are whole, and hold nothing that JSON does not know."""

import json
import math

import pytest

from lane_perception.json_file import write_json
from lane_perception.json_file import write_report


def strictly(path):
    """Return a file's content, read as those do who know no NaN."""
    def refuse(constant):
        raise ValueError(constant)
    return json.loads(path.read_text(), parse_constant=refuse)


@pytest.mark.parametrize('write', [write_json, write_report])
def test_what_is_no_number_is_null(tmp_path, write):
    path = tmp_path / 'made' / 'file.json'
    write(path, {'a': math.nan, 'b': [1.5, (math.inf, -math.inf)], 3: 'NaN', 'yes': True})
    assert strictly(path) == {'a': None, 'b': [1.5, [None, None]], '3': 'NaN', 'yes': True}
    assert path.read_text().endswith('\n')


def test_a_report_is_rounded_and_all_else_is_exact(tmp_path):
    value = {'share': 1 / 3, 'rates': (1e-12, 2)}
    write_json(tmp_path / 'file.json', value)
    assert strictly(tmp_path / 'file.json') == {'share': 1 / 3, 'rates': [1e-12, 2]}
    write_report(tmp_path / 'report.json', value)
    assert strictly(tmp_path / 'report.json') == {'share': 0.333333333, 'rates': [0.0, 2]}


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / 'report.json'
    write_json(path, ['old'])
    with pytest.raises(TypeError):
        write_json(path, ['new', object()])
    assert strictly(path) == ['old']
    assert list(tmp_path.iterdir()) == [path]

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Measuring the geometry loses nothing of what was measured before."""

import json
import os

import pytest

from lane_perception.benchmark import geometry


@pytest.fixture
def out(tmp_path):
    path = tmp_path / 'geometry.json'
    path.write_text('{"drives": {"nees_mean": NaN}, "loop": {"drives": 10}}')
    return path


def test_a_part_is_measured_and_the_others_are_kept(out, monkeypatch):
    monkeypatch.setattr(geometry, 'timing', lambda count: {'p50_ms': float('nan')})
    arguments = ['--only', 'time', '--out', str(out)]
    assert geometry.main(arguments) == 0
    results = json.loads(out.read_text(), parse_constant=pytest.fail)
    assert results['loop'] == {'drives': 10} and results['drives'] == {'nees_mean': None}
    assert results['time'].pop('machine')['cores']
    assert results['time'] == {
        'p50_ms': None,
        'command': ' '.join(['python -m lane_perception.benchmark.geometry', *arguments])}


def test_drives_of_one_case_are_kept_beside_those_of_all(out, monkeypatch):
    driven = []
    monkeypatch.setattr(geometry, 'closed_loops',
                        lambda *tracks, **how: driven.append(how) or {'drives': len(driven)})
    assert geometry.main(['--only', 'model_loop', '--only', 'loop', '--case', 'fast',
                          '--out', str(out)]) == 0
    results = json.loads(out.read_text())
    assert results['loop'] == {'drives': 10}
    assert results['model_loop_fast']['drives'] == 1 and results['loop_fast']['drives'] == 2
    assert [how['cases'] for how in driven] == [['fast'], ['fast']]
    assert [how.get('model') for how in driven] == ['lane_lite', None]


def test_an_interruption_while_it_is_written_keeps_the_file(out, monkeypatch):
    def interrupted(source, destination):
        raise KeyboardInterrupt
    before = out.read_text()
    monkeypatch.setattr(geometry, 'timing', lambda count: {})
    monkeypatch.setattr(os, 'replace', interrupted)
    assert geometry.main(['--only', 'time', '--out', str(out)]) == 130
    assert out.read_text() == before
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize('content', ['', '{"loop": {"driv', '[1, 2]', '\xff\xfe'])
def test_a_file_that_is_no_result_is_refused_before_anything_is_measured(out, content, capsys):
    out.write_text(content, encoding='latin-1')
    assert geometry.main(['--out', str(out)]) == 2
    said = capsys.readouterr()
    assert said.out == '' and len(said.err.splitlines()) == 1 and str(out) in said.err
    assert out.read_text(encoding='latin-1') == content

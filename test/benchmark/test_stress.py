# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The stress table: every picture once in each factor, weak bins named, stopped runs go on."""

import json

import pytest

from lane_perception.benchmark import stress
from lane_perception.benchmark.stress import main
from lane_perception.benchmark.stress import Rows
from lane_perception.benchmark.stress import weak_bins
from lane_perception.data.synthetic.factors import bin_of
from lane_perception.data.synthetic.factors import bins_in_order
from lane_perception.data.synthetic.factors import EDGES
from lane_perception.data.synthetic.factors import factors
from lane_perception.data.synthetic.sampling import sample


def test_every_factor_of_the_table_sorts_all_pictures(bright_model, tmp_path):
    out = tmp_path / 'stress.json'
    assert main(['--model', str(bright_model), '--count', '3', '--out', str(out)]) == 0
    table = json.loads(out.read_text())['factors']
    assert {'floor', 'tape', 'tape color', 'tape width m', 'camera height m', 'pitch deg',
            'field of view deg', 'mean grey', 'glare', 'blur px', 'noise', 'cast', 'clutter',
            'resolution px'} < set(table)
    for bins in table.values():
        assert sum(row['images'] for row in bins.values()) == 3
        for row in bins.values():
            assert 0 <= row['lane_iou'] <= 1 and 0 <= row['line_f1'] <= 1
    assert list(tmp_path.iterdir()) == [out]


def test_a_stopped_run_goes_on_where_it_was(bright_model, tmp_path, monkeypatch):
    drawn = []

    def stop_at_two(seed, index):
        if index == 2 and len(drawn) == 2:
            raise KeyboardInterrupt
        drawn.append(index)
        return sample(seed, index)
    monkeypatch.setattr(stress, 'sample', stop_at_two)
    out = tmp_path / 'stress.json'
    arguments = ['--model', str(bright_model), '--count', '3', '--out', str(out)]
    assert main(arguments) == 130
    assert not out.exists()
    drawn.append('again')
    assert main(arguments) == 0
    assert drawn == [0, 1, 'again', 2]
    assert json.loads(out.read_text())['factors']['none']['all']['images'] == 3


def test_rows_of_another_model_are_not_taken_over(tmp_path):
    path = tmp_path / 'rows.jsonl'
    Rows(path, {'model': 'one'}).add({'name': '0', 'confusion': [1, 2, 3, 4]})
    assert Rows(path, {'model': 'one'}).get('0')['confusion'] == [1, 2, 3, 4]
    assert Rows(path, {'model': 'other'}).get('0') is None


def test_a_line_that_was_cut_off_is_scored_again(tmp_path):
    path = tmp_path / 'rows.jsonl'
    Rows(path, {'model': 'one'}).add({'name': '0'})
    with path.open('a') as file:
        file.write('{"name": "1", "conf')
    rows = Rows(path, {'model': 'one'})
    assert rows.get('0') == {'name': '0'} and rows.get('1') is None


def test_weak_bins_are_those_of_enough_pictures_below_the_mark():
    table = {'noise': {'0': {'line_f1': 0.79, 'images': 15}, '1': {'line_f1': 0.80, 'images': 50},
                       '2': {'line_f1': 0.1, 'images': 14}}}
    assert weak_bins(table) == ['noise: 0']


@pytest.mark.parametrize('value, name', [
    (3.0, 'below 8'), (8.0, '8 to 16'), (20.0, '16 to 26'), (26.0, '26 and more')])
def test_a_number_falls_into_the_bin_between_its_edges(value, name):
    assert bin_of('pitch deg', value) == name


def test_bins_are_listed_from_low_to_high():
    names = {bin_of('pitch deg', value) for value in (40.0, 1.0, 10.0)}
    assert bins_in_order('pitch deg', names) == ['below 8', '8 to 16', '26 and more']
    assert bins_in_order('floor', {'wood', 'foam'}) == ['foam', 'wood']


def test_factors_are_those_of_the_picture():
    drawn = sample(5, 1)
    found = factors(5, 1, drawn)
    assert set(EDGES) < set(found)
    assert found['mean grey'] == pytest.approx(drawn.image.mean())
    assert found['camera height m'] == drawn.camera.mount_height
    assert found['lane width m'] == drawn.truth.width
    assert 40 < found['field of view deg'] < 180


def test_a_count_that_cannot_be_is_refused(bright_model, tmp_path, capsys):
    assert main(['--model', str(bright_model), '--count', '0',
                 '--out', str(tmp_path / 'stress.json')]) == 2
    assert '--count 0 should be at least 1' in capsys.readouterr().err

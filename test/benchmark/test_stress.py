# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The stress table: a row for each bin, false lanes counted, unknown factors refused."""

import json

from lane_perception.benchmark.stress import main


def test_the_table_has_a_row_for_each_bin_of_a_factor(bright_model, tmp_path):
    out = tmp_path / 'stress.json'
    assert main(['--model', str(bright_model), '--count', '2', '--trackless', '4',
                 '--only', 'noise', '--out', str(out)]) == 0
    result = json.loads(out.read_text())
    assert list(result['factors']) == ['noise']
    assert list(result['factors']['noise']) == ['0', '0.3', '1']
    for row in result['factors']['noise'].values():
        assert row['images'] == 2 and 0 <= row['lane_iou'] <= 1 and 0 <= row['line_f1'] <= 1
    # What only looks for brightness fires on lamps and walls.
    assert result['trackless']['images'] == 4
    assert result['trackless']['marked_pixels'] > 0
    weak = [f'noise {name}' for name, row in result['factors']['noise'].items()
            if row['line_f1'] < 0.8]
    assert result['line_f1_below_0.80'] == weak


def test_an_unknown_factor_is_refused_with_the_known_ones(bright_model, tmp_path, capsys):
    assert main(['--model', str(bright_model), '--only', 'gravity',
                 '--out', str(tmp_path / 'stress.json')]) == 2
    assert 'no factor gravity; there are none, floor' in capsys.readouterr().err

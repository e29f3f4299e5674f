# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Candidates: each model at each size, timed in turns, scored, tabled and plotted."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from bright_model import write_bright_model

from lane_perception.benchmark.candidate_plot import _axis
from lane_perception.benchmark.candidate_plot import write_plot
from lane_perception.benchmark.candidates import main
from lane_perception.benchmark.candidates import table
from lane_perception.data.image_files import write_image

SVG = '{http://www.w3.org/2000/svg}'


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Return a folder of two pictures whose bright line is labelled."""
    folder = tmp_path_factory.mktemp('data')
    for kind in ('images', 'masks'):
        (folder / kind).mkdir()
    for index in range(2):
        mask = np.zeros((120, 160), np.uint8)
        mask[:, 40 + 30 * index:48 + 30 * index] = 255
        write_image(folder / 'images' / f'{index}.png', np.dstack([mask] * 3))
        write_image(folder / 'masks' / f'{index}.png', mask)
    return folder


def test_every_model_is_scored_at_every_resolution(tmp_path, data):
    models = []
    for name in ('bright', 'dim'):
        models.append(str(tmp_path / f'{name}.onnx'))
        write_bright_model(models[-1], name=name, threshold=0.5 if name == 'bright' else 0.9999)
    out, plot = tmp_path / 'candidates.json', tmp_path / 'candidates.svg'
    assert main([*models, '--resolution', '96x160', '--resolution', '192x320', '--count', '2',
                 '--rounds', '3', '--budget', '1', '--data', str(data), '--out', str(out),
                 '--plot', str(plot)]) == 0
    result = json.loads(out.read_text())
    rows = result['candidates']
    assert set(rows) == {'bright 96x160', 'bright 192x320', 'dim 96x160', 'dim 192x320'}
    assert result['data'] == ['synthetic', data.name]
    for name, row in rows.items():
        assert row['ms']['p50'] > 0 and row['ms']['calls'] >= 3
        assert row[data.name]['lane_iou'] > 0.7, name
        assert 0 <= row['synthetic']['lane_iou'] < 0.9
    # A higher threshold keeps less of what is lit.
    assert (rows['dim 192x320'][data.name]['lane_iou']
            < rows['bright 192x320'][data.name]['lane_iou'])
    lines = table(result)
    assert len(lines) == 2 + 4 and lines[0].count('|') == lines[-1].count('|')
    root = ElementTree.parse(plot).getroot()
    circles = [(float(one.get('cx')), float(one.get('cy'))) for one in root.iter(f'{SVG}circle')]
    assert len(circles) == 2 * 4 + 2, 'a point for each candidate in both panels, and the legend'
    assert all(0 < x < float(root.get('width')) and 0 < y < float(root.get('height'))
               for x, y in circles)


@pytest.mark.parametrize('resolutions, labels', [
    (('96x160', '96x160'), ['one', 'other']),
    (('96x160', '192x320'), ['96x160', '192x320']),
])
def test_points_are_labelled_by_what_differs(tmp_path, resolutions, labels):
    rows = {str(number): {'model': model, 'architecture': 'a', 'resolution': resolution,
                          'ms': {'p50': 1.0 + number}, 'synthetic': {'lane_iou': 0.5}}
            for number, (model, resolution) in enumerate(zip(('one', 'other'), resolutions))}
    write_plot(tmp_path / 'plot.svg', {'data': ['synthetic'], 'candidates': rows,
                                       'timed_picture': '640x480'})
    root = ElementTree.parse(tmp_path / 'plot.svg').getroot()
    assert [one.text for one in root.iter(f'{SVG}text') if one.get('font-size')] == labels


@pytest.mark.parametrize('low, high', [(0.0, 7.3), (0.913, 0.976), (0.5, 0.5)])
def test_the_axis_holds_all_values_between_its_lines(low, high):
    place, marks = _axis(low, high, 0.0, 100.0)
    assert -1e-6 <= place(low) < 100 and 0 < place(high) < 100
    assert 2 <= len(marks) <= 8
    assert all(-1e-6 <= place(mark) <= 100 + 1e-6 for mark in marks)
    assert np.allclose(np.diff(marks), np.diff(marks)[0])


def test_a_resolution_that_cannot_be_is_refused(bright_model, tmp_path, capsys):
    assert main([str(bright_model), '--resolution', '100x100',
                 '--out', str(tmp_path / 'one.json')]) == 2
    assert 'not made of multiples of 32' in capsys.readouterr().err

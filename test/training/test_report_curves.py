# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A run's report shows how the training went and which sweep chose the threshold."""

import json

import pytest

from lane_perception.evaluation.report_page import write_page
from lane_perception.evaluation.report_plots import plots

pytest.importorskip('tornado', reason='the browser is driven with tornado: pip install tornado')
from browser import Page  # noqa: E402
from browser import find_browser  # noqa: E402

SIZES = {'desktop': dict(width=1280, height=900), 'phone': dict(width=390, height=844,
                                                                mobile=True)}
CURVES = ['training-loss', 'training-scores', 'training-rates', 'validation-sweep']


@pytest.fixture(scope='module')
def report(overfitted):
    """Return what a run reports, as its file says it."""
    return json.loads((overfitted[0] / 'report.json').read_text())


def drawn(report):
    return {plot['id']: plot for plot in plots(report)}


@pytest.mark.skipif(find_browser() is None, reason='no Chromium is installed')
@pytest.mark.parametrize('size', SIZES)
def test_the_page_of_a_run_draws_its_curves(overfitted, size):
    with Page((overfitted[0] / 'report.html').as_uri(), **SIZES[size]) as page:
        page.wait('[...document.querySelectorAll(".plot")].every((p) => '
                  'p.querySelector(".main-svg"))')
        shown = page.run('[...document.querySelectorAll(".plot")].map((p) => p.id)')
        assert shown[-4:] == CURVES
        assert page.run('document.getElementById("training-loss")'
                        '.querySelectorAll(".scatterlayer .trace").length') == 2
        assert page.run('document.documentElement.scrollWidth') <= SIZES[size]['width']
        assert page.errors == []


def test_curves_are_those_of_the_epochs_and_mark_the_chosen_one(report):
    epochs, validation = report['training']['epochs'], report['training']['validation']
    made = drawn(report)
    for name, columns in (('training-loss', ['loss', 'val_loss']),
                          ('training-scores', ['val_lane_iou', 'val_miou_per_image']),
                          ('training-rates', ['lr_head'])):
        curves = made[name]['data']
        assert [curve['y'] for curve in curves] == [
            [row[column] for row in epochs] for column in columns]
        assert all(curve['x'] == [1, 2, 3] for curve in curves)
        assert made[name]['layout']['shapes'][0]['x0'] == validation['epoch'] + 1


def test_the_sweep_that_chose_the_threshold_is_told_from_that_of_the_pictures_held_back(report):
    made = drawn(report)
    sweep = made['validation-sweep']
    assert 'validation part' in sweep['title'] != made['thresholds']['title']
    assert [*zip(sweep['data'][0]['x'], sweep['data'][0]['y'])] == [
        *map(tuple, report['training']['validation']['sweep'])]
    assert sweep['layout']['shapes'][0]['x0'] == report['training']['validation']['threshold']


def test_an_encoders_own_rate_is_a_curve_and_a_loss_that_is_no_number_a_gap(report, tmp_path):
    rows = [{'epoch': 0.0, 'lr_encoder': 1e-4, 'lr_encoder_no_decay': 1e-4, 'lr_head': 1e-3,
             'loss': float('nan'), 'val_loss': 1.0},
            {'epoch': 1.0, 'lr_head': 5e-4, 'lr_encoder': 5e-5}]
    changed = {**report, 'training': {'epochs': rows}}
    made = drawn(changed)
    assert [curve['name'] for curve in made['training-rates']['data']] == ['head', 'encoder']
    assert made['training-loss']['data'][0]['y'] == [None, None]
    assert 'validation-sweep' not in made
    write_page(tmp_path / 'report.html', changed, [])


@pytest.mark.parametrize('training', [None, {}, {'epochs': [], 'validation': {}}])
def test_a_report_of_before_is_drawn_without_them(report, tmp_path, training):
    old = {**report, 'training': training}
    assert set(drawn(old)) == {'precision-recall', 'thresholds'}
    write_page(tmp_path / 'report.html', old, [])
    del old['training']
    assert set(drawn(old)) == {'precision-recall', 'thresholds'}

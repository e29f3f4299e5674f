# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The report over several recordings says what one over all their frames would."""

import json

import numpy as np
import pytest
from recordings_on_disk import POSE
from recordings_on_disk import TRUTH
from recordings_on_disk import track
from recordings_on_disk import write_ground
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main
from lane_perception.evaluation.line_f1 import LineScore
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.pipeline import LanePipeline


@pytest.fixture(scope='module')
def over_all(model, tmp_path_factory):
    """Return the report over two recordings, and that of each."""
    folder = tmp_path_factory.mktemp('over_all')
    write_recording(folder / 'bags' / 'long', count=40, blank=[3], pose=(0.1, 0.02))
    write_recording(folder / 'bags' / 'short', count=9, blank=[0, 1], pose=(-0.3, 0.0))
    ground = write_ground(folder / 'ground.yaml')
    assert main([str(folder / 'bags'), '--model', str(model), '--truth-topic', TRUTH, '--ground',
                 str(ground), '--pose-topic', POSE, '--no-bag', '--no-video',
                 '--out', str(folder / 'out')]) == 0
    return read(folder / 'out'), [read(folder / 'out' / name) for name in ('long', 'short')]


def read(folder):
    return json.loads((folder / 'report.json').read_text())


def column(reports, name):
    """Return a column of the frames of all reports, without the frames that have none."""
    values = [value for one in reports for value in one['frames'][name]]
    return np.array([value for value in values if value is not None])


def test_the_report_over_all_has_the_keys_of_a_report_of_one(over_all):
    report, alone = over_all
    of_one = {'frames', 'stretches', 'totals', 'fingerprint'}
    assert set(alone[0]) - of_one <= set(report)
    assert set(alone[0]['data']) - {'recording'} <= set(report['data'])
    for key in ('variant', 'threshold', 'label_sizes'):
        assert report[key] == alone[0][key]


def test_the_figures_over_all_are_those_of_all_frames_together(over_all, model):
    report, alone = over_all
    pipeline = LanePipeline.load(model)
    segmentation, lines = SegmentationScore(), LineScore()
    for count, blank in ((40, [3]), (9, [0, 1])):
        for number in range(count):
            image, label = track(number)
            mask = pipeline.process(np.zeros_like(image) if number in blank else image).mask
            segmentation.add(mask, label)
            lines.add(mask, label)
    for key, value in {**segmentation.result(), **lines.result()}.items():
        assert report[key] == pytest.approx(value, abs=1e-8), key
    area, length = sum(segmentation.counts[:, [0, 2]].sum(axis=1)), lines.hits[:, 0, 3].sum()
    assert report['label_width_px'] == pytest.approx(area / length)
    for key, name in (('center_mae_px', 'center_error_px'), ('lateral_mae_m', 'lateral_error_m'),
                      ('heading_mae_rad', 'heading_error_rad'), ('flicker', 'flicker')):
        assert report[key] == pytest.approx(abs(column(alone, name)).mean(), abs=1e-5), key
    found = [value for value in column(alone, 'confidence') if value]
    assert report['confidence'] == pytest.approx(np.mean(found), abs=1e-5)
    for key in ('images', 'images_judged', 'jumps', 'gaps', 'lane_missed', 'lane_false'):
        assert report[key] == sum(one[key] for one in alone), key
    assert report['lane_missed'] > 0
    assert report['failures']['missed marking'] == 3


def test_quantiles_and_intervals_over_all_come_near_those_of_all_frames(over_all):
    report, alone = over_all
    times = column(alone, 'latency_ms')
    for share in (50, 90, 99):
        assert report['latency_ms'][f'p{share}'] == pytest.approx(
            np.percentile(times, share, method='inverted_cdf'), rel=0.011)
    assert report['center_p95_px'] == pytest.approx(np.percentile(
        abs(column(alone, 'center_error_px')), 95, method='inverted_cdf'), rel=0.011)
    assert report['bootstrap']['blocks'] == 10
    for metric, (low, high) in report['bootstrap']['interval'].items():
        assert low <= report[metric] <= high

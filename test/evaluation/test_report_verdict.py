# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The verdict leads with what counts, and calls no change better that chance may explain."""

import json

import cv2
import numpy as np
import pytest
from conftest import draw_track

from lane_perception.cli.evaluate import main
from lane_perception.data.image_files import write_image
from lane_perception.evaluation.report_verdict import verdict


def write_data(folder, images):
    """Write pictures whose labels are what is bright in them, one column off."""
    for name in ('images', 'masks'):
        (folder / name).mkdir(parents=True)
    for index, image in enumerate(images):
        label = cv2.inRange(np.roll(image[:, :, 0], 1, axis=1), 160, 255)
        write_image(folder / 'images' / f'{index:03d}.png', image)
        write_image(folder / 'masks' / f'{index:03d}.png', label)
    return folder


def run(data, out, model, *arguments):
    status = main(['--data', str(data), '--model', str(model), '--worst', '0',
                   '--out', str(out), *map(str, arguments)])
    return status, json.loads((out / 'report.json').read_text())


def test_twelve_pictures_are_too_few_to_call_a_change_better_or_worse(tmp_path, model, capsys):
    data = write_data(tmp_path / 'data', [draw_track(120, 160, shift=40 * np.sin(index))
                                          for index in range(12)])
    run(data, tmp_path / 'before', model)
    for threshold, allow, expected in ((0.6, 1, 0), (0.995, 0.01, 3)):
        capsys.readouterr()
        status, report = run(data, tmp_path / 'now', model, '--threshold', threshold, '--allow',
                             allow, '--baseline', tmp_path / 'before' / 'report.json')
        assert status == expected, 'how far a figure may fall is a rule of its own'
        verdicts = {one['verdict'] for one in report['comparison']['metrics'].values()}
        assert 'too few images to tell' in verdicts
        assert verdicts <= {'too few images to tell', 'equal'}
        tone, (headline, *_) = verdict(report)
        assert headline in capsys.readouterr().out, 'the terminal says it too'
        assert 'lane IoU -' in headline and 'line F1' in headline
        assert ('oo few images to tell' in headline) and (tone == 'bad') == (expected == 3)


def changes(**verdicts):
    return {'allow': 0.01, 'too_bad': [], 'metrics': {
        name: {'change': 0.01 if word == 'better' else -0.005, 'verdict': word}
        for name, word in verdicts.items()}}


@pytest.mark.parametrize('comparison, tone, sentences', [
    (changes(lane_iou='better', recall='worse', line_f1='better'), 'good',
     ['Better than the baseline: lane IoU +0.010, line F1 +0.010.',
      'Beyond chance also: recall -0.005 (worse).']),
    (changes(lane_iou='better', line_f1='worse'), '',
     ['Worse than the baseline, within what is allowed: lane IoU +0.010 (better), '
      'line F1 -0.005 (worse).']),
    (changes(lane_iou='within chance', line_f1='within chance', f1='within chance'), '',
     ['No different from the baseline beyond chance: lane IoU -0.005, line F1 -0.005.']),
])
def test_a_comparison_leads_with_lane_iou_and_line_f1(comparison, tone, sentences):
    said = verdict({'comparison': comparison, 'lane_found': 1.0, 'data': {}})
    assert said == (tone, [*sentences, 'A lane was found in 100.0% of the images.'])


def test_labels_that_show_no_lane_are_said_and_the_markings_lead(tmp_path, model):
    image = np.full((120, 160, 3), 40, np.uint8)
    cv2.line(image, (20, 40), (140, 40), (230, 230, 230), 5)   # a line across the way
    _, report = run(write_data(tmp_path / 'data', [image] * 3), tmp_path / 'out', model)
    assert report['lane_found'] == 0.0 and report['lane_missed'] == 0
    _, (first, second) = verdict(report)
    assert first.startswith('Markings: 100% of the labelled lines were found')
    assert second == ('None of the 3 labels shows a lane to the lane finder; one was found in '
                      '0.0% of the images.')

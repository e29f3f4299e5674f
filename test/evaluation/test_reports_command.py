# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The command of the reports that this package is compared with has its equal here."""

import json

import pytest
from recordings_on_disk import track

from lane_perception.cli.evaluate import main as evaluate
from lane_perception.data.image_files import write_image


def test_a_checkpoint_and_a_resolution_become_a_report(tmp_path):
    """``test_model.py --checkpoint best.pth --resolution 384x384``: export, then evaluate."""
    torch = pytest.importorskip('torch', reason='reading a checkpoint needs torch')
    from lane_perception.cli.export import main as export
    from lane_perception.networks import build_network
    data = tmp_path / 'data'
    for folder in ('images', 'masks'):
        (data / folder).mkdir(parents=True)
    for index in range(4):
        image, label = track(index)
        write_image(data / 'images' / f'{index:03d}.png', image)
        write_image(data / 'masks' / f'{index:03d}.png', label)
    torch.manual_seed(0)
    network = build_network('lane_dense_tiny')
    torch.save({'epoch': 3, 'model_state_dict': network.state_dict()}, tmp_path / 'best.pth')
    assert export([str(tmp_path / 'best.pth'), '--architecture', 'lane_dense_tiny',
                   '--resolution', '384x384', '--data', str(data), '--count', '2',
                   '--out', str(tmp_path / 'model')]) == 0
    assert evaluate(['--data', str(data), '--model', str(tmp_path / 'model' / 'best.onnx'),
                     '--resolution', '384x384', '--threshold', '0.3',
                     '--out', str(tmp_path / 'out')]) == 0
    report = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert report['variant']['resolution'] == '384x384'
    assert report['images_judged'] == 4
    # The reports' own figure stands beside the one over the whole set.
    assert 0 <= report['miou_per_image'] <= 1 and 0 <= report['lane_iou'] <= 1

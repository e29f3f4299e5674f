# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A run with classes=lane learns lanes and is scored on lanes, whatever else was labeled."""

import json

import numpy as np
import pytest
from labeled_folder import QUICK
from labels_on_disk import coco
from labels_on_disk import write_json
from labels_on_disk import write_picture

from lane_perception.errors import UserError
from lane_perception.training.recipe import Recipe
from lane_perception.training.session import prepare
from lane_perception.training.session import start


@pytest.fixture
def data(tmp_path):
    """Return a COCO data set: in each picture a lane 20 pixels wide, and a car that is wider."""
    folder = tmp_path / 'data'
    content = coco([[20, 0, 40, 0, 40, 60, 20, 60]])
    content['categories'].append({'id': 4, 'name': 'car'})
    lane = content['annotations'].pop()
    image = content['images'].pop()
    for number in range(6):
        name = f'a_{number}.jpg'
        write_picture(folder / name)
        content['images'].append({**image, 'id': number, 'file_name': name})
        content['annotations'] += [
            {**lane, 'id': 2 * number, 'image_id': number},
            {**lane, 'id': 2 * number + 1, 'image_id': number, 'category_id': 4,
             'segmentation': [[50, 0, 100, 0, 100, 60, 50, 60]]}]
    write_json(folder / 'labels.json', content)
    return folder


@pytest.mark.parametrize('classes, share', [('', 0.7), ('lane', 0.2), ('car', 0.5)])
def test_targets_hold_the_classes_that_were_chosen(data, tmp_path, classes, share):
    run = prepare(tmp_path, str(data), Recipe(classes=classes, input_height=96, input_width=160))
    assert np.mean(run.train.load(0)[1][..., 0] > 127) == pytest.approx(share, abs=0.02)


def test_the_run_is_scored_on_the_same_classes(data, tmp_path):
    run = start(str(data), None, [*QUICK, 'classes=lane', 'epochs=1'], str(tmp_path / 'run'))
    report = json.loads((run / 'report.json').read_text())
    assert report['data']['format'] == 'COCO (markings: lane 6; left out: car 6)'


def test_a_class_that_no_label_has_ends_it_before_it_begins(data, tmp_path):
    with pytest.raises(UserError, match='class "lanes"; there are: car 6, lane 6'):
        start(str(data), None, [*QUICK, 'classes=lanes'], str(tmp_path / 'run'))

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The cap of drawn labels is what a right answer scores against them."""

import json
import shutil

import cv2
import numpy as np
import pytest
from labeled_folder import write_folder

from lane_perception.benchmark.label_cap import body
from lane_perception.benchmark.label_cap import measure
from lane_perception.errors import UserError


def test_labels_that_are_right_cap_nothing(tmp_path):
    data = write_folder(tmp_path / 'data', 3)
    shutil.copytree(data / 'masks', data / 'masks_careful')
    body([str(data), str(tmp_path / 'cap.json')])
    result = json.loads((tmp_path / 'cap.json').read_text())
    assert result['images'] == 3 and result['lane_iou'] == result['line_f1'] == 1
    assert str(tmp_path) not in result['command']


def test_thin_lines_cap_areas_and_not_lines_and_doubt_is_left_out(tmp_path):
    data = write_folder(tmp_path / 'data', 3)
    shutil.copytree(data / 'masks', data / 'masks_careful')
    for file in (data / 'masks').iterdir():
        mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        careful = cv2.imread(str(data / 'masks_careful' / file.name), cv2.IMREAD_GRAYSCALE)
        wrong = np.zeros_like(mask)
        wrong[:10, :30] = 1   # drawn where the tape's extent is in doubt
        thin = cv2.erode(mask, np.ones((3, 3), np.uint8))
        cv2.imwrite(str(file), np.where(wrong, 255, thin))
        cv2.imwrite(str(data / 'masks_careful' / file.name), np.where(wrong, 127, careful))
    result = measure(data)
    assert 0.4 < result['lane_iou'] < 0.8 and result['line_f1_at']['0.02'] > 0.95
    assert result['recall'] == 1


def test_frames_without_both_are_refused(tmp_path):
    with pytest.raises(UserError, match='usage'):
        body([])

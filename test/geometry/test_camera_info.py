# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a CameraInfo says about its lens."""

from types import SimpleNamespace

import pytest
import yaml

from lane_perception.errors import UserError
from lane_perception.geometry.camera_info import bends
from lane_perception.geometry.camera_info import read_camera_info

CAMERA = (244.0, 0, 320, 0, 244.0, 240, 0, 0, 1)


@pytest.mark.parametrize('model, matrix, coefficients, expected', [
    ('plumb_bob', CAMERA, (-0.2, 0.1, 0, 0, 0), True),
    ('plumb_bob', CAMERA, (0, 0, 0, 0, 0), False),
    ('equidistant', CAMERA, (0, 0, 0, 0), True),     # straight lines are arcs already
    ('fisheye', CAMERA, (0, 0, 0, 0), True),
    ('equidistant', (0,) * 9, (0, 0, 0, 0), False),  # a driver that was given no lens
])
def test_a_lens_bends_straight_lines_or_does_not(model, matrix, coefficients, expected):
    ros2 = SimpleNamespace(k=matrix, d=coefficients, distortion_model=model)
    ros1 = SimpleNamespace(K=matrix, D=coefficients, distortion_model=model)
    assert bends(ros2) == bends(ros1) == expected


@pytest.mark.parametrize('change, sentence', [
    ({'camera_matrix': ['a'] + [0.0] * 8}, 'camera_matrix must be a list of numbers'),
    ({'distortion_coefficients': [[0.1, 0.2], [0.3]]}, 'distortion_coefficients must be a list'),
    ({'image_width': float('inf')}, 'is no camera_info file'),
    ({'image_height': 10 ** 400}, '16384 or less'),
])
def test_a_file_that_holds_no_lens_is_refused_by_name(tmp_path, change, sentence):
    values = {'image_width': 640, 'image_height': 480, 'camera_matrix': list(CAMERA),
              'distortion_coefficients': [0.0] * 5}
    (tmp_path / 'lens.yaml').write_text(yaml.safe_dump(values))
    assert read_camera_info(tmp_path / 'lens.yaml', (640, 480)).model == 'plumb_bob'
    (tmp_path / 'lens.yaml').write_text(yaml.safe_dump({**values, **change}))
    with pytest.raises(UserError, match=sentence) as error:
        read_camera_info(tmp_path / 'lens.yaml', (640, 480))
    assert 'lens.yaml' in str(error.value)

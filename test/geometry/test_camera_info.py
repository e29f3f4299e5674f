# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a CameraInfo says about its lens."""

from types import SimpleNamespace

import pytest

from lane_perception.geometry.camera_info import bends

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

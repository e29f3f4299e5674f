# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a CameraInfo says about its lens."""

from types import SimpleNamespace

import pytest
import yaml

from lane_perception.errors import UserError
from lane_perception.geometry.camera_info import bends
from lane_perception.geometry.camera_info import holds_lens
from lane_perception.geometry.camera_info import info_of_pictures
from lane_perception.geometry.camera_info import is_rectified
from lane_perception.geometry.camera_info import lens_of_message
from lane_perception.geometry.camera_info import numbers_of
from lane_perception.geometry.camera_info import read_camera_info
from lane_perception.geometry.known_lens import KnownLens

CAMERA = (244.0, 0, 320, 0, 244.0, 240, 0, 0, 1)
SENSOR = (960.0, 0, 639.5, 0, 980.0, 479.5, 0, 0, 1)
RECTIFIED = (700.0, 0, 600.5, -35.0, 0, 710.0, 500.5, 0, 0, 0, 1, 0)  # a stereo pair's right one


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


def camera_info(x_offset=0, y_offset=0, width=0, height=0):
    """Return that of a sensor of 1280x960 with a region of interest, which zeros are not."""
    region = SimpleNamespace(x_offset=x_offset, y_offset=y_offset, width=width, height=height)
    return SimpleNamespace(width=1280, height=960, k=SENSOR, d=(-0.2, 0.05, 0, 0, 0), p=RECTIFIED,
                           distortion_model='plumb_bob', roi=region)


@pytest.mark.parametrize('roi, size, expected', [
    ({}, (1280, 960), (960.0, 980.0, 639.5, 479.5)),
    ({}, (640, 480), (480.0, 490.0, 319.5, 239.5)),         # two by two pixels are one
    (dict(x_offset=320, y_offset=480, width=640, height=480), (640, 480),
     (960.0, 980.0, 319.5, -0.5)),                          # cut out: only the axis moves
    (dict(x_offset=320, y_offset=480, width=640, height=480), (320, 240),
     (480.0, 490.0, 159.5, -0.5)),                          # cut out, then two by two
])
def test_a_region_of_interest_is_a_part_of_the_sensor(roi, size, expected):
    matrix = lens_of_message(camera_info(**roi), size).matrix
    assert (matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]) == pytest.approx(expected)


def test_a_region_of_interest_of_another_shape_is_refused():
    info = camera_info(y_offset=480, width=1280, height=480)
    with pytest.raises(UserError, match='1280x480.*another aspect ratio'):
        lens_of_message(info, (640, 480))


@pytest.mark.parametrize('topic, expected', [
    ('/camera/image_raw', False), ('/camera/image_color/compressed', False), ('', False),
    ('/image_rect', True), ('image_rect_color', True), ('/left/image_rect/compressed', True),
    ('/camera/infra1/image_rect_raw', True), ('/direct/image', False),
])
def test_rectified_pictures_are_told_by_the_name_of_their_topic(topic, expected):
    assert is_rectified(topic) == expected
    assert bends(info_of_pictures(camera_info(), topic)) == (not expected)


@pytest.mark.parametrize('roi, size, expected', [
    ({}, (1280, 960), (700.0, 710.0, 600.5, 500.5)),
    ({}, (640, 480), (350.0, 355.0, 300.0, 250.0)),
    (dict(x_offset=320, y_offset=480, width=640, height=480), (320, 240),
     (350.0, 355.0, 140.0, 10.0)),
])
def test_the_lens_of_rectified_pictures_is_the_projection_matrix(roi, size, expected):
    ros2 = camera_info(**roi)
    ros1 = SimpleNamespace(width=1280, height=960, K=SENSOR, D=(-0.2,) * 5, P=RECTIFIED,
                           distortion_model='plumb_bob', roi=ros2.roi)
    for info in (ros2, ros1):
        lens = lens_of_message(info_of_pictures(info, '/camera/image_rect'), size)
        matrix = lens.matrix
        assert (matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]) == pytest.approx(expected)
        assert not lens.coefficients.any()


def test_a_new_projection_matrix_is_a_new_lens_of_rectified_pictures_alone():
    info, other = camera_info(), camera_info()
    other.p = (800.0, *RECTIFIED[1:])
    assert numbers_of(info) == numbers_of(other)
    rectified = [info_of_pictures(one, '/camera/image_rect') for one in (info, other)]
    assert numbers_of(rectified[0]) != numbers_of(rectified[1])
    other.p = (0.0,) * 12
    assert not holds_lens(info_of_pictures(other, '/camera/image_rect'))


def test_a_file_gives_the_lens_of_rectified_pictures_too(tmp_path):
    values = {'image_width': 1280, 'image_height': 960, 'camera_matrix': list(SENSOR),
              'distortion_coefficients': [-0.2, 0.05, 0.0, 0.0, 0.0],
              'projection_matrix': {'rows': 3, 'cols': 4, 'data': list(RECTIFIED)}}
    (tmp_path / 'lens.yaml').write_text(yaml.safe_dump(values))
    raw, rectified = (read_camera_info(tmp_path / 'lens.yaml', (1280, 960), topic)
                      for topic in ('/camera/image_raw', '/camera/image_rect/compressed'))
    assert raw.matrix[0, 0] == 960.0 and raw.coefficients.any()
    assert rectified.matrix[0, 0] == 700.0 and not rectified.coefficients.any()
    del values['projection_matrix']
    (tmp_path / 'lens.yaml').write_text(yaml.safe_dump(values))
    with pytest.raises(UserError, match='projection_matrix for rectified pictures'):
        read_camera_info(tmp_path / 'lens.yaml', (1280, 960), '/camera/image_rect')


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


def test_the_last_digits_of_a_driver_are_no_other_lens():
    said = []
    known, info = KnownLens(None, said.append, said.append), camera_info()
    info.k = tuple(map(float, SENSOR))
    assert known.hear(info, 'image_raw', (1280, 960))
    camera = known.camera
    info.k = tuple(number * (1.0 + 1e-9) for number in SENSOR)
    assert not known.hear(info, 'image_raw', (1280, 960))
    info.k = tuple(number * 1.001 for number in SENSOR)
    assert known.hear(info, 'image_raw', (1280, 960))
    assert known.camera is not camera and len(said) == 2

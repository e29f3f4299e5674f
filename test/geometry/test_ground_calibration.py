# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Pixels to the floor and back, for every lens model, and the calibration file."""

from dataclasses import replace

import numpy as np
import pytest
import yaml
from drawn_floor import view

from lane_perception.errors import UserError
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lens import Lens

LENSES = [(None, ()), ('plumb_bob', (-0.2, 0.05, 0.001, -0.002, 0.0)),
          ('plumb_bob', (-0.1, 0.01, 0.0, 0.0)),
          ('rational_polynomial', (0.4, 0.02, 0.0, 0.0, 0.001, 0.7, 0.1, 0.01)),
          ('equidistant', (-0.02, 0.004, -0.001, 0.0))]
FLOOR = np.array([(x, y) for x in (0.3, 0.7, 1.5) for y in (-0.3, 0.0, 0.25)])


@pytest.mark.parametrize('model, coefficients', LENSES)
def test_there_and_back_is_the_same_place(model, coefficients):
    ground = view(model=model, coefficients=coefficients)
    pixels = ground.to_image(FLOOR)
    np.testing.assert_allclose(ground.to_ground(pixels), FLOOR, atol=1e-5)


@pytest.mark.parametrize('coefficients', [(0.1, -0.2, 0.0, 0.0), (-0.36, 0.16, 0.0, 0.0, -0.03)])
def test_a_lens_model_that_turns_over_folds_nothing_into_the_picture(coefficients):
    ground = view(focal=330.0, model='plumb_bob', coefficients=coefficients)
    ahead = np.column_stack((np.linspace(0.01, 3.0, 300), np.zeros(300)))
    rows = ground.to_image(ahead)[:, 1]
    shown = np.isfinite(rows)
    assert not shown[0] and shown[-1]
    assert (np.diff(shown.astype(int)) >= 0).all()
    assert (np.diff(rows[shown]) < 0.0).all(), 'what is further away lies higher'


def test_signs_are_those_of_rep_103():
    ground = view()
    right, left = ground.to_ground([(600, 400), (40, 400)])
    assert right[1] < 0 < left[1]
    near, far = ground.to_ground([(320, 470), (320, 300)])
    assert 0 < near[0] < far[0]


def test_above_the_horizon_there_is_no_floor():
    assert np.isnan(view(pitch=10.0).to_ground([(320, 5)])).all()
    assert np.isnan(view().to_image([(-2.0, 0.0)])).all()


@pytest.mark.parametrize('focal, coefficients', [
    (175.0, (-0.28, 0.06, 0.001, 0.002)), (231.0, (-0.3, 0.08, 0.002, -0.003)),
    (300.0, (-0.36, 0.13, 0.0, 0.0))])
def test_a_wide_plumb_bob_lens_has_a_ray_for_every_pixel(focal, coefficients):
    lens = Lens.create([focal, 0, 319.5, 0, focal, 239.5, 0, 0, 1], 'plumb_bob', coefficients)
    u, v = np.meshgrid(np.arange(0.0, 640.0, 13.0), np.arange(0.0, 480.0, 13.0))
    pixels = np.column_stack((u.ravel(), v.ravel()))
    assert np.abs(lens.distort(lens.undistort(pixels)) - pixels).max() < 0.02


def test_a_wide_lens_sees_150_degrees():
    lens = Lens.create([244.0, 0, 320, 0, 244.0, 240, 0, 0, 1], 'equidistant', (0, 0, 0, 0))
    edge = lens.undistort([[320 + 244.0 * np.radians(75), 240.0]])[0]
    assert (edge[0] - 320) / 244.0 == pytest.approx(np.tan(np.radians(75)))
    assert np.isnan(lens.undistort([[320 + 244.0 * np.radians(100), 240.0]])).all()


def test_a_scaled_picture_keeps_its_metres():
    ground = view()
    pixels = np.array([(100.0, 400.0), (500.0, 300.0)])
    half = (pixels + 0.5) / 2 - 0.5
    np.testing.assert_allclose(ground.to_ground(half, (320, 240)), ground.to_ground(pixels))
    np.testing.assert_allclose(ground.to_image(FLOOR, (320, 240)) * 2 + 0.5,
                               ground.to_image(FLOOR))


def test_another_aspect_ratio_is_refused():
    with pytest.raises(UserError, match='aspect ratio'):
        view().to_ground([(0, 0)], (640, 360))


@pytest.mark.parametrize('model, coefficients', LENSES)
def test_the_file_keeps_everything(tmp_path, model, coefficients):
    ground = view(model=model, coefficients=coefficients, forward=0.12)
    ground.save(tmp_path / 'ground.yaml')
    loaded = GroundCalibration.load(tmp_path / 'ground.yaml')
    pixels = [(100.0, 400.0), (500.0, 300.0)]
    np.testing.assert_allclose(loaded.to_ground(pixels), ground.to_ground(pixels))
    assert loaded.camera_to_axle == pytest.approx(0.12)


def test_the_file_says_where_the_origin_is(tmp_path):
    view().save(tmp_path / 'ground.yaml')
    assert 'UNDER THE CAMERA' in (tmp_path / 'ground.yaml').read_text()
    view(forward=0.2).save(tmp_path / 'ground.yaml')
    assert 'rear axle' in (tmp_path / 'ground.yaml').read_text()


@pytest.mark.parametrize('change, sentence', [
    ({'homography': None}, 'homography'), ({'homography': [1, 2, 3]}, 'nine'),
    ({'homography': [0] * 9}, 'inverted'), ({'image_width': 0}, 'positive'),
    ({'rms_error_m': 'small'}, 'not a number'), ({'fov': 90}, 'fov'),
    ({'camera_matrix': [1, 2]}, 'camera_matrix'),
    ({'camera_matrix': [0, 0, 0, 0, 0, 0, 0, 0, 1]}, 'focal'),
    ({'distortion_model': 'cubic'}, 'plumb_bob'), ({'distortion_coefficients': [1, 2]}, '4 or 5'),
    ({'image_width': np.inf}, 'not a number'), ({'image_height': 1e11}, '16384 or less'),
    ({'image_width': 16385}, '16384 or less'), ({'homography': [10 ** 400] * 9}, 'not a number'),
    ({'camera_to_axle': np.nan}, 'to_axle'), ({'camera_to_axle': -np.inf}, 'to_axle'),
    ({'rms_error_m': np.nan}, 'rms_error_m'), ({'rms_error_m': -1.0}, 'rms_error_m'),
    ({'camera_matrix': ['a'] + [0] * 8}, 'camera_matrix must be a list of numbers'),
    ({'camera_matrix': {'data': [1] * 9}}, 'camera_matrix must be a list of numbers'),
    ({'distortion_coefficients': [[1, 2], [3]]}, 'distortion_coefficients must be a list of'),
])
def test_a_file_that_cannot_be_is_refused_by_name(tmp_path, change, sentence):
    path = tmp_path / 'ground.yaml'
    view(model='plumb_bob', coefficients=(0, 0, 0, 0)).save(path)
    values = yaml.safe_load(path.read_text())
    values.update(change)
    path.write_text(yaml.safe_dump({key: value for key, value in values.items()
                                    if value is not None}))
    with pytest.raises(UserError, match=sentence) as error:
        GroundCalibration.load(path)
    assert 'ground.yaml' in str(error.value)


@pytest.mark.parametrize('unit, away', [(100.0, 16), (1000.0, 158)],
                         ids=['centimetres', 'millimetres'])
def test_a_file_in_another_unit_is_refused(tmp_path, unit, away):
    ground = view()
    replace(ground, homography=np.diag((unit, unit, 1.0)) @ ground.homography).save(
        tmp_path / 'ground.yaml')
    with pytest.raises(UserError, match=f'{away} m away; check the unit'):
        GroundCalibration.load(tmp_path / 'ground.yaml')


@pytest.mark.parametrize('focal, coefficients, sentence', [
    (420.0, (-50.0, 800.0, 0.0, 0.0), 'covers only the upper 5. % of the picture'),
    (420.0, (1e30, 0.0, 0.0, 0.0), 'does not lie on the floor'),
    (1e-6, (0.1, 0.0, 0.0, 0.0), 'does not lie on the floor'),
])
def test_a_lens_that_cannot_see_the_floor_is_refused(focal, coefficients, sentence):
    matrix = [focal, 0, 319.5, 0, focal, 239.5, 0, 0, 1]
    ground = replace(view(), lens=Lens.create(matrix, 'plumb_bob', coefficients))
    with pytest.raises(UserError, match=sentence):
        ground.check()


@pytest.mark.parametrize('text', ['', 'a: [', '\x00\x01', '[1, 2]', 'a: 2026-02-30', '[' * 3000],
                         ids=lambda text: text[:9])
def test_a_file_that_is_none_is_refused(tmp_path, text):
    (tmp_path / 'ground.yaml').write_text(text)
    with pytest.raises(UserError, match='ground.yaml'):
        GroundCalibration.load(tmp_path / 'ground.yaml')


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UserError, match='No such file'):
        GroundCalibration.load(tmp_path / 'none.yaml')

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The verb calibrate_ground: files in, calibration and picture out, refusals in one sentence."""

import cv2
import numpy as np
import pytest
import yaml

from lane_perception.benchmark.calibration_cameras import camera
from lane_perception.benchmark.calibration_cameras import checkers
from lane_perception.benchmark.calibration_cameras import photograph
from lane_perception.cli import calibrate_ground
from lane_perception.geometry.ground_calibration import GroundCalibration

PLACES = np.array([(0.4, 0.2), (0.4, -0.2), (0.8, 0.3), (0.9, -0.3), (1.4, 0.4), (1.3, -0.4)])


@pytest.fixture
def files(tmp_path):
    """Write a picture of a board, its camera_info and measured points."""
    one = camera(forward=0.1)
    cv2.imwrite(str(tmp_path / 'floor.png'), photograph(one, checkers(6, 4, 0.06), 0.27, 0.4))
    (tmp_path / 'lens.yaml').write_text(yaml.safe_dump({
        'image_width': 640, 'image_height': 480, 'camera_name': 'front',
        'camera_matrix': {'rows': 3, 'cols': 3, 'data': one.matrix.ravel().tolist()},
        'distortion_model': 'plumb_bob',
        'distortion_coefficients': {'rows': 1, 'cols': 5, 'data': list(one.coefficients)}}))
    rows = np.column_stack((one.project(PLACES)[0], PLACES))
    (tmp_path / 'points.csv').write_text(
        'u,v,x,y\n' + '\n'.join(','.join(f'{value:.3f}' for value in row) for row in rows))
    return tmp_path


def run(folder, *arguments, usual=(('--image', 'floor.png'), ('--camera-info', 'lens.yaml'),
                                   ('--out', 'ground.yaml'))):
    given = [word for option, name in usual if option not in arguments
             for word in (option, str(folder / name))]
    return calibrate_ground.main([*given, *arguments])


def test_a_board_gives_file_and_picture(files, capsys):
    assert run(files, '--board', 'checkerboard:6x4:0.06', '--camera-to-axle', '0.1') == 0
    said = capsys.readouterr().out
    assert 'reprojection error' in said and 'mm' in said
    calibration = GroundCalibration.load(files / 'ground.yaml')
    pixels, _ = camera(forward=0.1).project(PLACES)
    assert np.abs(calibration.to_ground(pixels) - PLACES).max() < 0.01
    picture = cv2.imread(str(files / 'ground_check.png'))
    assert picture.shape[0] == 480 and picture.shape[1] > 1000


def test_a_calibration_called_as_the_picture_leaves_the_picture_alone(files):
    before = (files / 'floor.png').read_bytes()
    for _ in range(2):   # what an earlier run wrote is replaced
        assert run(files, '--points', str(files / 'points.csv'),
                   '--out', str(files / 'floor.yaml')) == 0
    assert (files / 'floor.png').read_bytes() == before
    assert (files / 'floor_check.png').is_file()


@pytest.mark.parametrize('source, out', [
    ('floor.png', 'floor.png'), ('points.csv', 'points.csv'), ('lens.yaml', 'lens.yaml'),
    ('floor.png', 'link.yaml'), ('floor_check.png', 'floor.yaml')])
def test_nothing_that_is_read_is_overwritten(files, capsys, source, out):
    (files / 'floor_check.png').write_bytes((files / 'floor.png').read_bytes())
    (files / 'link.yaml').symlink_to(files / 'floor.png')
    before = (files / source).read_bytes()
    image = source if source.endswith('.png') else 'floor.png'
    assert run(files, '--image', str(files / image), '--points', str(files / 'points.csv'),
               '--out', str(files / out)) == 2
    said = capsys.readouterr().err
    assert 'would be overwritten' in said and said.count('\n') == 1
    assert (files / source).read_bytes() == before


def test_exif_does_not_turn_the_picture(files):
    exif = b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0'
    jpeg = cv2.imencode('.jpg', cv2.imread(str(files / 'floor.png')))[1].tobytes()
    (files / 'floor.jpg').write_bytes(
        jpeg[:2] + b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif + jpeg[2:])
    assert cv2.imread(str(files / 'floor.jpg')).shape[:2] == (640, 480)
    assert run(files, '--image', str(files / 'floor.jpg'), '--board', 'checkerboard:6x4:0.06',
               '--camera-to-axle', '0.1') == 0
    calibration = GroundCalibration.load(files / 'ground.yaml')
    pixels, _ = camera(forward=0.1).project(PLACES)
    assert np.abs(calibration.to_ground(pixels) - PLACES).max() < 0.01


def test_points_give_the_same_floor(files):
    assert run(files, '--points', str(files / 'points.csv')) == 0
    calibration = GroundCalibration.load(files / 'ground.yaml')
    assert calibration.camera_to_axle == pytest.approx(0.1, abs=0.003)
    assert calibration.rms_error_m < 0.001


@pytest.mark.parametrize(
    'heading', ['', '# measured', 'u [px],v [px],x [m],y [m]', 'u_px,v_px,x,y'])
def test_a_heading_of_any_form_is_no_point(files, heading):
    calibrations = []
    for first in ('u,v,x,y', heading):
        rows = (files / 'points.csv').read_text().splitlines()[1:]
        (files / 'points.csv').write_text('\n'.join([first, *rows]))
        assert run(files, '--points', str(files / 'points.csv')) == 0
        calibrations.append(GroundCalibration.load(files / 'ground.yaml').homography)
    assert (calibrations[0] == calibrations[1]).all()


@pytest.mark.parametrize('before, after', [
    (b'\xef\xbb\xbf', b''), (b'', b'\n   \n'), (b'', b'\r\n,,,\r\n')],
    ids=['byte order mark', 'blanks at the end', 'empty cells at the end'])
def test_a_table_as_an_editor_leaves_it_is_read(files, before, after):
    text = (files / 'points.csv').read_bytes()
    for rows in (text, text.partition(b'\n')[2]):   # with a heading and without
        (files / 'points.csv').write_bytes(before + rows + after)
        assert run(files, '--points', str(files / 'points.csv')) == 0


def points_of(files, change):
    """Write the measured points changed by a function of (u, v, x, y) rows; return the file."""
    rows = np.loadtxt(files / 'points.csv', delimiter=',', skiprows=1)
    np.savetxt(files / 'changed.csv', change(rows), delimiter=',')
    return str(files / 'changed.csv')


def run_without_lens(files, points):
    return calibrate_ground.main(['--image', str(files / 'floor.png'), '--points', points,
                                  '--out', str(files / 'new' / 'ground.yaml')])


def test_points_without_a_lens_do_not_say_where_the_camera_is(files):
    assert run_without_lens(files, points_of(files, lambda rows: rows[:4])) == 0
    text = (files / 'new' / 'ground.yaml').read_text()
    assert 'where the points were measured from' in text and 'camera_to_axle' not in text
    assert GroundCalibration.load(files / 'new' / 'ground.yaml').camera_to_axle is None


def test_four_points_written_twice_leave_nothing_to_check_by(files, capsys):
    points = points_of(files, lambda rows: np.repeat(rows[:4], 2, axis=0))
    assert run(files, '--points', points) == 0
    said = capsys.readouterr().out
    assert 'RMS of 4 points' in said and 'measure a fifth' in said


@pytest.mark.parametrize('change, sentence', [
    (lambda rows: rows[:4] * (1, 1, 100, 100), 'the places are in metres'),
    (lambda rows: rows[:4] * (1, 1, 1000, 1000), 'the places are in metres'),
    (lambda rows: np.repeat(rows[:3], 2, axis=0), '3 different points are too few'),
    (lambda rows: rows + (2000, 0, 0, 0), 'outside of the picture'),
    (lambda rows: rows + (0, 0, np.inf, 0), 'a number is not finite'),
    (lambda rows: rows + (np.nan, 0, 0, 0), 'a number is not finite'),
], ids=['centimetres', 'millimetres', 'three twice', 'pixels of a larger picture', 'infinite',
        'no number'])
def test_points_that_a_lens_would_show_to_be_wrong_are_refused_without_one(
        files, capsys, change, sentence):
    assert run_without_lens(files, points_of(files, change)) == 2
    assert sentence in capsys.readouterr().err
    assert not (files / 'new').exists()


def write_bag(files, infos, mask_topic=None, topic='/camera/image_raw/compressed',
              projection=np.zeros(12)):
    """Write a bag with the picture, CameraInfo of (topic, matrix) each, and an empty mask."""
    writers = pytest.importorskip('lane_perception.data.recording_writer')
    typestore = pytest.importorskip('rosbags.typesys')
    store = typestore.get_typestore(typestore.Stores.LATEST)
    kinds = store.types
    time = kinds['builtin_interfaces/msg/Time'](sec=1, nanosec=0)
    header = kinds['std_msgs/msg/Header'](stamp=time, frame_id='camera')
    one = camera(forward=0.1)
    picture, mask = (
        kinds['sensor_msgs/msg/CompressedImage'](header=header, format='png', data=data)
        for data in (np.fromfile(files / 'floor.png', np.uint8),
                     cv2.imencode('.png', np.zeros((480, 640), np.uint8))[1]))
    region = kinds['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    messages = [(topic, picture)]
    if mask_topic is not None:
        messages.append((mask_topic, mask))
    for info_topic, matrix in infos:
        messages.append((info_topic, kinds['sensor_msgs/msg/CameraInfo'](
            header=header, height=480, width=640, distortion_model='plumb_bob',
            d=np.array(one.coefficients), k=matrix.ravel(), r=np.eye(3).ravel(),
            p=projection, binning_x=0, binning_y=0, roi=region)))
    with writers.RecordingWriter(files / 'bag') as writer:
        for topic, message in messages:
            writer.write(topic, message.__msgtype__, message, 1_000_000_000)


def run_bag(files, *arguments):
    return run(files, *arguments, usual=(('--bag', 'bag'), ('--out', 'bag.yaml')))


def test_a_recording_with_camera_info_gives_the_lens_beside_the_picture(files):
    matrix = camera(forward=0.1).matrix
    write_bag(files, [('/another/camera_info', matrix * [[0.5], [0.5], [1]]),
                      ('/camera/camera_info', matrix)])
    assert run_bag(files, '--board', 'checkerboard:6x4:0.06') == 0
    lens = GroundCalibration.load(files / 'bag.yaml').lens
    assert lens.model == 'plumb_bob' and lens.matrix[0, 0] == pytest.approx(matrix[0, 0])


@pytest.mark.parametrize('from_file', [False, True])
def test_rectified_pictures_are_not_undistorted_again(files, capsys, from_file):
    one = camera(forward=0.1)
    straight = np.array([[330.0, 0, 310], [0, 340.0, 230], [0, 0, 1]])
    bend = np.array(one.coefficients)
    picture = cv2.undistort(cv2.imread(str(files / 'floor.png')), one.matrix, bend, None, straight)
    cv2.imwrite(str(files / 'floor.png'), picture)
    projection = np.column_stack((straight, np.zeros(3))).ravel()
    write_bag(files, [('/camera/camera_info', one.matrix)], topic='/camera/image_rect/compressed',
              projection=projection)
    values = yaml.safe_load((files / 'lens.yaml').read_text())
    values['projection_matrix'] = {'rows': 3, 'cols': 4, 'data': projection.tolist()}
    (files / 'lens.yaml').write_text(yaml.safe_dump(values))
    given = ['--camera-info', str(files / 'lens.yaml')] if from_file else []
    assert run_bag(files, '--board', 'checkerboard:6x4:0.06', '--camera-to-axle', '0.1',
                   *given) == 0
    assert '/camera/image_rect/compressed is rectified' in capsys.readouterr().out
    calibration = GroundCalibration.load(files / 'bag.yaml')
    pixels = cv2.undistortPoints(one.project(PLACES)[0], one.matrix, bend, None, straight)[:, 0]
    assert np.abs(calibration.to_ground(pixels) - PLACES).max() < 0.01


def test_masks_in_a_recording_are_not_taken_for_its_pictures(files):
    write_bag(files, [('/camera/camera_info', camera(forward=0.1).matrix)],
              mask_topic='/a/lane_mask/compressed')
    assert run_bag(files, '--board', 'checkerboard:6x4:0.06') == 0


def test_a_topic_without_pictures_is_refused(files, capsys):
    write_bag(files, [('/camera/camera_info', camera(forward=0.1).matrix)])
    assert run_bag(files, '--board', 'checkerboard:6x4:0.06',
                   '--bag-topic', '/camera/camera_info') == 2
    said = capsys.readouterr().err
    assert 'holds sensor_msgs/msg/CameraInfo' in said and said.count('\n') == 1


def test_a_recording_is_not_overwritten(files, capsys):
    write_bag(files, [('/camera/camera_info', camera(forward=0.1).matrix)])
    for file in (files / 'bag').iterdir():
        before = file.read_bytes()
        assert run_bag(files, '--board', 'checkerboard:6x4:0.06', '--out', str(file)) == 2
        assert 'would be overwritten' in capsys.readouterr().err
        assert file.read_bytes() == before
    for _ in range(2):
        assert run_bag(files, '--board', 'checkerboard:6x4:0.06',
                       '--out', str(files / 'bag' / 'ground.yaml')) == 0


def test_lenses_of_other_cameras_are_not_guessed_from(files, capsys):
    matrix = camera(forward=0.1).matrix
    write_bag(files, [('/left/camera_info', matrix), ('/right/camera_info', matrix)])
    assert run_bag(files, '--board', 'checkerboard:6x4:0.06') == 2
    assert 'give --camera-info' in capsys.readouterr().err


def test_a_camera_info_of_zeros_is_none_and_the_file_says_that_no_lens_applies(files, capsys):
    write_bag(files, [('/camera/camera_info', np.zeros((3, 3)))])
    assert run_bag(files, '--points', str(files / 'points.csv'), '--max-error', '1000') == 0
    assert 'holds no lens model' in capsys.readouterr().out
    assert 'distortion_model: none' in (files / 'bag.yaml').read_text()
    calibration = GroundCalibration.load(files / 'bag.yaml')
    assert calibration.as_seen and calibration.lens is None


@pytest.mark.parametrize('arguments, sentence', [
    (('--board', 'checkerboard:9x7:0.02'), 'not seen whole'),
    (('--board', 'chess'), 'not understood'),
    (('--points', 'missing.csv'), 'cannot be read'),
    (('--lane-width', '0.4', '--model', 'no_such_model'), 'no model named "no_such_model"'),
    (('--points', 'POINTS', '--camera-to-axle', '0.2'), 'already say'),
    (('--click', '0.4,0.2', '0.4,-0.2', '0.8,0.3', '0.9,-0.3', '--camera-to-axle', '0.2'),
     'already say'),
    (('--points', 'POINTS', '--max-error', '0.0001'), 'more than --max-error'),
    (('--points', 'POINTS', '--max-error', 'nan'), '--max-error nan is not a number above 0'),
    (('--points', 'POINTS', '--out', 'x.png'), '--out x.png must end in .yaml or .yml'),
    (('--click', '0.4,inf', '0.4,-0.2', '0.8,0.3', '0.9,-0.3'), 'a place is not finite'),
    (('--board', 'checkerboard:6x4:0.06', '--camera-to-axle', 'nan'),
     '--camera-to-axle nan is in metres'),
    (('--board', 'checkerboard:6x4:0.06', '--camera-to-axle', '2.1'),
     '--camera-to-axle 2.1 is in metres, and 2 at most'),
])
def test_refusals_are_one_sentence_and_status_2(files, capsys, arguments, sentence, monkeypatch):
    monkeypatch.chdir(files)
    arguments = [str(files / 'points.csv') if a == 'POINTS' else a for a in arguments]
    assert run(files, *arguments) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count('\n') == 1
    assert not (files / 'ground.yaml').exists()


def test_options_without_effect_are_told(files, capsys):
    assert run(files, '--board', 'checkerboard:6x4:0.06', '--camera-to-axle', '-0.1', '--frame',
               '3', '--model', 'mine') == 0
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        'calibrate_ground: note: --frame has no effect without --bag',
        'calibrate_ground: note: --model has no effect without --lane-width']
    assert ' m behind the origin' in said.out


def test_a_lane_gives_a_calibration_unless_its_width_cannot_be(files, bright_model, capsys):
    tapes = np.full((4000, 1400), 60, np.uint8)
    for middle in (300, 1100):   # 0.4 m apart
        tapes[:, middle - 40:middle + 40] = 245
    cv2.imwrite(str(files / 'floor.png'), photograph(camera(forward=0.1), tapes, 0.35, 0.2))
    arguments = ('--model', str(bright_model), '--camera-to-axle', '0.1', '--lane-width')
    assert run(files, *arguments, '40') == 2
    assert 'a lane of 40 m is none; give its width in metres' in capsys.readouterr().err
    assert not (files / 'ground.yaml').exists()
    assert run(files, *arguments, '0.4') == 0
    pixels, _ = camera(forward=0.1).project(PLACES)
    found = GroundCalibration.load(files / 'ground.yaml').to_ground(pixels)
    assert np.abs(found - PLACES).max() < 0.05


def test_a_picture_that_was_cut_off_is_refused(files, capsys):
    whole = cv2.imencode('.jpg', cv2.imread(str(files / 'floor.png')))[1].tobytes()
    (files / 'floor.png').write_bytes(whole[:len(whole) // 2])
    assert run(files, '--board', 'checkerboard:6x4:0.06') == 2
    assert capsys.readouterr().err.endswith('floor.png is cut off\n')


@pytest.mark.parametrize('asked, there', [('7x5', '6x4'), ('5x7', '4x6')])
def test_a_board_of_another_size_is_named(files, capsys, asked, there):
    assert run(files, '--board', f'checkerboard:{asked}:0.06') == 2
    said = capsys.readouterr().err
    assert f'one of {there} is there: count inner corners, not squares' in said
    assert said.count('\n') == 1


@pytest.mark.parametrize('asked', ['9x6', '7x4', '6x5'])
def test_a_board_of_which_a_part_is_found_is_wanted_nearer(files, capsys, asked):
    assert run(files, '--board', f'checkerboard:{asked}:0.06') == 2
    said = capsys.readouterr().err
    assert 'only a part, 6x4, is found; lay it nearer' in said and 'not squares' not in said
    assert said.count('\n') == 1


@pytest.mark.parametrize('spoiled', [
    lambda picture: cv2.blur(picture, (31, 31)), lambda picture: picture[:, :200]])
def test_no_size_is_named_where_no_board_is_seen(files, capsys, spoiled):
    picture = spoiled(cv2.imread(str(files / 'floor.png')))
    cv2.imwrite(str(files / 'spoiled.png'), picture)
    assert calibrate_ground.main([
        '--image', str(files / 'spoiled.png'), '--board', 'checkerboard:6x4:0.06',
        '--out', str(files / 'ground.yaml')]) == 2
    said = capsys.readouterr().err
    assert 'the board of 6x4 inner corners is not seen whole' in said
    assert 'is there' not in said


def test_another_aspect_ratio_is_refused(files, capsys):
    values = yaml.safe_load((files / 'lens.yaml').read_text())
    (files / 'lens.yaml').write_text(yaml.safe_dump({**values, 'image_height': 360}))
    assert run(files, '--board', 'checkerboard:6x4:0.06') == 2
    assert 'aspect ratio' in capsys.readouterr().err

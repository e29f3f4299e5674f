# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What calibrate_ground is given wrongly is said so that it can be put right."""

import cv2
import numpy as np
import pytest
from recordings_on_disk import write_recording

from lane_perception.cli.calibrate_ground import main


@pytest.fixture
def picture(tmp_path):
    """Write a picture without anything in it."""
    cv2.imwrite(str(tmp_path / 'floor.png'), np.zeros((480, 640, 3), np.uint8))
    return str(tmp_path / 'floor.png')


@pytest.mark.parametrize('heading', ['', '# measured\n', 'u;v;x;y\n', 'u,v,x,y\n\n'])
@pytest.mark.parametrize('line', [
    '400;300;0.5;0.1', '400\t300\t0.5\t0.1', '400;300;0,5;0,1', '400,300,0,5,0,1', '400,300,0.5',
    ' -400,300,0.5,left'])
def test_a_line_that_is_no_point_is_told_by_its_number(picture, tmp_path, capsys, heading, line):
    for rows in ([line] * 2, ['400,300,0.5,0.1', line]):
        (tmp_path / 'points.csv').write_text(heading + '\n'.join(rows))
        assert main(['--image', picture, '--points', str(tmp_path / 'points.csv'),
                     '--out', str(tmp_path / 'ground.yaml')]) == 2
        number = heading.count('\n') + 1 + rows.index(line)
        said = capsys.readouterr().err
        assert f'points.csv, line {number}: ' in said and said.count('\n') == 1
        assert 'separate them by commas, with a decimal point' in said


@pytest.mark.parametrize(('places', 'sentence'), [
    (['0.4,0.2', '0.4,-0.2', '0.8,0.3', '0.8,0.3'], '3 different points are too few'),
    (['0.4,0', '0.8,0', '1.2,0', '1.6,0', '2,0'], 'nearly on a line on the floor')])
def test_places_that_tell_no_view_are_refused_before_they_are_clicked(
        picture, tmp_path, capsys, places, sentence):
    assert main(['--image', picture, '--click', *places, '--out',
                 str(tmp_path / 'ground.yaml')]) == 2
    assert sentence in capsys.readouterr().err


def test_a_picture_without_a_straight_lane_is_told_with_the_way_to_another(
        tmp_path, bright_model, capsys):
    bag = write_recording(tmp_path / 'drive', count=3, blank=[1], lens=90.0)
    assert main(['--bag', str(bag), '--frame', '1', '--lane-width', '0.4', '--model',
                 str(bright_model), '--out', str(tmp_path / 'ground.yaml')]) == 2
    said = capsys.readouterr().err
    assert 'picture 1 of the recording: no lane with two markings is seen' in said
    assert 'another one is chosen with --frame' in said

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The sheet of the worst pictures."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from lane_perception.data.image_files import read_image
from lane_perception.evaluation.gallery import Exhibit
from lane_perception.evaluation.gallery import jpeg
from lane_perception.evaluation.set_score import ImageScore
from lane_perception.evaluation.worst_sheet import write_worst_sheet


def exhibit(order, prediction, error):
    pictures = {name: jpeg(np.full((120, 160, 3), value, np.uint8))
                for name, value in (('prediction', prediction), ('error', error))}
    score = ImageScore(str(order), 0.5, 0.1 * order, None, True, ())
    return Exhibit(order, score, f'frame {order}', pictures)


@pytest.mark.parametrize('count, rows, columns', [(1, 1, 1), (3, 3, 1), (5, 3, 2)])
def test_the_worst_stand_first_each_with_its_errors_beside_it(tmp_path, count, rows, columns):
    path = tmp_path / 'worst.jpg'
    write_worst_sheet(path, [exhibit(number, 40 + 30 * number, 200) for number in range(6)], count)
    sheet = read_image(path)
    height, width = sheet.shape[0] / rows, sheet.shape[1] / columns
    for number in range(count):
        row, column = divmod(number, columns)
        middle = round((row + 0.55) * height)
        left = sheet[middle, round((column + 0.25) * width)].mean()
        right = sheet[middle, round((column + 0.75) * width)].mean()
        assert left == pytest.approx(40 + 30 * number, abs=6)
        assert right == pytest.approx(200, abs=6)


def test_the_best_are_not_on_it(tmp_path):
    worst, best = exhibit(0, 40, 200), replace(exhibit(1, 70, 200), best=True)
    for name, exhibits in (('with', [worst, best]), ('without', [worst])):
        write_worst_sheet(tmp_path / f'{name}.jpg', exhibits, 10)
    assert (tmp_path / 'with.jpg').read_bytes() == (tmp_path / 'without.jpg').read_bytes()


def test_evaluate_writes_it(bright_model, tmp_path, capsys):
    from lane_perception.cli.evaluate import main
    arguments = ['--data', 'synthetic:1000005', '--count', '3', '--model', str(bright_model)]
    assert main([*arguments, '--worst', '2', '--out', str(tmp_path / 'some')]) == 0
    assert cv2.imread(str(tmp_path / 'some' / 'worst.jpg')).shape[1] > 640
    assert main([*arguments, '--worst', '0', '--out', str(tmp_path / 'none')]) == 0
    assert not (tmp_path / 'none' / 'worst.jpg').exists()
    assert main([*arguments, '--worst', '-1', '--out', str(tmp_path / 'bad')]) == 2
    assert '--worst -1 should be 0 or more' in capsys.readouterr().err

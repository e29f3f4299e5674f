# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The sheet of overlays: spaced pictures in the order of their numbers."""

import numpy as np

from lane_perception.benchmark.overlay_sheet import main
from lane_perception.benchmark.overlay_sheet import spaced
from lane_perception.data.image_files import read_image
from lane_perception.data.image_files import write_image


def test_pictures_are_spaced_over_the_folder_by_their_numbers(tmp_path):
    for number in range(21):
        write_image(tmp_path / f'{number}_cam.jpg', np.zeros((12, 16, 3), np.uint8))
    assert [stem for stem, _ in spaced(tmp_path, 3)] == ['0_cam', '10_cam', '20_cam']
    assert len(spaced(tmp_path, 100)) == 21


def test_a_lane_is_counted_and_drawn(bright_model, tmp_path, capsys):
    folder = tmp_path / 'pictures'
    folder.mkdir()
    lane = np.zeros((240, 320, 3), np.uint8)
    for bottom, top in ((40, 140), (280, 180)):    # two lines that meet far away
        rows = np.arange(110, 240)
        middle = top + (bottom - top) * (rows - 110) / 130.0
        half = 1.0 + 6.0 * (rows - 110) / 130.0
        for row, u, wide in zip(rows, middle, half):
            lane[row, int(u - wide):int(u + wide) + 1] = 255
    write_image(folder / '1.png', lane)
    write_image(folder / '2.png', np.zeros_like(lane))
    out = tmp_path / 'sheet.png'
    assert main([str(folder), '--model', str(bright_model), '--columns', '2', '--width', '160',
                 '--out', str(out)]) == 0
    assert '2 pictures: a lane in 1, both of its sides in 1' in capsys.readouterr().out
    sheet = read_image(out).astype(int)
    green = (sheet[..., 1] > sheet[..., 0] + 60) & (sheet[..., 1] > sheet[..., 2] + 60)
    assert green[:, :160].sum() > 100 and green[:, 168:].sum() == 0


def test_a_folder_without_pictures_is_refused(bright_model, tmp_path, capsys):
    assert main([str(tmp_path), '--model', str(bright_model),
                 '--out', str(tmp_path / 'sheet.png')]) == 2
    assert 'holds no picture' in capsys.readouterr().err

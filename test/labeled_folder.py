# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A small labeled data set: two bright lines on a dark floor, each picture different."""

import json
from pathlib import Path

import cv2
import numpy as np

# Settings of a run that a test can wait for.
QUICK = ['architecture=lane_dense_tiny', 'input_width=160', 'input_height=96', 'workers=0',
         'threads=1', 'precision=fp32', 'initial=', 'max_minutes=0', 'patience=0']


def write_folder(folder: Path, count: int, distinct: int = 1000) -> Path:
    """
    Write images/, masks/ and a split.json that trains on all but the last two.

    :param distinct: pictures repeat after so many.
    """
    height, width = 96, 160
    (folder / 'images').mkdir(parents=True)
    (folder / 'masks').mkdir()
    stems = []
    for number in range(count):
        rng = np.random.default_rng(number % distinct)
        image = rng.integers(20, 60, (height, width, 3)).astype(np.uint8)
        mask = np.zeros((height, width), np.uint8)
        for side in (0.15, 0.75):
            bottom = (int((side + rng.uniform(0, 0.1)) * width), height - 1)
            top = (int((0.3 + 0.4 * side + rng.uniform(-0.05, 0.05)) * width), height // 4)
            for canvas, color in ((image, (230, 230, 230)), (mask, 255)):
                cv2.line(canvas, bottom, top, color, 7)
        stem = f'frame_{number:05d}'
        stems.append(stem)
        cv2.imwrite(str(folder / 'images' / f'{stem}.png'), image)
        cv2.imwrite(str(folder / 'masks' / f'{stem}.png'), mask)
    (folder / 'split.json').write_text(json.dumps(
        {'train': stems[:-2], 'val': stems[-2:], 'test': []}))
    return folder

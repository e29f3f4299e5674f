# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Draw the pictures of the synthetic world that its page shows.

Run as ``python -m lane_perception.benchmark.world_sheets FOLDER``: samples in turn, none left out,
the first of them with their masks (green: marking, red: not judged) and the lane's true centre,
and four drives, a frame a second.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.command import run_main
from lane_perception.data.contact_sheet import contact_sheet
from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING
from lane_perception.data.image_files import write_image
from lane_perception.data.synthetic import drive
from lane_perception.data.synthetic import sample
from lane_perception.data.synthetic import Sample
from lane_perception.data.synthetic import TEST_SEEDS
from lane_perception.data.synthetic import WorldSettings
from lane_perception.errors import UserError

SEED = TEST_SEEDS + 100   # of the samples; the drives have this one and the next three
SAMPLES, MASKS = 30, 15
DRIVES = 4
COLUMNS = 5
SAMPLE = WorldSettings(size=(320, 200))
DRIVE = WorldSettings(size=(320, 240))


def with_mask(drawn: Sample) -> NDArray[np.uint8]:
    """Return a sample's picture with its mask and its lane's centre drawn over it."""
    image = drawn.image.copy()
    image[drawn.mask == MARKING] = (60, 230, 60)
    image[(drawn.mask != MARKING) & (drawn.mask != BACKGROUND)] = (40, 40, 230)
    if drawn.truth is not None:
        line = drawn.truth.center_line_px
        line = line[np.isfinite(line).all(1)]
        cv2.polylines(image, [line.round().astype(np.int32)], False, (230, 0, 230), 1, cv2.LINE_AA)
    return image


def body(argv: Sequence[str] | None = None) -> int:
    """Write the three sheets."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if len(arguments) != 1:
        raise UserError('usage: python -m lane_perception.benchmark.world_sheets FOLDER')
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    samples = [sample(SEED, number, SAMPLE) for number in range(SAMPLES)]
    frames = [frame.image for seed in range(SEED, SEED + DRIVES)
              for frame in drive(seed, seconds=COLUMNS, rate=1.0, settings=DRIVE)]
    for name, pictures in (('samples', [one.image for one in samples]),
                           ('masks', [with_mask(one) for one in samples[:MASKS]]),
                           ('drives', frames)):
        path = folder / f'world_{name}.jpg'
        write_image(path, contact_sheet(pictures, COLUMNS, gap=0), quality=88)
        print(path)
    return 0


if __name__ == '__main__':
    sys.exit(run_main(body))

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Draw what is found in unlabelled pictures, spaced over a folder, on one sheet to be judged by eye.

Prints in how many of them a lane was told, and in how many both of its sides were seen.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.command import run_main
from lane_perception.data.contact_sheet import contact_sheet
from lane_perception.data.frame_names import frame_identities
from lane_perception.data.image_files import picture_stems
from lane_perception.data.image_files import read_image
from lane_perception.data.image_files import write_image
from lane_perception.errors import UserError
from lane_perception.overlay import draw_overlay
from lane_perception.pipeline import LanePipeline

CAPTION = 16     # pixels above each tile


def spaced(folder: Path, count: int) -> list[tuple[str, Path]]:
    """
    Return stem and file of pictures spaced evenly over a folder, in the order of their numbers.

    :raises UserError: when the folder holds no picture.
    """
    pictures = dict(picture_stems(folder))
    identities = frame_identities(pictures)
    found = sorted(pictures.items(), key=lambda one: (*identities[one[0]], one[0]))
    if not found:
        raise UserError(f'{folder} holds no picture')
    at = np.unique(np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int))
    return [found[number] for number in at]


def draw_tile(image: NDArray[np.uint8], overlay: NDArray[np.uint8], width: int,
              caption: str) -> NDArray[np.uint8]:
    """Return the picture above its overlay, both so wide, under a caption."""
    height = max(1, round(width * image.shape[0] / image.shape[1]))
    title = np.zeros((CAPTION, width, 3), np.uint8)
    cv2.putText(title, caption, (2, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (230, 230, 230), 1,
                cv2.LINE_AA)
    return np.vstack([title, *(cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA)
                               for one in (image, overlay))])


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = argparse.ArgumentParser(
        prog='python -m lane_perception.benchmark.overlay_sheet', description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('folder', type=Path, help='of pictures')
    parser.add_argument('--model', default='lane_lite', help='shipped name or path')
    parser.add_argument('--tta', default='none', help='test-time augmentation')
    parser.add_argument('--count', type=int, default=100, help='pictures, spaced over the folder')
    parser.add_argument('--columns', type=int, default=10)
    parser.add_argument('--width', type=int, default=240, help='of a tile, pixels')
    parser.add_argument('--out', type=Path, required=True, help='JPEG or PNG to write')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Draw the sheet and print the counts."""
    arguments = build_parser().parse_args(argv)
    if min(arguments.count, arguments.columns) < 1 or arguments.width < 32:
        raise UserError('--count and --columns should be at least 1, --width at least 32')
    if not arguments.folder.is_dir():
        raise UserError(f'{arguments.folder} is no folder')
    cv2.setNumThreads(1)
    pipeline = LanePipeline.load(arguments.model, tta=arguments.tta)
    tiles, told, both = [], 0, 0
    for stem, path in spaced(arguments.folder, arguments.count):
        image = read_image(path)
        # As large as a person wants to see it: lines drawn into a small picture hide it.
        scale = max(1.0, 2.0 * arguments.width / image.shape[1])
        large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        lane = pipeline.process(large)
        sides = [side is not None and len(side) > 0 for side in (lane.lane.left, lane.lane.right)]
        told += lane.center is not None
        both += lane.center is not None and all(sides)
        caption = f'{stem[:24]} ' + (f'{lane.confidence:.2f}' if lane.center else 'no lane')
        tiles.append(draw_tile(image, draw_overlay(large, lane.mask, lane.lane), arguments.width,
                               caption))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    write_image(arguments.out, contact_sheet(tiles, arguments.columns), quality=88)
    print(f'{len(tiles)} pictures: a lane in {told}, both of its sides in {both}; '
          f'see {arguments.out}')
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

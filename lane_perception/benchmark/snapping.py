# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Measure how near snapped lines come to the tape's real extent.

Run as ``python -m lane_perception.benchmark.snapping DATA FILE``: DATA holds images/, masks/
(lines drawn by hand) and masks_careful/ (the tape's extent). Counted is what lies within BAND of
a drawn line and is judged by both.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.command import run_main
from lane_perception.data.image_files import MARKING
from lane_perception.data.image_files import NOT_JUDGED
from lane_perception.data.readers import read_dataset
from lane_perception.data.samples import load_sample
from lane_perception.data.snap_data import snap_label
from lane_perception.errors import UserError
from lane_perception.json_file import write_report
from lane_perception.machine import module_line

BAND = 0.03   # of the picture's width, around what was drawn
SHIFTS = range(-2, 3)


def _counts(
    found: NDArray[np.uint8], truth: NDArray[np.uint8], band: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return intersection and union."""
    judged = band & (found != NOT_JUDGED) & (truth != NOT_JUDGED)
    one, other = (found == MARKING) & judged, (truth == MARKING) & judged
    return np.array([(one & other).sum(), (one | other).sum()])


def _moved(mask: NDArray[np.uint8], right: int, down: int) -> NDArray[np.uint8]:
    return np.roll(mask, (down, right), (0, 1))


def measure(data: Path) -> dict:
    """
    Return the IoU of lines as drawn and as snapped, and how the careful masks lie.

    ``truth_offset_px`` is the shift (right, down) of the careful masks against the pictures: the
    one whose undoing makes their edges the sharpest in the pictures' lightness.
    """
    drawn = read_dataset(data, 'masks').by_stem()
    careful = read_dataset(data, 'masks_careful').samples
    pairs = []
    sharpness = {(right, down): 0.0 for right in SHIFTS for down in SHIFTS}
    for sample in careful:
        image, truth = load_sample(sample)
        line = drawn[sample.stem].label.mask(*truth.shape)
        snapped = snap_label(drawn[sample.stem], image)
        away = cv2.distanceTransform((line != MARKING).astype(np.uint8), cv2.DIST_L2,
                                     cv2.DIST_MASK_PRECISE)
        pairs.append((line, snapped, truth, away <= BAND * truth.shape[1]))
        lightness = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)[:, :, 0].astype(np.float32)
        for shift in sharpness:
            sharpness[shift] += _edge_contrast(lightness, _moved(truth, -shift[0], -shift[1]))
    offset = max(sharpness, key=sharpness.get)

    def iou(choose) -> float:
        inside, whole = np.sum([_counts(*choose(*pair), pair[3]) for pair in pairs], axis=0)
        return round(float(inside / whole), 4)

    def straight(truth: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return _moved(truth, -offset[0], -offset[1])

    return {
        'images': len(pairs),
        'label_width': int(pairs[0][2].shape[1]),
        'band_of_width': BAND,
        'drawn_iou': iou(lambda line, snapped, truth, band: (line, truth)),
        'snapped_iou': iou(lambda line, snapped, truth, band: (snapped, truth)),
        'truth_offset_px': list(offset),
        'snapped_iou_truth_moved_back': iou(
            lambda line, snapped, truth, band: (snapped, straight(truth))),
        'truth_moved_back_iou': iou(lambda line, snapped, truth, band: (straight(truth), truth)),
    }


def _edge_contrast(lightness: NDArray[np.float32], truth: NDArray[np.uint8]) -> float:
    """Return how much lighter the pixels within the edge of the markings are than those beyond."""
    marking = (truth == MARKING).astype(np.uint8)
    around = np.ones((3, 3), np.uint8)
    sure = cv2.dilate((truth == NOT_JUDGED).astype(np.uint8), around, iterations=4) == 0
    within = (marking - cv2.erode(marking, around) > 0) & sure
    beyond = (cv2.dilate(marking, around) - marking > 0) & sure
    if not within.any() or not beyond.any():
        return 0.0
    return float(lightness[within].mean() - lightness[beyond].mean())


def body(argv: Sequence[str] | None = None) -> int:
    """Measure and write the file."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if len(arguments) != 2:
        raise UserError('usage: python -m lane_perception.benchmark.snapping DATA FILE')
    data, out = map(Path, arguments)
    write_report(out, {'command': module_line('snapping', [data.name, out.name]),
                       'data': data.name, **measure(data)})
    print(out.read_text(encoding='utf-8'), end='')
    return 0


if __name__ == '__main__':
    sys.exit(run_main(body))

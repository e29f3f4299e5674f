# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Pictures of the synthetic world that training never draws, for timing and for accuracy."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic import TEST_SEEDS
from lane_perception.data.synthetic import WorldSettings
from lane_perception.data.synthetic import sample
from lane_perception.evaluation.line_f1 import LineScore
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.segmenter import Segmenter

SEED = TEST_SEEDS + 8
SIZE = (640, 480)     # width and height, pixels
IMAGES = 40           # that accuracy is counted over


@lru_cache(maxsize=IMAGES)
def _sample(number: int) -> Any:
    return sample(SEED, number, WorldSettings(size=SIZE))


def picture(height: int, width: int) -> NDArray[np.uint8]:
    """Return a (height, width, 3) BGR picture of a track, the same on every call."""
    image = _sample(0).image
    if image.shape[:2] == (height, width):
        return image
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)


def labelled_pictures() -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Return the pictures that accuracy is counted over, with their masks."""
    return [(_sample(number).image, _sample(number).mask) for number in range(IMAGES)]


def accuracy(segmenter: Segmenter) -> dict[str, float]:
    """
    Return lane_iou and line_f1 over IMAGES synthetic pictures of 640x480.

    The car may lack scikit-image, which thins lines: there is no line_f1 then.
    """
    segmentation, lines = SegmentationScore(), LineScore()
    thinning = importlib.util.find_spec('skimage') is not None
    for number in range(IMAGES):
        drawn = _sample(number)
        mask = segmenter.mask(drawn.image)
        segmentation.add(mask, drawn.mask)
        if thinning:
            lines.add(mask, drawn.mask)
    figures = {'lane_iou': round(segmentation.result()['lane_iou'], 4)}
    if thinning:
        figures['line_f1'] = round(lines.result()['line_f1'], 4)
    return figures

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Tell labels that are lines of one width from labels that cover the tape.

A network that is trained on lines of one width learns those: where tape is wide, near the car, it
finds a strip of it or nothing. Tape looks wider near the car than far away, lines drawn with one
pen do not; and where the camera looks steeply down, so that tape hardly narrows either, what the
picture shows beside the label tells.
"""

from __future__ import annotations

from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import MARKING
from lane_perception.data.image_files import NOT_JUDGED
from lane_perception.data.samples import LabeledImage
from lane_perception.data.samples import load_sample
from lane_perception.data.snap_data import snap_label
from lane_perception.errors import UserError

PICTURES = 12     # that are looked at, evenly spaced
ENOUGH = 4        # that have to tell
ONE_WIDTH = 1.3   # near lines are so many times as wide as far ones, at most
COVERS = 0.7      # IoU with the snapped label from which on a label covers the tape


def advice(width: float) -> str:
    """Return the sentence for labels that are lines of one width, in pixels."""
    return (f'the labels are lines about {width:.0f} pixels wide, not the extent of the tape, and '
            'a network learns what they show; labels=snap trains on the tape under them')


def lines_of_one_width(samples: Sequence[LabeledImage]) -> float | None:
    """
    Return the width in pixels that all lines of a data set are drawn with.

    :param samples: a few of them are read; one that is broken is passed over.
    :returns: None where the labels cover the tape, or too little is marked to tell.
    """
    chosen = np.linspace(0, len(samples) - 1, min(len(samples), PICTURES)).round().astype(int)
    read = []
    for index in chosen:
        try:
            image, mask = load_sample(samples[index])
        except UserError:
            continue
        widths = _near_and_far(mask == MARKING)
        if widths is not None:
            read.append((samples[index], image, mask, widths))
    if len(read) < ENOUGH:
        return None
    near, far = np.median([widths for *_, widths in read], axis=0)
    if not 1.0 / ONE_WIDTH <= near / far <= ONE_WIDTH:
        return None
    covered = [_overlap(mask, snap_label(sample, image)) for sample, image, mask, _ in read]
    told = [share for share in covered if share is not None]
    if len(told) < ENOUGH or np.median(told) >= COVERS:
        return None
    return float((near + far) / 2.0)


def _near_and_far(marking: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Return how wide markings are in the lower and in the upper third of their rows, pixels."""
    depth = cv2.distanceTransform(marking.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ridge = (depth > 0.0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))
    rows, columns = np.nonzero(ridge)
    if not len(rows):
        return None
    widths = 2.0 * depth[rows, columns] - 1.0
    third = np.ptp(rows) / 3.0
    parts = widths[rows >= rows.max() - third], widths[rows <= rows.min() + third]
    return tuple(float(np.median(part)) for part in parts)


def _overlap(mask: NDArray[np.uint8], snapped: NDArray[np.uint8]) -> float | None:
    """Return the IoU of a label with the tape under it; None where no tape stands out."""
    judged = (mask != NOT_JUDGED) & (snapped != NOT_JUDGED)
    drawn, tape = (mask == MARKING) & judged, (snapped == MARKING) & judged
    if not tape.any():
        return None
    return float((drawn & tape).sum() / (drawn | tape).sum())

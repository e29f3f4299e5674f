# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Count how well masks agree with labels: one confusion matrix over the whole set.

Pixels whose label is neither 0 nor 255 are not judged: they enter no figure. The one figure that
is not counted over the whole set is ``miou_per_image``, the convention of many reports, kept
beside ``lane_iou`` so that both can be compared.
"""

from __future__ import annotations

from array import array
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING


def confusion(prediction: NDArray[np.uint8], label: NDArray[np.uint8]) -> NDArray[np.int64]:
    """
    Count the judged pixels of one image.

    :param prediction: (H, W) uint8 or bool, nonzero on markings.
    :param label: (H, W) uint8: 0 background, 255 marking, anything between not judged.
    :returns: (4,) int64: true positive, false positive, false negative, true negative pixels.
    :raises ValueError: when the two have different shapes.
    """
    if prediction.shape != label.shape:
        raise ValueError(f'a prediction of {prediction.shape} against a label of {label.shape}')
    predicted, marked, background = prediction != 0, label == MARKING, label == BACKGROUND
    true_positive = np.count_nonzero(predicted & marked)
    false_positive = np.count_nonzero(predicted & background)
    false_negative = np.count_nonzero(marked) - true_positive
    true_negative = np.count_nonzero(background) - false_positive
    return np.array([true_positive, false_positive, false_negative, true_negative], np.int64)


def fit_to_label(mask: NDArray[np.uint8], label: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a mask at its label's size, by nearest neighbour where the two differ."""
    if mask.shape == label.shape:
        return mask
    return cv2.resize(mask, label.shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT)


def figures(counts: NDArray[np.int64]) -> dict[str, float]:
    """
    Return the figures of a set of images.

    :param counts: (N, 4) as :func:`confusion` counts them, one row an image, N >= 1.
    :returns: those of :func:`matrix_figures` over the summed matrix, and ``miou_per_image``: the
        mean over images of that image's two-class mean IoU.
    """
    over_set = matrix_figures(counts.sum(axis=0))
    return {**{name: float(value) for name, value in over_set.items()},
            'miou_per_image': float(matrix_figures(counts)['miou'].mean())}


def matrix_figures(counts: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """
    Return the figures of each confusion matrix.

    :param counts: (..., 4) as :func:`confusion` counts them, or sums of such rows.
    :returns: (...) each of ``lane_iou``, ``background_iou``, ``miou`` (mean of the two),
        ``precision``, ``recall``, ``f1``, ``pixel_accuracy``. A ratio of nothing to nothing (no
        label and no prediction) is 1; precision without a prediction is 0 where there were
        labels, and recall without a label is 0 where there were predictions.
    """
    true_positive, false_positive, false_negative, true_negative = np.moveaxis(counts, -1, 0)
    wrong = false_positive + false_negative
    lane_iou = ratio(true_positive, true_positive + wrong)
    background_iou = ratio(true_negative, true_negative + wrong)
    nothing = true_positive + wrong == 0
    return {
        'lane_iou': lane_iou,
        'background_iou': background_iou,
        'miou': (lane_iou + background_iou) / 2,
        'precision': ratio(true_positive, true_positive + false_positive, nothing),
        'recall': ratio(true_positive, true_positive + false_negative, nothing),
        'f1': ratio(2 * true_positive, 2 * true_positive + wrong),
        'pixel_accuracy': ratio(true_positive + true_negative,
                                true_positive + true_negative + wrong),
    }


def ratio(part: Any, whole: Any, otherwise: Any = 1.0) -> NDArray[np.float64]:
    """Return part / whole, element by element, and otherwise where whole is 0."""
    whole = np.asarray(whole)
    given = np.broadcast_to(otherwise, whole.shape).astype(float)
    return np.divide(part, whole, out=given, where=whole > 0)[()]


class SegmentationScore:
    """Collect the confusion matrix of each image of a set."""

    def __init__(self) -> None:
        """Start with no image."""
        self._counts = array('q')

    def add(self, prediction: NDArray[np.uint8], label: NDArray[np.uint8]) -> NDArray[np.int64]:
        """
        Score one image; arguments and errors as of :func:`confusion`.

        :returns: the image's counts. An image without a single judged pixel is left out of the
            set, and its counts are all zero.
        """
        counts = confusion(prediction, label)
        if counts.any():
            self._counts.extend(counts.tolist())
        return counts

    @property
    def counts(self) -> NDArray[np.int64]:
        """Return (N, 4) int64: one row of :func:`confusion` for each image, in order."""
        return np.array(self._counts, np.int64).reshape(-1, 4)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._counts) // 4

    def result(self) -> dict[str, float]:
        """
        Return the figures of :func:`figures` over all images added.

        :raises ValueError: when no image with a judged pixel was added.
        """
        if not self._counts:
            raise ValueError('no image was scored')
        return figures(self.counts)

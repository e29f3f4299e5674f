# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Compare markings as lines, whatever their widths: the F1 of thinned masks within a tolerance.

Both masks are thinned to lines of one pixel (Zhang and Suen, "A fast parallel algorithm for
thinning digital patterns", CACM 27, 1984). A pixel of one line hits when the other line passes
within the tolerance of it. Precision is the share of predicted line pixels that hit, recall the
share of labelled ones; hits are summed over the set, so long lines weigh more than short ones.
"""

from __future__ import annotations

from array import array
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING
from lane_perception.errors import UserError
from lane_perception.evaluation.metrics import ratio

TOLERANCES = (0.01, 0.02)   # fractions of the image's diagonal at label size; the first is line_f1


def load_thinning() -> Callable[[NDArray[np.bool_]], NDArray[np.bool_]]:
    """
    Return the function that thins; its first import takes half a second.

    :raises UserError: when scikit-image is not installed.
    """
    try:
        from skimage.morphology import skeletonize
    except ModuleNotFoundError as error:
        raise UserError('line F1 needs scikit-image: pip install scikit-image') from error
    return skeletonize


def thin(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """
    Return a mask thinned to lines of one pixel by the algorithm of Zhang and Suen.

    :param mask: (H, W), nonzero on markings.
    :returns: (H, W) bool, equal to ``skimage.morphology.skeletonize`` of the mask.
    :raises UserError: when scikit-image is not installed.
    """
    skeletonize = load_thinning()
    lines = np.zeros(mask.shape, bool)
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8, copy=False))
    if width:
        # Thinning never adds a pixel, so the empty margin around the markings can be left out.
        inside = (slice(y, y + height), slice(x, x + width))
        lines[inside] = skeletonize(mask[inside] > 0)
    return lines


def distances(
    lines: NDArray[np.bool_], others: NDArray[np.bool_], farthest: float = np.inf,
) -> NDArray[np.float64]:
    """
    Return each pixel of lines' Euclidean distance to the nearest of others.

    :param farthest: pixels; what lies further than that is as good as inf.
    """
    from scipy.spatial import cKDTree   # scikit-image needs it too
    points, targets = (np.column_stack(np.divmod(np.flatnonzero(one), one.shape[1]))
                       for one in (lines, others))
    if not len(points):
        return np.zeros(0)
    if not len(targets):
        return np.full(len(points), np.inf)
    tree = cKDTree(targets, balanced_tree=False, compact_nodes=False)
    return tree.query(points, distance_upper_bound=farthest)[0]


class LineFigures(NamedTuple):
    """How well lines agree, each 0 to 1."""

    precision: float
    recall: float
    f1: float


class LineScore:
    """Collect the hits of thinned markings over a set of images."""

    def __init__(self, tolerances: Sequence[float] = TOLERANCES) -> None:
        """
        Start with no image.

        :param tolerances: fractions of the image's diagonal at label size; the first one gives
            ``line_f1``.
        """
        self.tolerances = tuple(tolerances)
        self._hits = array('q')

    def add(self, prediction: NDArray[np.uint8], label: NDArray[np.uint8]) -> LineFigures:
        """
        Score one image.

        :param prediction: (H, W) uint8, nonzero on markings.
        :param label: (H, W) uint8: 0 background, 255 marking, anything between not judged. Lines
            are thinned before pixels that are not judged are dropped, so that an unjudged area
            does not bend them.
        :returns: this image's figures at the first tolerance.
        :raises ValueError: when the two have different shapes.
        :raises UserError: when scikit-image is not installed.
        """
        if prediction.shape != label.shape:
            raise ValueError(
                f'a prediction of {prediction.shape} against a label of {label.shape}')
        predicted = thin(prediction)
        labelled = thin(label == MARKING)
        judged = predicted & ((label == BACKGROUND) | (label == MARKING))
        diagonal = float(np.hypot(*label.shape))
        farthest = max(self.tolerances) * diagonal + 1.0
        to_label = distances(judged, labelled, farthest)
        to_prediction = distances(labelled, predicted, farthest)
        hits = np.array([
            (np.count_nonzero(to_label <= tolerance * diagonal), to_label.size,
             np.count_nonzero(to_prediction <= tolerance * diagonal), to_prediction.size)
            for tolerance in self.tolerances], np.int64)
        self._hits.extend(hits.ravel().tolist())
        return line_figures(hits[0])

    @property
    def hits(self) -> NDArray[np.int64]:
        """
        Return the counts of every image and tolerance.

        :returns: (N, T, 4) int64: hits of predicted pixels, predicted pixels, hits of labelled
            pixels, labelled pixels.
        """
        return np.array(self._hits, np.int64).reshape(-1, len(self.tolerances), 4)

    def hits_of_last(self) -> list[int]:
        """Return the last image's row of :attr:`hits` at the first tolerance."""
        start = len(self._hits) - 4 * len(self.tolerances)
        return self._hits[start:start + 4].tolist()

    def result(self) -> dict[str, Any]:
        """Return the figures of :func:`set_figures` over all images added."""
        return set_figures(self.hits.sum(axis=0), self.tolerances)


def set_figures(
    hits: NDArray[np.int64], tolerances: Sequence[float] = TOLERANCES,
) -> dict[str, Any]:
    """
    Return the figures of a set of images.

    :param hits: (T, 4), the sum of :attr:`LineScore.hits` over the images.
    :returns: ``line_f1``, ``line_precision``, ``line_recall`` at the first tolerance,
        ``line_tolerance`` itself (a fraction of the diagonal), and ``line_f1_at``: line F1 for
        every tolerance. A set without any line on both sides scores 1.
    """
    precision, recall, f1 = line_figures(hits[0])
    return {
        'line_f1': f1,
        'line_precision': precision,
        'line_recall': recall,
        'line_tolerance': tolerances[0],
        'line_f1_at': {str(tolerance): line_figures(row).f1
                       for tolerance, row in zip(tolerances, hits)},
    }


def line_figures(hits: NDArray[Any]) -> LineFigures:
    """
    Return the figures of rows of :attr:`LineScore.hits`, or of sums of rows.

    :param hits: (..., 4).
    :returns: (...) each. Without any line on both sides all are 1; precision without a predicted
        line is 0 where there were labelled ones, and recall the other way round.
    """
    predicted_hits, predicted, labelled_hits, labelled = np.moveaxis(hits, -1, 0)
    nothing = predicted + labelled == 0
    precision = ratio(predicted_hits, predicted, nothing)
    recall = ratio(labelled_hits, labelled, nothing)
    return LineFigures(precision, recall,
                       ratio(2 * precision * recall, precision + recall, 0.0))

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Count lanes that are wrong, missing or false, and how well the confidence foretells them.

A frame is judged when it shows a lane whose centre is known, or shows none. Its answer is wrong
when the centre is off by more than 2 % of the picture's width, when there is none though the lane
is visible (missing), or when there is one though there is no lane (false).

The risk-coverage curve (El-Yaniv and Wiener, 2010) orders the frames by confidence, a missing lane
having 0, and gives the share of wrong ones among the most confident, for each share of frames that
is taken. Frames in which there is no lane and none was told claim nothing and are left out. The
area under it is the mean of that risk over all coverages, 0 at best. The expected calibration
error (Guo et al., 2017) is the mean distance, over ten bins of equal width weighted by their
number, between the confidence of the lanes that were told and the share that was right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.drawing import Point

OFF = 0.02       # of the picture's width: a centre further off is wrong
BINS = 10        # of the calibration error
COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def is_right(center: Point | None, truth: Point | None, width: int) -> bool:
    """Return whether a centre, in pixels of a picture so wide, is right."""
    return center is not None and truth is not None \
        and abs(center[0] - truth[0]) <= OFF * width


class TrustScore:
    """Collect the lanes of a set of frames."""

    def __init__(self) -> None:
        """Start with no frame."""
        self._confidence: list[float] = []
        self._told: list[bool] = []
        self._right: list[bool] = []
        self._visible: list[bool] = []

    def add(self, center: Point | None, confidence: float, truth: Point | None,
            width: int) -> None:
        """
        Take in one judged frame.

        :param center: that was told, (u, v) in pixels, or None.
        :param confidence: that was told with it.
        :param truth: the true one; None where there is no lane.
        :param width: of the picture, pixels.
        """
        self._told.append(center is not None)
        self._confidence.append(confidence if center is not None else 0.0)
        self._right.append(is_right(center, truth, width))
        self._visible.append(truth is not None)

    def result(self) -> dict[str, Any]:
        """Return shares, the area under the risk-coverage curve, the calibration error."""
        told, right, visible = (np.array(column, bool) for column in (
            self._told, self._right, self._visible))
        confidence = np.array(self._confidence)
        claims = told | visible
        return {
            'frames': len(told), 'frames_with_lane': int(visible.sum()),
            'lane_found': _share(told[visible]), 'center_right': _share(right[told & visible]),
            'false_lanes': _share(told[~visible]),
            'risk_coverage': risk_coverage(confidence[claims], ~right[claims]),
            'calibration_error': calibration_error(confidence[told], right[told]),
            'mean_confidence': _share(confidence[told]),
        }


def _share(values: NDArray[Any]) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None


def risk_coverage(
    confidence: NDArray[np.float64], wrong: NDArray[np.bool_],
) -> dict[str, Any] | None:
    """
    Return the area under the risk-coverage curve and the curve.

    ``best`` is the area if all wrong frames came last, ``random`` that of an order that says
    nothing: the share of wrong frames. Equal confidences share their risk. None without a frame.
    """
    if not len(wrong):
        return None
    count = len(wrong)
    taken = np.arange(1, count + 1)
    order = np.argsort(-confidence, kind='stable')
    risk = np.cumsum(_ties_shared(confidence[order], wrong[order].astype(float))) / taken
    best = np.cumsum(np.sort(wrong)) / taken
    return {'area': round(float(risk.mean()), 4), 'best': round(float(best.mean()), 4),
            'random': round(float(wrong.mean()), 4),
            'risk_at': {f'{coverage:g}': round(float(risk[max(round(coverage * count), 1) - 1]), 4)
                        for coverage in COVERAGES}}


def _ties_shared(ordered: NDArray[np.float64], wrong: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the wrong counts with those of equal confidence spread evenly over them."""
    _, group, size = np.unique(-ordered, return_inverse=True, return_counts=True)
    return (np.bincount(group, wrong) / size)[group]


def calibration_error(
    confidence: NDArray[np.float64], right: NDArray[np.bool_],
) -> float | None:
    """Return the expected calibration error, 0 at best; None without a lane."""
    if not len(right):
        return None
    at = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gap = np.abs(np.bincount(at, confidence, BINS) - np.bincount(at, right, BINS))
    return round(float(gap.sum() / len(right)), 4)

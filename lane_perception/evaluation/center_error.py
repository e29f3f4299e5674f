# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Compare lane centres: the one found in the predicted mask with the one found in the label.

Both are found by the same lane finder on the same look-ahead row, with the same knowledge of the
camera and of the lane's width, so the figure says what the network's mistakes do to steering, not
how good the lane finder is.
"""

from __future__ import annotations

import numpy as np

from lane_perception.data.drawing import Point

SAME_ROW = 2.0   # pixels by which two centres of one row may lie apart


class CenterScore:
    """Collect the centre errors of a set of images."""

    def __init__(self) -> None:
        """Start with no image."""
        self._images = 0
        self._with_lane = 0
        self._errors: list[float] = []
        self._missed = 0
        self._false = 0
        self.other_rows = 0   # pairs whose rows differ: their error is one of two places

    def add(self, center: Point | None, truth: Point | None = None, judged: bool = True) -> float:
        """
        Score one image.

        :param center: (u, v) in pixels, or None where no lane was found.
        :param truth: the same from the label, in the same picture's pixels; None without a lane.
        :param judged: False where the image has no label; it then counts in ``lane_found`` only.
        :returns: the horizontal error in pixels, signed: positive when the found centre lies
            right of the true one; NaN where one of the two is missing.
        """
        self._images += 1
        self._with_lane += center is not None
        if not judged:
            return float('nan')
        if truth is None:
            self._false += center is not None
            return float('nan')
        if center is None:
            self._missed += 1
            return float('nan')
        error = center[0] - truth[0]
        self._errors.append(abs(error))
        self.other_rows += abs(center[1] - truth[1]) > SAME_ROW
        return error

    @property
    def errors(self) -> list[float]:
        """Return the absolute errors of the images in which both centres were found, pixels."""
        return self._errors

    def result(self) -> dict[str, float | int | None]:
        """
        Return the figures over all images added.

        :returns: ``center_mae_px`` (mean absolute horizontal error over the images where both
            have a lane; None when there is none), ``center_p95_px``, ``lane_found`` (share of all
            images in which a lane was found; None without an image), ``lane_missed`` (number of
            images whose label has a lane and whose prediction has none) and ``lane_false`` (the
            reverse).
        """
        errors = np.array(self._errors)
        return {
            'center_mae_px': float(errors.mean()) if errors.size else None,
            'center_p95_px': float(np.percentile(errors, 95)) if errors.size else None,
            'lane_found': self._with_lane / self._images if self._images else None,
            'lane_missed': self._missed,
            'lane_false': self._false,
        }

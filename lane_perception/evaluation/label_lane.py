# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lane that a label shows, against which found ones are judged."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.evaluation.center_error import Point
from lane_perception.evaluation.metrics import MARKING
from lane_perception.evaluation.metrics import fit_to_label
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane_finder import Lane
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lane_finder import LaneSettings


class LabelLane:
    """Finds the lane in one label after the other, each alone; the truth is not doubted."""

    def __init__(self, settings: LaneSettings = LaneSettings(),
                 ground: GroundCalibration | None = None) -> None:
        """Take the settings of the finder that is judged, but for the confidence it needs."""
        self._finder = LaneFinder(replace(settings, min_confidence=0.0), ground)

    def find(self, label: NDArray[np.uint8]) -> Lane:
        """Return the lane in a label (H, W); pixels that are not judged are no marking."""
        # Not by cv2.compare, which takes a label of one pixel for a number.
        return self._finder.find(
            cv2.threshold(label, MARKING - 1, MARKING, cv2.THRESH_BINARY)[1])

    def center_in(self, image: NDArray[np.uint8], label: NDArray[np.uint8]) -> Point | None:
        """Return the centre of a label's lane in the pixels of its picture (H, W, 3), or None."""
        return self.find(fit_to_label(label, image[:, :, 0])).center

    def reset(self) -> None:
        """Begin another recording."""
        self._finder.reset()

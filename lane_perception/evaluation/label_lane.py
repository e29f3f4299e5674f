# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lane that a label shows, against which found ones are judged."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import MARKING
from lane_perception.evaluation.center_error import Point
from lane_perception.evaluation.metrics import fit_to_label
from lane_perception.geometry.lane import Lane
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.place import Place


class LabelLane:
    """
    Finds the lane in one label after the other, each alone; the truth is not doubted.

    A label is read with what the judged finder knows of the place when it has looked at the same
    picture: where the horizon lies and how wide lanes are there. Otherwise the two would differ by
    what each has guessed of the camera, and the network's mask would be blamed for it.
    """

    def __init__(self, judged: LaneFinder) -> None:
        """Take the settings of the finder that is judged."""
        self._finder = LaneFinder(judged.settings, judged.ground)

    def find(self, label: NDArray[np.uint8], place: Place) -> Lane:
        """
        Return the lane in a label; pixels that are not judged are no marking.

        :param label: (H, W), at its picture's size.
        :param place: the judged finder's, ``as_it_lies`` after that picture.
        """
        # Not by cv2.compare, which takes a label of one pixel for a number.
        return self._finder.find_in(
            cv2.threshold(label, MARKING - 1, MARKING, cv2.THRESH_BINARY)[1], place)

    def center_in(self, image: NDArray[np.uint8], label: NDArray[np.uint8], place: Place,
                  ) -> Point | None:
        """Return the centre of a label's lane in the pixels of its picture (H, W, 3), or None."""
        return self.find(fit_to_label(label, image[:, :, 0]), place).center

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""All that is known to be true of a recording's frames, wherever it lies."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recordings import Received
from lane_perception.errors import UserError
from lane_perception.evaluation.center_error import Point
from lane_perception.evaluation.label_folder import LabelFolder
from lane_perception.evaluation.truth import CenterTopic
from lane_perception.evaluation.truth import MaskTopic
from lane_perception.evaluation.truth import PoseTopic


class FrameTruth(NamedTuple):
    """What is true of one frame."""

    label: NDArray[np.uint8] | None    # (h, w) uint8; None: there is none
    pose: tuple[float, float] | None   # lateral metres and heading radians
    center: Point | None               # of the lane, by its topic
    center_judged: bool | None         # whether that is known; None: there is no such topic


class RecordingTruth:
    """The truth about a recording, read in step with its frames."""

    def __init__(
        self, bag: Path, truth_topic: str | None, labels: Path | None, label_rate: float | None,
        center_topic: str | None, pose_topic: str | None, classes: Sequence[str] = (),
    ) -> None:
        """
        Open what there is; None: there is none.

        :param classes: of the labels, that are markings; none: all.
        :raises UserError: when it is not there, or masks are given twice.
        """
        if truth_topic and labels:
            raise UserError('give the truth as --truth-topic or as --labels, not both')
        self._labels: MaskTopic | LabelFolder | None = None
        self.label_format: str | None = None   # of the folder of labels, for people
        if truth_topic:
            self._labels = MaskTopic(bag, truth_topic)
        elif labels:
            self._labels = LabelFolder(labels, label_rate, classes)
            self.label_format = self._labels.format
        self._centers = CenterTopic(bag, center_topic) if center_topic else None
        self._poses = PoseTopic(bag, pose_topic) if pose_topic else None

    def of(
        self, frame: Received, size: tuple[int, int] | None, following: Received | None,
    ) -> FrameTruth:
        """
        Return what is true of a frame; all are asked for, in order.

        :param size: (height, width); None: it has no picture, and its truth is no other frame's.
        :param following: the frame after it.
        """
        label = pose = center = judged = None
        if self._labels is not None:
            label = self._labels.label(frame, size, following)
        if self._poses is not None:
            pose = self._poses.at(frame, following)
        if self._centers is not None:
            judged, center = self._centers.at(frame, following)
        return FrameTruth(label, pose, center, judged)

    def close(self) -> list[list[str]]:
        """Close it; return sentences about what could not be used, by where it lies."""
        return [truth.close() for truth in (self._labels, self._centers, self._poses)
                if truth is not None]

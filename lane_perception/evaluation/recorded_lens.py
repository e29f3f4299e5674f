# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lens that a recording tells, taken as the node takes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recordings import RecordingReader
from lane_perception.geometry.camera_info import info_topic_of
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.pipeline import LanePipeline
from lane_perception.ros.known_lens import KnownLens


class RecordedLens:
    """The first camera_info beside the pictures, for a pipeline that reads them."""

    def __init__(self, reader: RecordingReader, topic: str, pipeline: LanePipeline) -> None:
        """
        Look for it.

        :param topic: of the pictures.
        """
        self.problems: list[str] = []   # why it is not used
        self._topic, self._pipeline = topic, pipeline
        self._known = KnownLens(pipeline.finder.ground, lambda said: None, self.problems.append)
        beside = info_topic_of(topic)
        self._info = None
        if beside in reader.topics():
            self._info = next((message for _, _, message in reader.frames(beside)), None)

    @property
    def model(self) -> str:
        """Return the name of the lens model in use."""
        return self._known.model

    def suit(self, image: NDArray[np.uint8]) -> None:
        """Give the pipeline the lens before its first picture."""
        info, self._info = self._info, None
        if info is None or not self._known.hear(info, self._topic, image.shape[1::-1]):
            return
        if self._known.trouble:
            self.problems.append(self._known.trouble)
        self._pipeline.finder = LaneFinder(self._pipeline.finder.settings, self._known.ground,
                                           camera=self._known.camera)

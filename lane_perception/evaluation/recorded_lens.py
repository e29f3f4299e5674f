# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lens that a recording tells, taken as the node takes it."""

from __future__ import annotations

from itertools import islice

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recordings import RecordingReader
from lane_perception.geometry.camera_info import holds_lens
from lane_perception.geometry.camera_info import info_of_pictures
from lane_perception.geometry.camera_info import info_topic_of
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.pipeline import LanePipeline
from lane_perception.ros.known_lens import KnownLens

LOOKED_AT = 100   # messages of camera_info


class RecordedLens:
    """The first lens that camera_info beside the pictures tells, for a pipeline."""

    def __init__(self, reader: RecordingReader, topic: str, pipeline: LanePipeline) -> None:
        """
        Look for it.

        :param topic: of the pictures.
        """
        self.problems: list[str] = []   # why it is not used
        self._topic, self._pipeline = topic, pipeline
        self._known = KnownLens(pipeline.finder.ground, lambda said: None, self.problems.append)
        self._info = None
        beside = info_topic_of(topic)
        found = reader.topics().get(beside)
        if found is not None and found.message_type == 'sensor_msgs/msg/CameraInfo':
            several = (one.message for one in islice(reader.received(beside), LOOKED_AT))
            self._info = next((one for one in several if one is not None and holds_lens(
                info_of_pictures(one, topic))), None)

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

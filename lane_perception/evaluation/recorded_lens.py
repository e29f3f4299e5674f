# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lens that a recording tells, taken as the node takes it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recordings import Received
from lane_perception.data.recordings import RecordingReader
from lane_perception.geometry.camera_info import holds_lens
from lane_perception.geometry.camera_info import info_of_pictures
from lane_perception.geometry.camera_info import info_topic_of
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.known_lens import KnownLens
from lane_perception.geometry.known_lens import lens_from_file
from lane_perception.geometry.lane_finder import LaneFinder

LOOKED_AT = 100   # messages of camera_info in a recording


def recorded_info(reader: RecordingReader, topic: str) -> Received | None:
    """
    Return the first camera_info beside a recording's pictures that tells a lens; or None.

    :param topic: of the pictures.
    """
    beside = info_topic_of(topic)
    found = reader.topics().get(beside)
    if found is None or found.message_type != 'sensor_msgs/msg/CameraInfo':
        return None
    return next((one for one in islice(reader.received(beside), LOOKED_AT)
                 if one.message is not None
                 and holds_lens(info_of_pictures(one.message, topic))), None)


class RecordedLens:
    """The first lens that camera_info beside the pictures tells, or a file, for a lane finder."""

    def __init__(self, reader: RecordingReader, topic: str,
                 ground: GroundCalibration | None = None, file: Path | None = None) -> None:
        """
        Look for it.

        :param topic: of the pictures.
        :param ground: calibration of the camera, None without one.
        :param file: as camera_calibration writes it; counts instead of what is recorded.
        """
        self.problems: list[str] = []   # why it is not used
        self._topic, self._file = topic, file
        self._known = KnownLens(ground, lambda said: None, self.problems.append)
        found = recorded_info(reader, topic) if file is None else None
        self._info = None if found is None else found.message
        if file is not None and ground is not None and ground.lens is not None:
            self.problems.append(f'{file} is not used: the ground calibration tells the lens')

    @property
    def model(self) -> str:
        """Return the name of the lens model in use."""
        return self._known.model

    def suited(self, finder: LaneFinder, image: NDArray[np.uint8]) -> LaneFinder:
        """
        Return the finder to look at a picture with: at the first, one that knows the lens.

        :raises UserError: when the file is none, or its lens is not that of the picture.
        """
        known, size = self._known, image.shape[1::-1]
        if self._file is not None:
            known.ground, known.camera = lens_from_file(
                self._file, known.ground, self._topic, size)
            self._file = None
        else:
            info, self._info = self._info, None
            if info is None or not known.hear(info, self._topic, size):
                return finder
            if known.trouble:
                self.problems.append(known.trouble)
        return LaneFinder(finder.settings, known.ground, camera=known.camera)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings and videos as one thing: frames by number, with their time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Collection
from typing import Iterator
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recordings import NANOSECONDS
from lane_perception.data.recordings import RecordingReader
from lane_perception.errors import UserError
from lane_perception.ros.images import to_bgr


class FrameSource(Protocol):
    """What frames are taken from."""

    problems: list[str]   # sentences about what could not be read

    def times(self) -> list[float]:
        """Return each frame's time in seconds, in the order of the frames."""

    def frames(self, numbers: Collection[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield number and picture (H, W, 3) uint8 BGR of these frames, broken ones left out."""

    def name(self, number: int) -> str:
        """Return a name for a frame: the source's name and, last, the frame's stamp or number."""


class RecordingFrames:
    """The frames of a topic of a rosbag2 recording."""

    def __init__(self, reader: RecordingReader, topic: str) -> None:
        """
        Read every frame's stamp; pictures are not decoded.

        :param topic: with pictures, raw or compressed.
        :raises UserError: when the topic holds no frame.
        """
        self._reader = reader
        self._topic = topic
        self._stem = reader.path.stem if reader.path.is_file() else reader.path.name
        read, readable = [], 0
        for one in reader.received(topic):
            read.append((one.stamp_ns, one.log_time_ns))
            readable += one.message is not None
        self._stamps = [stamp for stamp, _ in read]
        self._shared = Counter(self._stamps)
        known = [stamp for stamp in self._stamps if stamp]   # a damaged message may have none
        rising = all(first < second for first, second in zip(known, known[1:]))
        self._times = [(stamp if rising else log_time) / NANOSECONDS for stamp, log_time in read]
        self.problems = reader.problems
        if not readable:
            raise UserError(f'{topic} in {reader.path} holds no frame')

    def times(self) -> list[float]:
        """Return the header stamps in seconds; where they do not rise, all frames' log times."""
        return self._times

    def frames(self, numbers: Collection[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield number and picture; see :class:`FrameSource`."""
        wanted = set(numbers)
        for one in self._reader.received(self._topic):
            if one.number in wanted and one.message is not None:
                try:
                    yield one.number, to_bgr(one.message)
                except UserError as error:
                    self.problems.append(f'frame {one.number} (stamp {one.stamp_ns} ns): {error}')

    def name(self, number: int) -> str:
        """
        Return NAME_STAMP, the stamp in nanoseconds, as replay --labels reads it.

        Frames that share their stamp are NAME_STAMP_NUMBER, which it reads too.
        """
        stamp = self._stamps[number]
        name = f'{self._stem}_{stamp}'
        return name if self._shared[stamp] == 1 else f'{name}_{number:06d}'


class VideoFrames:
    """The frames of a video file."""

    def __init__(self, path: Path) -> None:
        """
        Count the frames.

        :raises UserError: when the file is missing, or no video that OpenCV can read.
        """
        self.path = path
        self.problems: list[str] = []
        if not path.is_file():
            raise UserError(f'there is no file or folder {path}')
        video = self._open()
        rate = video.get(cv2.CAP_PROP_FPS)
        count = 0
        while video.grab():
            count += 1
        video.release()
        if not count:
            raise UserError(f'{path} holds no frame that can be read')
        self._times = [number / (rate if rate > 0 else 30.0) for number in range(count)]

    def _open(self) -> cv2.VideoCapture:
        video = cv2.VideoCapture(str(self.path))
        if not video.isOpened():
            raise UserError(f'{self.path} is neither a recording (rosbag2 folder, .mcap, .db3) '
                            'nor a video that OpenCV can read')
        return video

    def times(self) -> list[float]:
        """Return the frames' times by the video's frame rate."""
        return self._times

    def frames(self, numbers: Collection[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield number and picture; see :class:`FrameSource`."""
        wanted = set(numbers)
        video = self._open()
        for number in range(max(wanted, default=-1) + 1):
            if not video.grab():
                break
            if number in wanted:
                read, picture = video.retrieve()
                if read:
                    yield number, picture
                else:
                    self.problems.append(f'frame {number} of {self.path} cannot be decoded')
        video.release()

    def name(self, number: int) -> str:
        """Return NAME_NUMBER."""
        return f'{self.path.stem}_{number:06d}'

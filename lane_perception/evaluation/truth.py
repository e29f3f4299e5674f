# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The truth about a recording's frames: mask topic, label folder, pose topic, matched by stamp."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.frame_names import without_roboflow
from lane_perception.data.image_files import find_images
from lane_perception.data.recordings import IMAGE_TYPES
from lane_perception.data.recordings import NANOSECONDS
from lane_perception.data.recordings import RecordingReader
from lane_perception.errors import UserError
from lane_perception.ros.images import ImageError
from lane_perception.ros.images import to_mask

WINDOW_NS = 5 * NANOSECONDS   # a truth message is logged at most so long before or after its frame
POSE_TYPES = ('nav_msgs/msg/Odometry', 'geometry_msgs/msg/PoseStamped',
              'geometry_msgs/msg/PoseWithCovarianceStamped')
SECONDS_FROM = 1e8            # a label's number from here on is a stamp in seconds,
NANOSECONDS_FROM = 1e15       # from here on one in nanoseconds; below both, a frame's number


class TopicTruth:
    """A topic whose messages belong to frames of equal header stamp."""

    def __init__(self, path: Path, topic: str, types: tuple[str, ...]) -> None:
        """
        Open the recording a second time.

        :raises UserError: when it has no such topic, or of another type.
        """
        self._reader = RecordingReader(path)
        self._reader.require(topic, types)
        self._frames: Iterator[tuple[int, int, Any]] = self._reader.frames(topic)
        self._waiting: dict[int, tuple[int, Any]] = {}   # stamp -> log time, message
        self._read_to = -(1 << 62)
        self.unmatched = 0

    def at(self, stamp_ns: int, log_time_ns: int) -> Any:
        """Return the message of a frame's stamp, or None; frames are asked for in log order."""
        while self._read_to <= log_time_ns + WINDOW_NS:
            following = next(self._frames, None)
            if following is None:
                self._read_to = 1 << 62
                break
            stamp, self._read_to, message = following
            self._waiting[stamp] = (self._read_to, message)
        old = [stamp for stamp, (time, _) in self._waiting.items()
               if time < log_time_ns - WINDOW_NS]
        for stamp in old:
            del self._waiting[stamp]
            self.unmatched += 1
        found = self._waiting.pop(stamp_ns, None)
        return found and found[1]

    def close(self) -> None:
        """Close the recording; ``unmatched`` then counts the messages that no frame had."""
        self.unmatched += len(self._waiting) + sum(1 for _ in self._frames)
        self._reader.close()


class MaskTopic:
    """Masks in the recording itself."""

    def __init__(self, path: Path, topic: str) -> None:
        """Open it; errors as of :class:`TopicTruth`."""
        self._name = topic
        self._topic = TopicTruth(path, topic, IMAGE_TYPES)
        self._problems: list[str] = []

    def label(
        self, number: int, stamp_ns: int, log_time_ns: int, size: tuple[int, int],
    ) -> NDArray[np.uint8] | None:
        """Return a frame's mask: (h, w) uint8, 0, 255 or between, not judged; None without."""
        message = self._topic.at(stamp_ns, log_time_ns)
        if message is None:
            return None
        try:
            return to_mask(message)
        except ImageError as error:
            self._problems.append(f'{self._name}, stamp {stamp_ns}: {error}')
            return None

    def close(self) -> list[str]:
        """Close it; return sentences about what could not be used."""
        self._topic.close()
        if self._topic.unmatched:
            self._problems.append(f'{self._topic.unmatched} masks on {self._name} have the stamp '
                                  'of no frame')
        return self._problems


class LabelFolder:
    """Labels in files, whose names say the frame."""

    def __init__(self, folder: Path, rate: float | None = None) -> None:
        """
        List the labels.

        :param folder: of masks, or a data set with images and labels. The last number of a
            name is the frame's header stamp (seconds or nanoseconds) or, being small, the
            frame's number in the recording, from 0; an ending of Roboflow's is no part of it.
            Of several labels of one frame the first counts.
        :param rate: the small numbers count at so many per second since the first frame's stamp.
        :raises UserError: when there are no labels, or names without a number.
        """
        from lane_perception.data.readers import read_dataset
        from lane_perception.data.readers.json_files import label_files
        from lane_perception.data.samples import MaskFile
        self._folder = folder
        self._rate = rate
        self._problems: list[str] = []
        if not folder.is_dir():
            raise UserError(f'there is no folder of labels at {folder}')
        if (folder / 'masks').is_dir() or label_files(folder):
            data = read_dataset(folder)
            labels = {sample.stem: sample.label for sample in data.samples}
            self._problems += data.problems
        else:
            labels = {path.stem: MaskFile(path) for path in find_images(folder)}
        if not labels:
            raise UserError(f'{folder} holds no labels')
        self._count = len(labels)
        self._by_stamp: dict[int, Any] = {}    # nanoseconds
        self._by_number: dict[int, Any] = {}
        self._first_ns: int | None = None
        self._used = 0
        for stem, label in labels.items():
            self._file(stem, label)

    def _file(self, stem: str, label: Any) -> None:
        numbers = re.findall(r'\d+(?:\.\d+)?', without_roboflow(stem.split('/')[-1]))
        if not numbers:
            raise UserError(f'the label {stem} in {self._folder} has no number in its name; name '
                            'labels after the header stamp or the number of their frame')
        whole, _, fraction = numbers[-1].partition('.')
        labels, key = self._by_stamp, int(whole)
        if key < SECONDS_FROM:
            labels = self._by_number
        elif key < NANOSECONDS_FROM:
            key = key * NANOSECONDS + int(f'{fraction:0<9}'[:9])
        if key in labels:
            self._count -= 1
            self._problems.append(f'the label {stem} in {self._folder} is of a frame that has one '
                                  f'already ({numbers[-1]}), and was left out')
            return
        labels[key] = label

    def label(
        self, number: int, stamp_ns: int, log_time_ns: int, size: tuple[int, int],
    ) -> NDArray[np.uint8] | None:
        """Return a frame's mask, as :meth:`MaskTopic.label`."""
        if self._first_ns is None:
            self._first_ns = stamp_ns
        if self._rate is not None:
            number = round((stamp_ns - self._first_ns) * self._rate / NANOSECONDS)
        label = self._by_stamp.pop(stamp_ns, None) or self._by_number.pop(number, None)
        if label is None:
            return None
        self._used += 1
        try:
            return label.mask(*size)
        except UserError as error:
            self._problems.append(str(error))
            return None

    def close(self) -> list[str]:
        """Return sentences about labels that matched no frame."""
        unused = self._count - self._used
        if unused:
            how = ('stamp' if self._by_stamp else 'number')
            self._problems.append(f'{unused} of {self._count} labels in {self._folder} match no '
                                  f'frame by its {how}')
        return self._problems


class CenterTopic:
    """The true centre of the lane on the look-ahead row, in the frame's pixels."""

    def __init__(self, path: Path, topic: str) -> None:
        """Open it; errors as of :class:`TopicTruth`."""
        self._name = topic
        self._topic = TopicTruth(path, topic, ('geometry_msgs/msg/PointStamped',))

    def at(self, stamp_ns: int, log_time_ns: int) -> tuple[bool, tuple[float, float] | None]:
        """Return whether the frame has a message, and (u, v); None for NaN: no lane."""
        message = self._topic.at(stamp_ns, log_time_ns)
        if message is None or math.isnan(message.point.x):
            return message is not None, None
        return True, (float(message.point.x), float(message.point.y))

    def close(self) -> list[str]:
        """Close it; return sentences about centres that matched no frame."""
        self._topic.close()
        if self._topic.unmatched:
            return [f'{self._topic.unmatched} centers on {self._name} have the stamp of no frame']
        return []


class PoseTopic:
    """The car's true pose against the lane: y metres left of its centre, yaw against it."""

    def __init__(self, path: Path, topic: str) -> None:
        """Open it; errors as of :class:`TopicTruth`."""
        self._name = topic
        self._topic = TopicTruth(path, topic, POSE_TYPES)

    def at(self, stamp_ns: int, log_time_ns: int) -> tuple[float, float] | None:
        """Return (lateral metres, heading radians) of a frame, None without."""
        message = self._topic.at(stamp_ns, log_time_ns)
        if message is None:
            return None
        pose = message.pose
        pose = getattr(pose, 'pose', pose)
        turn = pose.orientation
        heading = math.atan2(2 * (turn.w * turn.z + turn.x * turn.y),
                             1 - 2 * (turn.y * turn.y + turn.z * turn.z))
        return float(pose.position.y), heading

    def close(self) -> list[str]:
        """Close it; return sentences about poses that matched no frame."""
        self._topic.close()
        if self._topic.unmatched:
            return [f'{self._topic.unmatched} poses on {self._name} have the stamp of no frame']
        return []

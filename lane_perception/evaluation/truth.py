# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The truth about a recording's frames: topics of masks, centres and poses, matched by stamp."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recordings import IMAGE_TYPES
from lane_perception.data.recordings import NANOSECONDS
from lane_perception.data.recordings import Received
from lane_perception.data.recordings import RecordingReader
from lane_perception.ros.images import ImageError
from lane_perception.ros.images import to_mask

WINDOW_NS = 5 * NANOSECONDS   # a truth message is logged at most so long before or after its frame
POSE_TYPES = ('nav_msgs/msg/Odometry', 'geometry_msgs/msg/PoseStamped',
              'geometry_msgs/msg/PoseWithCovarianceStamped')


class TopicTruth:
    """A topic whose messages belong to frames of equal header stamp."""

    def __init__(self, path: Path, topic: str, types: tuple[str, ...], what: str) -> None:
        """
        Open the recording a second time.

        :param what: its messages are, in the plural, for sentences.
        :raises UserError: when it has no such topic, or of another type.
        """
        self._reader = RecordingReader(path)
        self._reader.require(topic, types)
        self._what = f'{what} on {topic}'
        self._messages = self._reader.received(topic)
        self._waiting: dict[int, list[Received]] = {}   # by stamp
        self._read_to = -(1 << 62)
        self._before: Received | None = None   # the frame asked for last
        self._damaged = self._unmatched = self._by_log_time = 0

    def at(self, frame: Received, following: Received | None = None) -> Any:
        """
        Return the message of a frame's stamp, or None.

        Of several the one logged nearest to the frame is meant, unless a neighbouring frame of
        the same stamp is nearer to it.

        :param frame: frames are asked for in the order of their log times.
        :param following: the frame after it.
        """
        twins = [one for one in (self._before, following)
                 if one is not None and one.stamp_ns == frame.stamp_ns]
        self._before = frame
        self._read(frame)
        waiting = self._waiting.get(frame.stamp_ns, [])
        found = min((one for one in waiting
                     if all(_distance(one, frame) <= _distance(one, twin) for twin in twins)),
                    key=lambda one: _distance(one, frame), default=None)
        if found is None:
            return None
        self._by_log_time += bool(twins) or len(waiting) > 1
        waiting.remove(found)
        return found.message

    def _read(self, frame: Received) -> None:
        """Read on as far as a message may lie that is nearer to a frame; drop old ones."""
        old = frame.log_time_ns - WINDOW_NS
        for stamp, waiting in list(self._waiting.items()):
            self._waiting[stamp] = [one for one in waiting if one.log_time_ns >= old]
            self._unmatched += len(waiting) - len(self._waiting[stamp])
            if not self._waiting[stamp]:
                del self._waiting[stamp]
        while self._read_to <= frame.log_time_ns + min(
                (_distance(one, frame) for one in self._waiting.get(frame.stamp_ns, ())),
                default=WINDOW_NS):
            message = next(self._messages, None)
            if message is None:
                self._read_to = 1 << 62
                break
            self._read_to = message.log_time_ns
            if message.message is None:
                self._damaged += 1
            elif message.log_time_ns < old:
                self._unmatched += 1
            else:
                self._waiting.setdefault(message.stamp_ns, []).append(message)

    def close(self) -> list[str]:
        """Close the recording; return sentences about messages that no frame had."""
        rest = [one.message is None for one in self._messages]
        self._damaged += sum(rest)
        self._unmatched += len(rest) - sum(rest) + sum(map(len, self._waiting.values()))
        self._reader.close()
        sentences = {
            'have the stamp of no frame that was recorded within '
            f'{WINDOW_NS // NANOSECONDS} s of them': self._unmatched,
            'are damaged': self._damaged,
            'share their stamp, or their frame does, and were matched by the time at which they '
            'were recorded': self._by_log_time,
        }
        return [f'{count} {self._what} {sentence}' for sentence, count in sentences.items()
                if count]


def _distance(message: Received, frame: Received) -> int:
    """Return the nanoseconds between the log times of two messages."""
    return abs(message.log_time_ns - frame.log_time_ns)


class MaskTopic:
    """Masks in the recording itself."""

    def __init__(self, path: Path, topic: str) -> None:
        """Open it; errors as of :class:`TopicTruth`."""
        self._name = topic
        self._topic = TopicTruth(path, topic, IMAGE_TYPES, 'masks')
        self._problems: list[str] = []

    def label(
        self, frame: Received, size: tuple[int, int] | None, following: Received | None = None,
    ) -> NDArray[np.uint8] | None:
        """Return a frame's mask, as that of a folder; it may have another size."""
        message = self._topic.at(frame, following)
        if message is None or size is None:
            return None
        try:
            return to_mask(message)
        except ImageError as error:
            self._problems.append(f'{self._name}, stamp {frame.stamp_ns}: {error}')
            return None

    def close(self) -> list[str]:
        """Close it; return sentences about what could not be used."""
        return self._topic.close() + self._problems


class CenterTopic:
    """The true centre of the lane on the look-ahead row, in the frame's pixels."""

    def __init__(self, path: Path, topic: str) -> None:
        """Open it; errors as of :class:`TopicTruth`."""
        self._topic = TopicTruth(path, topic, ('geometry_msgs/msg/PointStamped',), 'centers')

    def at(
        self, frame: Received, following: Received | None = None,
    ) -> tuple[bool, tuple[float, float] | None]:
        """Return whether a frame has a message, and (u, v); None for NaN: no lane."""
        message = self._topic.at(frame, following)
        if message is None or math.isnan(message.point.x):
            return message is not None, None
        return True, (float(message.point.x), float(message.point.y))

    def close(self) -> list[str]:
        """Close it; return sentences about centres that matched no frame."""
        return self._topic.close()


class PoseTopic:
    """The car's true pose against the lane: y metres left of its centre, yaw against it."""

    def __init__(self, path: Path, topic: str) -> None:
        """Open it; errors as of :class:`TopicTruth`."""
        self._topic = TopicTruth(path, topic, POSE_TYPES, 'poses')

    def at(
        self, frame: Received, following: Received | None = None,
    ) -> tuple[float, float] | None:
        """Return (lateral metres, heading radians) of a frame, None without."""
        message = self._topic.at(frame, following)
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
        return self._topic.close()

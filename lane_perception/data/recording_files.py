# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The storage files of a recording: whole ones read by rosbags, damaged ones scanned."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any
from typing import Callable
from typing import Iterator
from typing import NamedTuple

from lane_perception.data.mcap_scan import decompress_zstd
from lane_perception.data.mcap_scan import scan_mcap
from lane_perception.errors import UserError

FORMAT = 8   # of metadata.yaml: ROS 2 Humble reads no later one
ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'


class RawMessage(NamedTuple):
    """A message as it lies in a recording."""

    topic: str
    message_type: str
    log_time_ns: int    # when the recorder received it
    data: bytes         # CDR, as a publisher takes it


class IndexedFile:
    """A storage file that is whole, read through its index by rosbags."""

    def __init__(self, path: Path, note: Callable[[str], None]) -> None:
        """
        Open it.

        :param note: called with a sentence where the file turns out to be damaged.
        :raises Exception: whatever rosbags meets in a file that is not whole.
        """
        self._reader = import_rosbags().rosbag2.Reader(path)
        self._reader.open()
        self._path = path
        self._note = note
        if path.suffix == '.mcap' and not getattr(self._reader.storage, 'chunks', True):
            self._reader.close()
            raise ValueError('no index')

    def topics(self) -> list[tuple[str, str, int]]:
        """Return (name, message type, number of messages) of each connection."""
        return [(one.topic, one.msgtype, one.msgcount) for one in self._reader.connections]

    def definitions(self) -> dict[str, str]:
        """Return the source text of the message types that the file defines, by name."""
        return {one.msgtype: one.msgdef.data for one in self._reader.connections
                if one.msgdef.format.name == 'MSG'}

    def messages(self, topics: set[str]) -> Iterator[RawMessage]:
        """Yield the messages of these topics in the order of the file's log times."""
        connections = [one for one in self._reader.connections if one.topic in topics]
        if not connections:
            return
        try:
            for connection, time, data in self._reader.messages(connections):
                yield RawMessage(connection.topic, connection.msgtype, time, _plain(data))
        except Exception as error:   # whatever rosbags meets in damaged bytes
            self._note(f'{self._path} is damaged, and was read up to there only: {error}')

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


class ScannedMcap:
    """An MCAP file without a usable index, read from front to back."""

    def __init__(self, path: Path, note: Callable[[str], None]) -> None:
        """
        Read it once, to know its topics.

        :param note: called with a sentence about each damage.
        :raises UserError: when it holds no message that can be read.
        """
        self._path = path
        self._counts: dict[tuple[str, str], int] = {}
        self._definitions: dict[str, str] = {}
        found: list[str] = []
        for channel, _, _ in scan_mcap(path, found.append):
            key = (channel.topic, channel.message_type)
            self._counts[key] = self._counts.get(key, 0) + 1
            if channel.definition_kind == 'ros2msg':
                self._definitions[channel.message_type] = channel.definition
        if not self._counts:
            raise UserError(found[0] if found else f'{path} holds no message')
        for sentence in found:
            note(sentence)

    def topics(self) -> list[tuple[str, str, int]]:
        """Return (name, message type, number of messages) of each connection."""
        return [(*key, count) for key, count in self._counts.items()]

    def definitions(self) -> dict[str, str]:
        """Return the source text of the message types that the file defines, by name."""
        return self._definitions

    def messages(self, topics: set[str]) -> Iterator[RawMessage]:
        """Yield the messages of these topics in the order of the file."""
        for channel, time, data in scan_mcap(self._path, lambda sentence: None):
            if channel.topic in topics:
                yield RawMessage(channel.topic, channel.message_type, time, _plain(data))

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""


def _plain(data: bytes) -> bytes:
    """Undo rosbag2's message compression; CDR never begins with zstd's magic bytes."""
    return decompress_zstd(data) if data[:4] == ZSTD_MAGIC else data


def offered(topic: str) -> list[Any]:
    """
    Return the quality of service with which a topic is to be played; none: the player's default.

    tf_static is kept for those that come late (transient_local), as listeners to transforms ask.
    """
    if topic.rpartition('/')[2] != 'tf_static':
        return []
    from rosbags import interfaces
    never = interfaces.QosTime(9223372036, 854775807)   # what ROS 2 writes for no limit
    return [interfaces.Qos(
        interfaces.QosHistory.KEEP_LAST, 1, interfaces.QosReliability.RELIABLE,
        interfaces.QosDurability.TRANSIENT_LOCAL, never, never,
        interfaces.QosLiveliness.AUTOMATIC, never, False)]


def import_rosbags() -> ModuleType:
    """Return the package rosbags, with rosbag2 and typesys imported."""
    try:
        import rosbags.rosbag2
        import rosbags.typesys
    except ModuleNotFoundError as error:
        raise UserError('recordings need rosbags: pip install rosbags') from error
    return rosbags

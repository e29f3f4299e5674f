# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Read rosbag2 recordings, MCAP or sqlite3, without ROS.

What is damaged is read as far as it goes: a file that was cut short, a folder without its
metadata.yaml, a missing part of a split recording. Each such finding is a sentence in
``RecordingReader.problems``.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from typing import Iterable
from typing import Iterator
from typing import NamedTuple

from lane_perception.data.mcap_scan import open_zstd
from lane_perception.data.recording_files import IndexedFile
from lane_perception.data.recording_files import RawMessage
from lane_perception.data.recording_files import ScannedMcap
from lane_perception.data.recording_files import import_rosbags
from lane_perception.data.recording_places import STORAGE_SUFFIXES
from lane_perception.data.recording_places import storage_suffix
from lane_perception.errors import UserError
from lane_perception.ros.serialized import NANOSECONDS
from lane_perception.ros.serialized import read_stamp
from lane_perception.yaml_file import load_yaml

NOTHING_IN = '{} is not a recording: it holds no .mcap or .db3 file'
IMAGE_TYPES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')


class Topic(NamedTuple):
    """A topic of a recording."""

    name: str
    message_type: str   # 'sensor_msgs/msg/Image'
    count: int          # messages


class Received(NamedTuple):
    """A message of a topic, and when."""

    number: int         # in the topic, from 0, damaged ones counted
    stamp_ns: int       # of its header; its log time without one; 0: none can be read
    log_time_ns: int
    message: Any        # None: it is damaged
    data: bytes = b''   # the CDR that it was read from


class RecordingReader:
    """A recording, opened: a context manager."""

    def __init__(self, path: str | Path) -> None:
        """
        Open a recording.

        :param path: a rosbag2 folder, or one of its .mcap or .db3 files (also .zstd).
        :raises UserError: when there is nothing to read, or rosbags is not installed.
        """
        self.path = Path(path).expanduser()
        self.problems: list[str] = []   # sentences about what could not be read
        self._temporary: tempfile.TemporaryDirectory | None = None
        rosbags = import_rosbags()
        self._types = rosbags.typesys.get_typestore(rosbags.typesys.Stores.LATEST)
        files = [self._unpacked(file) for file in self._find_files()]
        self._files = self._opened(files)
        counts: dict[tuple[str, str], int] = {}
        for file in self._files:
            for name, message_type, count in file.topics():
                key = (name, message_type)
                counts[key] = counts.get(key, 0) + count
        self._topics = {name: Topic(name, kind, count)
                        for (name, kind), count in sorted(counts.items())}

    def __enter__(self) -> RecordingReader:
        """Return the reader."""
        return self

    def __exit__(self, *error: Any) -> None:
        """Close the files."""
        self.close()

    def close(self) -> None:
        """Close the files; the reader cannot be used afterwards."""
        for file in self._files:
            file.close()
        if self._temporary:
            self._temporary.cleanup()

    def topics(self) -> dict[str, Topic]:
        """Return the recording's topics by name, sorted."""
        return self._topics

    def require(self, topic: str, types: Iterable[str] = ()) -> Topic:
        """
        Return a topic by name.

        :param types: acceptable message types; none: any.
        :raises UserError: when the recording has no such topic, or it holds another type.
        """
        found = self._topics.get(topic)
        if found is None:
            names = ', '.join(f'{one.name} ({one.message_type})' for one in self._topics.values())
            raise UserError(f'{self.path} has no topic {topic}; it has: {names or "none"}')
        types = tuple(types)
        if types and found.message_type not in types:
            raise UserError(f'{topic} in {self.path} holds {found.message_type}, '
                            f'not {" or ".join(types)}')
        return found

    def messages(self, topics: Iterable[str] | None = None) -> Iterator[RawMessage]:
        """
        Yield messages by log time, file after file.

        An MCAP file without a usable index is read from front to back, which is in the order in
        which it was written.

        :param topics: names; None: all. A name that the recording lacks yields nothing.
        """
        wanted = set(self._topics if topics is None else topics)
        for file in self._files:
            yield from file.messages(wanted)

    def deserialize(self, data: bytes, message_type: str) -> Any:
        """
        Return the message behind its serialised bytes.

        :raises ValueError: when the bytes are not such a message.
        """
        try:
            return self._types.deserialize_cdr(data, message_type)
        except Exception as error:
            # rosbags' generated parsers let many kinds of error through on damaged bytes.
            raise ValueError(f'a damaged {message_type}: {error}') from error

    def received(self, topic: str) -> Iterator[Received]:
        """
        Yield every message of one topic, which begins with a header where it has one.

        One that cannot be deserialised has a line in ``problems``, and its stamp from its first
        bytes.

        :raises UserError: when the recording has no such topic.
        """
        self.require(topic)
        for number, raw in enumerate(self.messages([topic])):
            try:
                message = self.deserialize(raw.data, raw.message_type)
                stamp = stamp_ns(message, raw.log_time_ns)
            except ValueError as error:
                self.problems.append(f'{topic} at {raw.log_time_ns} ns was left out: {error}')
                message, stamp = None, 0
                with suppress(ValueError):
                    stamp = read_stamp(raw.data)
            yield Received(number, stamp, raw.log_time_ns, message, raw.data)

    def frames(self, topic: str) -> Iterator[tuple[int, int, Any]]:
        """
        Yield the messages of one topic: header stamp, log time, message.

        As :meth:`received`, without the damaged ones.
        """
        for one in self.received(topic):
            if one.message is not None:
                yield one.stamp_ns, one.log_time_ns, one.message

    def _find_files(self) -> list[Path]:
        """Return the storage files in their order."""
        path = self.path
        if path.suffix == '.bag':
            raise UserError(f'{path} is a ROS 1 bag; convert it first: '
                            'rosbags-convert --src FILE --dst FOLDER')
        if path.is_file():
            if storage_suffix(path) not in STORAGE_SUFFIXES:
                raise UserError(f'{path} is not a recording: it should be a rosbag2 folder, or '
                                'end in .mcap or .db3; frames of a video are taken by '
                                'extract_frames')
            return [path]
        if not path.is_dir():
            raise UserError(f'there is no recording at {path}')
        present = sorted((file for file in path.iterdir()
                          if storage_suffix(file) in STORAGE_SUFFIXES), key=_natural_order)
        if not present:
            raise UserError(NOTHING_IN.format(path))
        listed = self._listed_files()
        if listed is None:
            return present
        missing = [file.name for file in listed if not file.is_file()]
        if missing:
            self.problems.append(f'{path} lacks {", ".join(missing)}, which its metadata.yaml '
                                 'lists; the rest was read')
        return [file for file in listed if file.is_file()] or present

    def _listed_files(self) -> list[Path] | None:
        """Return the files that metadata.yaml lists, None when it cannot say."""
        file = self.path / 'metadata.yaml'
        if not file.is_file():
            self.problems.append(f'{self.path} has no metadata.yaml; its files were read in the '
                                 'order of their names')
            return None
        try:
            names = load_yaml(file)['rosbag2_bagfile_information']['relative_file_paths']
            return [self.path / Path(name).name for name in names]
        except UserError as error:
            reason = str(error)
        except (KeyError, TypeError):
            reason = f'{file} does not list the files of a recording'
        self.problems.append(f'{reason}; the files beside it were read in the order of their '
                             'names')
        return None

    def _unpacked(self, file: Path) -> Path:
        """Return the storage file, decompressed into a temporary folder where it is .zstd."""
        if file.suffix != '.zstd':
            return file
        self._temporary = self._temporary or tempfile.TemporaryDirectory()
        unpacked = Path(self._temporary.name) / file.stem
        try:
            with open_zstd(file) as source, open(unpacked, 'wb') as target:
                shutil.copyfileobj(source, target)
        except OSError:
            raise
        except Exception as error:   # EOFError and ZstdError, whose module differs by Python
            self.problems.append(f'{file} is damaged ({error}); what could be unpacked was read')
        return unpacked

    def _opened(self, paths: list[Path]) -> list[IndexedFile | ScannedMcap]:
        """Open the files; one that cannot be read is a problem, all of them are an error."""
        files = []
        failures = []
        for path in paths:
            try:
                files.append(self._learned(self._open(path)))
            except UserError as error:
                failures.append(str(error))
        if not files:
            raise UserError(failures[0])
        self.problems += failures
        return files

    def _open(self, file: Path) -> IndexedFile | ScannedMcap:
        try:
            opened = IndexedFile(file, self.problems.append)
        except Exception as error:
            # rosbags raises whatever its parsers meet; the scan reads what can be read.
            if file.suffix == '.mcap':
                return ScannedMcap(file, self.problems.append)
            raise UserError(f'{file} cannot be read: {error}') from error
        if file.suffix == '.db3' and file.with_name(f'{file.name}-wal').exists():
            self.problems.append(
                f'{file} was not closed by its recorder: its newest messages lie in '
                f'{file.name}-wal and were not read; merge them: sqlite3 {file.name} VACUUM')
        return opened

    def _learned(self, file: IndexedFile | ScannedMcap) -> IndexedFile | ScannedMcap:
        """Add the message types that the file defines and rosbags does not know."""
        rosbags = import_rosbags()
        for name, definition in file.definitions().items():
            if name not in self._types.fielddefs:
                with suppress(rosbags.typesys.TypesysError, ValueError, AssertionError):
                    known = self._types.fielddefs
                    found = rosbags.typesys.get_types_from_msg(definition, name)
                    self._types.register(
                        {key: value for key, value in found.items() if key not in known})
        return file


def stamp_ns(message: Any, otherwise: int = 0) -> int:
    """Return a message's header stamp in nanoseconds; of one without a header, otherwise."""
    header = getattr(message, 'header', None)
    if header is None:
        return otherwise
    return int(header.stamp.sec) * NANOSECONDS + int(header.stamp.nanosec)


def _natural_order(path: Path) -> list[Any]:
    """Sort bag_2 before bag_10."""
    return [(int(part), '') if part.isdecimal() else (-1, part)
            for part in re.split(r'(\d+)', path.name)]

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write rosbag2 recordings, MCAP or sqlite3, without ROS: whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from lane_perception.data.recording_files import FORMAT
from lane_perception.data.recording_files import import_rosbags
from lane_perception.data.recording_files import offered
from lane_perception.data.recording_places import OUTPUT_MARK
from lane_perception.data.recording_places import require_place
from lane_perception.whole_file import errors_about
from lane_perception.whole_file import temporary_beside


class RecordingWriter:
    """A recording being written: a context manager."""

    def __init__(self, path: str | Path, storage: str = 'mcap', replace: bool = False) -> None:
        """
        Begin a recording under a temporary name.

        :param path: the folder to become; it appears, complete, when the writer is closed.
        :param storage: mcap (chunks compressed by zstd) or sqlite3.
        :param replace: whether an earlier output that is there already gives way to this one, as
            this one will to the next; other recordings never do.
        :raises UserError: when the path exists and may not be replaced, or rosbags is missing.
        :raises OSError: here and later with the path, when it cannot be written.
        """
        self.path = Path(path).expanduser()
        require_place(self.path, replace)
        rosbags = import_rosbags()
        self._types = rosbags.typesys.get_typestore(rosbags.typesys.Stores.LATEST)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with errors_about(self.path):
            # rosbags names the files after the folder, so it keeps its name within another.
            self._temporary = Path(tempfile.mkdtemp(
                prefix=f'{temporary_beside(self.path).name}.', dir=self.path.parent))
        self._writer = rosbags.rosbag2.Writer(
            self._temporary / self.path.name, version=FORMAT,
            storage_plugin=rosbags.rosbag2.StoragePlugin[storage.upper()])
        if storage == 'mcap':
            self._writer.set_compression(
                rosbags.rosbag2.CompressionMode.STORAGE, rosbags.rosbag2.CompressionFormat.ZSTD)
        if replace:
            self._writer.set_custom_data(*OUTPUT_MARK)
        try:
            with errors_about(self.path):
                self._writer.open()
        except BaseException:
            self.abort()
            raise
        self._connections: dict[str, Any] = {}

    def __enter__(self) -> RecordingWriter:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the recording, or leave nothing of it after an error."""
        if kind is None:
            self.close()
        else:
            self.abort()

    def message_class(self, message_type: str) -> Any:
        """Return the class of a message type, such as ``sensor_msgs/msg/Image``."""
        return self._types.types[message_type]

    def add_topic(self, topic: str, message_type: str) -> None:
        """Declare a topic, so that it is in the recording even when nothing is written to it."""
        if topic not in self._connections:
            self._connections[topic] = self._writer.add_connection(
                topic, message_type, typestore=self._types, offered_qos_profiles=offered(topic))

    def write(self, topic: str, message_type: str, message: Any, stamp_ns: int) -> None:
        """
        Append a message.

        :param message: of :meth:`message_class`.
        :param stamp_ns: its log time in nanoseconds.
        """
        data = self._types.serialize_cdr(message, message_type)
        self.write_serialized(topic, message_type, data, stamp_ns)

    def write_serialized(
        self, topic: str, message_type: str, data: bytes | memoryview, stamp_ns: int,
    ) -> None:
        """Append a message given as its CDR bytes."""
        self.add_topic(topic, message_type)
        with errors_about(self.path):
            self._writer.write(self._connections[topic], stamp_ns, data)

    def close(self) -> None:
        """Write the index and give the recording its name; closing again does nothing."""
        if not self._temporary.exists():
            return
        try:
            with errors_about(self.path):
                self._writer.close()
                self._take_place()
        finally:
            self.abort()   # what is left: the folder around it, or all of it after an error

    def _take_place(self) -> None:
        """Put the recording where the earlier one is, which after an interruption is back."""
        earlier = self._temporary / f'{self.path.name}.earlier'
        try:
            if self.path.exists():
                os.replace(self.path, earlier)
            os.replace(self._temporary / self.path.name, self.path)
        except BaseException:
            if earlier.exists() and not self.path.exists():
                os.replace(earlier, self.path)
            raise

    def abort(self) -> None:
        """Leave nothing of the recording."""
        with suppress(Exception):
            self._writer.abort()
        shutil.rmtree(self._temporary, ignore_errors=True)

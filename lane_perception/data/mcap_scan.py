# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Read an MCAP file from front to back, without its index, as far as it goes.

A recorder that lost power leaves a file without the summary and the index at its end, often cut in
the middle of a record. Everything before the cut can still be read (format: mcap.dev/spec).
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from typing import Callable
from typing import Iterator

MAGIC = b'\x89MCAP0\r\n'
SCHEMA, CHANNEL, MESSAGE, CHUNK, DATA_END = 3, 4, 5, 6, 15   # record opcodes
RECORD_HEAD = struct.Struct('<BQ')          # opcode, length
MESSAGE_HEAD = struct.Struct('<HIQQ')       # channel, sequence, log time, publish time
CHUNK_HEAD = struct.Struct('<QQQI')         # first and last time, uncompressed size, CRC32


@dataclass(frozen=True)
class Channel:
    """One topic of one publisher."""

    topic: str
    message_type: str      # 'sensor_msgs/msg/Image'
    definition: str        # the type's source text
    definition_kind: str   # 'ros2msg' or 'ros2idl'


def scan_mcap(path: Path, note: Callable[[str], None]) -> Iterator[tuple[Channel, int, bytes]]:
    """
    Yield the channel, the log time in nanoseconds and the serialised bytes of each message.

    :param path: an MCAP file.
    :param note: called with one sentence for everything that could not be read.
    """
    schemas: dict[int, tuple[str, str, str]] = {}
    channels: dict[int, Channel] = {}
    with open(path, 'rb') as file:
        if file.read(len(MAGIC)) != MAGIC:
            note(f'{path} is not an MCAP file: it does not begin with the format\'s magic bytes')
            return
        for opcode, body in _chunks_opened(_records(file, path, note), path, note):
            try:
                if opcode == SCHEMA:
                    reader = _Fields(body)
                    number = reader.integer('<H')
                    schemas[number] = (reader.text(), reader.text(), reader.text())
                elif opcode == CHANNEL:
                    reader = _Fields(body)
                    number, schema = reader.integer('<H'), reader.integer('<H')
                    name, kind, definition = schemas.get(schema, ('', '', ''))
                    channels[number] = Channel(reader.text(), name, definition, kind)
                elif opcode == MESSAGE:
                    number, _, log_time, _ = MESSAGE_HEAD.unpack_from(body)
                    if number in channels:
                        yield channels[number], log_time, bytes(body[MESSAGE_HEAD.size:])
            except (struct.error, UnicodeDecodeError):
                note(f'{path} holds a damaged record, which was left out')


class _Fields:
    """The fields of a record, read one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def integer(self, layout: str) -> int:
        value, = struct.unpack_from(layout, self._data, self._position)
        self._position += struct.calcsize(layout)
        return value

    def text(self) -> str:
        length = self.integer('<I')
        value = self._data[self._position:self._position + length]
        if len(value) != length:
            raise struct.error('a string ends too early')
        self._position += length
        return value.decode()

    def rest(self) -> bytes:
        return self._data[self._position:]


def _records(
    file: BinaryIO, path: Path, note: Callable[[str], None],
) -> Iterator[tuple[int, bytes]]:
    """Yield opcode and body; a chunk that is cut short is yielded as far as it goes."""
    size = os.fstat(file.fileno()).st_size
    while True:
        start = file.tell()
        head = file.read(RECORD_HEAD.size)
        if len(head) < RECORD_HEAD.size:
            note(f'{path} ends at byte {start + len(head)} without the end of the format: '
                 'it was cut short, and what lies before the cut, if anything, was read')
            return
        opcode, length = RECORD_HEAD.unpack(head)
        if opcode == DATA_END:
            return
        # A damaged length may be larger than any memory.
        body = file.read(min(length, size - file.tell()))
        if len(body) == length or opcode == CHUNK:
            yield opcode, body
        if len(body) < length:
            note(f'{path} is cut short at byte {start + RECORD_HEAD.size + len(body)}, in the '
                 'middle of a record; what lies before the cut, if anything, was read')
            return


def _chunks_opened(
    records: Iterator[tuple[int, bytes]], path: Path, note: Callable[[str], None],
) -> Iterator[tuple[int, bytes]]:
    """Yield the records, those in chunks too."""
    for opcode, body in records:
        if opcode != CHUNK:
            yield opcode, body
            continue
        try:
            _, _, size, checksum = CHUNK_HEAD.unpack_from(body)
            fields = _Fields(body[CHUNK_HEAD.size:])
            compression = fields.text()
            length = fields.integer('<Q')
            content = _decompress(fields.rest()[:length], compression)
        except struct.error:
            continue   # cut short within the chunk's head: _records says so
        except (RuntimeError, ValueError, OSError) as error:
            note(f'{path} has a damaged chunk, which was left out ({error})')
            continue
        if len(content) == size and checksum and zlib.crc32(content) != checksum:
            note(f'{path} has a chunk whose checksum is wrong, which was left out')
            continue
        yield from _records_in_chunk(content)


def _records_in_chunk(content: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + RECORD_HEAD.size <= len(content):
        opcode, length = RECORD_HEAD.unpack_from(content, position)
        position += RECORD_HEAD.size
        if position + length > len(content):
            return
        yield opcode, content[position:position + length]
        position += length


def _decompress(data: bytes, compression: str) -> bytes:
    """Return the content of a chunk, of a chunk that was cut short as much as can be had."""
    if compression == '':
        return data
    if compression == 'lz4':
        import lz4.frame
        return lz4.frame.LZ4FrameDecompressor().decompress(data)
    if compression == 'zstd':
        return decompress_zstd(data)
    raise ValueError(f'compression {compression} is not known')


def decompress_zstd(data: bytes) -> bytes:
    """
    Return the content of a zstd frame, of one that was cut short as much as can be had.

    :raises ValueError: when it is damaged.
    """
    try:
        from compression import zstd   # Python 3.14 and later
    except ImportError:
        from backports import zstd     # comes with rosbags
    try:
        return zstd.ZstdDecompressor().decompress(data)
    except zstd.ZstdError as error:
        raise ValueError(str(error)) from error


def open_zstd(path: Path) -> BinaryIO:
    """Return a zstd-compressed file, open for reading its content."""
    try:
        from compression import zstd
    except ImportError:
        from backports import zstd
    return io.BufferedReader(zstd.open(path, 'rb'))

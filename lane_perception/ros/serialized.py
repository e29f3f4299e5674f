# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Read and change the stamp of a serialised message without taking it apart.

A message that begins with a std_msgs/Header has its stamp at a fixed place in CDR (OMG DDS-XTypes,
"classic" encapsulation): four bytes that name the byte order, then int32 seconds and uint32
nanoseconds. A picture can so be passed on as the bytes that lie in a recording.
"""

from __future__ import annotations

import struct

NANOSECONDS = 1_000_000_000
ENCAPSULATION = 4   # bytes before the message's first field
STAMP_END = 12
COUNT = 4           # bytes of an array's length


def _stamp_format(data: bytes) -> str:
    # The low bit of the second byte: 1 little-endian, 0 big-endian.
    return '<iI' if data[1] & 1 else '>iI'


def read_stamp(data: bytes, in_array: bool = False) -> int:
    """
    Return the header stamp of a serialised message, in nanoseconds.

    :param data: CDR bytes of a message whose first field is a std_msgs/Header.
    :param in_array: its first field is an array of such messages instead; the first one's stamp.
    :raises ValueError: when there are too few bytes for a stamp.
    """
    before = COUNT if in_array else 0
    if len(data) < STAMP_END + before:
        raise ValueError(f'a serialised message of {len(data)} bytes has no header')
    seconds, nanoseconds = struct.unpack_from(_stamp_format(data), data, ENCAPSULATION + before)
    return seconds * NANOSECONDS + nanoseconds


def with_stamp(data: bytes, stamp_ns: int) -> bytes:
    """Return a copy of a serialised message whose header stamp is another, in nanoseconds."""
    stamp = struct.pack(_stamp_format(data), *divmod(stamp_ns, NANOSECONDS))
    return b''.join((memoryview(data)[:ENCAPSULATION], stamp, memoryview(data)[STAMP_END:]))

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The player publishes a recording's frames unchanged and on time."""

import struct
import time

import pytest

from lane_perception.ros.player import Frame
from lane_perception.ros.player import ReadAhead
from lane_perception.ros.player import play
from lane_perception.ros.player import repeat
from lane_perception.ros.player import schedule
from lane_perception.ros.serialized import read_stamp
from lane_perception.ros.serialized import with_stamp

LITTLE, BIG = b'\x00\x01\x00\x00', b'\x00\x00\x00\x00'


def message(stamp_ns, body=b'picture'):
    """Return CDR bytes that begin with a header of that stamp."""
    return LITTLE + struct.pack('<iI', *divmod(stamp_ns, 10**9)) + body


class Publisher:
    """Keeps what is published, and when."""

    def __init__(self):
        self.published = []

    def publish(self, data):
        self.published.append((time.monotonic_ns(), data))


def test_stamp_is_read_in_both_byte_orders():
    stamp_ns = 1_700_000_000_123_456_789
    assert read_stamp(message(stamp_ns)) == stamp_ns
    assert read_stamp(BIG + struct.pack('>iI', *divmod(stamp_ns, 10**9))) == stamp_ns


def test_another_stamp_leaves_the_rest_of_the_message_as_it_was():
    data = message(5, body=bytes(range(256)))
    changed = with_stamp(data, 7_000_000_008)
    assert read_stamp(changed) == 7_000_000_008
    assert (changed[:4], changed[12:]) == (data[:4], data[12:])


def test_message_without_a_header_is_an_error():
    with pytest.raises(ValueError, match='no header'):
        read_stamp(b'\x00\x01\x00\x00\x05')


def test_frames_are_due_at_the_distances_of_their_log_times():
    frames = list(schedule([(1000, message(1)), (1500, message(2)), (4000, message(3))]))
    assert [frame.due_ns for frame in frames] == [0, 500, 3000]
    assert [frame.stamp_ns for frame in frames] == [1, 2, 3]


def test_a_rate_replaces_the_distances_and_keeps_the_stamps():
    frames = list(schedule([(1000, message(1)), (1500, message(2))], hz=50))
    assert [frame.due_ns for frame in frames] == [0, 20_000_000]
    assert [frame.stamp_ns for frame in frames] == [1, 2]


def test_a_repeated_recording_has_a_new_stamp_for_every_frame():
    frames = list(repeat([(0, message(100, b'a')), (9, message(200, b'b'))], count=5, hz=100))
    assert [read_stamp(data) for _, data in frames] == [100 + i * 10_000_000 for i in range(5)]
    assert [data[12:] for _, data in frames] == [b'a', b'b', b'a', b'b', b'a']


def test_frames_go_out_when_due_as_the_bytes_they_were():
    frames = [Frame(due_ns=i * 20_000_000, stamp_ns=i, data=message(i)) for i in range(10)]
    publisher = Publisher()
    log = play(publisher, frames)
    assert [data for _, data in publisher.published] == [frame.data for frame in frames]
    assert [stamp for stamp, _ in log] == list(range(10))
    times = [moment for _, moment in log]
    late = [(moment - times[0] - frame.due_ns) / 1e6 for moment, frame in zip(times, frames)]
    assert min(late) >= 0
    assert all(before <= after for (_, before), (after, _) in zip(log, publisher.published))


def test_reading_ahead_keeps_order_and_stops_at_its_limit(monkeypatch):
    monkeypatch.setattr('lane_perception.ros.player.READ_AHEAD_BYTES', 4 * len(message(0)))
    produced = []

    def frames():
        for number in range(20):
            produced.append(number)
            yield Frame(number, number, message(number))
    ahead = ReadAhead(frames())
    time.sleep(0.05)
    assert len(produced) <= 6, 'a recording of any length must not be read whole'
    assert [frame.stamp_ns for frame in ahead] == list(range(20))


def test_reading_ahead_counts_the_bytes_of_every_frame(monkeypatch):
    monkeypatch.setattr('lane_perception.ros.player.READ_AHEAD_BYTES', 100_000)
    sizes = [10] + 40 * [20_000] + 10 * [10]   # a black first picture says nothing of the rest
    produced = []

    def frames():
        for number, size in enumerate(sizes):
            produced.append(size)
            yield Frame(number, number, message(number, bytes(size)))
    ahead = iter(ReadAhead(frames()))
    time.sleep(0.05)
    assert 100_000 <= sum(produced) <= 140_000
    taken = [next(ahead) for _ in range(20)]
    time.sleep(0.05)
    assert sum(produced[20:]) <= 140_000, 'room is given back as frames leave'
    assert [frame.stamp_ns for frame in [*taken, *ahead]] == list(range(len(sizes)))


def test_an_error_of_the_recording_reaches_the_player():
    def frames():
        yield Frame(0, 0, message(0))
        raise ValueError('cut off')
    with pytest.raises(ValueError, match='cut off'):
        list(ReadAhead(frames()))


def test_an_empty_topic_plays_nothing():
    assert play(Publisher(), ReadAhead([])) == []

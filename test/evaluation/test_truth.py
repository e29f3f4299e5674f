# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A topic's truth goes to the frames that it was made for, whatever their stamps."""

import numpy as np
import pytest
from recordings_on_disk import TOPIC
from recordings_on_disk import TRUTH
from recordings_on_disk import write_recording

from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import Received
from lane_perception.data.recordings import RecordingReader
from lane_perception.evaluation.truth import TopicTruth

IMAGE = 'sensor_msgs/msg/Image'
SECOND = 1_000_000_000


def matched(bag):
    """Return the log time of each frame's truth less the frame's, and what was said."""
    truth = TopicTruth(bag, TRUTH, (IMAGE,), 'masks')
    with RecordingReader(bag) as reader:
        frames = list(reader.received(TOPIC))
    found = []
    for frame, following in zip(frames, [*frames[1:], None]):
        message = truth.at(frame, following)
        found.append(None if message is None else int(message.data[0]) - frame.number)
    return found, truth.close()


def write_numbered(path, stamps, left_out=(), damaged=(), truth_late=1_000_000, backward=False):
    """
    Write a frame every 100 ms and after each its truth, whose pixel is the frame's number.

    :param backward: the truth of the last frame is logged first.
    """
    with RecordingWriter(path) as writer:
        make = writer.message_class
        for topic in (TOPIC, TRUTH):
            writer.add_topic(topic, IMAGE)
        for number, stamp in enumerate(stamps):
            header = make('std_msgs/msg/Header')(
                make('builtin_interfaces/msg/Time')(*divmod(stamp, SECOND)), 'camera')
            message = make(IMAGE)(header, 1, 1, 'mono8', 0, 1, np.array([number], np.uint8))
            log_time = 100 * SECOND + number * SECOND // 10
            writer.write(TOPIC, IMAGE, message, log_time)
            if backward:
                log_time = 100 * SECOND + (len(stamps) - 1 - number) * SECOND // 10
            if number in damaged:
                writer.write_serialized(TRUTH, IMAGE, bytes(20), log_time + truth_late)
            elif number not in left_out:
                writer.write(TRUTH, IMAGE, message, log_time + truth_late)
    return path


RISING = [50 * SECOND + number * SECOND // 10 for number in range(10)]


@pytest.mark.parametrize('stamps', [
    RISING, [0] * 10, [7 * SECOND] * 10, RISING[:5] * 2,
    [RISING[number // 2] for number in range(10)]],
    ids=['rising', 'none', 'still', 'back', 'double'])
def test_every_frame_has_its_own_truth(tmp_path, stamps):
    found, said = matched(write_numbered(tmp_path / 'bag', stamps))
    assert found == [0] * 10
    assert not any('no frame' in sentence for sentence in said)


@pytest.mark.parametrize('stamps', [
    RISING, [0] * 10, [RISING[number // 2] for number in range(10)]],
    ids=['rising', 'none', 'double'])
def test_a_frame_without_truth_has_not_that_of_another(tmp_path, stamps):
    bag = write_numbered(tmp_path / 'bag', stamps, left_out=(0, 3, 4, 5))
    assert matched(bag)[0] == [None, 0, 0, None, None, None, 0, 0, 0, 0]


@pytest.mark.parametrize('late', [-4, -1, 1, 4])
def test_truth_may_be_logged_seconds_before_or_after_its_frame(tmp_path, late):
    bag = write_numbered(tmp_path / 'bag', RISING, truth_late=late * SECOND)
    assert matched(bag) == ([0] * 10, [])


def test_truth_may_be_logged_in_another_order_than_its_frames(tmp_path):
    bag = write_numbered(tmp_path / 'bag', RISING, truth_late=SECOND, backward=True)
    assert matched(bag) == ([0] * 10, [])


def test_what_was_not_matched_plainly_is_counted(tmp_path):
    stamps = [*RISING[:8], RISING[7], RISING[9]]
    bag = write_numbered(tmp_path / 'bag', stamps, damaged=(2,))
    truth = TopicTruth(bag, TRUTH, (IMAGE,), 'masks')
    for number in (7, 8, 9):
        log_time = 100 * SECOND + number * SECOND // 10
        assert truth.at(Received(number, stamps[number], log_time, None)).data[0] == number
    unmatched, damaged, by_time = truth.close()
    assert unmatched == (f'6 masks on {TRUTH} have the stamp of no frame that was recorded '
                         'within 5 s of them')
    assert damaged == f'1 masks on {TRUTH} are damaged'
    assert by_time.startswith(f'2 masks on {TRUTH} share their stamp')


def test_few_messages_wait_where_truth_comes_with_its_frame(tmp_path):
    bag = write_recording(tmp_path / 'bag', count=40)
    truth = TopicTruth(bag, TRUTH, (IMAGE,), 'masks')
    with RecordingReader(bag) as reader:
        for frame in reader.received(TOPIC):
            assert truth.at(frame) is not None
            assert sum(map(len, truth._waiting.values())) <= 1
    assert truth.close() == []

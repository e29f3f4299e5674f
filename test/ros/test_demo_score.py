# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What came back is matched to the frames by stamp, whatever is missing."""

import numpy as np
import pytest
from recordings_on_disk import TRUTH as TRACK_TRUTH
from recordings_on_disk import write_recording

from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader
from lane_perception.ros.demo_score import Pair
from lane_perception.ros.demo_score import pairs
from lane_perception.ros.demo_score import score

FRAMES, PERIOD_NS, START_NS = 400, 33_000_000, 1_600_000_000_000_000_000
LATER_NS = 20_000_000_000   # the recording was logged on another clock than the camera's
TOPIC, TRUTH, NODE = '/camera/image_raw', '/truth/mask', '/lane_perception'
CENTER = 'geometry_msgs/msg/PointStamped'
IMAGE = 'sensor_msgs/msg/Image'


def stamp_of(number):
    return START_NS + number * PERIOD_NS


def write_image(writer, topic, number, channels, log_ns):
    """Write a picture of 4x4 whose pixels say its number."""
    make = writer.message_class
    header = make('std_msgs/msg/Header')(
        make('builtin_interfaces/msg/Time')(*divmod(stamp_of(number), 10**9)), 'camera')
    data = np.full(16 * channels, 2 + number % 251, np.uint8)
    writer.write(topic, IMAGE, make(IMAGE)(
        header, 4, 4, 'bgr8' if channels == 3 else 'mono8', 0, 4 * channels, data), log_ns)
    return header


@pytest.mark.parametrize('missing', [{200}, {0}, set(range(10, 390))])
def test_a_missing_mask_costs_its_own_frame_only(tmp_path, missing):
    with RecordingWriter(tmp_path / 'drive') as writer:
        for number in range(FRAMES):
            log_ns = stamp_of(number) + LATER_NS
            write_image(writer, TOPIC, number, 3, log_ns)
            if number not in (5, 77):
                write_image(writer, TRUTH, number, 1, log_ns)
    with RecordingWriter(tmp_path / 'out') as writer:
        make = writer.message_class
        for number in sorted(set(range(FRAMES)) - missing):
            header = write_image(writer, f'{NODE}/mask', number, 1, stamp_of(number))
            point = make('geometry_msgs/msg/Point')(float(number), 0.0, 0.0)
            writer.write(f'{NODE}/center', CENTER, make(CENTER)(header, point), stamp_of(number))
    found = list(pairs(tmp_path / 'drive', TOPIC, TRUTH, tmp_path / 'out', NODE))
    assert [pair.stamp_ns for pair in found] == [stamp_of(number) for number in range(FRAMES)]
    assert {number for number, pair in enumerate(found) if pair.mask is None} == missing
    assert {number for number, pair in enumerate(found) if pair.center is None} == missing
    assert {number for number, pair in enumerate(found) if pair.truth is None} == {5, 77}
    for number, pair in enumerate(found):
        if number not in missing:
            assert pair.mask[0, 0] == pair.image[0, 0, 0] and pair.center == (number, 0.0)


def true_centers(folder, **recording):
    """Return those of a drawn track whose true masks the node has given back."""
    drive = write_recording(folder / 'drive', **recording)
    with RecordingReader(drive) as reader, RecordingWriter(folder / 'out') as writer:
        for frame in reader.received(TRACK_TRUTH):
            writer.write(f'{NODE}/mask', IMAGE, frame.message, frame.stamp_ns)
        point = writer.message_class('geometry_msgs/msg/Point')(0.0, 0.0, 0.0)
        writer.write(f'{NODE}/center', CENTER, writer.message_class(CENTER)(
            frame.message.header, point), frame.stamp_ns)
    return [pair.true_center for pair in pairs(drive, TOPIC, TRACK_TRUTH, folder / 'out', NODE)]


def test_true_centers_are_seen_through_the_lens_of_the_recording(tmp_path):
    usual, wide = (true_centers(tmp_path / name, **recording)
                   for name, recording in (('usual', {}), ('wide', {'lens': 60.0})))
    assert None not in usual + wide and usual != wide


def test_a_truth_without_a_judged_pixel_judges_neither_mask_nor_lane():
    unknown = np.full((4, 4), 127, np.uint8)
    frame = Pair(0, np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 255, np.uint8), (2.0, 3.0),
                 unknown, None)
    figures = score(iter([frame]))
    assert figures['frames_scored'] == figures['lane_false'] == 0 and 'line_f1' not in figures

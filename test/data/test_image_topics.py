# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Without a name the frames are camera pictures, not what a lane_node made of them."""

import numpy as np
import pytest

from lane_perception.data.image_topics import choose_images
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader
from lane_perception.errors import UserError

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'


def write_topics(path, topics):
    """Write a message to each topic: an encoding, or a format that holds a space; None: none."""
    with RecordingWriter(path) as writer:
        make = writer.message_class
        header = make('std_msgs/msg/Header')(make('builtin_interfaces/msg/Time')(1, 0), 'camera')
        data = np.zeros(6, np.uint8)
        for name, encoding in topics.items():
            compressed = encoding is not None and ' ' in encoding
            kind = COMPRESSED if compressed else IMAGE
            writer.add_topic(name, kind)
            if compressed:
                writer.write(name, kind, make(kind)(header, encoding, data), 1)
            elif encoding is not None:
                writer.write(name, kind, make(kind)(header, 1, 2, encoding, 0, 6, data), 1)
    return path


def test_the_frames_are_the_first_pictures_that_are_no_masks(tmp_path):
    bag = write_topics(tmp_path / 'bag', {
        '/a_mask': 'bgr8', '/camera/empty': None, '/camera/image_raw': 'bgr8', '/truth': 'bgr8'})
    with RecordingReader(bag) as reader:
        assert choose_images(reader, None, '/truth').name == '/camera/image_raw'
        assert choose_images(reader, None, '/camera/image_raw').name == '/truth'
        assert choose_images(reader, '/a_mask').name == '/a_mask'
        assert reader.problems == []
        with pytest.raises(UserError, match='/camera/empty in .* holds no message'):
            choose_images(reader, '/camera/empty')
        with pytest.raises(UserError, match='has no topic /b; it has: /a_mask'):
            choose_images(reader, '/b')


@pytest.mark.parametrize('other, encoding', [
    ('/lane_perception/overlay/compressed', 'jpeg '),
    ('/car1/lane_perception/debug', 'bgr8'),
    ('/lane/overlay/compressed', 'jpeg '),
    ('/lane/mask', 'mono8'),
    ('/a_depth/image', '16UC1'),
    ('/a_depth/image', '32FC1'),
    ('/camera/compressedDepth', '16UC1; compressedDepth png'),
    ('/a_depth/image/compressed', '16UC1; png compressed '),
])
def test_outputs_and_distances_are_no_frames(tmp_path, other, encoding):
    bag = write_topics(tmp_path / 'bag', {'/usb_cam/image_raw': 'rgb8', other: encoding})
    with RecordingReader(bag) as reader:
        assert choose_images(reader, None).name == '/usb_cam/image_raw'
        assert choose_images(reader, other).name == other
        assert reader.problems == []


def test_of_several_pictures_the_others_are_named(tmp_path):
    bag = write_topics(tmp_path / 'bag', {
        '/front/image_raw': 'bgr8', '/front/image_raw/compressed': 'bgr8; jpeg compressed ',
        '/rear/image_raw': 'bayer_rggb8', '/depth': '16UC1'})
    with RecordingReader(bag) as reader:
        assert choose_images(reader, None).name == '/front/image_raw'
        problem, = reader.problems
    assert problem == ('the frames are those on /front/image_raw; there are pictures on '
                       '/front/image_raw/compressed, /rear/image_raw too, for which give --topic')


def test_a_first_message_that_is_damaged_says_nothing_of_the_topic(tmp_path):
    bag = write_topics(tmp_path / 'bag', {'/depth': '16UC1', '/front': 'bgr8'})
    with RecordingReader(bag) as reader, RecordingWriter(tmp_path / 'bad') as writer:
        for raw in reader.messages():
            writer.write_serialized(raw.topic, raw.message_type, raw.data[:20], 0)
            writer.write_serialized(raw.topic, raw.message_type, raw.data, 1)
    with RecordingReader(tmp_path / 'bad') as reader:
        assert choose_images(reader, None).name == '/front'


@pytest.mark.parametrize('topics, listed', [
    ({'/a_mask': 'mono8'}, '/a_mask'),
    ({'/a_mask': 'mono8', '/depth': '16UC1'}, r'/a_mask, /depth \(16UC1\)'),
])
def test_a_recording_without_camera_pictures_has_no_frames_unless_they_are_named(
        tmp_path, topics, listed):
    bag = write_topics(tmp_path / 'bag', topics)
    with RecordingReader(bag) as reader:
        with pytest.raises(UserError, match=f'no topic with pictures; its topics: {listed}; '
                                            '--topic names one'):
            choose_images(reader, None)


@pytest.mark.parametrize('kind, why', [
    ('nv12', 'the image encoding "nv12" is not known; known are bgr8, '),
    ('', 'the image encoding "" is not known'),
    ('h264; ', 'the format "h264; " is that of a video stream, .*: republish it as raw'),
    ('HEVC ', 'the format "HEVC " is that of a video stream'),
])
def test_pictures_that_cannot_be_read_are_said_at_once(tmp_path, kind, why):
    bag = write_topics(tmp_path / 'bag', {'/a_depth': '16UC1', '/camera': kind})
    with RecordingReader(bag) as reader:
        with pytest.raises(UserError, match=f'/camera in .* holds no picture .*: {why}'):
            choose_images(reader, None)
        assert choose_images(reader, '/camera').name == '/camera'


def test_a_camera_that_published_nothing_is_said_to_be_silent(tmp_path):
    bag = write_topics(tmp_path / 'bag', {'/image_raw': None, '/a_mask': 'mono8'})
    with RecordingReader(bag) as reader:
        with pytest.raises(UserError, match=r'holds no message on /image_raw '
                                            r'\(sensor_msgs/msg/Image\)$'):
            choose_images(reader, None)
    bag = write_topics(tmp_path / 'depth', {'/image_raw': None, '/depth': '16UC1'})
    with RecordingReader(bag) as reader:
        with pytest.raises(UserError, match=r'topics: /depth \(16UC1\), /image_raw '
                                            r'\(no message\);'):
            choose_images(reader, None)


def test_pictures_that_are_said_to_be_the_truth_are_no_frames(tmp_path):
    bag = write_topics(tmp_path / 'bag', {'/camera': 'bgr8'})
    with RecordingReader(bag) as reader:
        with pytest.raises(UserError, match='no topic with pictures besides --truth-topic '
                                            '/camera; its topics: /camera'):
            choose_images(reader, None, '/camera')

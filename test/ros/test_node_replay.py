# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A recording into the node over DDS: it and replay say the same about every frame."""

import shutil

import cv2
import numpy as np
import pytest
from bright_model import write_bright_model
from recordings_on_disk import TOPIC
from recordings_on_disk import write_ground
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main as replay
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader
from lane_perception.errors import UserError
from lane_perception.ros.lane_outputs import OUTPUT_TYPES
from lane_perception.ros.playback import PlaybackSettings
from lane_perception.ros.playback import play_into_node

ATTEMPTS = 3   # best effort: a busy machine may lose a frame
COUNT = 12
FOR_PEOPLE = ('markers', 'overlay/compressed')   # only while they are subscribed to


def plain(value):
    """Return a message as nested lists of numbers and texts, without padding or class."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list):
        return [plain(one) for one in value]
    if hasattr(value, '__msgtype__'):
        return [plain(getattr(value, name)) for name in value.__dataclass_fields__
                if not name.startswith('__')]
    return value


def by_time(bag, topic):
    with RecordingReader(bag) as reader:
        return {log_time: plain(message) for _, log_time, message in reader.frames(topic)}


def played_and_replayed(folder, ground=None, **recording):
    """Play a recording into the node and replay it; return the frames that the node processed."""
    model = folder / 'bright.onnx'
    write_bright_model(model, 128, 160)
    bag = write_recording(folder / 'drive', count=COUNT, blank=[5], **recording)
    settings = PlaybackSettings(
        bag, TOPIC, False, str(model), {'ground_calibration': str(ground)} if ground else {}, hz=4,
        outputs=tuple(OUTPUT_TYPES))
    for _ in range(ATTEMPTS):
        shutil.rmtree(folder / 'node', ignore_errors=True)
        with RecordingWriter(folder / 'node') as writer:
            playback = play_into_node(settings, folder, writer)
        if len(playback.received) == COUNT:
            break
    assert replay([str(bag), '--model', str(model), *(['--ground', str(ground)] if ground else []),
                   '--out', str(folder / 'out')]) == 0
    return set(playback.received)


def test_every_frame_that_the_node_processed_is_as_replay_says(tmp_path, ros_domain):
    processed = played_and_replayed(tmp_path, write_ground(tmp_path / 'ground.yaml'))
    # A frame that the node never saw would be missing in its track over time.
    assert len(processed) == COUNT
    for name in OUTPUT_TYPES:
        topic = f'/lane_perception/{name}'
        node, replayed = by_time(tmp_path / 'node', topic), by_time(tmp_path / 'out/bag', topic)
        assert set(node) <= processed and len(node) >= COUNT - 2
        if name not in FOR_PEOPLE:
            assert set(node) == set(replayed) & processed
        for stamp, message in node.items():
            np.testing.assert_equal(message, replayed[stamp], err_msg=f'{name} at {stamp}')
    centers = by_time(tmp_path / 'out/bag', '/lane_perception/center').values()
    assert sum(not np.isnan(message[1][0]) for message in centers) >= COUNT - 2
    paths = by_time(tmp_path / 'out/bag', '/lane_perception/path').values()
    assert sum(len(message[1]) > 3 for message in paths) >= COUNT - 2


def test_the_lens_that_a_recording_tells_is_told_to_the_node(tmp_path, ros_domain):
    processed = played_and_replayed(tmp_path, lens=60.0)
    assert len(processed) == COUNT
    topic = '/lane_perception/center'
    node, replayed = by_time(tmp_path / 'node', topic), by_time(tmp_path / 'out/bag', topic)
    np.testing.assert_equal(node, replayed)
    (tmp_path / 'usual').mkdir()
    assert len(played_and_replayed(tmp_path / 'usual')) == COUNT
    assert by_time(tmp_path / 'usual' / 'node', topic) != node, 'the lens makes a difference'


@pytest.fixture(autouse=True)
def one_opencv_thread():
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(-1)


def test_a_node_that_cannot_be_configured_is_not_waited_for(tmp_path, ros_domain):
    settings = PlaybackSettings(write_recording(tmp_path / 'drive', count=2), TOPIC, False,
                                'no_such_model')
    with pytest.raises(UserError, match='lane_node cannot start: .*no model named "no_such_mod'):
        play_into_node(settings, tmp_path)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A slow model fed quickly: the newest frame is processed, the overtaken ones are counted."""

import time

import pytest
from ros_desk import bright_picture
from ros_desk import number_of
from ros_desk import raw_message
from ros_desk import TIMEOUT_S
from sensor_msgs.msg import Image

RATE = 60.0
OUTPUTS = 12         # so many are waited for


@pytest.fixture(scope='module')
def slow_model(tmp_path_factory):
    from slow_model import write_slow_model
    path = tmp_path_factory.mktemp('models') / 'slow.onnx'
    write_slow_model(path)
    return path


def feed(desk, camera, rate, until):
    """Publish numbered frames at a rate until told to stop; return how many."""
    image = bright_picture()
    count = 0
    start = time.monotonic()
    while not until(time.monotonic() - start):
        assert time.monotonic() - start < TIMEOUT_S
        count += 1
        message = raw_message(image, count)
        while (left := start + count / rate - time.monotonic()) > 0:
            desk.spin_once(left)
        camera.publish(message)
    return count


# The node as it is, with a slot for the newest frame that keeps a diary: 'put 7', 'take 7'. An
# entry is made under the slot's own lock, so the diary's order is the order of the events.
DIARY_NODE = """
import json, sys
from lane_perception.cli import lane_node
from lane_perception.ros import latest_frame
from lane_perception.ros import worker

diary = open(sys.argv.pop(1), 'w', buffering=1)


class LatestFrame(latest_frame.LatestFrame):

    def note(self, what, frame):
        stamp = frame.message.header.stamp
        number = (stamp.sec - 1000) * 1000 + stamp.nanosec // 1_000_000
        print(what, number, file=diary)

    def put(self, frame):
        with self._condition:
            self.note('put', frame)
            super().put(frame)

    def take(self):
        with self._condition:
            frame = super().take()
            if frame is not None:
                self.note('take', frame)
            return frame


worker.LatestFrame = LatestFrame
sys.exit(lane_node.main())
"""


def test_each_output_belongs_to_the_newest_frame_and_the_overtaken_are_counted(
        desk, slow_model, tmp_path):
    diary = tmp_path / 'diary.txt'
    desk.start({'model': slow_model, 'precision': 'fp32'}, program=('-c', DIARY_NODE, str(diary)))
    outputs = desk.listen(Image, '/lane_perception/mask')
    camera = desk.camera()
    published = feed(desk, camera, RATE, lambda seconds: len(outputs) >= OUTPUTS)
    desk.spin_until(lambda: number_of(outputs[-1].header.stamp) == published,
                    what=lambda: 'the last frame was not processed')
    numbers = [number_of(one.header.stamp) for one in outputs]

    entries = [line.split() for line in diary.read_text().splitlines()]
    put = [int(number) for what, number in entries if what == 'put']
    newest, taken = None, []
    for what, number in entries:
        if what == 'put':
            newest = int(number)
        else:
            taken.append(int(number))
            assert taken[-1] == newest, 'an older frame was taken'
    assert taken == numbers, 'each taken frame comes out, in order, none twice'
    assert put == sorted(set(put))
    assert len(outputs) < 0.8 * published, 'the model is too quick for this test'

    _, _, values = desk.diagnosis(
        lambda level, message, values: values['frames_processed'] == str(len(outputs)))
    assert int(values['frames_received']) == len(put)
    assert int(values['frames_lost']) == published - put[0] + 1 - len(put)
    assert int(values['frames_dropped']) == len(put) - len(taken) > 0


def test_max_rate_limits_the_outputs_while_the_node_runs(desk, small_model):
    desk.start({'model': small_model})
    outputs = desk.listen(Image, '/lane_perception/mask')
    camera = desk.camera()

    def rate_while_fed(seconds):
        desk.spin(0.3)
        del outputs[:]
        feed(desk, camera, 30.0, lambda passed: passed > seconds)
        return len(outputs) / seconds
    assert rate_while_fed(3.0) > 4.0
    assert desk.set_parameter('max_rate', 2.0) == (True, '')
    assert 1.4 <= rate_while_fed(4.0) <= 2.6
    assert desk.set_parameter('max_rate', 0.0) == (True, '')
    assert rate_while_fed(3.0) > 4.0

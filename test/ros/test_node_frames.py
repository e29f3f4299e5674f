# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Frames over DDS into a node in a process of its own, and what comes out."""

import math

import cv2
import numpy as np
import pytest
from conftest import draw_track
from geometry_msgs.msg import PointStamped
from ros_desk import bright_picture
from ros_desk import compressed_message
from ros_desk import header
from ros_desk import number_of
from ros_desk import qos
from ros_desk import raw_message
from ros_desk import send_until_answered
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Float32

from lane_perception.ros.images import to_bgr
from lane_perception.ros.images import to_mask

PICTURE = bright_picture()
MASK = np.where(PICTURE[:, :, 0] > 160, 255, 0).astype(np.uint8)
GRAY = PICTURE[:, :, 0]


def padded(message, padding):
    """Return the message with unused bytes after each row."""
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    message.data = np.pad(rows, ((0, 0), (0, padding)), constant_values=255).tobytes()
    message.step += padding
    return message


def with_alpha(image):
    return np.dstack((image, np.full(image.shape[:2], 255, np.uint8)))


def luma_with(image, place):
    """Return (H, W, 2) in 4:2:2 with neutral colour; luma at that place of each pair."""
    packed = np.full((*image.shape[:2], 2), 128, np.uint8)
    packed[:, :, place] = np.clip(16 + 0.859 * image[:, :, 0], 0, 255)
    return packed


def deep(is_bigendian):
    message = raw_message(GRAY, 0, 'mono16')
    order = '>u2' if is_bigendian else '<u2'
    message.data = (GRAY.astype(np.uint16) * 257).astype(order).tobytes()
    message.step *= 2
    message.is_bigendian = is_bigendian
    return message


ENCODINGS = {
    'bgr8': lambda: raw_message(PICTURE, 0),
    'bgr8, padded rows': lambda: padded(raw_message(PICTURE, 0), 32),
    '8UC3': lambda: raw_message(PICTURE, 0, '8UC3'),
    'rgb8': lambda: raw_message(PICTURE[:, :, ::-1].copy(), 0, 'rgb8'),
    'bgra8': lambda: raw_message(with_alpha(PICTURE), 0, 'bgra8'),
    'rgba8': lambda: raw_message(with_alpha(PICTURE[:, :, ::-1]), 0, 'rgba8'),
    'mono8': lambda: raw_message(GRAY, 0, 'mono8'),
    'mono8, padded rows': lambda: padded(raw_message(GRAY, 0, 'mono8'), 3),
    'mono16': lambda: deep(0),
    'mono16, big-endian': lambda: deep(1),
    'yuv422': lambda: raw_message(luma_with(PICTURE, 1), 0, 'yuv422'),
    'yuv422_yuy2': lambda: raw_message(luma_with(PICTURE, 0), 0, 'yuv422_yuy2'),
    'bayer_rggb8': lambda: raw_message(GRAY, 0, 'bayer_rggb8'),
    'bayer_grbg8': lambda: raw_message(GRAY, 0, 'bayer_grbg8'),
}


def broken(**fields):
    message = raw_message(PICTURE, 0)
    for name, value in fields.items():
        setattr(message, name, value)
    return message


BROKEN = {
    'unknown encoding': (lambda: broken(encoding='rgb7'), 'encoding "rgb7" is not known'),
    'step too small': (lambda: broken(step=100), 'has 288 bytes, but step is 100'),
    'data too short': (lambda: broken(height=65), '65 rows of step 288'),
    'empty data': (lambda: broken(data=b''), 'has no data'),
    'zero width': (lambda: broken(width=0, step=0), '0x64: it has no pixels'),
}


class TestOneNode:
    """All frames into one and the same node: none of them may end it."""

    @pytest.fixture(scope='class')
    def place(self, make_desk, small_model):
        desk = make_desk()
        desk.process = desk.start({'model': small_model})
        desk.masks = desk.listen(Image, '/lane_perception/mask')
        desk.images = desk.camera()
        desk.number = 0
        return desk

    def next_number(self, place):
        place.number += 1
        return place.number

    def send(self, place, message, **fields):
        """Send until a mask of this very frame comes, and return it."""
        number = self.next_number(place)
        message.header = header(number, **fields)
        while True:
            mask = send_until_answered(place, place.images, message, place.masks)
            if number_of(mask.header.stamp) == number:
                return mask

    @pytest.mark.parametrize('encoding', ENCODINGS)
    def test_every_encoding_gives_the_same_mask(self, place, encoding):
        mask = to_mask(self.send(place, ENCODINGS[encoding]()))
        if encoding.startswith('bayer'):  # a demosaicked edge is soft
            assert (mask[:, 18:22] == 255).all() and (mask[:, 30:66] == 0).all()
        else:
            np.testing.assert_array_equal(mask, MASK)

    @pytest.mark.parametrize('kind', BROKEN)
    def test_a_broken_frame_is_counted_said_and_dropped(self, place, kind):
        make, sentence = BROKEN[kind]
        before = place.diagnosis(lambda level, message, values: True)[2]['frames_undecodable']
        end = len(place.masks)
        for _ in range(4):
            place.images.publish(make())
            place.spin(0.1)
        level, message, values = place.diagnosis(
            lambda level, message, values: sentence in message)
        assert level == 1
        assert int(values['frames_undecodable']) > int(before)
        assert len(place.masks) == end, 'nothing may come out'
        assert place.process.process.poll() is None
        self.send(place, raw_message(PICTURE, 0))  # and life goes on

    def test_stamp_and_frame_of_the_source_are_on_every_output(self, place):
        centers = place.listen(PointStamped, '/lane_perception/center')
        place.spin(0.5)
        mask = self.send(place, raw_message(PICTURE, 0), frame_id='front/optical')
        place.spin_until(lambda: centers and centers[-1].header == mask.header)
        assert mask.header.frame_id == 'front/optical'
        assert (mask.encoding, mask.width, mask.height, mask.step) == ('mono8', 96, 64, 96)
        assert set(np.unique(np.frombuffer(mask.data, np.uint8))) == {0, 255}

    def test_without_a_lane_center_and_offset_are_nan(self, place):
        centers = place.listen(PointStamped, '/lane_perception/center')
        offsets = place.listen(Float32, '/lane_perception/offset')
        place.spin(0.5)
        del centers[:], offsets[:]
        # Long after the last lane was seen, so that no track bridges the gap.
        place.number += 60_000
        self.send(place, raw_message(np.zeros_like(PICTURE), 0))
        place.spin_until(lambda: centers and offsets)
        assert math.isnan(centers[-1].point.x) and math.isnan(centers[-1].point.y)
        assert math.isnan(offsets[-1].data)

    def test_the_overlay_is_made_only_while_someone_looks(self, place):
        pictures = []
        subscription = place.node.create_subscription(
            CompressedImage, '/lane_perception/overlay/compressed', pictures.append, 5)
        place.spin(0.5)
        mask = self.send(place, raw_message(PICTURE, 0))
        place.spin_until(lambda: pictures)
        assert pictures[-1].header.frame_id == mask.header.frame_id
        assert to_bgr(pictures[-1]).shape == PICTURE.shape
        place.node.destroy_subscription(subscription)
        place.spin(0.5)
        seen = len(pictures)
        self.send(place, raw_message(PICTURE, 0))
        assert len(pictures) == seen

    def test_nothing_in_metres_is_published_without_a_calibration(self, place):
        topics = dict(place.node.get_topic_names_and_types())
        assert '/lane_perception/mask' in topics
        assert not {'/lane_perception/path', '/lane_perception/pose',
                    '/lane_perception/markers'} & set(topics)


class TestCompressed:
    """JPEG and PNG frames."""

    @pytest.fixture(scope='class')
    def place(self, make_desk, small_model):
        desk = make_desk()
        desk.process = desk.start({'model': small_model, 'image_transport': 'compressed'},
                                  {'image/compressed': '/front/image_raw/compressed'})
        desk.masks = desk.listen(Image, '/lane_perception/mask')
        desk.images = desk.camera('/front/image_raw/compressed', CompressedImage)
        return desk

    def test_jpeg_and_png_frames(self, place):
        for number, format in enumerate(('jpeg', 'png'), 1):
            data = cv2.imencode(f'.{format}', PICTURE)[1].tobytes()
            message = compressed_message(data, number, format)
            while number_of(
                    send_until_answered(place, place.images, message, place.masks)
                    .header.stamp) != number:
                pass
            mask = to_mask(place.masks[-1])
            assert np.count_nonzero(mask != MASK) <= (0 if format == 'png' else 64)

    @pytest.mark.parametrize('data, sentence', [
        (cv2.imencode('.jpg', PICTURE)[1].tobytes()[:-30], 'is cut off'),
        (b'', 'has no data'),
        (b'nonsense', 'is damaged or not a picture'),
    ], ids=['half a JPEG', 'empty', 'nonsense'])
    def test_a_broken_frame_is_counted_said_and_dropped(self, place, data, sentence):
        for _ in range(4):
            place.images.publish(compressed_message(data, 77))
            place.spin(0.1)
        level, message, values = place.diagnosis(
            lambda level, message, values: sentence in message)
        assert level == 1 and int(values['frames_undecodable']) > 0
        assert 77 not in [number_of(mask.header.stamp) for mask in place.masks]
        good = compressed_message(cv2.imencode('.png', PICTURE)[1].tobytes(), 5, 'png')
        send_until_answered(place, place.images, good, place.masks)


def test_center_and_offset_say_where_the_lane_is(desk, bright_model):
    desk.start({'model': bright_model})
    centers = desk.listen(PointStamped, '/lane_perception/center')
    offsets = desk.listen(Float32, '/lane_perception/offset')
    camera = desk.camera()
    desk.spin(0.5)
    for number, shift in enumerate((-60, 60), 1):   # pixels at 640 wide: half as many here
        # Far apart in time, so that no track pulls the second.
        message = raw_message(draw_track(240, 320, shift), 60_000 * number)
        while number_of(send_until_answered(desk, camera, message, centers).header.stamp) \
                != 60_000 * number:
            pass
        desk.spin_until(lambda: len(offsets) >= len(centers))
        point = centers[-1].point
        assert point.x == pytest.approx(159.5 + shift / 2, abs=2)
        assert point.y == pytest.approx(0.65 * 239, abs=1)
        assert point.z == 0.0
        assert offsets[-1].data == pytest.approx(-shift / 320, abs=0.02), 'positive: lane is left'


@pytest.mark.parametrize('reliable', [False, True])
def test_a_publisher_that_comes_late_is_heard_whatever_its_reliability(
        desk, small_model, reliable):
    desk.start({'model': small_model})
    masks = desk.listen(Image, '/lane_perception/mask')
    level, message, _ = desk.diagnosis(lambda level, message, values: 'no input' in message)
    assert level == 1 and 'nothing publishes /image' in message
    camera = desk.camera(reliable=reliable)
    send_until_answered(desk, camera, raw_message(PICTURE, 3), masks)
    desk.diagnosis(lambda level, message, values: values.get('frames_processed', '0') != '0')


def test_a_best_effort_camera_cannot_serve_a_reliable_node_and_the_cure_is_said(
        desk, small_model):
    process = desk.start({'model': small_model, 'qos.reliability': 'reliable'})
    camera = desk.node.create_publisher(Image, '/image', qos(reliable=False))
    process.wait_for_output('start the node with qos.reliability:=best_effort')
    camera.publish(raw_message(PICTURE, 0))
    level, message, _ = desk.diagnosis(lambda level, message, values: 'best effort' in message)
    assert level == 1


def test_a_topic_of_the_other_kind_is_named_with_the_cure(desk, small_model):
    desk.start({'model': small_model})
    camera = desk.node.create_publisher(CompressedImage, '/image', 5)
    _, message, _ = desk.diagnosis(lambda level, message, values: 'carries' in message)
    assert 'set image_transport to compressed' in message
    desk.node.destroy_publisher(camera)


def test_two_cameras_on_one_topic_are_told_and_lose_nothing(desk, small_model):
    desk.start({'model': small_model})
    cameras = [desk.camera(), desk.camera()]
    for number in range(20):            # so that their numbering differs
        cameras[0].publish(raw_message(PICTURE, number))
        desk.spin(0.05)

    def told():
        for camera in cameras:
            camera.publish(raw_message(PICTURE, 0))
            desk.spin(0.05)
        status = desk.diagnostics.get('lane_perception')
        return status is not None and '2 publishers on /image' in status.message
    desk.spin_until(told)
    for camera in cameras:
        camera.publish(raw_message(PICTURE, 0))
    _, message, values = desk.diagnosis(lambda level, message, values: True)
    assert int(values['frames_lost']) <= 2, message


def test_two_nodes_work_side_by_side(desk, small_model):
    for side in ('left', 'right'):
        desk.start({'model': small_model}, arguments=['-r', f'__ns:=/{side}'],
                   name=f'/{side}/lane_perception')
    masks = {side: desk.listen(Image, f'/{side}/lane_perception/mask')
             for side in ('left', 'right')}
    cameras = {side: desk.camera(f'/{side}/image') for side in ('left', 'right')}
    for number, side in enumerate(('left', 'right'), 1):
        send_until_answered(desk, cameras[side], raw_message(PICTURE, number), masks[side])
    desk.spin(0.3)
    for number, side in enumerate(('left', 'right'), 1):
        assert {number_of(mask.header.stamp) for mask in masks[side]} == {number}
    for side in ('left', 'right'):
        desk.diagnosis(lambda level, message, values: True, f'{side}/lane_perception')


def test_with_simulated_time_stamps_are_measured_by_the_recordings_clock(desk, small_model):
    desk.start({'model': small_model, 'use_sim_time': True})
    masks = desk.listen(Image, '/lane_perception/mask')
    clock = desk.node.create_publisher(Clock, '/clock', 10)
    camera = desk.camera()
    # Before the first tick frames are processed all the same.
    send_until_answered(desk, camera, raw_message(PICTURE, 10), masks)
    number = [20]

    def play():
        number[0] += 50
        message = raw_message(draw_track(64, 96), number[0])
        clock.publish(Clock(clock=message.header.stamp))
        camera.publish(message)
        desk.spin(0.05)
        status = desk.diagnostics.get('lane_perception')
        return status is not None and status.message == 'running' and ord(status.level) == 0
    desk.spin_until(play)


def test_stamps_of_another_clock_bring_the_hint_at_use_sim_time(desk, small_model):
    desk.start({'model': small_model})
    masks = desk.listen(Image, '/lane_perception/mask')
    camera = desk.camera()
    send_until_answered(desk, camera, raw_message(PICTURE, 1), masks)
    number = [1]

    def hinted():
        number[0] += 100
        camera.publish(raw_message(PICTURE, number[0]))
        desk.spin(0.1)
        status = desk.diagnostics.get('lane_perception')
        return status is not None and 'use_sim_time' in str(status)
    desk.spin_until(hinted)

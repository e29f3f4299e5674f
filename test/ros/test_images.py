# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Messages to arrays and back: every encoding, every way in which a message can be broken."""

import subprocess
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from lane_perception.data.image_files import read_mask
from lane_perception.ros.images import ImageError
from lane_perception.ros.images import to_bgr
from lane_perception.ros.images import to_mask

HEIGHT, WIDTH = 24, 32


@pytest.mark.parametrize('topic, kind', [
    ('/camera/image', 'Image'), ('/camera/image_decompressed', 'Image'),
    ('/camera/image/compressed', 'CompressedImage')])
def test_what_a_topic_with_pictures_holds_is_told_by_its_name(topic, kind):
    pytest.importorskip('rclpy', reason='ROS 2 is not installed')
    from lane_perception.ros.capture import type_of
    assert type_of(topic).__name__ == kind


@pytest.fixture(scope='module')
def picture():
    """Return a smooth BGR picture, so that chroma and Bayer patterns can be undone closely."""
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    channels = (40 + 4 * u, 200 - 5 * v, 60 + 2 * u + 2 * v)
    return np.stack(channels, axis=2).astype(np.uint8)


def message(array, encoding, padding=0, is_bigendian=0):
    """Return an Image-like object around an array's bytes, with unused bytes after each row."""
    rows = np.ascontiguousarray(array).view(np.uint8).reshape(len(array), -1)
    step = rows.shape[1] + padding
    data = np.full((len(array), step), 123, np.uint8)
    data[:, :rows.shape[1]] = rows
    return SimpleNamespace(height=array.shape[0], width=array.shape[1], encoding=encoding,
                           is_bigendian=is_bigendian, step=step, data=data.tobytes())


def compressed(data, format='jpeg'):
    return SimpleNamespace(format=format, data=data)


def subsample(picture, order):
    """Return the picture in 4:2:2, (H, W, 2): chroma first (uyvy) or luma first (yuyv)."""
    yuv = picture_to_bt601(picture)
    packed = np.empty((HEIGHT, WIDTH, 2), np.uint8)
    luma, chroma = (1, 0) if order == 'uyvy' else (0, 1)
    packed[:, :, luma] = yuv[:, :, 0]
    packed[:, 0::2, chroma] = yuv[:, 0::2, 1]
    packed[:, 1::2, chroma] = yuv[:, 0::2, 2]
    return packed


def picture_to_bt601(picture):
    """Return (Y, U, V) with ITU-R BT.601's limited range, as cameras send it."""
    blue, green, red = (picture[:, :, channel].astype(np.float32) for channel in range(3))
    y = 16 + 0.257 * red + 0.504 * green + 0.098 * blue
    u = 128 - 0.148 * red - 0.291 * green + 0.439 * blue
    v = 128 + 0.439 * red - 0.368 * green - 0.071 * blue
    return np.stack((y, u, v), axis=2).round().astype(np.uint8)


def mosaic(picture, pattern):
    """Return what a sensor with that 2x2 colour pattern sees."""
    raw = np.empty((HEIGHT, WIDTH), np.uint8)
    for place, color in enumerate(pattern):
        row, column = divmod(place, 2)
        raw[row::2, column::2] = picture[row::2, column::2, 'bgr'.index(color)]
    return raw


@pytest.mark.parametrize('padding', [0, 1, 7, 64])
@pytest.mark.parametrize('encoding, channels', [
    ('bgr8', 'bgr'), ('8UC3', 'bgr'), ('rgb8', 'rgb'), ('bgra8', 'bgra'), ('rgba8', 'rgba')])
def test_colour_encodings_keep_every_pixel(picture, encoding, channels, padding):
    planes = {'b': picture[:, :, 0], 'g': picture[:, :, 1], 'r': picture[:, :, 2],
              'a': np.full((HEIGHT, WIDTH), 9, np.uint8)}
    array = np.stack([planes[name] for name in channels], axis=2)
    np.testing.assert_array_equal(to_bgr(message(array, encoding, padding)), picture)


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize('encoding', ['mono8', '8UC1'])
def test_gray_becomes_three_equal_channels(picture, encoding, padding):
    gray = picture[:, :, 0]
    bgr = to_bgr(message(gray, encoding, padding))
    assert bgr.shape == (HEIGHT, WIDTH, 3)
    for channel in range(3):
        np.testing.assert_array_equal(bgr[:, :, channel], gray)
    np.testing.assert_array_equal(to_mask(message(gray, encoding, padding)), gray)


@pytest.mark.parametrize('padding', [0, 3])
@pytest.mark.parametrize('is_bigendian, dtype', [(0, '<u2'), (1, '>u2')])
def test_mono16_keeps_its_high_byte_in_either_byte_order(picture, is_bigendian, dtype, padding):
    gray = picture[:, :, 0]
    deep = (gray.astype(np.uint16) * 256 + 77).astype(dtype)
    sent = message(deep, 'mono16', padding, is_bigendian)
    np.testing.assert_array_equal(to_bgr(sent)[:, :, 1], gray)
    np.testing.assert_array_equal(to_mask(sent), gray)


@pytest.mark.parametrize('padding', [0, 6])
@pytest.mark.parametrize('encoding, order', [
    ('yuv422', 'uyvy'), ('uyvy', 'uyvy'), ('yuv422_yuy2', 'yuyv'), ('yuyv', 'yuyv')])
def test_yuv422_in_both_orders(picture, encoding, order, padding):
    bgr = to_bgr(message(subsample(picture, order), encoding, padding))
    # Chroma is shared by two pixels, which differ by 6 here, and rounded twice.
    assert np.abs(bgr.astype(int) - picture).max() <= 10
    assert np.abs(bgr.astype(int) - picture).mean() < 3


@pytest.mark.parametrize('padding', [0, 8])
@pytest.mark.parametrize('pattern', ['rggb', 'bggr', 'gbrg', 'grbg'])
def test_bayer_patterns(picture, pattern, padding):
    bgr = to_bgr(message(mosaic(picture, pattern), f'bayer_{pattern}8', padding))
    inside = (slice(2, -2), slice(2, -2))
    assert np.abs(bgr[inside].astype(int) - picture[inside]).max() <= 3


def test_the_picture_is_not_copied_where_the_message_holds_it(picture):
    for padding in (0, 16):
        data = bytearray(message(picture, 'bgr8', padding).data)
        sent = SimpleNamespace(height=HEIGHT, width=WIDTH, encoding='bgr8', is_bigendian=0,
                               step=WIDTH * 3 + padding, data=data)
        assert np.shares_memory(to_bgr(sent), np.frombuffer(data, np.uint8))


def test_jpeg_and_png_messages(picture):
    jpeg = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
    png = cv2.imencode('.png', picture)[1].tobytes()
    for data in (jpeg, bytearray(jpeg), np.frombuffer(jpeg, np.uint8)):
        assert np.abs(to_bgr(compressed(data)).astype(int) - picture).mean() < 3
    np.testing.assert_array_equal(to_bgr(compressed(png, 'png')), picture)
    np.testing.assert_array_equal(to_bgr(compressed(png, 'bgr8; png compressed bgr8')), picture)


def test_padding_after_a_jpeg_is_harmless(picture):
    jpeg = cv2.imencode('.jpg', picture)[1].tobytes()
    np.testing.assert_array_equal(to_bgr(compressed(jpeg + bytes(500))), to_bgr(compressed(jpeg)))


def test_a_gray_jpeg_has_three_channels(picture):
    jpeg = cv2.imencode('.jpg', picture[:, :, 0])[1].tobytes()
    assert to_bgr(compressed(jpeg)).shape == (HEIGHT, WIDTH, 3)


def test_a_png_mask_keeps_its_values(picture):
    mask = np.where(picture[:, :, 0] > 100, 255, 0).astype(np.uint8)
    mask[3:6] = 127
    png = cv2.imencode('.png', mask)[1].tobytes()
    np.testing.assert_array_equal(to_mask(compressed(png, 'mono8; png compressed ')), mask)
    np.testing.assert_array_equal(to_mask(message(mask, 'mono8')), mask)


@pytest.mark.parametrize('kind', [
    'red', 'gray', 'deep', 'deep low', 'deep ones', 'ones', 'classes'])
def test_a_mask_means_the_same_in_a_message_and_in_a_file(tmp_path, picture, kind):
    mask = np.where(picture[:, :, 0] > 100, 255, 0).astype(np.uint8)
    array, encoding = {
        'red': (np.dstack([mask * 0, mask * 0, mask]), 'bgr8'),
        'gray': (np.dstack([mask] * 3), 'bgr8'),
        'deep': (mask.astype(np.uint16) * 257, 'mono16'),
        'deep low': (mask.astype(np.uint16), 'mono16'),
        'deep ones': ((mask // 255).astype(np.uint16), 'mono16'),
        'ones': (mask // 255, 'mono8'),
        'classes': (mask // 255 * 2, 'mono8'),
    }[kind]
    png = cv2.imencode('.png', array)[1].tobytes()
    (tmp_path / 'mask.png').write_bytes(png)
    expected = mask // 255 * 2 if kind == 'classes' else mask
    np.testing.assert_array_equal(read_mask(tmp_path / 'mask.png'), expected)
    np.testing.assert_array_equal(to_mask(compressed(png)), expected)
    np.testing.assert_array_equal(to_mask(message(array, encoding, 4)), expected)
    if encoding == 'mono16':
        other_order = message(array.astype('>u2'), encoding, 4, is_bigendian=1)
        np.testing.assert_array_equal(to_mask(other_order), expected)


def test_a_mask_that_came_as_a_jpeg_has_no_values_between():
    mask = np.zeros((48, 64), np.uint8)
    cv2.line(mask, (5, 47), (40, 3), 255, 6)
    jpeg = cv2.imencode('.jpg', mask, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    assert len(np.unique(cv2.imdecode(jpeg, cv2.IMREAD_UNCHANGED))) > 10
    read = to_mask(compressed(jpeg.tobytes()))
    assert set(np.unique(read)) == {0, 255}
    assert (read != mask).mean() < 0.01
    for color in ((120, 60, 0), (0, 90, 0)):   # whatever is not black is a marking
        painted = np.where(mask[..., None] > 0, np.uint8(color), np.uint8(0))
        read = to_mask(compressed(cv2.imencode('.jpg', painted)[1].tobytes()))
        assert set(np.unique(read)) == {0, 255} and (read != mask).mean() < 0.05


def test_exif_does_not_turn_the_picture(picture):
    exif = (b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0')
    jpeg = cv2.imencode('.jpg', picture)[1].tobytes()
    turned = jpeg[:2] + b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif + jpeg[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape[0] == WIDTH
    np.testing.assert_array_equal(to_bgr(compressed(turned)), to_bgr(compressed(jpeg)))


def broken_messages():
    good = message(np.zeros((HEIGHT, WIDTH, 3), np.uint8), 'bgr8')
    jpeg = cv2.imencode('.jpg', np.random.default_rng(0).integers(
        0, 255, (HEIGHT, WIDTH, 3), np.uint8))[1].tobytes()

    def changed(**fields):
        return SimpleNamespace(**{**vars(good), **fields})

    return {
        'unknown encoding': (changed(encoding='rgb7'), 'encoding "rgb7" is not known'),
        'empty encoding': (changed(encoding=''), 'encoding "" is not known'),
        'depth': (changed(encoding='32FC1'), 'encoding "32FC1" holds distances'),
        'zero width': (changed(width=0, step=0, data=b''), '0x24: it has no pixels'),
        'zero height': (changed(height=0, data=b''), '32x0: it has no pixels'),
        'empty data': (changed(data=b''), 'has no data'),
        'step too small': (changed(step=95), 'has 96 bytes, but step is 95'),
        'step zero': (changed(step=0), 'step is 0'),
        'data too short': (changed(data=good.data[:-1]), '2304 bytes, but the image has 2303'),
        'data too long': (changed(data=good.data + b'x'), 'but the image has 2305'),
        'other encoding': (changed(encoding='bgra8'), 'has 128 bytes, but step is 96'),
        'odd width': (message(np.zeros((4, 5, 2), np.uint8), 'yuyv'), 'in pairs'),
        'empty JPEG': (compressed(b''), 'has no data'),
        'half a JPEG': (compressed(jpeg[:len(jpeg) // 2]), 'cut off'),
        'JPEG header alone': (compressed(jpeg[:20]), 'is damaged or not a picture'),
        'not a picture': (compressed(b'hello, world'), 'is damaged or not a picture'),
        'half a PNG': (compressed(cv2.imencode('.png', np.eye(99, dtype=np.uint8))[1][:60]),
                       'is damaged or not a picture'),
        'video stream': (compressed(b'\0\0\1', 'h264'), 'is that of a video stream'),
        'depth PNG': (compressed(b'\0' * 12, '16UC1; compressedDepth png'), 'holds distances'),
        'plain depth PNG': (compressed(cv2.imencode('.png', np.eye(99, dtype=np.uint16))[1],
                                       '16UC1; png compressed '), 'holds distances'),
    }


@pytest.mark.parametrize('name', broken_messages())
def test_a_broken_message_is_refused_with_a_sentence(name):
    broken, sentence = broken_messages()[name]
    for read in (to_bgr, to_mask):
        with pytest.raises(ImageError) as refusal:
            read(broken)
        assert sentence in str(refusal.value)
        assert '\n' not in str(refusal.value)


def test_deep_colour_is_left_to_cv_bridge(picture):
    deep = message(picture.astype('<u2') * 256, 'rgb16', padding=4)
    try:
        bgr = to_bgr(deep)
    except ImageError as refusal:  # PyPI's build, or none
        assert 'cv_bridge' in str(refusal)
    else:
        assert np.abs(bgr.astype(int) - picture[:, :, ::-1]).max() <= 1


def test_images_can_be_read_without_ros():
    code = ('import sys; from lane_perception.ros import images; '
            'print([name for name in ("rclpy", "cv_bridge", "sensor_msgs") '
            'if name in sys.modules])')
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == '[]'


class TestWriting:
    """Messages of ROS."""

    @pytest.fixture(autouse=True)
    def _needs_ros(self):
        pytest.importorskip('sensor_msgs.msg', reason='ROS 2 is not installed')

    @pytest.fixture
    def header(self):
        from builtin_interfaces.msg import Time
        from std_msgs.msg import Header
        return Header(stamp=Time(sec=5, nanosec=6), frame_id='camera')

    def test_a_mask_goes_there_and_back(self, picture, header):
        from lane_perception.ros.images import mask_message
        mask = np.where(picture[:, :, 0] > 100, 255, 0).astype(np.uint8)
        for array in (mask, np.asfortranarray(mask), mask[:, ::-1]):
            sent = mask_message(array, header)
            assert (sent.encoding, sent.height, sent.width) == ('mono8', HEIGHT, WIDTH)
            assert sent.step == WIDTH and not sent.is_bigendian
            assert sent.header == header
            np.testing.assert_array_equal(to_mask(sent), array)

    def test_a_colour_picture_goes_there_and_back(self, picture, header):
        from lane_perception.ros.images import image_message
        np.testing.assert_array_equal(to_bgr(image_message(picture, 'bgr8', header)), picture)

    @pytest.mark.parametrize('format, error', [('png', 0), ('jpeg', 4)])
    def test_a_compressed_picture_goes_there_and_back(self, picture, header, format, error):
        from lane_perception.ros.images import compressed_message
        sent = compressed_message(picture, header, format)
        assert sent.format == format and sent.header == header
        assert np.abs(to_bgr(sent).astype(int) - picture).mean() <= error

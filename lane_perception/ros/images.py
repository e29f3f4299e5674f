# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
From image messages to arrays and back.

Reading works on anything with the fields of a sensor_msgs/Image or CompressedImage, a message of
rclpy as well as one that rosbags read, so this module can be imported without ROS.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import JPEG_START
from lane_perception.data.image_files import decode
from lane_perception.data.image_files import mask_of
from lane_perception.errors import UserError
from lane_perception.ros.message_classes import message_class

# Encoding: (channels, bytes of one channel, OpenCV's conversion to BGR; None: it is BGR).
# OpenCV names a Bayer pattern by the second row's second and third pixel.
_ENCODINGS = {
    'bgr8': (3, 1, None),
    '8UC3': (3, 1, None),
    'rgb8': (3, 1, cv2.COLOR_RGB2BGR),
    'bgra8': (4, 1, cv2.COLOR_BGRA2BGR),
    'rgba8': (4, 1, cv2.COLOR_RGBA2BGR),
    'mono8': (1, 1, cv2.COLOR_GRAY2BGR),
    '8UC1': (1, 1, cv2.COLOR_GRAY2BGR),
    'mono16': (1, 2, cv2.COLOR_GRAY2BGR),
    'yuv422': (2, 1, cv2.COLOR_YUV2BGR_UYVY),
    'uyvy': (2, 1, cv2.COLOR_YUV2BGR_UYVY),
    'yuv422_yuy2': (2, 1, cv2.COLOR_YUV2BGR_YUY2),
    'yuyv': (2, 1, cv2.COLOR_YUV2BGR_YUY2),
    'bayer_rggb8': (1, 1, cv2.COLOR_BayerBG2BGR),
    'bayer_bggr8': (1, 1, cv2.COLOR_BayerRG2BGR),
    'bayer_gbrg8': (1, 1, cv2.COLOR_BayerGR2BGR),
    'bayer_grbg8': (1, 1, cv2.COLOR_BayerGB2BGR),
}
# What cv_bridge is asked for. The genuine one converts them, PyPI's build none of them.
_CV_BRIDGE_ENCODINGS = {
    'bgr16': (3, 2), 'rgb16': (3, 2), 'bgra16': (4, 2), 'rgba16': (4, 2),
    'bayer_rggb16': (1, 2), 'bayer_bggr16': (1, 2), 'bayer_gbrg16': (1, 2), 'bayer_grbg16': (1, 2),
}
_PAIRED_PIXELS = ('yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv')
# The sensor's own rows and columns, as CameraInfo and the mask mean them, whatever EXIF says.
_AS_STORED = cv2.IMREAD_IGNORE_ORIENTATION


DISTANCES = ('16UC1', '32FC1')   # encodings of depth cameras
# Formats of a CompressedImage by which video streams are known.
VIDEO_STREAMS = ('h264', 'h265', 'hevc', 'av1', 'vp8', 'vp9')
NEARLY_BLACK = 40   # of 255: what a JPEG may make of black beside a colour


class ImageError(UserError):
    """Say in one sentence why a message holds no picture."""


def image_kind(message: Any) -> str:
    """Return an Image's encoding, or a CompressedImage's format."""
    return message.format if _is_compressed(message) else message.encoding


def is_distances(message: Any) -> bool:
    """Tell whether a message's encoding or format is one of depth cameras."""
    kind = image_kind(message)
    stored = kind.partition(';')[0].strip()   # '16UC1; png compressed '
    return stored in DISTANCES or (_is_compressed(message) and 'compressedDepth' in kind)


def why_no_picture(message: Any) -> str:
    """Return a clause why a message's encoding or format is none of camera pictures; '': it is."""
    kind = image_kind(message)
    if _is_compressed(message):
        if is_distances(message):
            return f'the format "{kind}" holds distances, not a picture'
        if kind.partition(';')[0].strip().lower() in VIDEO_STREAMS:
            return (f'the format "{kind}" is that of a video stream, whose pictures cannot be '
                    'read one by one: republish it as raw or compressed')
    elif is_distances(message):
        return (f'the image encoding "{kind}" holds distances, not a picture: remap the input to '
                "the camera's colour picture")
    elif kind not in _ENCODINGS and kind not in _CV_BRIDGE_ENCODINGS:
        known = ', '.join((*_ENCODINGS, *_CV_BRIDGE_ENCODINGS))
        return f'the image encoding "{kind}" is not known; known are {known}'
    return ''


def to_bgr(message: Any) -> NDArray[np.uint8]:
    """
    Return the picture in a message.

    :param message: like sensor_msgs/Image (bgr8, rgb8, mono8, bgra8, rgba8, mono16, 8UC1, 8UC3,
        yuv422 in both orders, 8-bit Bayer; 16-bit colour where cv_bridge can) or like
        sensor_msgs/CompressedImage (JPEG, PNG).
    :returns: (H, W, 3) uint8, BGR. Where the message holds just that, the array is a view of the
        message's memory: read it, do not write to it.
    :raises ImageError: for an unknown encoding, size, step and data that disagree, an empty
        picture, a file that cannot be decoded.
    """
    if _is_compressed(message):
        return _decode(message, cv2.IMREAD_COLOR | _AS_STORED)
    pixels = _pixels(message)
    if message.encoding not in _ENCODINGS:
        return _ask_cv_bridge(message, pixels)
    code = _ENCODINGS[message.encoding][2]
    if code is None:
        return pixels
    return cv2.cvtColor(_eight_bits(pixels), code)


def to_mask(message: Any) -> NDArray[np.uint8]:
    """
    Return the marking mask in a message, read as one in a file: :func:`mask_of`.

    A JPEG, as image_transport makes it of a mask by default, has lost what lies between: there
    every pixel is what it is nearer to, background or marking; in a coloured one, whatever is not
    nearly black is a marking.

    :param message: like sensor_msgs/Image or sensor_msgs/CompressedImage.
    :returns: (H, W) uint8: 0 background, 255 marking, anything between not judged; possibly a
        view of the message's memory.
    :raises ImageError: as :func:`to_bgr`.
    """
    if _is_compressed(message):
        stored = _decode(message, cv2.IMREAD_UNCHANGED)
        if bytes(message.data[:2]) == JPEG_START:
            coloured = stored.ndim == 3
            stored = np.where((stored.max(axis=2) > NEARLY_BLACK) if coloured else stored > 127,
                              np.uint8(255), np.uint8(0))
        return mask_of(stored)
    if message.encoding in ('mono8', '8UC1', 'mono16'):
        return mask_of(_pixels(message))
    return mask_of(to_bgr(message))


def _is_compressed(message: Any) -> bool:
    return not hasattr(message, 'encoding')


def _pixels(message: Any) -> NDArray[Any]:
    """Return a (H, W) or (H, W, C) view of an Image's data after checking its fields."""
    if why := why_no_picture(message):
        raise ImageError(why)
    encoding, height, width = message.encoding, message.height, message.width
    if height == 0 or width == 0:
        raise ImageError(f'the image is {width}x{height}: it has no pixels')
    if len(message.data) == 0:
        raise ImageError(f'the {width}x{height} image has no data')
    channels, size = (_ENCODINGS.get(encoding) or _CV_BRIDGE_ENCODINGS[encoding])[:2]
    row = width * channels * size
    if message.step < row:
        raise ImageError(
            f'a row of {width} pixels in {encoding} has {row} bytes, but step is {message.step}')
    if len(message.data) != height * message.step:
        raise ImageError(f'{height} rows of step {message.step} are {height * message.step} '
                         f'bytes, but the image has {len(message.data)}')
    if encoding in _PAIRED_PIXELS and width % 2:
        raise ImageError(f'{encoding} keeps pixels in pairs, but the width is {width}')
    dtype = np.dtype(np.uint8 if size == 1 else '>u2' if message.is_bigendian else '<u2')
    shape = (height, width) if channels == 1 else (height, width, channels)
    strides = (message.step, channels * size) if channels == 1 else (
        message.step, channels * size, size)
    return np.ndarray(shape, dtype, np.frombuffer(message.data, np.uint8), 0, strides)


def _eight_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the high byte of 16-bit pixels; 8-bit ones as they are."""
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)


def _ask_cv_bridge(message: Any, pixels: NDArray[Any]) -> NDArray[np.uint8]:
    try:
        from cv_bridge import CvBridge
    except ImportError as error:
        raise ImageError(
            f'the image encoding "{message.encoding}" needs cv_bridge, which is not installed; '
            'let the camera publish bgr8, or: apt install ros-$ROS_DISTRO-cv-bridge') from error
    # PyPI's build ignores step, so the rows are packed first.
    packed = np.ascontiguousarray(pixels)
    plain = SimpleNamespace(
        height=message.height, width=message.width, encoding=message.encoding,
        is_bigendian=message.is_bigendian, step=packed.strides[0], data=packed.tobytes())
    try:
        return CvBridge().imgmsg_to_cv2(plain, 'bgr8')
    except Exception as error:  # KeyError, TypeError, CvBridgeError or cv2.error, by the build
        raise ImageError(
            f'this cv_bridge cannot convert the image encoding "{message.encoding}"; '
            'let the camera publish bgr8') from error


def _decode(message: Any, flags: int) -> NDArray[np.uint8]:
    """Return the decoded picture of a CompressedImage."""
    if why := why_no_picture(message):
        raise ImageError(why)
    data = bytes(message.data)
    if not data:
        raise ImageError('the compressed image has no data')
    try:
        return decode(data, flags, f'the compressed image of {len(data)} bytes (format '
                                   f'"{message.format}")')
    except UserError as error:
        raise ImageError(str(error)) from error


def mask_message(mask: NDArray[np.uint8], header: Any) -> Any:
    """
    Return the mask as a sensor_msgs/Image, mono8.

    :param mask: (H, W) uint8.
    :param header: std_msgs/Header of the frame that the mask belongs to.
    """
    return image_message(mask, 'mono8', header)


def image_message(image: NDArray[np.uint8], encoding: str, header: Any) -> Any:
    """
    Return an array as a sensor_msgs/Image.

    :param image: (H, W) or (H, W, C) uint8.
    :param encoding: mono8, bgr8 or another name that fits the array.
    :param header: std_msgs/Header, used as it is.
    """
    message = message_class('sensor_msgs/msg/Image')(
        header=header, encoding=encoding, is_bigendian=0)
    message.height, message.width = image.shape[:2]
    message.step = image.size // image.shape[0]
    # Filling the message's own array is twenty times as quick as assigning a new one to the
    # field, which checks every element.
    message.data.frombytes(memoryview(np.ascontiguousarray(image)).cast('B'))
    return message


def compressed_message(
    image: NDArray[np.uint8], header: Any, format: str = 'jpeg', quality: int = 80,
) -> Any:
    """
    Return a picture as a sensor_msgs/CompressedImage.

    :param image: (H, W) gray or (H, W, 3) BGR, uint8.
    :param header: std_msgs/Header, used as it is.
    :param format: jpeg or png.
    :param quality: of a JPEG, 1 to 100.
    """
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality] if format == 'jpeg' else []
    _, encoded = cv2.imencode(f'.{format}', image, settings)
    message = message_class('sensor_msgs/msg/CompressedImage')(
        header=header, format=format)
    message.data.frombytes(memoryview(encoded).cast('B'))
    return message

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Write pictures into an MP4 that browsers play.

The codec is VP9: Chromium and Firefox play it everywhere, and its encoder, libvpx, has a BSD
licence. PyAV is used because OpenCV leaves no way to tell the encoder to be quick: 205 ms a frame
of 854x480 against 8 ms.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError

TICKS = 1000              # a second, in the video's unit of time
WIDTH = 640               # pixels; encoding takes as long as it has pixels
LONGEST_PAUSE = 2.0       # seconds: a longer gap in the stamps is shortened to this
# crf: constant quality, 0 (best) to 63; cpu-used: 8 is the quickest of the real-time settings.
ENCODER = {'deadline': 'realtime', 'cpu-used': '8', 'crf': '33', 'b': '0', 'g': '60'}


class Video:
    """An MP4 being written: a context manager. The file appears when it is complete."""

    def __init__(self, path: str | Path, rate: float = 30.0) -> None:
        """
        Begin a video; its size is that of the first picture, at most WIDTH wide, made even.

        :param path: of the .mp4 file; an older one is replaced.
        :param rate: pictures per second, for pictures without a stamp.
        :raises UserError: when PyAV is not installed or lacks VP9.
        """
        try:
            import av
        except ImportError as error:
            raise UserError('videos need PyAV: pip install av') from error
        self.path = Path(path)
        self._period = 1.0 / rate
        self._temporary = self.path.with_name(f'.{self.path.name}.{os.getpid()}.tmp')
        self._av = av
        self._container = av.open(str(self._temporary), 'w', format='mp4')
        self._stream: Any = None
        self._tick = -1
        self._stamp: float | None = None

    def __enter__(self) -> Video:
        """Return the video."""
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        """Close the video, or leave nothing of it after an error."""
        if kind is None:
            self.close()
        else:
            self.abort()

    def add(self, picture: NDArray[np.uint8], stamp: float | None = None) -> float:
        """
        Append a picture.

        :param picture: (H, W, 3) uint8, BGR; scaled where its size is not the first one's.
        :param stamp: when it was taken, in seconds. The video runs as the stamps do, but for
            pauses longer than LONGEST_PAUSE, and stamps that stand still or go back count as one
            period.
        :returns: the picture's place in the video, in seconds.
        """
        if self._stream is None:
            height, width = picture.shape[:2]
            self._stream = self._container.add_stream(
                'libvpx-vp9', rate=round(1 / self._period), options=ENCODER)
            scale = min(1.0, WIDTH / width)
            self._stream.width, self._stream.height = (
                max(2, round(side * scale) & ~1) for side in (width, height))
            self._stream.pix_fmt = 'yuv420p'
            self._stream.codec_context.time_base = Fraction(1, TICKS)
            self._stream.codec_context.thread_count = 1
        size = (self._stream.width, self._stream.height)
        if picture.shape[1::-1] != size:
            picture = shrink(picture, *size)
        self._tick += self._step(stamp)
        frame = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format='bgr24')
        frame.pts = self._tick
        frame.time_base = Fraction(1, TICKS)
        self._container.mux(self._stream.encode(frame))
        return self._tick / TICKS

    def _step(self, stamp: float | None) -> int:
        """Return the ticks since the picture before; the first one's tick is 0."""
        before, self._stamp = self._stamp, stamp
        if self._tick < 0:
            return 1
        step = self._period if stamp is None or before is None else stamp - before
        if step <= 0:
            step = self._period
        return max(1, round(min(step, LONGEST_PAUSE) * TICKS))

    def close(self) -> None:
        """Finish the file and give it its name; a video without a picture leaves no file."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        if self._stream is not None:
            os.replace(self._temporary, self.path)
        self._temporary.unlink(missing_ok=True)

    def abort(self) -> None:
        """Leave nothing of the video."""
        try:
            self._container.close()
        finally:
            self._temporary.unlink(missing_ok=True)


def shrink(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture at another size; averaging, which is slow, only below half the size."""
    much = picture.shape[1] >= 2 * width or picture.shape[0] >= 2 * height
    return cv2.resize(picture, (width, height),
                      interpolation=cv2.INTER_AREA if much else cv2.INTER_LINEAR)

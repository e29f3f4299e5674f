# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write pictures into an MP4 that browsers play (encoders.py says how)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.evaluation.encoders import Encoder
from lane_perception.evaluation.encoders import open_encoder
from lane_perception.whole_file import errors_about
from lane_perception.whole_file import temporary_beside

RATE = 10.0               # pictures per second of video
WIDTH = 480               # pixels at most; VP9 takes as long as it has pixels
LONGEST_PAUSE = 2.0       # seconds: a longer gap in the stamps is shortened to this


class Video:
    """
    An MP4 being written: a context manager. The file appears when it is complete.

    It runs as the stamps do, with RATE pictures a second: of several pictures within one period
    the last is shown, and in a gap a picture stays.
    """

    def __init__(self, path: str | Path) -> None:
        """
        Begin a video; its size is that of the first picture, at most WIDTH wide, made even.

        :param path: of the .mp4 file; an older one is replaced.
        """
        self.path = Path(path)
        # The writer tells the container by the file's ending.
        self._temporary = temporary_beside(self.path, '.mp4')
        self._encoder: Encoder | None = None
        self._size = (0, 0)
        self._shown: NDArray[np.uint8] | None = None  # waits for the end of its period
        self._written = 0
        self._time = 0.0
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

    def add(self, picture: NDArray[np.uint8], stamp: float) -> float:
        """
        Append a picture.

        :param picture: (H, W, 3) uint8, BGR; scaled where its size is not the first one's.
        :param stamp: when it was taken, in seconds. Pauses longer than LONGEST_PAUSE are
            shortened; stamps that stand still or go back count as one period.
        :returns: the picture's place in the video, in seconds.
        :raises UserError: when the file cannot be written.
        """
        if self._encoder is None:
            self._open(picture)
        else:
            step = stamp - self._stamp
            self._time += min(step, LONGEST_PAUSE) if step > 0 else 1.0 / RATE
            self._write_until(round(self._time * RATE))
        self._stamp = stamp
        self._shown = shrink(picture, *self._size)
        return self._time

    def _open(self, picture: NDArray[np.uint8]) -> None:
        height, width = picture.shape[:2]
        scale = min(1.0, WIDTH / width)
        self._size = tuple(max(2, round(side * scale) & ~1) for side in (width, height))
        self._encoder = open_encoder(self._temporary, RATE, self._size)

    def _write_until(self, count: int) -> None:
        """Show the waiting picture until so many pictures are written."""
        if self._written < count:
            self._encoder.write(self._shown, count - self._written)
            self._written = count

    def close(self) -> None:
        """Finish the file and give it its name; a video without a picture leaves no file."""
        if self._encoder is None:
            return
        try:
            self._write_until(self._written + 1)
            self._encoder.close()
        except BaseException:
            self.abort()
            raise
        with errors_about(self.path):
            os.replace(self._temporary, self.path)

    def abort(self) -> None:
        """Leave nothing of the video."""
        if self._encoder is not None:
            self._encoder.abort()
        self._temporary.unlink(missing_ok=True)


def shrink(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture at another size; averaging, which is slow, only below half the size."""
    if picture.shape[1::-1] == (width, height):
        return picture
    much = picture.shape[1] >= 2 * width or picture.shape[0] >= 2 * height
    return cv2.resize(picture, (width, height),
                      interpolation=cv2.INTER_AREA if much else cv2.INTER_LINEAR)

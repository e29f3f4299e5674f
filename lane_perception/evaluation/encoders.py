# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Encoders of videos that browsers play, none of them under the GPL.

OpenCV's wheels bring libvpx (BSD) for VP9, and no way to tell it to be quick: it takes 0.1 s of
processor time for a picture of 640x480. Where GStreamer (LGPL) with OpenH264 (BSD) is installed,
that writes H.264 in a process of its own, some twenty times as quickly.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError

LAUNCH, INSPECT = 'gst-launch-1.0', 'gst-inspect-1.0'
ELEMENTS = ('rawvideoparse', 'videoconvert', 'openh264enc', 'h264parse', 'mp4mux')
SMALLEST = 16                      # pixels: OpenH264 takes no narrower or lower picture
BITS_PER_SECOND = 1_500_000
PIPE_BYTES = 2 ** 20               # between the processes: what fits in is not waited for
SLOW = ('GStreamer with OpenH264 is not installed, so the video takes most of the time (sudo apt '
        'install gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good '
        'gstreamer1.0-plugins-bad, or --no-video)')
LONGEST_FLUSH = 60.0               # seconds that the last pictures may take
LONGEST_GOODBYE = 2.0              # seconds that it may take to say what is wrong


class Encoder(Protocol):
    """A file that is being written; every picture has the size that it was opened with."""

    def write(self, picture: NDArray[np.uint8], times: int = 1) -> None:
        """Append a picture (H, W, 3) uint8, BGR, that is shown for so many periods."""

    def close(self) -> None:
        """Finish the file."""

    def abort(self) -> None:
        """Stop; what is written so far is of no use."""


def open_encoder(path: Path, rate: float, size: tuple[int, int]) -> Encoder:
    """
    Return the quickest encoder that is installed.

    :param path: of the .mp4 file.
    :param rate: pictures per second.
    :param size: (width, height) of the pictures, even numbers.
    :raises UserError: when the file cannot be written.
    """
    if min(size) >= SMALLEST and has_openh264():
        return H264Encoder(path, rate, size)
    return Vp9Encoder(path, rate, size)


@lru_cache(maxsize=1)
def has_openh264() -> bool:
    """Tell whether GStreamer with all that H264Encoder needs is installed."""
    return bool(shutil.which(LAUNCH) and shutil.which(INSPECT)) and all(
        subprocess.run([INSPECT, '--exists', element], check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL).returncode == 0 for element in ELEMENTS)


class Vp9Encoder:
    """VP9 by OpenCV."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        """Begin the file; see :func:`open_encoder`."""
        self._path = path
        self._writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'vp09'), rate, size)
        if not self._writer.isOpened():
            self.abort()
            raise UserError(f'{path.parent} cannot take a video: the folder is not writable, or '
                            'this OpenCV cannot write VP9 (that of pip can)')

    def write(self, picture: NDArray[np.uint8], times: int = 1) -> None:
        """Append a picture."""
        for _ in range(times):
            self._writer.write(picture)

    def close(self) -> None:
        """
        Finish the file.

        :raises UserError: when it could not be written to the end.
        """
        self._writer.release()
        # OpenCV does not say that a write failed; the file then lacks its index, written last.
        written = cv2.VideoCapture(str(self._path))
        whole = written.isOpened()
        written.release()
        if not whole:
            raise UserError(f'{self._path.parent} did not take the video to its end: '
                            'is the disk full?')

    def abort(self) -> None:
        """Stop."""
        self._writer.release()


class H264Encoder:
    """H.264 by GStreamer's OpenH264, in a process of its own that is fed through a pipe."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        """Begin the file; see :func:`open_encoder`."""
        width, height = size
        steps = (
            ('fdsrc', 'fd=0', f'blocksize={4 * width * height}'),
            # Four bytes a pixel: rows of three are padded where they do not fill four.
            ('rawvideoparse', 'format=bgrx', f'width={width}', f'height={height}',
             f'framerate={round(1000 * rate)}/1000'),
            ('videoconvert',),
            ('openh264enc', f'bitrate={BITS_PER_SECOND}', 'complexity=low'),
            ('h264parse',), ('mp4mux',), ('filesink', f'location={path.name}'))
        words = [word for step in steps for word in ('!', *step)][1:]
        self._folder = path.parent
        self._said = tempfile.TemporaryFile()
        try:
            # Ctrl-C is this process's affair: it then finishes or drops the file.
            self._process = subprocess.Popen(
                [LAUNCH, '--quiet', *words], cwd=self._folder, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._said)
        except OSError as error:
            self._said.close()
            raise UserError(f'{self._folder} cannot take a video: {error.strerror}') from error
        with suppress(OSError, AttributeError):   # where the system allows no more, it stays small
            fcntl.fcntl(self._process.stdin, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def write(self, picture: NDArray[np.uint8], times: int = 1) -> None:
        """
        Append a picture.

        :raises UserError: when the file cannot be written further.
        """
        pixels = cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA).data
        try:
            for _ in range(times):
                self._process.stdin.write(pixels)
        except OSError as error:
            raise self._failure() from error

    def close(self) -> None:
        """
        Finish the file.

        :raises UserError: when it could not be written to the end.
        """
        try:
            self._process.stdin.close()
            failed = self._process.wait(LONGEST_FLUSH) != 0
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._failure() from error
        if failed:
            raise self._failure()
        self._said.close()

    def abort(self) -> None:
        """Stop."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):   # what was not taken is lost, as it should be
            self._process.stdin.close()
        self._said.close()

    def _failure(self) -> UserError:
        """Stop, and return what GStreamer said."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(LONGEST_GOODBYE)
        self._said.seek(0)
        lines = self._said.read().decode(errors='replace').splitlines()
        self.abort()
        said = [line for line in lines if line.startswith('ERROR')] or ['no reason given']
        return UserError(f'{self._folder} cannot take a video, says GStreamer: {said[0]}')

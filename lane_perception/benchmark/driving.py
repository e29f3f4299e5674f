# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A drive that never ends, for timing what a frame costs while a lane is tracked."""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.benchmark.pictures import SEED
from lane_perception.benchmark.pictures import SIZE
from lane_perception.data.synthetic import drive
from lane_perception.pipeline import LaneEstimate
from lane_perception.pipeline import LanePipeline

FRAMES = 12     # of the drive, gone through forth and back
RATE = 30.0     # frames per second
RUN_IN_S = 3.0  # of driving, in which the finder learns the camera: its frames take longer
DATA = (f'a synthetic drive of {SIZE[0]}x{SIZE[1]}, seed {SEED}, {FRAMES} frames forth and back, '
        f'timed after its first {RUN_IN_S:.0f} seconds')


@lru_cache(maxsize=8)
def _pictures(height: int, width: int) -> list[NDArray[np.uint8]]:
    if (width, height) == SIZE:
        return [frame.image for frame in drive(SEED, seconds=FRAMES / RATE, rate=RATE)]
    return [cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
            for image in _pictures(SIZE[1], SIZE[0])]


def drive_picture(number: int, height: int, width: int) -> NDArray[np.uint8]:
    """
    Return a (height, width, 3) BGR picture of the drive, the same on every call.

    :param number: of the frame, from 0; after the last one the car goes back over them, and
        forth again.
    """
    turn = number % (2 * (FRAMES - 1))
    return _pictures(height, width)[min(turn, 2 * (FRAMES - 1) - turn)]


class Driving:
    """
    Each call processes the next frame of the drive.

    :ivar first: seconds that each of its first frames took.
    """

    def __init__(self, pipeline: LanePipeline, height: int, width: int) -> None:
        """
        Drive for the first seconds.

        :param pipeline: whose lane finder is used for nothing else meanwhile.
        :param height: of the frames, pixels; their width likewise.
        """
        self._pipeline, self._size, self._number = pipeline, (height, width), 0
        self.first = []
        for _ in range(round(RUN_IN_S * RATE)):
            before = perf_counter()
            self()
            self.first.append(perf_counter() - before)

    def __call__(self) -> LaneEstimate:
        """Return what the next frame says, stamped as one of a camera at RATE."""
        number = self._number
        self._number += 1
        return self._pipeline.process(drive_picture(number, *self._size), number / RATE)

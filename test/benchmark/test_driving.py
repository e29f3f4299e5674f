# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The drive by which frames are timed goes on and on, and a lane is tracked along it."""

import numpy as np

from lane_perception.benchmark.driving import drive_picture
from lane_perception.benchmark.driving import Driving
from lane_perception.benchmark.driving import FRAMES
from lane_perception.benchmark.driving import RATE
from lane_perception.benchmark.driving import RUN_IN_S


class _Pipeline:
    """Notes what it is given."""

    def __init__(self):
        self.given = []

    def process(self, image, stamp):
        self.given.append((image, stamp))
        return 'seen'


def test_the_drive_goes_forth_and_back_without_a_jump():
    pictures = [drive_picture(number, 48, 64) for number in range(2 * FRAMES)]
    assert {picture.shape for picture in pictures} == {(48, 64, 3)}
    for number in range(1, FRAMES):
        assert not np.array_equal(pictures[number], pictures[number - 1])
    back = 2 * (FRAMES - 1)
    for number in range(FRAMES):
        assert np.array_equal(pictures[back - number], pictures[number])
    assert np.array_equal(drive_picture(back + 1, 48, 64), pictures[1])


def test_each_call_is_the_next_frame_of_a_camera():
    pipeline = _Pipeline()
    drive_on = Driving(pipeline, 48, 64)
    run_in = round(RUN_IN_S * RATE)
    assert len(drive_on.first) == len(pipeline.given) == run_in and min(drive_on.first) > 0.0
    assert [drive_on() for _ in range(FRAMES + 2)] == ['seen'] * (FRAMES + 2)
    images, stamps = zip(*pipeline.given)
    assert len(images) == run_in + FRAMES + 2
    np.testing.assert_allclose(np.diff(stamps), 1.0 / RATE)
    for number, image in enumerate(images):
        assert np.array_equal(image, drive_picture(number, 48, 64))

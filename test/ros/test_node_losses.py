# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Frames that were published and never arrived are counted by the publisher's numbering."""

import pytest

from lane_perception.ros.diagnostics import FrameStatistics
from lane_perception.ros.qos import LossCounter


@pytest.mark.parametrize('numbers, lost', [
    ([5, 6, 7], 0),
    ([1, 2, 5, 6, 8], 3),
    ([7, 1, 2], 0),              # the camera was started again
    ([1, 500_000, 500_002], 1),  # another camera
    ([None, None], 0),           # the middleware does not number
])
def test_gaps_are_losses(numbers, lost):
    counter = LossCounter()
    assert sum(counter.lost_before(number) for number in numbers) == lost


def test_a_camera_that_loses_frames_is_a_warning_with_the_cure():
    statistics = FrameStatistics()
    for number in range(10):
        statistics.arrived(number / 10, lost=0)
    assert statistics.summarize(1.0, 0, {}).level == 0
    for number in range(10):
        statistics.arrived(1 + number / 10, lost=4)
    summary = statistics.summarize(2.0, 0, {})
    assert summary.level == 1 and summary.message.startswith('67 % of the frames are lost')
    assert 'Fast DDS profile' in summary.message
    assert summary.values['frames_lost'] == '40'
    assert statistics.summarize(100.0, 0, {}).level == 0, 'only what happened lately counts'

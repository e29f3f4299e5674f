# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the diagnostics say: losses, drops, age, stage times, and the reason of a warning."""

import pytest

from lane_perception.ros.diagnostics import FrameStatistics
from lane_perception.ros.diagnostics import Processed
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


def test_frames_that_come_in_while_nothing_comes_out_are_a_warning():
    statistics = FrameStatistics()
    statistics.start(0.0)
    for number in range(120):
        statistics.arrived(number / 20)
    assert statistics.summarize(2.0, 0, {}).message == 'running', 'it may take a while'
    summary = statistics.summarize(6.0, 100, {})
    assert summary.level == 1 and 'none has come out' in summary.message
    statistics.finished(processed(5.9), 0.02)
    assert statistics.summarize(6.0, 100, {}).level == 0


def processed(finished, age=0.01, has_lane=True, **stages):
    return Processed(finished, age, stages, has_lane)


def test_rates_age_and_stage_times_are_of_the_last_seconds():
    statistics = FrameStatistics()
    for number in range(200):
        statistics.arrived(number / 20)
        slow = number < 50   # long before the window
        statistics.finished(
            processed(number / 20, 0.5 if slow else 0.01, number % 2 == 0,
                      network=0.4 if slow else 0.002 + 0.00001 * (number - 100)), 0.02)
    values = statistics.summarize(199 / 20, 7, {'runtime': 'openvino'}).values
    assert float(values['input_rate_hz']) == pytest.approx(20.0)
    assert float(values['output_rate_hz']) == pytest.approx(20.0)
    assert (values['frames_received'], values['frames_processed']) == ('200', '200')
    assert values['frames_dropped'] == '7' and values['runtime'] == 'openvino'
    assert values['age_ms'] == '10.0' and values['age_ms_p99'] == '10.00'
    assert float(values['network_ms_p50']) == pytest.approx(2.5, abs=0.02)
    assert float(values['network_ms_p99']) == pytest.approx(2.98, abs=0.02)
    assert float(values['lane_found']) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize('stamp_age, level', [(0.02, 0), (-0.5, 0), (1.6e9, 1), (-3600.0, 1)])
def test_stamps_far_from_the_clock_bring_the_hint_at_use_sim_time(stamp_age, level):
    statistics = FrameStatistics()
    statistics.arrived(1.0)
    statistics.finished(processed(1.01), stamp_age)
    summary = statistics.summarize(1.5, 0, {})
    assert summary.level == level and ('use_sim_time' in summary.message) == bool(level)
    assert summary.values['age_ms'] == '10.0', 'from receipt, whatever the stamps say'


def test_a_frame_that_was_dropped_is_said_for_some_seconds():
    statistics = FrameStatistics()
    statistics.arrived(1.0)
    statistics.could_not_decode('the image is 0x0', 1.0)
    for now, level in ((2.0, 1), (5.9, 1), (6.1, 0)):
        summary = statistics.summarize(now, 0, {})
        assert summary.level == level
        assert summary.values['frames_undecodable'] == '1'
    assert 'the image is 0x0' in statistics.summarize(2.0, 0, {}).message


def test_silence_counts_from_the_start_and_only_while_frames_are_expected():
    statistics = FrameStatistics()
    assert not statistics.silent(100.0)
    statistics.start(100.0)
    assert not statistics.silent(100.9) and statistics.silent(101.1)
    statistics.arrived(101.2)
    assert not statistics.silent(102.1) and statistics.silent(102.3)
    statistics.stop()
    assert not statistics.silent(200.0)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the diagnostics say: losses, drops, age, stage times, and the reason of a warning."""

import pytest

from lane_perception.ros.diagnostics import FrameStatistics
from lane_perception.ros.diagnostics import WARN
from lane_perception.ros.qos import LossCounter
from lane_perception.ros.reasons import Processed


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


def test_two_cameras_whose_frames_come_in_turn_lose_nothing():
    counter = LossCounter()
    frames = [(number, camera) for step in range(20)
              for number, camera in ((step + 700, 'front'), (step + 3, 'rear'))]
    assert sum(counter.lost_before(*frame) for frame in frames) == 0
    assert counter.lost_before(722, 'front') == 2


def test_publishers_that_send_now_are_counted():
    statistics = FrameStatistics()
    for number in range(30):
        statistics.arrived(number / 20, publisher='front' if number % 2 else 'rear')
    assert statistics.publishers(1.5) == 2
    for number in range(30, 60):
        statistics.arrived(number / 20, publisher='front')
    assert statistics.publishers(3.0) == 1, 'the other one has ended'


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


def processed(finished, age=0.01, has_lane=True, stamp=None, stamp_age=0.02, held=False,
              confidence=0.5, **stages):
    return Processed(finished, age, stages, has_lane, held, confidence,
                     finished + 100.0 if stamp is None else stamp, stamp_age)


def stream(seconds, answers=None, rate=20.0):
    """Return the statistics of a camera; answers(now) gives a frame's outcome, None without."""
    statistics = FrameStatistics()
    statistics.start(0.0)
    for number in range(round(seconds * rate)):
        statistics.arrived(number / rate)
        answer = (answers or processed)(number / rate)
        if answer is not None:
            statistics.finished(answer)
    return statistics


def nothing(now):
    return None


def test_frames_that_come_in_while_nothing_comes_out_are_a_warning():
    assert stream(2.0, nothing).summarize(2.0, 0, {}).message == 'running', 'it may take a while'
    statistics = stream(6.0, nothing)
    summary = statistics.summarize(6.0, 100, {})
    assert summary.level == WARN and 'none has come out for 6 s' in summary.message
    statistics.finished(processed(5.9))
    assert 'none has come out' not in statistics.summarize(6.0, 100, {}).message


def test_a_camera_that_dies_is_not_blamed_on_the_model():
    statistics = stream(6.0)
    for after in (0.5, 1.5, 3.5, 4.5, 6.0):
        input_trouble = 'no input: gone' if statistics.silent(6.0 + after) else ''
        summary = statistics.summarize(6.0 + after, 0, {}, input_trouble=input_trouble)
        assert summary.message == ('no input: gone' if after > 1.0 else 'running')


def test_max_rate_explains_why_little_comes_out():
    statistics = stream(12.0, lambda now: processed(now) if now % 5.0 == 0.0 else None)
    for now in (7.0, 9.9):
        assert statistics.summarize(now, 0, {}, max_rate=0.2).message == 'running'
    stuck = stream(12.0, nothing)
    assert 'none has come out' in stuck.summarize(12.0, 0, {}, max_rate=0.2).message


@pytest.mark.parametrize('rate, answers, message', [
    (20.0, lambda now: processed(now, age=0.15), 'running'),
    (20.0, lambda now: processed(now, age=0.3), '20.0 frames a second come out, 0.30 s after'),
    # One in ten is answered: two a second.
    (20.0, lambda now: processed(now) if now * 2 % 1 < 1e-6 else None, '2.0 frames a second'),
    (2.0, processed, 'running'),            # the camera sends no more
], ids=('in time', 'late', 'few', 'slow camera'))
def test_a_node_that_does_not_keep_up_is_told_what_helps(rate, answers, message):
    said = stream(10.0, answers, rate).summarize(10.0, 0, {}).message
    assert message in said and ('resolution' in said) == (said != 'running')


def test_max_rate_explains_the_age_of_a_frame_that_waits_for_its_turn():
    statistics = stream(10.0, lambda now: processed(now, age=0.9), rate=1.0)
    assert statistics.summarize(10.0, 0, {}, max_rate=1.0).message == 'running'


def test_no_lane_for_some_seconds_is_a_warning_until_there_is_one():
    statistics = stream(12.0, lambda now: processed(now, has_lane=now < 8.0))
    assert statistics.summarize(10.5, 0, {}).message == 'running'
    summary = statistics.summarize(12.0, 0, {})
    assert summary.level == WARN and summary.message.startswith('no lane for 4 s')
    statistics.finished(processed(12.0, held=True, confidence=0.25))
    summary = statistics.summarize(12.0, 0, {}, lens_trouble='lens: bent')
    assert summary.message == 'lens: bent'
    assert (summary.values['held'], summary.values['confidence']) == ('true', '0.250')


def test_rates_age_and_stage_times_are_of_the_last_seconds():
    statistics = FrameStatistics()
    for number in range(200):
        statistics.arrived(number / 20)
        slow = number < 50   # long before the window
        statistics.finished(
            processed(number / 20, 0.5 if slow else 0.01, number % 2 == 0,
                      network=0.4 if slow else 0.002 + 0.00001 * (number - 100)))
    values = statistics.summarize(199 / 20, 7, {'runtime': 'openvino'}).values
    assert float(values['input_rate_hz']) == pytest.approx(20.0)
    assert float(values['output_rate_hz']) == pytest.approx(20.0)
    assert (values['frames_received'], values['frames_processed']) == ('200', '200')
    assert values['frames_dropped'] == '7' and values['runtime'] == 'openvino'
    assert values['age_ms'] == '10.0' and values['age_ms_p99'] == '10.00'
    assert float(values['network_ms_p50']) == pytest.approx(2.5, abs=0.02)
    assert float(values['network_ms_p99']) == pytest.approx(2.98, abs=0.02)
    assert float(values['lane_found']) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize('stamp_age, words', [
    (0.02, 'running'), (0.4, 'running'), (-0.4, 'running'),
    (2.0, 'the pictures are 2.0 s old when they come in'),
    (-5.0, 'the stamps are 5.0 s ahead'),
    (60.0, 'use_sim_time'), (1.6e9, 'use_sim_time'), (-3600.0, 'use_sim_time'),
])
def test_stamps_away_from_the_clock_are_a_warning_that_fits(stamp_age, words):
    summary = stream(3.0, lambda now: processed(now, stamp_age=stamp_age)).summarize(3.0, 0, {})
    assert words in summary.message and (summary.level == WARN) == (words != 'running')
    assert summary.values['age_ms'] == '10.0', 'from receipt, whatever the stamps say'


def test_a_node_that_waits_for_a_recordings_clock_in_vain_is_told_so():
    statistics = stream(3.0, lambda now: processed(now, stamp=50.0 + now, stamp_age=-50.0 - now))
    assert 'use_sim_time is set, and no /clock comes' in statistics.summarize(3.0, 0, {}).message


@pytest.mark.parametrize('stamp, words', [
    (lambda now: 0.0, 'no stamp'),
    (lambda now: 50.0, 'stand still'),
    (lambda now: 50.0 + int(now), 'stand still'),          # whole seconds
    (lambda now: 50.0 - now, 'run backward'),
    (lambda now: 50.0 + now % 1.0, 'running'),             # a recording that starts again
    (lambda now: 50.0 + max(now, 0.1), 'running'),         # one stamp three times
])
def test_stamps_that_do_not_tell_the_time_are_a_warning_that_fits(stamp, words):
    statistics = stream(3.0, lambda now: processed(now, stamp=stamp(now)))
    assert words in statistics.summarize(3.0, 0, {}).message


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

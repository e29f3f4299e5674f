# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The worker beside a camera: how often it takes a frame."""

import dataclasses
import time
from types import SimpleNamespace

import numpy as np
import pytest
from drawn_floor import view

from lane_perception.pipeline import LanePipeline
from lane_perception.ros.diagnostics import FrameStatistics
from lane_perception.ros.latest_frame import Frame
from lane_perception.ros.parameters import LiveSettings
from lane_perception.ros.parameters import PARAMETERS
from lane_perception.ros.worker import Worker

SETTINGS = LiveSettings.from_values({one.name: one.default for one in PARAMETERS})


@pytest.fixture
def warned(bright_model):
    """Return a worker; its ``published`` holds the times of its outputs, ``warnings`` its own."""
    published, warnings = [], []
    worker = Worker(LanePipeline.load(bright_model), SETTINGS,
                    lambda *_: published.append(time.monotonic()), FrameStatistics(), time.time,
                    warnings.append)
    worker.published, worker.warnings = published, warnings
    yield worker
    worker.stop()


@pytest.fixture
def worker(warned):
    """Return a worker that must have nothing to warn of."""
    yield warned
    warned.stop()
    assert not warned.warnings


def feed(worker, seconds, rate=30.0, encoding='bgr8'):
    """Put black frames for a time; return how many came out meanwhile."""
    before = len(worker.published)
    image = np.zeros((48, 64, 3), np.uint8)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        stamp = SimpleNamespace(sec=int(time.time()), nanosec=0)
        worker.frames.put(Frame(SimpleNamespace(
            header=SimpleNamespace(stamp=stamp), height=48, width=64, step=192, encoding=encoding,
            is_bigendian=0, data=image.tobytes()), time.monotonic()))
        time.sleep(1.0 / rate)
    return len(worker.published) - before


def limit(worker, rate):
    worker.settings = dataclasses.replace(worker.settings, max_rate=rate)


def test_max_rate_is_kept(worker):
    limit(worker, 5.0)
    feed(worker, 0.3)
    assert 4 <= feed(worker, 2.0) <= 11


@pytest.mark.parametrize('rate', [0.0, 20.0])
def test_a_worker_that_waits_for_its_turn_follows_a_new_max_rate(worker, rate):
    limit(worker, 0.1)      # a frame in ten seconds
    assert feed(worker, 1.0) <= 2
    assert feed(worker, 0.5) == 0
    limit(worker, rate)
    assert feed(worker, 1.5) >= 8


def test_it_ends_while_it_waits_for_its_turn(worker):
    limit(worker, 0.1)
    feed(worker, 0.5)
    start = time.monotonic()
    worker.stop()
    assert time.monotonic() - start < 2.0


def test_settings_and_a_new_ground_hold_together_from_the_next_frame_on(worker):
    ground = view(width=64, height=48)
    lane = dataclasses.replace(SETTINGS.lane, look_ahead=0.6)
    worker.settings = dataclasses.replace(SETTINGS, lane=lane)
    worker.ground = ground
    feed(worker, 0.3)
    assert worker._pipeline.finder.ground is ground
    assert worker._pipeline.finder.settings is lane


def test_a_setting_that_cannot_be_applied_does_not_end_the_thread(warned):
    warned.settings = dataclasses.replace(SETTINGS, threshold='x')
    assert feed(warned, 0.3) == 0 and warned.warnings
    warned.settings = SETTINGS
    assert feed(warned, 0.3) > 0


def test_frames_without_a_picture_are_said_in_the_log(warned):
    feed(warned, 0.2, encoding='nv12')
    warned.stop()
    assert warned.warnings and 'nv12' in warned.warnings[0]

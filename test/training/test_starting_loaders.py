# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Signals that come while the loading processes start."""

import os
import signal
import threading
import time

import pytest

pytest.importorskip('torch')

from lane_perception.training import batches  # noqa: E402


@pytest.fixture
def another_thread():
    """Let another thread run, which the kernel may give a signal."""
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def number(request):
    """Return the number of a signal whose handler raises KeyError here."""
    def handler(number, frame):
        raise KeyError(number)
    before = signal.signal(request.param, handler)
    yield request.param
    signal.signal(request.param, before)


def test_a_signal_that_another_thread_takes_cuts_no_start_off(another_thread, number):
    done = []
    with pytest.raises(KeyError):
        with batches._signals_put_off():
            os.kill(os.getpid(), number)
            time.sleep(0.2)   # for the thread to take it; the handler would be called here
            done.append(True)
    assert done
    with pytest.raises(KeyError):
        signal.raise_signal(number)   # the handler is back


def test_signals_are_put_off_outside_of_the_main_thread_too(another_thread):
    blocked = []

    def start():
        with batches._signals_put_off():
            blocked.append(signal.pthread_sigmask(signal.SIG_BLOCK, set()))
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert {signal.SIGINT, signal.SIGTERM} <= blocked[0]

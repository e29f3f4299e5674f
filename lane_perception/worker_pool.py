# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Processes that work for this one and leave Ctrl-C to it."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from contextlib import ExitStack
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.pool import Pool
from typing import Iterator

import cv2


@contextmanager
def worker_pool(processes: int) -> Iterator[Pool]:
    """Yield a pool whose processes use one thread of OpenCV each; they are ended afterwards."""
    with ExitStack() as stack:
        with interrupts_left_to_this_process():
            pool = stack.enter_context(multiprocessing.get_context('spawn').Pool(
                processes, cv2.setNumThreads, (1,)))
        yield pool


@contextmanager
def interrupts_left_to_this_process() -> Iterator[None]:
    """
    Let the processes that are started ignore Ctrl-C: this one ends them.

    It handles a Ctrl-C itself when they have started.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    resource_tracker.ensure_running()   # when it starts it lets interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)   # which they inherit
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler or signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

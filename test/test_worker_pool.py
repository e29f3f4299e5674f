# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Processes of a pool leave Ctrl-C to the one that started them."""

import signal

from lane_perception.worker_pool import worker_pool


def test_processes_ignore_ctrl_c_and_their_parent_does_not():
    before = signal.getsignal(signal.SIGINT)
    with worker_pool(1) as pool:
        assert pool.apply(signal.getsignal, (signal.SIGINT,)) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) == before
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""ROS domains that no other test run on this machine uses meanwhile."""

import fcntl
import itertools
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

DOMAINS = 100   # Linux's default port range leaves room for the domains 0 to 101
_count = itertools.count()


@contextmanager
def own_domain():
    """Yield a domain's number, and hold a lock on it that ends with the block or the process."""
    # A fresh one each time: what a test left running must not be heard by the next.
    start = os.getpid() * 13 + next(_count)
    for step in range(DOMAINS):
        domain = 1 + (start + step) % DOMAINS
        try:
            lock = open(Path(tempfile.gettempdir()) / f'lane_perception_domain_{domain}', 'w')
        except OSError:   # another user's
            continue
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            yield domain
            return
    raise RuntimeError('all ROS domains are in use by other test runs')

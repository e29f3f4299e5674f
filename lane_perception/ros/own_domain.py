# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""ROS domains that no other demo or test run of this package on this machine uses meanwhile."""

from __future__ import annotations

import fcntl
import itertools
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from lane_perception.errors import UserError

DOMAINS = 100   # Linux's default port range leaves room for the domains 0 to 101
_count = itertools.count()


@contextmanager
def own_domain(other_than: str = '') -> Iterator[int]:
    """
    Yield a domain's number, and hold a lock on it that ends with the block or the process.

    :param other_than: a domain that is not to be taken, as ROS_DOMAIN_ID gives it.
    :raises UserError: when all are taken.
    """
    # A fresh one each time: what an earlier one left running must not be heard by the next.
    start = os.getpid() * 13 + next(_count)
    for step in range(DOMAINS):
        domain = 1 + (start + step) % DOMAINS
        if str(domain) == other_than:
            continue
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
    raise UserError(f'all {DOMAINS} ROS domains are in use by other demos or test runs')

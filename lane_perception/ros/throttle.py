# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Say a sentence once in a while, and another one at once."""

from __future__ import annotations

import threading

MOST = 5   # sentences in one period: one that differs each time must not fill the log


class Throttle:
    """Tells whether a sentence is to be said; rclpy's own throttle goes by the line of code."""

    def __init__(self, period_s: float) -> None:
        """Let each sentence through once in so many seconds, and MOST of them in all."""
        self._period_s = period_s
        self._said: dict[str, float] = {}
        self._lock = threading.Lock()

    def passes(self, sentence: str, now: float) -> bool:
        """Return whether to say it at this time, in seconds on any clock; from any thread."""
        with self._lock:
            self._said = {said: when for said, when in self._said.items()
                          if now - when < self._period_s}
            if sentence in self._said or len(self._said) >= MOST:
                return False
            self._said[sentence] = now
            return True

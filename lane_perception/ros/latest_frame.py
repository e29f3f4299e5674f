# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One slot between the callback that receives frames and the worker that processes them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Frame:
    """A frame as it came in."""

    message: Any         # sensor_msgs/Image or CompressedImage
    received: float      # seconds on the monotonic clock


class LatestFrame:
    """Hold the newest frame; an older one that nobody took is overtaken, not queued."""

    def __init__(self) -> None:
        """Start empty and open."""
        self._condition = threading.Condition()
        self._frame: Frame | None = None
        self._closed = False
        self.overtaken = 0   # frames that were replaced before the worker took them

    def put(self, frame: Frame) -> None:
        """Store the newest frame."""
        with self._condition:
            if self._frame is not None:
                self.overtaken += 1
            self._frame = frame
            self._condition.notify()

    def take(self) -> Frame | None:
        """Wait for a frame and return it; None once closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._frame is not None)
            frame, self._frame = self._frame, None
            return None if self._closed else frame

    def close(self) -> None:
        """Let the worker's take return None."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def wait_closed(self, seconds: float) -> bool:
        """Wait for so long, or until closed; return whether it is closed."""
        with self._condition:
            return self._condition.wait_for(lambda: self._closed, seconds)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What /diagnostics says: rates, drops, age, stage times, and the reason when all is not well."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from typing import Mapping

import numpy as np

OK, WARN, ERROR = 0, 1, 2   # as in diagnostic_msgs/DiagnosticStatus
WINDOW_S = 5.0              # rates and times are of the last so many seconds
SILENCE_S = 1.0             # without input for longer: WARN
STUCK_S = 3.0               # with input and without output for longer: WARN
FAR_S = 10.0                # a stamp further from the node's clock is of another clock
LOST_SHARE = 0.2            # more of the camera's frames lost on the way: WARN


@dataclasses.dataclass(frozen=True)
class Processed:
    """One processed frame."""

    finished: float            # seconds on the monotonic clock
    age: float                 # seconds from receiving the frame to publishing the last output
    stages: dict[str, float]   # seconds by stage
    has_lane: bool


@dataclasses.dataclass(frozen=True)
class Summary:
    """A level, a sentence, and values by key: one diagnostic_msgs/DiagnosticStatus."""

    level: int
    message: str
    values: dict[str, str]


class FrameStatistics:
    """Counts frames on their way through the node; safe to use from several threads."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._lock = threading.Lock()
        self._arrivals: deque[float] = deque()
        self._losses: deque[float] = deque()
        self._processed: deque[Processed] = deque()
        self.received = 0
        self.lost = 0             # frames that were published and never reached the node
        self.processed = 0
        self.broken = 0           # frames that held no picture
        self.failed = 0           # frames whose processing failed
        self._trouble = ''        # the last sentence about one of those
        self._trouble_at = -1e9
        self._started: float | None = None
        self._stamp_age: float | None = None

    def start(self, now: float) -> None:
        """Note that frames are expected from now on."""
        with self._lock:
            self._started = now

    def stop(self) -> None:
        """Note that no frames are expected any more."""
        with self._lock:
            self._started = None

    def arrived(self, now: float, lost: int = 0) -> None:
        """Count a frame that was received, and the lost ones that were published before it."""
        with self._lock:
            self.received += 1
            self.lost += lost
            self._arrivals.append(now)
            self._losses.extend([now] * lost)
            _forget(self._arrivals, now - WINDOW_S)
            _forget(self._losses, now - WINDOW_S)

    def finished(self, frame: Processed, stamp_age: float) -> None:
        """Count a frame whose outputs were published; stamp_age is now minus its stamp, in s."""
        with self._lock:
            self.processed += 1
            self._processed.append(frame)
            self._stamp_age = stamp_age
            while self._processed and self._processed[0].finished < frame.finished - WINDOW_S:
                self._processed.popleft()

    def could_not_decode(self, sentence: str, now: float) -> None:
        """Count a frame that held no picture."""
        with self._lock:
            self.broken += 1
            self._trouble, self._trouble_at = sentence, now

    def could_not_process(self, sentence: str, now: float) -> None:
        """Count a frame whose processing failed."""
        with self._lock:
            self.failed += 1
            self._trouble, self._trouble_at = sentence, now

    def silent(self, now: float) -> bool:
        """Tell whether frames are expected and none arrived for SILENCE_S."""
        with self._lock:
            if self._started is None:
                return False
            last = max(self._arrivals[-1] if self._arrivals else -1e9, self._started)
            return now - last > SILENCE_S

    def summarize(self, now: float, overtaken: int, about: Mapping[str, str]) -> Summary:
        """
        Describe the last seconds.

        :param now: seconds on the monotonic clock.
        :param overtaken: frames that a newer one replaced before they were processed.
        :param about: more values: model, runtime and the like.
        :returns: OK, or WARN with the reason.
        """
        with self._lock:
            _forget(self._arrivals, now - WINDOW_S)
            _forget(self._losses, now - WINDOW_S)
            lost_share = len(self._losses) / max(len(self._losses) + len(self._arrivals), 1)
            recent = [one for one in self._processed if one.finished >= now - WINDOW_S]
            stuck = self._waits(now) and all(
                one.finished < now - STUCK_S for one in recent)
            values = {
                'frames_received': str(self.received),
                'frames_processed': str(self.processed),
                'frames_lost': str(self.lost),
                'frames_dropped': str(overtaken),
                'frames_undecodable': str(self.broken),
                'frames_failed': str(self.failed),
                'input_rate_hz': f'{_rate(self._arrivals):.2f}',
                'output_rate_hz': f'{_rate([one.finished for one in recent]):.2f}',
            }
            values |= self._age_values(recent)
            values |= about
            if now - self._trouble_at < WINDOW_S:
                return Summary(WARN, f'a frame was dropped: {self._trouble}', values)
        if self._stamp_age is not None and abs(self._stamp_age) > FAR_S and recent:
            return Summary(
                WARN, 'the stamps are far from this node\'s clock; for a recording set '
                      'use_sim_time and play it with --clock', values)
        if stuck:
            return Summary(
                WARN, f'frames arrive, and none has come out for {STUCK_S:g} s: the model is too '
                      'slow for this machine, or its runtime hangs', values)
        if lost_share > LOST_SHARE:
            return Summary(
                WARN, f'{100 * lost_share:.0f} % of the frames are lost on the way to this node; '
                      'raw images need the Fast DDS profile in the camera\'s process '
                      '(docs/node.md), or the processor is overloaded', values)
        return Summary(OK, 'running', values)

    def _waits(self, now: float) -> bool:
        """Tell whether frames have been coming in for STUCK_S."""
        return (self._started is not None and now - self._started > STUCK_S
                and bool(self._arrivals) and now - self._arrivals[0] > STUCK_S)

    def _age_values(self, recent: list[Processed]) -> dict[str, str]:
        if not recent:
            return {}
        values = {'lane_found': f'{np.mean([one.has_lane for one in recent]):.3f}',
                  'age_ms': f'{1e3 * recent[-1].age:.1f}'}
        times = {'age': [one.age for one in recent]}
        times |= {stage: [one.stages[stage] for one in recent if stage in one.stages]
                  for stage in recent[-1].stages}
        for name, seconds in times.items():
            for quantile in (50, 99):
                value = 1e3 * np.percentile(seconds, quantile)
                values[f'{name}_ms_p{quantile}'] = f'{value:.2f}'
        values['stamp_age_s'] = f'{self._stamp_age:.3f}'
        return values


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] < before:
        times.popleft()


def _rate(times) -> float:
    """Return events per second from their first to their last."""
    if len(times) < 2 or times[-1] <= times[0]:
        return 0.0
    return (len(times) - 1) / (times[-1] - times[0])

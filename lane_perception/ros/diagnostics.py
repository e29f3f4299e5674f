# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What /diagnostics says: rates, drops, age, stage times, and the reason when all is not well."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from typing import Hashable
from typing import Mapping

import numpy as np

from lane_perception.ros.reasons import LOST_SHARE
from lane_perception.ros.reasons import odd_stamps
from lane_perception.ros.reasons import overload
from lane_perception.ros.reasons import Processed
from lane_perception.ros.reasons import rate
from lane_perception.ros.reasons import STUCK_S
from lane_perception.ros.reasons import UNSEEN_S
from lane_perception.ros.reasons import WINDOW_S

OK, WARN, ERROR = 0, 1, 2   # as in diagnostic_msgs/DiagnosticStatus
SILENCE_S = 1.0             # without input for longer: WARN


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
        self._arrivals: deque[tuple[float, Hashable]] = deque()   # when, and from whom
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
        self._unanswered: float | None = None   # since when frames come in and none comes out
        self._no_lane: float | None = None      # since when no frame has a lane

    def start(self, now: float) -> None:
        """Note that frames are expected from now on."""
        with self._lock:
            self._started = now
            self._unanswered = self._no_lane = None

    def stop(self) -> None:
        """Note that no frames are expected any more."""
        with self._lock:
            self._started = None

    def arrived(self, now: float, lost: int = 0, publisher: Hashable = None) -> None:
        """
        Count a frame that was received.

        :param lost: how many were published before it and never received.
        :param publisher: tells the one that sent it from another.
        """
        with self._lock:
            self.received += 1
            self.lost += lost
            self._arrivals.append((now, publisher))
            self._losses.extend([now] * lost)
            self._forget(now - WINDOW_S)
            if self._unanswered is None:
                self._unanswered = now

    def finished(self, frame: Processed) -> None:
        """Count a frame whose outputs were published."""
        with self._lock:
            self.processed += 1
            self._processed.append(frame)
            self._unanswered = None
            if frame.has_lane:
                self._no_lane = None
            elif self._no_lane is None:
                self._no_lane = frame.finished

    def could_not_decode(self, sentence: str, now: float) -> None:
        """Count a frame that held no picture."""
        with self._lock:
            self.broken += 1
            self._unanswered = None
            self._trouble, self._trouble_at = sentence, now

    def could_not_process(self, sentence: str, now: float) -> None:
        """Count a frame whose processing failed."""
        with self._lock:
            self.failed += 1
            self._unanswered = None
            self._trouble, self._trouble_at = sentence, now

    def silent(self, now: float) -> bool:
        """Tell whether frames are expected and none arrived for SILENCE_S."""
        with self._lock:
            if self._started is None:
                return False
            last = max(self._arrivals[-1][0] if self._arrivals else -1e9, self._started)
            return now - last > SILENCE_S

    def publishers(self, now: float) -> int:
        """Return how many publishers the frames of the last SILENCE_S are from."""
        with self._lock:
            return len({one for when, one in self._arrivals if now - when <= SILENCE_S})

    def summarize(
        self, now: float, overtaken: int, about: Mapping[str, str], max_rate: float = 0.0,
        input_trouble: str = '', lens_trouble: str = '',
    ) -> Summary:
        """
        Describe the last seconds.

        :param now: seconds on the monotonic clock.
        :param overtaken: frames that a newer one replaced before they were processed.
        :param about: more values: model, runtime and the like.
        :param max_rate: frames a second that the node is told to keep to; 0: as many as it can.
        :param input_trouble: what is wrong with the camera's topic, if anything is.
        :param lens_trouble: the same of the lens model.
        :returns: OK, or WARN with the reason that is to be mended first.
        """
        with self._lock:
            self._forget(now - WINDOW_S)
            recent = list(self._processed)
            values = {
                'frames_received': str(self.received),
                'frames_processed': str(self.processed),
                'frames_lost': str(self.lost),
                'frames_dropped': str(overtaken),
                'frames_undecodable': str(self.broken),
                'frames_failed': str(self.failed),
                'input_rate_hz': f'{rate([when for when, _ in self._arrivals]):.2f}',
                'output_rate_hz': f'{rate([one.finished for one in recent]):.2f}',
            }
            values |= _frame_values(recent)
            values |= about
            reason = (self._dropped(now) or input_trouble or self._stuck(now, max_rate)
                      or odd_stamps(recent) or self._losing()
                      or self._overloaded(now, recent, max_rate)
                      or lens_trouble or self._sees_no_lane(now))
        return Summary(WARN, reason, values) if reason else Summary(OK, 'running', values)

    def _forget(self, before: float) -> None:
        """Drop what was before the window."""
        while self._arrivals and self._arrivals[0][0] < before:
            self._arrivals.popleft()
        while self._losses and self._losses[0] < before:
            self._losses.popleft()
        while self._processed and self._processed[0].finished < before:
            self._processed.popleft()

    def _dropped(self, now: float) -> str:
        return f'a frame was dropped: {self._trouble}' if now - self._trouble_at < WINDOW_S else ''

    def _stuck(self, now: float, max_rate: float) -> str:
        patience = STUCK_S + (1.0 / max_rate if max_rate else 0.0)
        if not self._arrivals or self._unanswered is None or now - self._unanswered <= patience:
            return ''
        return (f'frames arrive, and none has come out for {now - self._unanswered:.0f} s: the '
                'model is too slow for this machine, or its runtime hangs')

    def _losing(self) -> str:
        share = len(self._losses) / max(len(self._losses) + len(self._arrivals), 1)
        if share <= LOST_SHARE:
            return ''
        return (f'{100 * share:.0f} % of the frames are lost on the way to this node; raw images '
                "need the Fast DDS profile in the camera's process (docs/node.md), or the "
                'processor is overloaded')

    def _overloaded(self, now: float, recent: list[Processed], max_rate: float) -> str:
        # The first frame after the start takes longer.
        if self._started is None or now - self._started <= WINDOW_S:
            return ''
        return overload(recent, len(self._arrivals), max_rate)

    def _sees_no_lane(self, now: float) -> str:
        if self._no_lane is None or now - self._no_lane <= UNSEEN_S:
            return ''
        return (f'no lane for {now - self._no_lane:.0f} s: is the lens covered, the picture dark, '
                'the car off the track? Look at ~/overlay/compressed (docs/first_drive.md)')


def _frame_values(recent: list[Processed]) -> dict[str, str]:
    """Return the values that processed frames have."""
    if not recent:
        return {}
    last = recent[-1]
    values = {'lane_found': f'{np.mean([one.has_lane for one in recent]):.3f}',
              'confidence': f'{last.confidence:.3f}',
              'held': str(last.held).lower(),
              'age_ms': f'{1e3 * last.age:.1f}'}
    times = {'age': [one.age for one in recent]}
    times |= {stage: [one.stages[stage] for one in recent if stage in one.stages]
              for stage in last.stages}
    for name, seconds in times.items():
        for quantile in (50, 99):
            values[f'{name}_ms_p{quantile}'] = f'{1e3 * np.percentile(seconds, quantile):.2f}'
    values['stamp_age_s'] = f'{last.stamp_age:.3f}'
    return values

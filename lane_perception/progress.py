# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Say on standard error how far a work is: a line of a terminal, or a few lines of a file."""

from __future__ import annotations

import sys
from time import monotonic
from typing import Any
from typing import Iterable
from typing import Iterator
from typing import TypeVar

TERMINAL_S = 0.25   # at least, from one change of the terminal's line to the next
FILE_S = 10.0       # at least, from one line of a file or pipe to the next; less is not told
FILE_SHARE = 0.1    # of the work, at least, from one line of a file or pipe to the next

Item = TypeVar('Item')


class Progress:
    """A context manager to call with what is done so far; its end says how far the work came."""

    def __init__(self, what: str) -> None:
        """Begin; what is done and counted, such as 'images scored'."""
        self._what = what
        self._start = self._told_s = monotonic()
        self._told = 0      # what was done when it was told last
        self._width = 0     # letters of the terminal's line, 0: it is not begun
        self._done, self._total = 0, 0

    def __enter__(self) -> Progress:
        """Return what is to be called."""
        return self

    def __call__(self, done: int, total: int) -> None:
        """Note how much is done of how much, and say so when it is time to."""
        self._done, self._total = done, total
        now = monotonic()
        waited = now - self._told_s
        if sys.stderr.isatty():
            due = waited >= TERMINAL_S
        else:
            due = waited >= FILE_S and done - self._told >= FILE_SHARE * total
        if due:
            self._told, self._told_s = done, now
            rate = done / (now - self._start)
            left = f', {_time((total - done) / rate)} left' if 0 < done <= total else ''
            self._tell(f'{rate:.1f}/s{left}')

    def each(self, items: Iterable[Item], total: int) -> Iterator[Item]:
        """Yield each of so many items; it is done when the next is asked for."""
        for done, item in enumerate(items, 1):
            yield item
            self(done, total)

    def __exit__(self, *error: Any) -> None:
        """Say how much was done, whether or not that was all, and end the line."""
        lasted = monotonic() - self._start
        if self._done and (lasted >= FILE_S or sys.stderr.isatty()):
            self._tell(f'in {_time(lasted)}', end='\n')

    def _tell(self, more: str, end: str = '') -> None:
        text = f'{self._what}: {self._done} of {self._total}, {more}'
        if sys.stderr.isatty():
            print('\r' + text.ljust(self._width), end=end, file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            print(text, file=sys.stderr, flush=True)


def _time(seconds: float) -> str:
    return f'{seconds:.0f} s' if seconds < 120 else f'{seconds / 60:.0f} min'

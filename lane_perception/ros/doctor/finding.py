# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One line of the doctor's screen."""

from __future__ import annotations

from dataclasses import dataclass

GOOD = 'ok'
DOUBTFUL = 'warn'
BROKEN = 'FAIL'


@dataclass(frozen=True)
class Finding:
    """What was found, and what to do about it."""

    level: str       # GOOD, DOUBTFUL or BROKEN
    text: str        # what was found
    cure: str = ''   # what to do; empty when nothing is to be done

    def __str__(self) -> str:
        """Return the line, with the cure on a line of its own."""
        cure = f'\n       -> {self.cure}' if self.cure else ''
        return f'[{self.level:^4}] {self.text}{cure}'


def not_looked_at(what: str, error: ImportError) -> Finding:
    """Return the finding that a package is missing without which something cannot be tried."""
    return Finding(DOUBTFUL, f'{what} cannot be looked at: {first_line(error)}',
                   'mend what is said above, or install that package')


def first_line(error: ImportError) -> str:
    """Return what an import failed by; numpy's own sentence is a page long."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a benchmark is asked to measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable


def _silent(sentence: str) -> None:
    pass


@dataclass(frozen=True)
class BenchmarkSettings:
    """Settings of one run, the same for every part."""

    model: str = 'lane_lite'     # shipped name or path of the model under test
    rounds: int = 30             # of interleaved calls, at most
    budget_s: float = 120.0      # seconds for the rounds of one comparison
    node_s: float = 8.0          # seconds for which frames are sent in each node measurement
    progress: Callable[[str], None] = _silent   # told what is being measured

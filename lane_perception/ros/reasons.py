# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Why all is not well, from the frames of the last seconds: the sentences of /diagnostics."""

from __future__ import annotations

import dataclasses
from typing import Sequence

import numpy as np

WINDOW_S = 5.0      # rates, times and reasons are of the last so many seconds
STUCK_S = 3.0       # with input and without output for longer: WARN
LOST_SHARE = 0.2    # more of the camera's frames lost on the way: WARN
LATE_S = 0.5        # a picture that is older than this when it comes in, or younger than now: WARN
FAR_S = 10.0        # a stamp further from the node's clock is of another clock
ODD_STEPS = 0.2     # share of the stamps that do not go on, or go back: WARN
FEW = 5             # frames from which on shares are told
SLOW_S = 0.2        # median from receiving a frame to its outputs: WARN when longer
LEAST_HZ = 5.0      # outputs a second: WARN below it
UNSEEN_S = 3.0      # frames without a lane for longer: WARN


@dataclasses.dataclass(frozen=True)
class Processed:
    """One processed frame."""

    finished: float            # seconds on the monotonic clock
    age: float                 # seconds from receiving the frame to publishing the last output
    stages: dict[str, float]   # seconds by stage
    has_lane: bool
    held: bool                 # the lane is predicted through a gap, not seen
    confidence: float          # 0 to 1, in the lane
    stamp: float               # seconds, of the frame; 0: it has none
    stamp_age: float           # the node's clock minus the stamp when finished, in seconds


def rate(times: Sequence[float]) -> float:
    """Return events per second from their first to their last."""
    if len(times) < 2 or times[-1] <= times[0]:
        return 0.0
    return (len(times) - 1) / (times[-1] - times[0])


def odd_stamps(recent: Sequence[Processed]) -> str:
    """Say what is odd about the stamps of the recent frames; nothing where they are in order."""
    if not recent:
        return ''
    stamps = np.array([one.stamp for one in recent])
    if np.mean(stamps == 0.0) > 0.5:
        return ("the pictures carry no stamp (it is 0), so that the lane is not followed from one "
                "to the next: let the camera's driver stamp them")
    steps = np.diff(stamps)
    if len(steps) >= FEW and np.mean(steps == 0.0) > ODD_STEPS:
        return ('the stamps stand still, and the lane is not followed from one picture to the '
                "next: let the camera's driver stamp each picture with its own time")
    if len(steps) >= FEW and np.mean(steps < 0.0) > ODD_STEPS:
        return ('the stamps run backward, and the lane is not followed from one picture to the '
                "next: let only one camera publish, and its clock run on")
    if stamps[-1] and recent[-1].stamp_age == -stamps[-1]:   # as before the first /clock
        return ("this node's clock stands at 0: use_sim_time is set, and no /clock comes; play a "
                'recording with --clock, and for a camera leave use_sim_time false')
    age = float(np.median([one.stamp_age for one in recent]))
    late = float(np.median([one.stamp_age - one.age for one in recent]))   # when they came in
    if abs(age) > FAR_S:
        return ("the stamps are far from this node's clock; for a recording set use_sim_time and "
                'play it with --clock; for a camera of another computer set both clocks by one '
                'time server')
    if late > LATE_S:
        return (f'the pictures are {late:.1f} s old when they come in: something before this node '
                "queues them (the camera's driver, a relay, the network), or the camera's clock "
                'is slow')
    if age < -LATE_S:
        return (f"the stamps are {-age:.1f} s ahead of this node's clock: set the clocks of the "
                "camera's computer and of this one by one time server")
    return ''


def overload(recent: Sequence[Processed], arrived: int, max_rate: float) -> str:
    """
    Say that the node does not keep up with the camera; nothing where it does.

    :param recent: the frames that were processed in the last WINDOW_S.
    :param arrived: how many were received in them.
    :param max_rate: frames a second that the node is told to keep to; 0: as many as it can.
    """
    # Of a slow camera, or of a node that is held back, no more is expected than it may give.
    wanted = min(arrived, WINDOW_S * min(LEAST_HZ, max_rate or LEAST_HZ))
    age = float(np.median([one.age for one in recent])) if recent else 0.0
    if age <= SLOW_S + (1.0 / max_rate if max_rate else 0.0) and len(recent) >= 0.8 * wanted - 1:
        return ''
    come_out = rate([one.finished for one in recent])
    return (f'too slow for this machine: {come_out:.1f} frames a second come out, {age:.2f} s '
            'after they came in (median); set a smaller resolution, or end what else runs here')

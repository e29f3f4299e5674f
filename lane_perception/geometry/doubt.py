# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Doubt in what was learnt of a place.

Without a calibration the horizon and the width of lanes are learnt from the first ones that are
surely seen. If those were no lanes, or the camera was held otherwise just then (a car is carried
to its place with the node running), the true lane looks wrong ever after, and so never teaches
better. Therefore, where lanes have taught nothing for a while, somebody who knows nothing looks
at the same pictures; once lanes have taught that one several times, it is believed.

Where it sees but the whole road, however, that takes longer: a line in the middle of it may be out
of sight for a while, in a shadow or worn off, and its outer edges look like the sides of one wide
lane then.
"""

from __future__ import annotations

from typing import Any
from typing import Callable

from lane_perception.geometry.lane import Lane
from lane_perception.geometry.tracking import LaneTrack

AFTER = 15    # pictures with markings in a row that teach nothing
LONGEST = 60  # of them, once newcomers have come in vain: each costs as much time again
EVERY = 2     # pictures, of which a newcomer sees one: it must not make pictures late
ENOUGH = 5    # pictures that have to teach a newcomer
SEEN_WHOLE = 3   # sightings with both sides after which a followed lane's width is its own
MOST = 300       # pictures that are asked for even so: 20 seconds at 30 Hz
ASIDE = 0.25     # widths of the followed lane by which the sides that both have may lie apart
WIDER = 1.5      # of them from which on a lane may be the road around it; 1 + 2 ASIDE at least


class Doubt:
    """Watches whether pictures teach a finder, and has a newcomer look where they do not."""

    def __init__(self, begin: Callable[[], Any]) -> None:
        """
        Doubt nothing.

        :param begin: returns a lane finder that knows nothing.
        """
        self._begin = begin
        self.forget()

    def forget(self) -> None:
        """Doubt nothing."""
        self._idle = 0       # pictures in a row that taught nothing
        self._wait = AFTER   # so many of them, until a newcomer looks
        self._newcomer: Any = None
        self._taught = 0     # pictures that taught the newcomer
        self._newcomer_idle = 0   # pictures since, in a row, that did not

    def better(self, taught: bool, look: Callable[[Any], tuple[Lane, int]],
               ) -> tuple[Any, Lane | None]:
        """
        Return a finder that knows better, and what it finds in the picture; (None, None) without.

        :param taught: whether the picture, in which there are markings, taught the one in doubt.
        :param look: returns what a finder finds in the picture, and how many pictures have to
            teach it.
        """
        if taught:
            self.forget()
            return None, None
        self._idle += 1
        if self._idle < self._wait or self._idle % EVERY:
            return None, None
        if self._newcomer is None:
            self._newcomer, self._taught, self._newcomer_idle = self._begin(), 0, 0
        lane, enough = look(self._newcomer)
        self._newcomer_idle = 0 if self._newcomer.taught else self._newcomer_idle + 1
        self._taught += self._newcomer.taught
        if self._newcomer_idle >= AFTER:   # it knows no better
            self._idle, self._wait, self._newcomer = 0, min(2 * self._wait, LONGEST), None
            return None, None
        if not self._newcomer.taught or self._taught < enough:
            return None, None
        newcomer = self._newcomer
        self.forget()
        return newcomer, lane


def needed(newcomer: LaneTrack | None, followed: LaneTrack | None) -> int:
    """
    Return how many pictures have to teach a newcomer before it is believed.

    Where its lane is the road on one side of which the followed one lies, and that one was seen
    with both sides since it is followed without a break, the newcomer has to be taught about twice
    as long as that one was followed before: it sees one picture of EVERY.

    :param newcomer: what the newcomer follows; None: nothing.
    :param followed: what the one in doubt follows.
    """
    if newcomer is None or followed is None or followed.surrounded < SEEN_WHOLE:
        return ENOUGH
    lateral, width = followed.state[[0, 3]]
    other, road = newcomer.state[[0, 3]]
    apart = abs(other - lateral) - (road - width) / 2.0   # of the sides that they have in common
    is_around = road > WIDER * width and abs(apart) < ASIDE * width
    return min(max(ENOUGH, followed.sightings // 3), MOST) if is_around else ENOUGH

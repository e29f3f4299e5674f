# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Keep the pictures worth looking at, as small JPEGs: the worst of each failure, and the best."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from itertools import chain
from math import inf
from typing import Any
from typing import Callable
from typing import Iterable
from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING
from lane_perception.evaluation.center_error import Point
from lane_perception.evaluation.set_score import ImageScore
from lane_perception.evaluation.video import shrink
from lane_perception.overlay import LANE_COLOR

WIDTH = 640                  # pixels of a picture in the report
QUALITY = 74                 # of its JPEG
OF_EACH_KIND = 8             # pictures
OF_ALL = 24                  # the worst, of any kind
OF_BEST = 6                  # the least bad of those that are not kept as bad

# BGR, told apart also by people who confuse red and green
HIT = (230, 230, 230)        # marking found
FALSE = (40, 110, 255)       # orange: marking where the label has none
MISSED = (255, 130, 30)      # blue: labelled marking that was not found
TRUE_CENTER = (255, 255, 0)  # cyan: the centre of the label's lane
NOT_JUDGED = (90, 90, 90)
DIM = 0.45                   # of the picture's brightness behind the error colours


@dataclass(frozen=True)
class Exhibit:
    """One image of the report."""

    order: int                    # its number in the set
    score: ImageScore
    caption: str                  # where it is from
    pictures: dict[str, bytes]    # what it shows -> JPEG
    video_time: float | None = None   # seconds in overlay.mp4
    best: bool = False            # kept as one of the best


_Entry = tuple[Any, int, ImageScore]   # rank, negative number in the set, score


class Gallery:
    """Choose exhibits while images go by; no more than a fixed number are kept."""

    def __init__(self, kinds: Sequence[str], spacing: int = 1) -> None:
        """
        Start empty.

        :param kinds: those of ImageScore.failures.
        :param spacing: of several images less than so many apart only the worst is kept, because
            neighbouring frames look alike; among the best only the best. A best one stands beside
            a bad one only where a label proves it and too few others do.
        """
        self._spacing = spacing
        self._worst: dict[str, list[_Entry]] = {kind: [] for kind in ('', *kinds)}
        self._best: list[_Entry] = []
        self._exhibits: dict[int, Exhibit] = {}
        # Not made yet: a neighbour may still take its place.
        self._waiting: dict[int, Callable[[], Exhibit]] = {}

    def offer(self, order: int, score: ImageScore, make: Callable[[], Exhibit]) -> None:
        """
        Take an image in if it is among the worst so far, or else among the best.

        :param order: its number in the set; earlier ones win a tie.
        :param make: called once no neighbour can take its place any more, if none has.
        """
        self._waiting[order] = make
        seen = {**self._bad(), **_scores(self._best), order: score}
        for kind in ('', *score.failures):
            self._take(self._worst[kind], OF_EACH_KIND if kind else OF_ALL,
                       (score.badness, -order, score))
        self._choose_best(seen)
        wanted = {*self._bad(), *_scores(self._best)}
        for held in (self._exhibits, self._waiting):
            for gone in set(held) - wanted:
                del held[gone]
        self._make_up_to(order - self._spacing + 1)

    def _bad(self) -> dict[int, ImageScore]:
        """Return the images kept for their badness, by their number."""
        return _scores(chain(*self._worst.values()))

    def _choose_best(self, seen: dict[int, ImageScore]) -> None:
        """Keep the best of the images seen that are not kept for their badness."""
        bad = self._bad()
        entries = []
        for number in set(seen) - set(bad):
            score = seen[number]
            labelled = any(score.line_hits[3:])   # the label shows a line
            apart = not self._near(number, bad)
            # Without a label nothing proves an image good; beside a bad one it looks bad too.
            if labelled + apart + (not score.failures) >= 2:
                entries.append(((labelled, apart, -score.badness), -number, score))
        self._best = []
        for entry in sorted(entries, reverse=True):
            if len(self._best) < OF_BEST and not self._near(-entry[1], _scores(self._best)):
                self._best.append(entry)

    def _near(self, order: int, others: Iterable[int]) -> bool:
        return any(abs(order - other) < self._spacing for other in others)

    def _make_up_to(self, order: float) -> None:
        for ready in [one for one in self._waiting if one <= order]:
            self._exhibits[ready] = self._waiting.pop(ready)()

    def _take(self, kept: list[_Entry], limit: int, entry: _Entry) -> None:
        near = [one for one in kept if abs(one[1] - entry[1]) < self._spacing]
        if near:
            if max(near) > entry:
                return
            for one in near:
                kept.remove(one)
        elif len(kept) >= limit:
            if min(kept) > entry:
                return
            kept.remove(min(kept))
        kept.append(entry)

    def exhibits(self) -> list[Exhibit]:
        """Return what was kept: the worst first, the best last."""
        self._make_up_to(inf)
        best = _scores(self._best)
        return sorted((replace(one, best=number in best)
                       for number, one in self._exhibits.items()),
                      key=lambda one: (one.best, -one.score.badness, one.order))


def _scores(entries: Iterable[_Entry]) -> dict[int, ImageScore]:
    """Return the images of entries, by their number in the set."""
    return {-negative: score for _, negative, score in entries}


def error_picture(
    image: NDArray[np.uint8], mask: NDArray[np.uint8], label: NDArray[np.uint8],
    center: Point | None = None, true_center: Point | None = None,
) -> NDArray[np.uint8]:
    """
    Return the picture, dimmed, with found, false and missed markings coloured.

    The centre that was found is a dot, that of the label a ring.

    :param image: (H, W, 3) uint8, BGR.
    :param mask: (H, W) uint8, nonzero on predicted markings.
    :param label: (h, w) uint8, 0, 255, or between: not judged.
    :param center: (u, v) in the picture's pixels, None without a lane.
    :param true_center: the same of the label.
    """
    height, width = image.shape[:2]
    if label.shape != (height, width):
        label = cv2.resize(label, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    picture = cv2.convertScaleAbs(image, alpha=DIM)
    predicted, marked = mask > 0, label == MARKING
    picture[~marked & (label != BACKGROUND)] = NOT_JUDGED
    picture[predicted & marked] = HIT
    picture[predicted & (label == BACKGROUND)] = FALSE
    picture[~predicted & marked] = MISSED
    stroke = max(1, round(width / 320))
    for place, color, radius, thickness in ((center, LANE_COLOR, 4, -1),
                                            (true_center, TRUE_CENTER, 7, 2 * stroke)):
        if place is not None:
            # Far outside the picture the numbers may be too large for OpenCV.
            spot = tuple(int(value) for value in np.clip(np.round(place), -30000, 30000))
            cv2.circle(picture, spot, radius * stroke, color, thickness, cv2.LINE_AA)
    return picture


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture as JPEG, no wider than WIDTH."""
    height, width = picture.shape[:2]
    if width > WIDTH:
        picture = shrink(picture, WIDTH, max(1, round(height * WIDTH / width)))
    return cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Tell from the names of pictures which recordings they are from and when in them."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime
from datetime import timezone
from typing import Iterable
from typing import Sequence

SPLIT_FOLDERS = ('train', 'valid', 'val', 'validation', 'test', 'images', 'default')
SYNTHESIZED = 'synthesize_'   # begins a name whose picture is a recording of its own

# Roboflow: frame_00012_jpg.rf.0123456789abcdef; several of them may be versions of one picture.
_ROBOFLOW = re.compile(r'_(jpg|jpeg|png|bmp|webp)\.rf\.\w+$', re.IGNORECASE)
# A date with a time of day, a stamp of ROS (seconds and their fraction), or digits.
_NUMBER = re.compile(
    r'(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[-_.T ]?([0-2]\d)[-_.:]?([0-5]\d)[-_.:]?([0-5]\d)'
    r'(?:[-_.](\d{1,9}))?(?!\d)'
    r'|(\d{9,11})(?:\.(\d{1,9})|_(\d{6,9}))(?!\d)'
    r'|\d+')
_FRACTIONS = (7, 9, 10)   # groups of it: a part of a second
_ANY = '\0'   # stands for any number; no name can hold it


def without_roboflow(name: str) -> str:
    """Return a picture's name, without folders and suffix, as it was before Roboflow's export."""
    return _ROBOFLOW.sub('', name)


def looks_numbered(stem: str) -> bool:
    """Tell whether a picture's name has a number, as frames of a recording do."""
    name = stem.split('/')[-1]
    return not name.startswith(SYNTHESIZED) and bool(_NUMBER.search(name))


def count_frames(fractions: Sequence[tuple[str, str, str]]) -> bool:
    """
    Tell whether what looks like fractions of seconds are the numbers of a recording's frames.

    A recording's own date or stamp may stand before a frame's number: that is so where all names
    have the same one, or where every fraction has leading zeros, as in _000012.

    :param fractions: of each name the date or seconds, the sign behind them, and the digits.
    """
    if len({before for before, _, _ in fractions}) == 1:
        return True
    return (len({digits for _, _, digits in fractions}) > 1
            and all(sign != '.' and digits[0] == '0' for _, sign, digits in fractions))


def frame_identities(stems: Iterable[str]) -> dict[str, tuple[str, float]]:
    """
    Return each picture's recording and its place in time within it.

    Among names of one folder that differ in their numbers alone, the last number that differs is
    the time: a frame number, a stamp, or a date with a time of day. What is left of the name, with
    the folders above, names the recording. Where each picture would be a recording of its own so
    (frame 12 at second 3.5), the number before it tells the time too, and is the one that counts.
    A name without any number is a recording of its own, at time 0, and so is a synthesized one.

    :param stems: paths without suffix, parts divided by /.
    :returns: by stem: name, and time in the name's own unit (seconds where it is a date or stamp).
    """
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for stem in stems:
        *folders, name = _parts(stem)
        synthesized = name.startswith(SYNTHESIZED)
        alike[(*folders, name if synthesized else _NUMBER.sub(_ANY, name))].append(stem)
    identities = {}
    for (*folders, shape), group in alike.items():
        names = [_parts(stem)[-1] for stem in group]
        for stem, (rest, time) in zip(group, _divide(names) if _ANY in shape else
                                      [(shape, 0.0)] * len(group)):
            identities[stem] = '/'.join((*folders, rest)).strip('/'), time
    return identities


def _parts(stem: str) -> list[str]:
    """Return the folders that may name a recording, and the picture's name."""
    *folders, name = stem.split('/')
    return [*(one for one in folders if one.lower() not in SPLIT_FOLDERS), without_roboflow(name)]


def _divide(names: Sequence[str]) -> list[tuple[str, float]]:
    """Return what is left of each name, and its time; the names differ in their numbers alone."""
    found = [list(_NUMBER.finditer(name)) for name in names]
    numbers = [_Numbers(place) for place in zip(*found)]   # of all names, place by place
    differing = [place for place in numbers if place.differ()] or numbers[-1:]
    for first in reversed(range(len(differing))):
        spans = zip(*(place.spans() for place in differing[first:]))
        rests = [_without(name, places) for name, places in zip(names, spans)]
        if len(set(rests)) < len(set(names)):
            break
    return list(zip(rests, differing[first].times()))


def _without(name: str, spans: Sequence[tuple[int, int]]) -> str:
    starts = [0, *(end for _, end in spans)]
    ends = [*(start for start, _ in spans), len(name)]
    pieces = (name[start:end].strip('-_. ') for start, end in zip(starts, ends))
    return '_'.join(piece for piece in pieces if piece)


class _Numbers:
    """The numbers at one place of names that differ in their numbers alone."""

    def __init__(self, found: Sequence[re.Match]) -> None:
        self.found = found
        self.counted = (self.differ() and all(one.lastindex in _FRACTIONS for one in found)
                        and count_frames([_divided(one) for one in found]))

    def differ(self) -> bool:
        return len({number.group() for number in self.found}) > 1

    def spans(self) -> list[tuple[int, int]]:
        return [number.span(number.lastindex if self.counted else 0) for number in self.found]

    def times(self) -> list[float]:
        return [float(int(number.group(number.lastindex))) if self.counted else _time(number)
                for number in self.found]


def _divided(number: re.Match) -> tuple[str, str, str]:
    """Return what is before a number's fraction, the sign between, and the fraction."""
    start = number.start(number.lastindex)
    return (number.string[number.start():start - 1], number.string[start - 1],
            number.group(number.lastindex))


def _time(number: re.Match) -> float:
    *date, fraction, seconds, decimals, nanoseconds = number.groups()
    if seconds and decimals:
        return float(number.group())
    if seconds:   # six digits are microseconds; more are nanoseconds, also without leading zeros
        return int(seconds) + int(nanoseconds) / (1e6 if len(nanoseconds) == 6 else 1e9)
    if date[0]:
        try:
            day = datetime(*(int(part) for part in date), tzinfo=timezone.utc)
            return day.timestamp() + float(f'0.{fraction or 0}')
        except ValueError:
            pass   # the 31st of February
    return float(int(re.sub(r'\D', '', number.group())))

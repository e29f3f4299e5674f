# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Tell from a picture's name which recording it is from and when in it."""

from __future__ import annotations

import re
from datetime import datetime
from datetime import timezone

SPLIT_FOLDERS = ('train', 'valid', 'val', 'validation', 'test', 'images', 'default')

# Roboflow: frame_00012_jpg.rf.0123456789abcdef; several of them may be versions of one picture.
_ROBOFLOW = re.compile(r'_(jpg|jpeg|png|bmp|webp)\.rf\.\w+$', re.IGNORECASE)
_CLOCK = re.compile(
    r'(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[-_.T ]?([0-2]\d)[-_.:]?([0-5]\d)[-_.:]?([0-5]\d)'
    r'(?:[-_.](\d{1,9}))?(?!\d)')
_NUMBER = re.compile(r'\d+')


def without_roboflow(name: str) -> str:
    """Return a picture's name, without folders and suffix, as it was before Roboflow's export."""
    return _ROBOFLOW.sub('', name)


def frame_identity(stem: str) -> tuple[str, float]:
    """
    Return the recording's name and the frame's place in time within it.

    A date with a time of day in the name is the time; otherwise the last number is, a frame
    number or a stamp. What is left of the name, with the folders above, names the recording. A
    name without any number is a recording of its own, at time 0.

    :param stem: path without suffix, parts divided by /.
    :returns: name, and time in the name's own unit (seconds where it is a date).
    """
    *folders, name = stem.split('/')
    folders = [folder for folder in folders if folder.lower() not in SPLIT_FOLDERS]
    name = without_roboflow(name)
    clock = _CLOCK.search(name)
    # The date may be the recording's, with the frame's number after it.
    if clock and not _NUMBER.search(name, clock.end()):
        time = _clock_seconds(clock)
        if time is not None:
            return _recording(folders, name, clock), time
    numbers = list(_NUMBER.finditer(name))
    if not numbers:
        return '/'.join((*folders, name)), 0.0
    return _recording(folders, name, numbers[-1]), float(int(numbers[-1].group()))


def _clock_seconds(clock: re.Match) -> float | None:
    *parts, fraction = clock.groups()
    try:
        time = datetime(*(int(part) for part in parts), tzinfo=timezone.utc).timestamp()
    except ValueError:
        return None
    return time + (float(f'0.{fraction}') if fraction else 0.0)


def _recording(folders: list[str], name: str, number: re.Match) -> str:
    rest = (name[:number.start()] + name[number.end():]).strip('-_. ')
    return '/'.join((*folders, rest)).strip('/')

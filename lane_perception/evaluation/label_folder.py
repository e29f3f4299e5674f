# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The truth about a recording's frames in label files, whose names say the frame."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.frame_names import count_frames
from lane_perception.data.frame_names import without_roboflow
from lane_perception.data.image_files import JPEG_SUFFIXES
from lane_perception.data.image_files import find_images
from lane_perception.data.recordings import NANOSECONDS
from lane_perception.data.recordings import Received
from lane_perception.data.samples import MaskFile
from lane_perception.errors import UserError

SECONDS_FROM = 100_000_000   # a whole number from here on is no frame's number
_SECONDS_AND_REST = re.compile(r'(\d{9,11})(_)(\d{6,9})$')   # a stamp, in two numbers
FINEST_NS = 1000             # a stamp of today in seconds, as a float, is not exacter


class LabelFolder:
    """Labels in files, whose names say the frame."""

    def __init__(
        self, folder: Path, rate: float | None = None, classes: Sequence[str] = (),
    ) -> None:
        """
        List the labels.

        :param folder: of masks, or a data set with images and labels. The last number of a name,
            before an ending of Roboflow's, says its frame. With a fraction it is the header
            stamp in seconds, cut off or rounded at the most digits that a name in the folder
            has; SECONDS_NANOSECONDS is one too. A whole number is the header stamp in
            nanoseconds or seconds, or else, below SECONDS_FROM, the frame's number in the
            recording, from 0. Of several labels of one frame the first counts.
        :param rate: the frames' numbers count at so many per second since the first stamp.
        :param classes: of COCO or labelme labels, that are markings; none: all.
        :raises UserError: when there are no labels, or names without a number, or a class is
            named that no label has.
        """
        self._folder = folder
        self._rate = rate
        self.format = 'masks'   # and which classes counted as what, for people
        self._problems: list[str] = []
        labels = self._listed(classes)
        self._count = len(labels)
        self._used = 0
        self._first_ns: int | None = None
        self._by_whole: dict[int, Any] = {}
        self._by_time: dict[int, Any] = {}    # in units of self._unit nanoseconds
        self._fits_several: set[int] = set()  # keys of _by_time
        stamps = [found.groups() for found in map(_SECONDS_AND_REST.search, labels) if found]
        self._in_two_numbers = not count_frames(stamps)
        numbers = {stem: self._number(stem) for stem in labels}
        digits = max(len(fraction) for _, fraction in numbers.values())
        self._unit = max(FINEST_NS, NANOSECONDS // 10 ** digits) if digits else FINEST_NS
        for stem, label in labels.items():
            self._file(stem, *numbers[stem], label)
        if rate is not None and min(self._by_whole, default=SECONDS_FROM) >= SECONDS_FROM:
            self._problems.append(f'--label-rate has no effect: the labels in {folder} are named '
                                  'after stamps')

    def _listed(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return the labels by stem."""
        from lane_perception.data.readers import read_dataset
        from lane_perception.data.readers.json_files import label_files
        from lane_perception.data.readers.mask_folder import find_drives
        folder = self._folder
        if not folder.is_dir():
            raise UserError(f'there is no folder of labels at {folder}')
        if ((folder / 'masks').is_dir() or label_files(folder)
                or any((drive / 'images').is_dir() for drive in find_drives(folder))):
            data = read_dataset(folder, classes=classes)
            self.format = data.format
            self._problems += data.problems
            return {sample.stem: sample.label for sample in data.samples}
        found = find_images(folder)
        labels = {path.relative_to(folder).with_suffix('').as_posix(): MaskFile(path)
                  for path in found if path.suffix.lower() not in JPEG_SUFFIXES}
        jpegs = sum(path.suffix.lower() in JPEG_SUFFIXES for path in found)
        if not labels:
            raise UserError(f'{folder} holds no labels' + (
                f': its {jpegs} JPEG pictures are no masks, which are PNG' if jpegs else ''))
        if classes:
            raise UserError(f'classes can be chosen among those of COCO and labelme; the masks in '
                            f'{folder} have none, such as {classes[0]}')
        if jpegs:
            self._problems.append(f'{jpegs} JPEG pictures in {folder} were left out: masks are '
                                  'PNG')
        return labels

    def _number(self, stem: str) -> tuple[str, str]:
        """Return the digits before and after the point of a name's last number."""
        stamp = _SECONDS_AND_REST.search(stem) if self._in_two_numbers else None
        if stamp:   # microseconds, or nanoseconds without leading zeros
            seconds, _, rest = stamp.groups()
            return seconds, rest if len(rest) == 6 else f'{rest:0>9}'
        numbers = re.findall(r'(\d+)(?:\.(\d+))?', without_roboflow(stem.split('/')[-1]))
        if not numbers:
            raise UserError(f'the label {stem} in {self._folder} has no number in its name; name '
                            'labels after the header stamp or the number of their frame')
        return numbers[-1]

    def _file(self, stem: str, whole: str, fraction: str, label: Any) -> None:
        labels, key, said = self._by_whole, int(whole), whole
        if fraction:
            nanoseconds = int(whole) * NANOSECONDS + int(f'{fraction:0<9}'[:9])
            labels, said = self._by_time, f'{whole}.{fraction}'
            key = (nanoseconds + self._unit // 2) // self._unit
        if key in labels:
            self._count -= 1
            self._problems.append(f'the label {stem} in {self._folder} is of a frame that has one '
                                  f'already ({said}), and was left out')
            return
        labels[key] = label

    def label(
        self, frame: Received, size: tuple[int, int] | None, following: Received | None = None,
    ) -> NDArray[np.uint8] | None:
        """
        Return a frame's mask: (h, w) uint8, 0, 255 or between, not judged; None without.

        :param size: (height, width) of the frame; None: it has no picture, so that its label is
            put aside.
        :param following: the frame after it, which may be nearer to a label's time.
        """
        if self._first_ns is None and (frame.stamp_ns or frame.message is not None):
            self._first_ns = frame.stamp_ns
        label = (self._by_whole.pop(frame.stamp_ns, None) or self._of_seconds(frame, following)
                 or self._of_number(frame, following))
        if label is None:
            return None
        self._used += 1
        if size is None:
            return None
        try:
            return label.mask(*size)
        except UserError as error:
            self._problems.append(str(error))
            return None

    def _of_seconds(self, frame: Received, following: Received | None) -> Any:
        """Return the label whose time in seconds is the frame's stamp, or None."""
        whole, rest = divmod(frame.stamp_ns, NANOSECONDS)
        if not rest and whole >= SECONDS_FROM and whole in self._by_whole:
            return self._by_whole.pop(whole)
        before, after = divmod(frame.stamp_ns, self._unit)
        keys = (before, before + 1) if 2 * after < self._unit else (before + 1, before)
        for key in keys:
            if key not in self._by_time:
                continue
            time = key * self._unit
            if following is not None and abs(following.stamp_ns - time) < self._unit:
                self._fits_several.add(key)
            if not _is_nearer(following, frame, time):
                return self._by_time.pop(key)
        return None

    def _of_number(self, frame: Received, following: Received | None) -> Any:
        """Return the label of the frame's number, or None."""
        number = frame.number
        if self._rate is not None and self._first_ns is not None:
            number = round((frame.stamp_ns - self._first_ns) * self._rate / NANOSECONDS)
            time = self._first_ns + number * NANOSECONDS / self._rate
            if _is_nearer(following, frame, time):
                return None
        return self._by_whole.pop(number, None) if number < SECONDS_FROM else None

    def close(self) -> list[str]:
        """Return sentences about labels that matched no frame, or several."""
        unused = self._count - self._used
        if unused:
            stamps = self._by_time or any(key >= SECONDS_FROM for key in self._by_whole)
            how = 'stamp' if stamps else 'number'
            if not stamps and self._rate is None:
                how += ('; where the labels were taken from a video, give its frames per second '
                        'with --label-rate')
            self._problems.append(f'{unused} of {self._count} labels in {self._folder} match no '
                                  f'frame by its {how}')
        if self._fits_several:
            self._problems.append(
                f'{len(self._fits_several)} labels in {self._folder} have so few digits after '
                'the point that several frames fit; each is taken for the nearest one')
        return self._problems


def _is_nearer(following: Received | None, frame: Received, time_ns: float) -> bool:
    """Tell whether the frame after a frame is nearer to a time than it is."""
    return (following is not None
            and abs(following.stamp_ns - time_ns) < abs(frame.stamp_ns - time_ns))

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Divide labeled pictures into training, validation and test, so that neighbors stay together.

Random frames of one video put near-copies of the test pictures into training, and every figure
looks better than it is. So whole recordings go to one part, or, where there are too few of them,
each recording is cut into three blocks of time with a gap at each cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from itertools import accumulate
from itertools import groupby
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Container
from typing import Sequence

from lane_perception.data.frame_names import looks_numbered
from lane_perception.data.image_files import composed
from lane_perception.data.samples import DataSet
from lane_perception.data.samples import LabeledImage
from lane_perception.errors import UserError
from lane_perception.json_file import load_json
from lane_perception.json_file import write_json

PARTS = ('train', 'val', 'test')
FOLDER_PARTS = {'train': 'train', 'valid': 'val', 'val': 'val', 'validation': 'val',
                'test': 'test'}
SHARES = (0.70, 0.15, 0.15)
TOLERANCE = 0.08      # whole recordings are dealt when each part comes so near to its share
GAP = 0.02            # left out at each cut, of the recording's length in time
PAUSE = 10            # median steps from picture to picture: a longer step counts as so long
SMALL_RECORDING = 20  # samples; in a smaller one, only the gap in time is left out
MANY_RECORDINGS = 20  # more than these, of fewer pictures than SHORT in the median: doubtful
SHORT = 5
SPLIT_FILE = 'split.json'


@dataclass(frozen=True)
class Split:
    """Which sample is in which part, by stem."""

    train: tuple[str, ...]
    val: tuple[str, ...]
    test: tuple[str, ...] = ()
    how: str = ''          # how it came about, for people
    doubt: str = ''        # a sentence why it may leak, for people
    left_out: tuple[str, ...] = ()   # beside the cuts between blocks of time

    def part(self, name: str) -> tuple[str, ...]:
        """Return the stems of train, val or test."""
        return getattr(self, name)


def choose_split(data: DataSet, file: str | Path = '') -> Split:
    """
    Return the split of a data set.

    :param file: a split file; 'folders' keeps the folders train, valid and test of an export;
        otherwise split.json in the data set's folder counts, and without one the split is made.
    :raises UserError: when the file does not fit the data, or there is too little data.
    """
    if str(file) == 'folders':
        return _folder_split(data)
    place = Path(file).expanduser() if file else data.path / SPLIT_FILE
    if file or place.is_file():
        return read_split(place, data)
    return make_split(data.samples)


def make_split(samples: Sequence[LabeledImage]) -> Split:
    """
    Deal samples to training, validation and test, 70/15/15; always the same for the same samples.

    :raises UserError: when there are fewer than three samples.
    """
    if len(samples) < 3:
        raise UserError(f'{len(samples)} labeled picture{"s are" if len(samples) != 1 else " is"} '
                        'too few to split; label at least 3')
    recordings = _recordings(samples)
    by_recording = _deal_recordings(recordings)
    if by_recording:
        return replace(_split(by_recording, f'by recording ({len(recordings)} recordings)'),
                       doubt=_doubt(recordings))
    parts: dict[str, list[LabeledImage]] = {part: [] for part in PARTS}
    for frames in recordings.values():
        for part, block in zip(PARTS, _cut(frames)):
            parts[part] += block
    dealt = {sample.stem for part in parts.values() for sample in part}
    left = tuple(sorted({sample.stem for sample in samples} - dealt))
    return replace(_split(
        parts, f'by blocks of time, {"/".join(f"{share:.0%}" for share in SHARES)}; '
        f'{len(left)} pictures beside the cuts are left out'), left_out=left)


def _recordings(samples: Sequence[LabeledImage]) -> dict[str, list[LabeledImage]]:
    ordered = sorted(samples, key=lambda one: (one.recording, one.time, one.stem))
    return {name: list(group) for name, group in groupby(ordered, lambda one: one.recording)}


def _deal_recordings(
    recordings: dict[str, list[LabeledImage]],
) -> dict[str, list[LabeledImage]] | None:
    """Deal whole recordings, the largest first; None when the parts come out too unequal."""
    total = sum(len(frames) for frames in recordings.values())
    parts: dict[str, list[LabeledImage]] = {part: [] for part in PARTS}
    for _, frames in sorted(recordings.items(), key=lambda item: (-len(item[1]), item[0])):
        most_wanting = max(PARTS, key=lambda part: (
            SHARES[PARTS.index(part)] * total - len(parts[part]), -PARTS.index(part)))
        parts[most_wanting] += frames
    fits = all(abs(len(parts[part]) / total - share) <= TOLERANCE
               for part, share in zip(PARTS, SHARES))
    return parts if fits else None


def _doubt(recordings: dict[str, list[LabeledImage]]) -> str:
    """Return a sentence where numbered pictures make many recordings of a few pictures each."""
    sizes = [len(frames) for frames in recordings.values() if looks_numbered(frames[0].stem)]
    if len(sizes) <= MANY_RECORDINGS or median(sizes) >= SHORT:
        return ''
    return (f'by their names the pictures are from {len(sizes)} recordings of '
            f'{median(sizes):g} in the median, each dealt on its own; if they are frames of fewer '
            'drives, neighbors lie in different parts: name them DRIVE/NUMBER, or write '
            f'{SPLIT_FILE}')


def _cut(frames: list[LabeledImage]) -> list[list[LabeledImage]]:
    """Cut a recording's frames, sorted by time, into three blocks with gaps between."""
    count = len(frames)
    if count < 3:
        return [frames, [], []]
    timed = list(zip(_without_pauses([frame.time for frame in frames]), frames))
    reach = GAP * timed[-1][0] / 2
    blocks = []
    rest = timed
    for share in (SHARES[2], SHARES[1]):
        cut = len(rest) - max(1, round(share * count))
        # Versions of one picture have the same time and stay on one side.
        while 0 < cut < len(rest) and rest[cut][0] == rest[cut - 1][0]:
            cut -= 1
        if cut < 1:
            return [frames, [], []]
        before, after = rest[:cut], rest[cut:]
        middle = (before[-1][0] + after[0][0]) / 2
        near = [one for one in before if one[0] > middle - reach]
        if count >= SMALL_RECORDING and not near:
            near = [one for one in before if one[0] == before[-1][0]]
        kept = [one for one in after if one[0] >= middle + reach]
        blocks.append(kept or after[-1:])
        rest = before[:len(before) - len(near)]
        if not rest:
            return [frames, [], []]
    return [[frame for _, frame in part] for part in (rest, blocks[1], blocks[0])]


def _without_pauses(times: Sequence[float]) -> list[float]:
    """Return sorted times from 0 on, with pauses between drives, or of a clock, shortened."""
    steps = [after - before for before, after in pairwise(times)]
    longest = PAUSE * median([step for step in steps if step > 0] or [0])
    return list(accumulate((min(step, longest) for step in steps), initial=0.0))


def _split(parts: dict[str, list[LabeledImage]], how: str) -> Split:
    stems = {part: tuple(sorted(sample.stem for sample in samples))
             for part, samples in parts.items()}
    if not stems['train'] or not stems['val']:
        raise UserError('the pictures do not suffice for a training and a validation part; label '
                        f'more, or write {SPLIT_FILE}')
    return Split(**stems, how=how)


def _folder_split(data: DataSet) -> Split:
    parts: dict[str, list[LabeledImage]] = {part: [] for part in PARTS}
    for sample in data.samples:
        for folder in sample.stem.lower().split('/')[:-1]:
            if folder in FOLDER_PARTS:
                parts[FOLDER_PARTS[folder]].append(sample)
                break
    if not parts['train'] or not parts['val']:
        raise UserError(f'split=folders needs folders train and valid (or val) with labeled '
                        f'pictures in {data.path}')
    return _split(parts, 'by the folders of the export')


def read_split(path: Path, data: DataSet | None = None) -> Split:
    """
    Read a split file: {"train": [stems], "val": [...], "test": [...]}; test may be missing.

    :param data: its stems are checked, and those that the data set has without a label left out.
        ``left_out``, of a split that was made here, may name any.
    :raises UserError: when the file is missing or broken, names a picture twice, or one that the
        data set does not have.
    """
    if not path.is_file():
        raise UserError(f'there is no split file {path}')
    values = load_json(path)
    if not isinstance(values, dict) or not all(
            isinstance(values.get(part, []), list)
            and all(isinstance(stem, str) for stem in values.get(part, []))
            for part in (*PARTS, 'left_out')):
        raise UserError(f'{path} is not a split file: it should be '
                        '{"train": [names], "val": [names], "test": [names]}')
    known = {} if data is None else data.by_stem()
    stems = {part: [_without_suffix(composed(stem), known) for stem in values.get(part, [])]
             for part in PARTS}
    seen: dict[str, str] = {}
    for part in PARTS:
        for stem in stems[part]:
            if stem in seen:
                raise UserError(f'{path} names {stem} twice, in {seen[stem]} and in {part}')
            seen[stem] = part
    if data is not None:
        without_label = {composed(file.stem) for file in data.unlabeled}
        unknown = [stem for stem in seen
                   if stem not in known and stem.split('/')[-1] not in without_label]
        if unknown:
            more = f' and {len(unknown) - 1} more' if len(unknown) > 1 else ''
            raise UserError(f'{path} names {unknown[0]}{more}, which {data.path} does not have')
        stems = {part: [stem for stem in stems[part] if stem in known] for part in PARTS}
    for part in ('train', 'val'):
        if not stems[part]:
            raise UserError(f'{path} puts no labeled picture into "{part}"')
    return Split(**{part: tuple(stems[part]) for part in PARTS}, how=f'from {path}',
                 left_out=tuple(map(composed, values.get('left_out', []))))


def _without_suffix(stem: str, known: Container[str]) -> str:
    """Forgive a file name where a stem was wanted."""
    shorter = stem.rsplit('.', 1)[0]
    return shorter if stem not in known and shorter in known else stem


def write_split(split: Split, path: Path) -> None:
    """Write a split file, whole or not at all."""
    values = {**{part: list(split.part(part)) for part in PARTS}, 'how': split.how}
    if split.left_out:
        values['left_out'] = list(split.left_out)
    write_json(path, values)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The two sets of labels of the ablation, and how their frames are dealt to a run."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import numpy as np

from lane_perception.data.image_files import write_image
from lane_perception.data.readers import read_dataset
from lane_perception.data.samples import load_sample
from lane_perception.data.splits import Split
from lane_perception.data.splits import make_split
from lane_perception.data.splits import read_split
from lane_perception.data.splits import write_split
from lane_perception.data.synthetic import drive
from lane_perception.errors import UserError
from lane_perception.evaluation.data_sources import Labeled
from lane_perception.evaluation.data_sources import Source
from lane_perception.evaluation.data_sources import open_source

DRIVE_SEED = 1_100_001      # seeds from a million on are drawn by no training of shipped models
OTHER_SEED = 1_100_002
SPEED, RATE = 0.5, 10.0     # metres and frames per second: 200 frames are 10 m of track
CAREFUL = 'masks_careful'


@dataclass(frozen=True)
class Scored:
    """A part of a set on which models are scored."""

    name: str
    data: Path
    labels: str = ''     # folder of the labels in data; '' = its own
    whole: bool = False  # all of data instead of the split's test part


@dataclass(frozen=True)
class LabelSet:
    """Labels to train on, and what is scored."""

    name: str
    data: Path
    scored: tuple[Scored, ...]


def drawn_by_hand(data: Path) -> LabelSet:
    """Return a person's labels: scored against themselves and masks_careful where there are."""
    scored = [Scored('labels', data)]
    if (data / CAREFUL).is_dir():
        scored.append(Scored('careful', data, CAREFUL))
    return LabelSet(data.name, data, tuple(scored))


def exact(folder: Path, frames: int, frames_of_other: int) -> LabelSet:
    """Return one drive with exact labels and a part of another track, drawn where missing."""
    drives = ((folder / 'drive', DRIVE_SEED, frames),
              (folder / 'other_track', OTHER_SEED, frames_of_other))
    for place, seed, count in drives:
        draw_drive(place, seed, count)
    return LabelSet('synthetic', folder / 'drive', (
        Scored('same drive', folder / 'drive'),
        Scored('another track', folder / 'other_track', whole=True)))


def draw_drive(place: Path, seed: int, count: int) -> None:
    """Draw frames of a synthetic drive into a folder, with exact masks, where they are missing."""
    for part in ('images', 'masks'):
        (place / part).mkdir(parents=True, exist_ok=True)
    names = [f'drive_{number:05d}' for number in range(count)]
    if (place / 'masks' / f'{names[-1]}.png').is_file():
        return
    for name, frame in zip(names, drive(seed, SPEED, count / RATE, RATE)):
        write_image(place / 'images' / f'{name}.jpg', frame.image)
        write_image(place / 'masks' / f'{name}.png', frame.mask)
    print(f'drew {count} frames of the synthetic drive {seed}', file=sys.stderr)


def deal(label_set: LabelSet, how: str, share: float, file: Path) -> tuple[int, str]:
    """
    Write the split of a run.

    :param how: blocks of time, or random frames: parts of the same sizes, dealt by chance.
    :param share: of the training frames that are kept, evenly spaced in time.
    :returns: the number of training frames, and what was done in words.
    """
    found = read_dataset(label_set.data)
    split = make_split(found.samples)
    if how == 'random':
        stems = np.random.default_rng(0).permutation([one.stem for one in found.samples]).tolist()
        cuts = np.cumsum([len(split.train), len(split.val), len(split.test)])
        split = Split(tuple(stems[:cuts[0]]), tuple(stems[cuts[0]:cuts[1]]),
                      tuple(stems[cuts[1]:cuts[2]]), 'random frames')
    count = max(1, round(share * len(split.train)))
    kept = np.linspace(0, len(split.train) - 1, count).round().astype(int)
    split = Split(tuple(split.train[index] for index in kept), split.val, split.test, split.how)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_split(split, file)
    return count, split.how


def held_back(scored: Scored, file: Path) -> Source:
    """
    Return the images to score a run on: those of its split's test part that have such labels.

    :raises UserError: when there are none.
    """
    source = open_source(str(scored.data), scored.labels, part='all')
    if scored.whole:
        return source
    test = set(read_split(file).test)
    data = read_dataset(scored.data, scored.labels)
    part = [sample for sample in data.samples if sample.stem in test]
    if not part:
        raise UserError(f'no frame of the test part of {scored.data} has a label in '
                        f'{scored.labels or "its masks"}')

    def images() -> Iterator[Labeled]:
        for sample in part:
            yield Labeled(sample.stem, sample.recording, *load_sample(sample))
    return source._replace(count=len(part), images=images)

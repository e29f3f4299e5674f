# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Labelled images to score: a part of a data set, or the synthetic world."""

from __future__ import annotations

import re
from typing import Any
from typing import Callable
from typing import Iterator
from typing import NamedTuple
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError

SYNTHETIC = 'synthetic:'


class Labeled(NamedTuple):
    """An image with its label."""

    name: str
    recording: str                  # images of one recording follow each other in time
    image: NDArray[np.uint8]        # (H, W, 3) BGR
    label: NDArray[np.uint8]        # (H, W): 0, 255, or between: not judged


class Source(NamedTuple):
    """Images to score, and what a report says about them."""

    count: int
    images: Callable[[], Iterator[Labeled]]
    description: dict[str, Any]     # keys of the report's ``data``
    problems: list[str]             # grows while the images are read


def open_source(
    data: str, labels: str = '', split: str = '', part: str = 'auto', count: int = 200,
    classes: tuple[str, ...] = (), at_most: int | None = None,
    models: Sequence[str] = (),
) -> Source:
    """
    Find the images to score.

    :param data: a folder, or ``synthetic:SEED``.
    :param labels: where the folder's labels are; see ``read_dataset``.
    :param split: a split file; '' takes the folder's split.json or makes one.
    :param part: train, val, test, all; auto: test where the folder has a split.json or a split
        was named, otherwise all.
    :param count: images of the synthetic world.
    :param at_most: so many of a folder's images, evenly spaced; None: all.
    :param classes: of COCO or labelme labels, that are markings; none: all.
    :param models: to be scored; where pictures were in their training, that is a problem, unless
        part is train or val.
    :raises UserError: when there is nothing to score or a model does not exist.
    """
    seed = synthetic_seed(data)
    if seed is not None:
        if classes:
            raise UserError(f'the synthetic world has no classes, such as {classes[0]}')
        return _synthetic(data, seed, count)
    from lane_perception.data.readers import read_dataset
    from lane_perception.data.splits import SPLIT_FILE
    from lane_perception.data.splits import choose_split
    found = read_dataset(data, labels, classes)
    if part == 'auto':
        part = 'test' if split or (found.path / SPLIT_FILE).is_file() else 'all'
    samples, how = list(found.samples), ''
    if part != 'all':
        chosen = choose_split(found, split)
        by_stem = found.by_stem()
        samples = [by_stem[stem] for stem in chosen.part(part) if stem in by_stem]
        how = split or chosen.how
    if not samples:
        raise UserError(f'{data} has no labelled image in its part {part}')
    samples.sort(key=lambda one: (one.recording, one.time, one.stem))
    if at_most is not None and at_most < len(samples):
        samples = [samples[number]
                   for number in np.linspace(0, len(samples) - 1, at_most).round().astype(int)]
    problems = list(found.problems)
    if models and part not in ('train', 'val'):
        from lane_perception.evaluation.trained_on import seen_in_training
        problems += seen_in_training(models, found, [sample.stem for sample in samples])

    def images() -> Iterator[Labeled]:
        from lane_perception.data.samples import load_sample
        for sample in samples:
            try:
                image, label = load_sample(sample)
            except UserError as error:
                problems.append(str(error))
                continue
            yield Labeled(sample.stem, sample.recording, image, label)
    description = {'path': data, 'labels': labels, 'format': found.format, 'part': part,
                   'split': how}
    return Source(len(samples), images, description, problems)


def synthetic_seed(data: str) -> int | None:
    """
    Return the seed of ``synthetic:SEED``, None for anything else, such as a folder.

    :raises UserError: when SEED is not a whole number.
    """
    if not data.startswith(SYNTHETIC):
        return None
    text = data[len(SYNTHETIC):]
    if not re.fullmatch('[0-9]{1,18}', text):
        raise UserError(f'{data} should be {SYNTHETIC}SEED, where SEED is a whole number of at '
                        'most 18 digits')
    return int(text)


def _synthetic(data: str, seed: int, count: int) -> Source:
    def images() -> Iterator[Labeled]:
        from lane_perception.data.synthetic import sample
        for index in range(count):
            drawn = sample(seed, index)
            # Every image has a track and a camera of its own: each is a recording.
            yield Labeled(f'{data}/{index}', str(index), drawn.image, drawn.mask)
    description = {'path': data, 'labels': '', 'format': 'synthetic world', 'part': 'all',
                   'split': ''}
    return Source(count, images, description, [])

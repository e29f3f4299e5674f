# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The synthetic world, drawn once into a folder at the network's input size."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import write_image
from lane_perception.errors import UserError
from lane_perception.evaluation.data_sources import synthetic_seed
from lane_perception.json_file import write_json
from lane_perception.progress import Progress
from lane_perception.training.recipe import Recipe
from lane_perception.training.targets import make_sample
from lane_perception.worker_pool import worker_pool

UNJUDGED = 255                    # in a cached mask, whose other values are coverage, 0 to 254
VALIDATION_SEED_OFFSET = 500_000  # added to a seed for validation; tests use 1_000_000 up
DRAWN_AS = 'world.json'           # says what the samples beside it were drawn with


class SyntheticCache:
    """Samples of the synthetic world, drawn once into a folder at the network's input size."""

    def __init__(
        self, folder: Path, seed: int, count: int, height: int, width: int, trackless: float,
    ) -> None:
        """
        Describe the cache; :meth:`fill` draws what is missing.

        :param folder: for the files; made when missing.
        :param trackless: share of pictures without any track, 0 to 1.
        """
        self.folder = Path(folder) / f'seed_{seed}_{width}x{height}'
        self.trackless = trackless
        self.seed = seed
        self.count = count
        self.height = height
        self.width = width

    @classmethod
    def of(cls, recipe: Recipe, folder: Path, seed: int, count: int) -> SyntheticCache:
        """Describe that of a run in a folder, at its recipe's input size."""
        return cls(Path(recipe.cache or folder / 'cache'), seed, count, recipe.input_height,
                   recipe.input_width, recipe.trackless)

    def __len__(self) -> int:
        """Return how many samples there are."""
        return self.count

    def _paths(self, index: int) -> tuple[Path, Path]:
        # A thousand to a folder, so that listing one stays quick.
        stem = self.folder / f'{index // 1000:03d}' / f'{index:06d}'
        return stem.with_suffix('.jpg'), stem.with_suffix('.png')

    def missing(self) -> list[int]:
        """Return the indices that are not drawn yet."""
        return [index for index in range(self.count) if not self._paths(index)[1].is_file()]

    def fill(self, processes: int) -> None:
        """
        Draw what is missing, with that many processes; goes on where it was interrupted.

        :raises UserError: when the folder holds samples that were drawn otherwise.
        """
        self._check_kind()
        missing = self.missing()
        if not missing:
            return
        for part in {index // 1000 for index in missing}:
            (self.folder / f'{part:03d}').mkdir(parents=True, exist_ok=True)
        with Progress('pictures of the synthetic world drawn') as progress:
            for _ in progress.each(self._draw_all(missing, processes), len(missing)):
                pass

    def _check_kind(self) -> None:
        """Note in the folder how its samples are drawn, or refuse those that were otherwise."""
        from lane_perception.data.synthetic.settings import WORLD_VERSION
        kind = {'world_version': WORLD_VERSION, 'trackless': self.trackless}
        note = self.folder / DRAWN_AS
        if note.is_file():
            try:
                found = json.loads(note.read_text(encoding='utf-8'))
            except ValueError as error:
                raise UserError(f'{note} is damaged; delete {self.folder} to draw it again'
                                ) from error
            if found != kind:
                raise UserError(
                    f'{self.folder} holds samples of another kind ({_listed(found)}) than asked '
                    f'for ({_listed(kind)}); give another folder with cache=, or delete this one')
        elif next(self.folder.glob('*/*.png'), None):
            print(f'{self.folder} does not say how its samples were drawn; they are taken for '
                  f'{_listed(kind)}', file=sys.stderr)
        else:
            write_json(note, kind)

    def _draw_all(self, indices: list[int], processes: int) -> Iterator[None]:
        if processes < 2 or len(indices) < 4:
            yield from map(self.draw, indices)
            return
        with worker_pool(processes) as pool:
            yield from pool.imap_unordered(self.draw, indices, chunksize=4)

    def draw(self, index: int) -> None:
        """Draw one sample and write its two files; the mask, written last, marks it whole."""
        from lane_perception.data.synthetic import sample
        from lane_perception.data.synthetic import trackless
        from lane_perception.data.synthetic import WorldSettings
        has_track = np.random.default_rng((self.seed, index)).random() >= self.trackless
        # Drawn at the network's size, a coarser or finer sensor included: labels stay exact.
        settings = WorldSettings(size=(self.width, self.height))
        drawn = (sample if has_track else trackless)(self.seed, index, settings)
        image, target = make_sample(drawn.image, drawn.mask, self.height, self.width)
        values = np.where(target[..., 1] > 0, np.minimum(target[..., 0], 254), UNJUDGED)
        picture, mask = self._paths(index)
        write_image(picture, image)
        write_image(mask, values.astype(np.uint8))

    def load(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return picture and target; see :class:`Source`."""
        picture, mask = self._paths(index)
        image = cv2.imread(str(picture), cv2.IMREAD_COLOR)
        values = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
        shape = (self.height, self.width)
        if (image is None or values is None
                or image.shape[:2] != shape or values.shape != shape):
            raise UserError(f'{picture} or {mask.name} is damaged; delete both to draw them again')
        judged = values != UNJUDGED
        coverage = np.where(values == 254, 255, values * judged)
        return image, np.stack([coverage, judged * 255], axis=-1).astype(np.uint8)


def _listed(kind: dict[str, float]) -> str:
    return ', '.join(f'{key}={value}' for key, value in kind.items())


def parse_synthetic(data: str) -> int | None:
    """
    Return the seed of ``synthetic:SEED``, None for anything else.

    :raises UserError: when SEED is not a number of the range for training.
    """
    seed = synthetic_seed(data)
    if seed is not None and seed >= VALIDATION_SEED_OFFSET:
        raise UserError(f'{data}: the seed should be a whole number from 0 to '
                        f'{VALIDATION_SEED_OFFSET - 1}; larger ones are kept for validation and '
                        'tests')
    return seed

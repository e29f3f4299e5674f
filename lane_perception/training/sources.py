# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where training samples come from, and the ones that people labeled."""

from __future__ import annotations

from typing import Protocol
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.samples import LabeledImage
from lane_perception.data.samples import load_sample
from lane_perception.training.targets import make_sample


class Source(Protocol):
    """Samples at the network's input size, by number."""

    def __len__(self) -> int:
        """Return how many there are."""

    def load(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """
        Return the picture (H, W, 3) uint8 BGR and the target (H, W, 2) uint8.

        :raises UserError: naming the file, when it is broken.
        """


KEPT_BYTES = 2 ** 29   # of prepared samples, by each process that loads them


class LabeledSource:
    """Pictures with labels, prepared once and kept as long as there is room for them."""

    def __init__(self, samples: Sequence[LabeledImage], height: int, width: int) -> None:
        """Take the samples of one part of a split, and the network's input size."""
        self.samples = list(samples)
        self.height = height
        self.width = width
        self._kept: dict[int, tuple[NDArray[np.uint8], NDArray[np.uint8]]] = {}
        self._room = KEPT_BYTES

    def __len__(self) -> int:
        """Return how many samples there are."""
        return len(self.samples)

    def load(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return picture and target; see :class:`Source`."""
        if index in self._kept:
            return self._kept[index]
        sample = make_sample(*load_sample(self.samples[index]), self.height, self.width)
        size = sum(part.nbytes for part in sample)
        if size <= self._room:
            self._kept[index] = sample
            self._room -= size
        return sample

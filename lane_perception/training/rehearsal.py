# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Pictures of the synthetic world among a person's labelled ones.

A network that is trained on one place forgets others (catastrophic forgetting; French, Trends in
Cognitive Sciences 3, 1999). Some of what it was trained on before, seen again in every epoch
(rehearsal; Robins, Connection Science 7, 1995), keeps much of that.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lane_perception.machine import usable_cores
from lane_perception.training.recipe import Recipe
from lane_perception.training.sources import Source
from lane_perception.training.synthetic_cache import SyntheticCache

SEED = 9   # of the world: pictures that the shipped model has not seen


class WithRehearsal:
    """A source, and drawn samples after its own."""

    def __init__(self, labeled: Source, drawn: Source) -> None:
        """Take the two."""
        self.labeled, self.drawn = labeled, drawn

    def __len__(self) -> int:
        """Return how many samples there are."""
        return len(self.labeled) + len(self.drawn)

    def load(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return picture and target; see :class:`Source`."""
        if index < len(self.labeled):
            return self.labeled.load(index)
        return self.drawn.load(index - len(self.labeled))


def with_rehearsal(labeled: Source, recipe: Recipe, folder: Path) -> Source:
    """
    Return labelled samples and, beside them, as many drawn ones as a recipe wants.

    :param folder: of the run, in which they lie unless the recipe names another place.
    :raises UserError: when that holds samples that were drawn otherwise.
    """
    count = round(recipe.rehearsal * len(labeled))
    if not count:
        return labeled
    drawn = SyntheticCache.of(recipe, folder, SEED, count)
    drawn.fill(usable_cores())
    return WithRehearsal(labeled, drawn)

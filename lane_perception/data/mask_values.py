# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Tell from the values in a data set's masks whether anything can be learnt from them."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING
from lane_perception.data.samples import LabeledImage
from lane_perception.data.samples import load_sample
from lane_perception.errors import UserError

NEARLY_FULL = 0.95   # of a mask: one with more markings shows no shape
SHOWN = 8            # values that a sentence lists
EXPECTED = '0 is background, 255 marking, anything between is not judged'


class MaskValues:
    """What values the masks of a data set hold, after reading."""

    def __init__(self) -> None:
        """Begin with no mask."""
        self.count = 0
        self.full = 0        # masks that are marking nearly everywhere
        self.sound = 0       # masks that mark something, but not nearly everything
        self._levels = np.zeros(256, np.int64)

    def add(self, mask: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Take a mask, (H, W) uint8; return how many pixels have which value, (256,)."""
        levels = np.bincount(mask.reshape(-1), minlength=256)
        self._levels += levels
        self.count += 1
        if levels[MARKING]:
            full = levels[MARKING] > NEARLY_FULL * mask.size
            self.full += int(full)
            self.sound += int(not full)
        return levels

    def fault(self) -> str:
        """Return a sentence why nothing can be learnt from these masks, '' where it can."""
        if self.sound or not self.count:
            return ''
        values = np.flatnonzero(self._levels).tolist()
        if values == [BACKGROUND]:
            return (f'all {self.count} masks are empty: they hold 0 alone, and no marking, which '
                    'would be 255')
        if self._levels[MARKING] == 0:
            more = ', ...' if len(values) > SHOWN else ''
            return (f'no mask has a marking: the {self.count} masks hold the values '
                    f'{", ".join(map(str, values[:SHOWN]))}{more}, but {EXPECTED}')
        return (f'no mask shows where markings are: {self.full} of {self.count} are 255 nearly '
                f'everywhere, the others have no 255; {EXPECTED}, and transparency is not read')


def check_masks(samples: Sequence[LabeledImage]) -> None:
    """
    Look at samples until one shows that something can be learnt; broken ones are passed over.

    :raises UserError: with what the masks hold and what is expected, when none does.
    """
    values = MaskValues()
    for sample in samples:
        try:
            values.add(load_sample(sample)[1])
        except UserError:
            continue
        if values.sound:
            return
    if values.fault():
        raise UserError(values.fault())

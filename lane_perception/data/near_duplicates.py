# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Find pictures that look alike by their perceptual hash.

The hash is imagehash's phash with 256 bits: the signs of a picture's low frequencies. On two
recordings of small track cars at about 20 to 30 frames a second, neighbors differed by 30 to 40
bits in the median, frames 40 apart by 112 to 120, copies at half size or other JPEG quality by up
to 6, and copies with changed brightness by up to 26.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError

SIDE = 16     # the hash has SIDE x SIDE bits
ALIKE = 40    # bits of 256: pictures that differ by no more are near-duplicates
_ROWS = 1024  # hashes compared at a time, to bound the memory


def perceptual_hash(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """
    Return a picture's hash.

    :param image: (H, W, 3) uint8, BGR.
    :returns: (256,) bool.
    :raises UserError: when imagehash is not installed.
    """
    try:
        from imagehash import phash
        from PIL import Image
    except ModuleNotFoundError as error:
        raise UserError('comparing pictures needs imagehash, which is not installed; '
                        'pip install imagehash') from error
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return phash(Image.fromarray(gray), hash_size=SIDE).hash.reshape(-1)


def distances(
    some: NDArray[np.bool_], others: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Return (N, M): how many bits each of (N, 256) hashes differs from each of (M, 256)."""
    signs, other_signs = (np.where(hashes, 1, -1).astype(np.float32) for hashes in (some, others))
    return ((some.shape[1] - signs @ other_signs.T) / 2).round().astype(np.int32)


def nearest(
    some: NDArray[np.bool_], others: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """
    Return for each hash the most alike of another group.

    :param some: (N, 256) hashes.
    :param others: (M, 256) hashes, M >= 1; None: the rest of some, N >= 2.
    :returns: (N,) its number in others (or some), and (N,) the bits that differ.
    """
    numbers = np.zeros(len(some), np.int64)
    fewest = np.zeros(len(some), np.int32)
    for start in range(0, len(some), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(some)))
        bits = distances(some[rows], some if others is None else others)
        if others is None:
            bits[np.arange(len(rows)), rows] = some.shape[1] + 1
        numbers[rows] = bits.argmin(axis=1)
        fewest[rows] = bits.min(axis=1)
    return numbers, fewest

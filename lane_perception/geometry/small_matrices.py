# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Symmetric positive matrices of a few numbers, by OpenCV.

numpy's solve and inv set all cores to a matrix of any size. On a processor with other work, such
as the network's runtime, these then wait for each other for milliseconds, where the sum takes
microseconds on one core.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def solve(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) or (N, M), what (N, N) times it gives the right side of the same shape."""
    column = right.reshape(len(matrix), -1)   # OpenCV 5 takes a vector for a row
    return cv2.solve(matrix, column, flags=cv2.DECOMP_CHOLESKY)[1].reshape(right.shape)


def invert(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse (N, N)."""
    return cv2.invert(matrix, flags=cv2.DECOMP_CHOLESKY)[1]

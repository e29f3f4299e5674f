# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Turn lines drawn into a mask back into polylines."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError

SHORTEST = 1.5   # of the drawn width: shorter pieces are rough ends, not lines
_SMOOTH = 3.0    # pixels: standard deviation of the smoothing along a traced line


def trace_lines(drawn: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """
    Return the middle lines of what is drawn, one polyline from junction to junction.

    :param drawn: (H, W) bool.
    :returns: (N, 2) arrays of (u, v), a point about every pixel, origin at the top left corner of
        the top left pixel; each reaches to the end of what was drawn.
    :raises UserError: when scikit-image, which thins the lines, is not installed.
    """
    try:
        from skimage.morphology import skeletonize
    except ModuleNotFoundError as error:
        raise UserError('tracing lines needs scikit-image, which is not installed; '
                        'pip install scikit-image') from error
    # A border keeps the thinned line away from the picture's edge, where it would be cut.
    padded = np.pad(np.asarray(drawn, bool), 1, mode='edge')
    thin = skeletonize(padded).astype(np.uint8)
    radius = cv2.distanceTransform(padded.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    neighbors = cv2.filter2D(thin, -1, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT)
    junctions = cv2.dilate(((thin > 0) & (neighbors > 3)).astype(np.uint8),
                           np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(thin & (1 - junctions), connectivity=8)
    rows, columns = np.nonzero(labels)
    order = np.argsort(labels[rows, columns], kind='stable')
    pixels = np.stack([rows, columns], axis=1)[order]
    pieces = np.split(pixels, np.cumsum(np.bincount(labels[rows, columns], minlength=count)[1:]))
    lines = []
    for piece in pieces[:count - 1]:
        half = float(np.median(radius[piece[:, 0], piece[:, 1]]))
        if len(piece) < max(3, SHORTEST * 2 * half):
            continue
        line = smooth(_in_order(piece)[:, ::-1] - 0.5, _SMOOTH)
        lines.append(_extended(line, half))
    return lines


def _in_order(piece: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a chain's pixels from one end to the other; a closed one from anywhere."""
    left = {tuple(pixel) for pixel in piece.tolist()}
    around = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]
    # Straight neighbors first, so that no corner pixel is skipped.
    around.sort(key=lambda step: abs(step[0]) + abs(step[1]))

    def neighbors(pixel):
        return [near for step in around
                if (near := (pixel[0] + step[0], pixel[1] + step[1])) in left]

    start = next((pixel for pixel in sorted(left) if len(neighbors(pixel)) == 1), min(left))
    chain = [start]
    left.remove(start)
    while following := neighbors(chain[-1]):
        chain.append(following[0])
        left.remove(following[0])
    return np.array(chain, np.float64)


def smooth(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """
    Return (N, C) values smoothed along N by a Gaussian; the ends stay where they are.

    :param sigma: in samples.
    """
    reach = max(1, min(int(3 * sigma), len(values) - 1))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    # Mirrored through the end points, a straight line stays straight up to its ends.
    before = 2 * values[:1] - values[reach:0:-1]
    after = 2 * values[-1:] - values[-2:-reach - 2:-1]
    padded = np.concatenate([before, values, after])
    return np.stack([np.convolve(padded[:, column], kernel, 'valid')
                     for column in range(values.shape[1])], axis=1)


def _extended(line: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    """Return a line that goes on straight at both ends: thinning takes half the width there."""
    reach = min(len(line) - 1, max(3, round(2 * by)))
    steps = np.arange(1, max(2, round(by)) + 1)[:, None]
    head = line[0] - line[reach]
    tail = line[-1] - line[-1 - reach]
    head /= max(np.hypot(*head), 1e-9)
    tail /= max(np.hypot(*tail), 1e-9)
    return np.concatenate([(line[0] + steps * head)[::-1], line, line[-1] + steps * tail])


def resample(line: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Return the polyline's points at equal distances of about step pixels, ends included."""
    lengths = np.hypot(*np.diff(line, axis=0).T)
    line = line[np.concatenate([[True], lengths > 1e-9])]
    along = np.concatenate([[0.0], np.cumsum(lengths[lengths > 1e-9])])
    if along[-1] == 0:
        return line
    places = np.linspace(0, along[-1], max(2, round(along[-1] / step) + 1))
    return np.stack([np.interp(places, along, line[:, axis]) for axis in (0, 1)], axis=1)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
How far the figures would move had other images been drawn: a bootstrap over blocks.

Neighbouring frames of a recording look alike, so single images are no independent draws, and
intervals from resampling them would be far too narrow. Blocks of consecutive images are resampled
instead (Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of
Statistics 17, 1989).
"""

from __future__ import annotations

from math import inf
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lane_perception.evaluation.line_f1 import line_figures
from lane_perception.evaluation.metrics import matrix_figures
from lane_perception.evaluation.metrics import ratio
from lane_perception.evaluation.set_score import JudgedImages

RESAMPLES = 2000
BLOCKS = 20              # the set is cut into about so many blocks
SHORTEST_BLOCK = 5       # images
FEWEST_BLOCKS = 4        # below that, no interval is given
LEVEL = 0.95
SEED = 0                 # two runs give the same interval
NORMAL = 1.959964        # standard deviations within which 95 % of a normal distribution lie
# Of the expansion of Student's quantile in one over the degrees of freedom, over NORMAL.
STUDENT = ((NORMAL ** 2 + 1) / 4, (5 * NORMAL ** 4 + 16 * NORMAL ** 2 + 3) / 96,
           (3 * NORMAL ** 6 + 19 * NORMAL ** 4 + 17 * NORMAL ** 2 - 15) / 384)

METRICS = ('lane_iou', 'miou', 'miou_per_image', 'precision', 'recall', 'f1', 'line_f1',
           'center_mae_px')
# What is summed over images: metrics.confusion, a row of LineScore.hits, mIoU, images, absolute
# centre errors (pixels), images with such an error.
SUMS = ('true_positive', 'false_positive', 'false_negative', 'true_negative', 'predicted_hits',
        'predicted', 'labelled_hits', 'labelled', 'miou', 'images', 'center_errors',
        'center_pairs')


def bootstrap(
    images: JudgedImages, other: JudgedImages | None = None,
) -> dict[str, Any] | None:
    """
    Return the figures' 95 % intervals, or those of the differences to another score's.

    :param images: in their order in time.
    :param other: the same images, scored otherwise, in the same order; the intervals are then
        those of the figures of images minus those of other, drawn in pairs.
    :returns: ``block_images``, ``blocks``, ``resamples``, and ``interval``: metric to [low, high];
        None when there are too few images.
    """
    return bootstrap_sums(_sums(images), None if other is None else _sums(other))


def bootstrap_sums(
    sums: NDArray[np.float64], other: NDArray[np.float64] | None = None,
) -> dict[str, Any] | None:
    """Return what :func:`bootstrap` does, from the sums of single images or of blocks of them."""
    starts, length = _blocks(sums)
    if len(starts) < FEWEST_BLOCKS:
        return None
    random = np.random.default_rng(SEED)
    weights = random.multinomial(len(starts), np.full(len(starts), 1 / len(starts)), RESAMPLES)
    weights = np.vstack((weights, np.ones_like(weights[0])))   # last, each block once
    drawn = _figures(weights @ np.add.reduceat(sums, starts))
    if other is not None:
        second = _figures(weights @ np.add.reduceat(other, starts))
        drawn = {metric: drawn[metric] - second[metric] for metric in drawn}
    interval = {metric: _interval(drawn[metric][:-1], drawn[metric][-1], len(starts))
                for metric in METRICS if not np.isnan(drawn[metric]).all()}
    if other is None:   # no figure is below 0, and but for the centre's none is above 1
        interval = {metric: np.clip(edges, 0.0, inf if metric == 'center_mae_px' else 1.0)
                    for metric, edges in interval.items()}
    interval = {metric: [float(edge) for edge in edges] for metric, edges in interval.items()}
    return {'interval': interval, 'block_images': length, 'blocks': len(starts),
            'resamples': RESAMPLES}


def _interval(drawn: NDArray[np.float64], value: float, blocks: int) -> NDArray[np.float64]:
    """
    Return low and high, (2,), of a figure.

    Percentiles of the resamples of few blocks lie too near to each other, by as much as a normal
    distribution's do in place of Student's; they are moved away from the figure by that.
    """
    edges = np.nanpercentile(drawn, (100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2))
    freedom = blocks - 1
    # Student's quantile over the normal one (Abramowitz and Stegun, 26.7.5).
    wider = 1.0 + sum(part / freedom ** power for power, part in enumerate(STUDENT, 1))
    return value + (edges - value) * wider * sqrt(blocks / freedom)


def block_sums(images: JudgedImages) -> NDArray[np.float64]:
    """Return (B, len(SUMS)): the sums over each block of a set, from which sets can be joined."""
    sums = _sums(images)
    starts, _ = _blocks(sums)
    return np.add.reduceat(sums, starts) if len(starts) else sums


def _blocks(sums: NDArray[np.float64]) -> tuple[NDArray[np.intp], int]:
    """Return the rows of sums with which blocks begin, and the images of a block."""
    images = sums[:, SUMS.index('images')]
    length = max(SHORTEST_BLOCK, round(images.sum() / BLOCKS))
    return np.unique((np.cumsum(images) - images) // length, return_index=True)[1], length


def _sums(images: JudgedImages) -> NDArray[np.float64]:
    """Return (N, len(SUMS)), a row an image."""
    errors = np.abs(images.center_errors)
    return np.column_stack([
        images.confusion, images.line_hits, matrix_figures(images.confusion)['miou'],
        np.ones(len(errors)), np.nan_to_num(errors), ~np.isnan(errors)])


def _figures(sums: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return (N,) of each metric, from (N, len(SUMS))."""
    miou, images, errors, pairs = sums[:, 8:].T
    return {
        **matrix_figures(sums[:, :4]),
        'miou_per_image': miou / images,
        'line_f1': line_figures(sums[:, 4:8]).f1,
        'center_mae_px': ratio(errors, pairs, np.nan),
    }

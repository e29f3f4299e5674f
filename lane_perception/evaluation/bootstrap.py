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

METRICS = ('lane_iou', 'miou', 'miou_per_image', 'precision', 'recall', 'f1', 'line_f1',
           'center_mae_px')


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
    count = len(images.names)
    length = max(SHORTEST_BLOCK, round(count / BLOCKS))
    starts = np.arange(0, count, length)
    if len(starts) < FEWEST_BLOCKS:
        return None
    random = np.random.default_rng(SEED)
    weights = random.multinomial(len(starts), np.full(len(starts), 1 / len(starts)), RESAMPLES)
    drawn = _resampled(images, starts, weights)
    if other is not None:
        second = _resampled(other, starts, weights)
        drawn = {metric: drawn[metric] - second[metric] for metric in drawn}
    edges = (100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2)
    interval = {metric: [float(edge) for edge in np.nanpercentile(drawn[metric], edges)]
                for metric in METRICS if not np.isnan(drawn[metric]).all()}
    return {'interval': interval, 'block_images': int(length), 'blocks': len(starts),
            'resamples': RESAMPLES}


def _resampled(
    images: JudgedImages, starts: NDArray[np.int64], weights: NDArray[np.int64],
) -> dict[str, NDArray[np.float64]]:
    """Return (resamples,) of each metric, from sums over blocks times how often each is drawn."""
    def drawn(values: NDArray[Any]) -> NDArray[np.float64]:
        return weights @ np.add.reduceat(np.asarray(values, float), starts, axis=0)
    errors = np.abs(images.center_errors)
    per_image = matrix_figures(images.confusion)['miou']
    return {
        **matrix_figures(drawn(images.confusion)),
        'miou_per_image': drawn(per_image) / drawn(np.ones(len(per_image))),
        'line_f1': line_figures(drawn(images.line_hits)).f1,
        'center_mae_px': ratio(drawn(np.nan_to_num(errors)), drawn(~np.isnan(errors)), np.nan),
    }

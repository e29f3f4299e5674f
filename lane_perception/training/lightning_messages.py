# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What Lightning says during a run: its progress bar, and what of its messages is left out."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import Any
from typing import Iterator

import lightning
from lightning.pytorch.callbacks import TQDMProgressBar

ADVERTISEMENT = '\N{ELECTRIC LIGHT BULB} Tip: For seamless cloud'
WARNINGS = (
    '.*(num_workers|does not have many workers)',   # the recipe's workers is meant
    r'`isinstance\(treespec, LeafSpec\)` is deprecated',   # between Lightning and torch
)


class ProgressBar(TQDMProgressBar):
    """A bar with the scores alone."""

    def get_metrics(
        self, trainer: lightning.Trainer, module: lightning.LightningModule,
    ) -> dict[str, Any]:
        """Return what stands behind the bar: Lightning adds the name of the TensorBoard folder."""
        metrics = super().get_metrics(trainer, module)
        metrics.pop('v_num', None)
        return metrics


@contextmanager
def without_noise() -> Iterator[None]:
    """Keep back Lightning's advertisements, and its warnings that ask nothing of a user."""
    log = logging.getLogger('lightning.pytorch.utilities.rank_zero')
    log.addFilter(_is_no_advertisement)
    try:
        with warnings.catch_warnings():
            for message in WARNINGS:
                warnings.filterwarnings('ignore', message=message)
            yield
    finally:
        log.removeFilter(_is_no_advertisement)


def _is_no_advertisement(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(ADVERTISEMENT)

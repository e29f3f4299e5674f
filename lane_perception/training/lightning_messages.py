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
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm

from lane_perception.training.schedule import Schedule

BAR = '{l_bar}{bar}| {n_fmt}/{total_fmt} [{rate_noinv_fmt}{postfix}]'   # of an epoch
ADVERTISEMENT = '\N{ELECTRIC LIGHT BULB} Tip: For seamless cloud'
WARNINGS = (
    '.*(num_workers|does not have many workers)',   # the recipe's workers is meant
    r'`isinstance\(treespec, LeafSpec\)` is deprecated',   # between Lightning and torch
)


class ProgressBar(TQDMProgressBar):
    """A bar for each epoch, with its number of all, the time left of the run, and the scores."""

    def __init__(self, schedule: Schedule, refresh_rate: int) -> None:
        """
        Say how far the run is, and how often to draw.

        :param schedule: of the run; called before this one.
        :param refresh_rate: batches from one drawing to the next.
        """
        super().__init__(refresh_rate=refresh_rate)
        self._schedule = schedule

    def init_train_tqdm(self) -> Tqdm:
        """Return Lightning's bar without the time left of the epoch alone."""
        bar = super().init_train_tqdm()
        bar.bar_format = BAR
        return bar

    def on_train_epoch_start(self, trainer: lightning.Trainer, *more: Any) -> None:
        """Begin the epoch's bar; Lightning would count the epochs from 0."""
        self._describe(trainer)
        self.train_progress_bar.reset(self.total_train_batches)

    def on_train_batch_end(self, trainer: lightning.Trainer, *more: Any) -> None:
        """Go on by a batch."""
        self._describe(trainer)
        super().on_train_batch_end(trainer, *more)

    def _describe(self, trainer: lightning.Trainer) -> None:
        """Set what stands before the bar; the bar's next change draws it."""
        left = self._schedule.seconds_left(trainer.global_step)
        text = f'Epoch {trainer.current_epoch + 1}/{trainer.max_epochs}'
        if left is not None:
            text += f', {Tqdm.format_interval(left)} left'
        self.train_progress_bar.set_description(text, refresh=False)

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

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""End a run in a sentence where its loss is no number any more, before anything is written."""

from __future__ import annotations

from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn

from lane_perception.errors import UserError


def check_weights(module: nn.Module, epoch: int) -> None:
    """Raise UserError where a weight or a buffer of a module is NaN or infinite."""
    for value in module.state_dict().values():
        if not torch.isfinite(value).all():
            raise UserError(_sentence('a weight', f'after epoch {epoch}'))


def _sentence(what: str, where: str) -> str:
    return (f'{what} is no longer finite (NaN or infinite) {where}; begin a new run with a lower '
            'learning_rate, a smaller gradient_clip that is not 0, or precision=fp32')


class FiniteLoss(Callback):
    """
    Raise UserError at the first step whose loss is NaN or infinite.

    Under fp16 a step may be: its loss scaling skips it. There a whole epoch of them ends the run.
    """

    def __init__(self, precision: str) -> None:
        """Take the precision that the run really has: fp32, bf16 or fp16."""
        self.skips = precision == 'fp16'
        self._any_finite = False

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, module: lightning.LightningModule,
    ) -> None:
        """Begin to count."""
        self._any_finite = False

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, outputs: Any,
        batch: Any, index: int,
    ) -> None:
        """Look at the loss of a step."""
        if torch.isfinite(outputs['loss']):
            self._any_finite = True
        elif not self.skips:
            raise UserError(_sentence(
                'the loss', f'in epoch {trainer.current_epoch}, batch {index}'))

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule,
    ) -> None:
        """Look whether any step was worth its time."""
        if not self._any_finite:
            raise UserError(_sentence('the loss', f'in all of epoch {trainer.current_epoch}'))

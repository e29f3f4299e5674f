# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The learning rate over a run: warm-up, then a cosine to the end, by steps or by the clock."""

from __future__ import annotations

import math
import time
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback


def learning_rate_factor(step: int, progress: float, warmup_steps: int, final: float) -> float:
    """
    Return the share of the peak learning rate.

    :param step: optimizer steps done.
    :param progress: 0 at the start of the run to 1 at its end.
    :param warmup_steps: steps of linear rise.
    :param final: the share at progress 1.
    """
    cosine = final + (1 - final) * 0.5 * (1 + math.cos(math.pi * min(max(progress, 0.0), 1.0)))
    return cosine * min(1.0, (step + 1) / max(1, warmup_steps))


class Schedule(Callback):
    """
    Set the learning rate before each step, and end the run when its time is over.

    With a time limit, progress is the larger of the share of steps and the share of time, so the
    cosine ends with the time; such a run does not repeat bit for bit. The time spent so far is
    kept in the checkpoint.
    """

    def __init__(
        self, total_steps: int, warmup_steps: int, final: float, max_minutes: float,
    ) -> None:
        self.total_steps = total_steps
        self.warmup_steps = warmup_steps
        self.final = final
        self.max_seconds = max_minutes * 60
        self._over = False
        self._spent = 0.0
        self._started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Return the seconds of training so far, those before a resumption included."""
        return self._spent + time.monotonic() - self._started

    def seconds_left(self, steps: int) -> float | None:
        """
        Return how long the run still takes at its pace so far; None before the first step.

        :param steps: optimizer steps done.
        """
        elapsed = self.elapsed
        progress = self._progress(steps, elapsed)
        return max(0.0, elapsed / progress - elapsed) if progress else None

    def _progress(self, steps: int, elapsed: float) -> float:
        """Return the share of the run that is done, which is above 1 when its time is over."""
        progress = steps / max(1, self.total_steps)
        return max(progress, elapsed / self.max_seconds) if self.max_seconds else progress

    def on_train_start(
        self, trainer: lightning.Trainer, module: lightning.LightningModule,
    ) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def on_train_batch_start(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, batch: Any,
        index: int,
    ) -> None:
        """Set each group's learning rate to its own peak times the factor."""
        elapsed = self.elapsed
        if self.max_seconds:
            # The first process's clock counts for all, or their weights would part.
            elapsed = trainer.strategy.broadcast(elapsed)
            self._over = elapsed >= self.max_seconds
        progress = self._progress(trainer.global_step, elapsed)
        factor = learning_rate_factor(trainer.global_step, progress, self.warmup_steps, self.final)
        for group in trainer.optimizers[0].param_groups:
            group['lr'] = group['peak_lr'] * factor
            module.log(f'lr_{group["name"]}', group['lr'], batch_size=1)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, outputs: Any,
        batch: Any, index: int,
    ) -> None:
        """Stop when the time is over."""
        if self._over:
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {'elapsed': self.elapsed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what a checkpoint kept."""
        self._spent = state['elapsed']


def parameter_groups(
    network: torch.nn.Module, learning_rate: float, encoder_learning_rate: float,
    weight_decay: float,
) -> list[dict[str, Any]]:
    """
    Return AdamW's groups: encoder and the rest, each with and without weight decay.

    Biases and batch normalization are not decayed. The encoder is the network's ``encoder``
    attribute; without one, or with an encoder learning rate of 0, all layers share one rate.
    """
    encoder = getattr(network, 'encoder', None)
    in_encoder = {id(parameter) for parameter in encoder.parameters()} if encoder else set()
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for parameter in network.parameters():
        key = (id(parameter) in in_encoder and encoder_learning_rate > 0, parameter.ndim > 1)
        groups.setdefault(key, []).append(parameter)
    return [{
        'params': parameters,
        'lr': encoder_learning_rate if is_encoder else learning_rate,
        'peak_lr': encoder_learning_rate if is_encoder else learning_rate,
        'weight_decay': weight_decay if decays else 0.0,
        'name': ('encoder' if is_encoder else 'head') + ('' if decays else '_no_decay'),
    } for (is_encoder, decays), parameters in sorted(groups.items())]

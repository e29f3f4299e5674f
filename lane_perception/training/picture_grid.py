# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Show validation pictures in TensorBoard: input, label, prediction, error."""

from __future__ import annotations

from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torchvision.utils import make_grid

from lane_perception.training.batches import Batch
from lane_perception.training.lane_training import LaneTraining
from lane_perception.training.lane_training import at_size

PICTURES = 4


class PictureGrid(Callback):
    """Log a row of four pictures for each of the first validation samples, once per epoch."""

    def __init__(self) -> None:
        self._rows: list[torch.Tensor] = []

    def on_validation_batch_end(
        self, trainer: lightning.Trainer, module: LaneTraining, outputs: Any, batch: Batch,
        index: int, dataloader_index: int = 0,
    ) -> None:
        """Keep the first batch's pictures."""
        if index > 0:
            return
        images = batch['image'][:PICTURES].float() / 255
        coverage, judged = (batch['target'][:PICTURES].float() / 255).split(1, dim=1)
        with torch.no_grad():
            probability = at_size(torch.sigmoid(module(batch['image'][:PICTURES])), coverage)
        error = (probability - coverage) * judged
        # Red where a marking was seen that is none, blue where one was missed.
        signed = torch.cat([error.clamp(min=0), torch.zeros_like(error), (-error).clamp(min=0)], 1)
        gray = [values.expand(-1, 3, -1, -1) for values in (coverage, probability)]
        rows = torch.stack([images, *gray, signed], dim=1)
        self._rows = list(rows.flatten(0, 1).cpu())

    def on_validation_epoch_end(
        self, trainer: lightning.Trainer, module: LaneTraining,
    ) -> None:
        """Write the grid."""
        if self._rows and trainer.logger is not None:
            trainer.logger.experiment.add_image(
                'input, label, probability, error', make_grid(self._rows, nrow=4),
                trainer.global_step)

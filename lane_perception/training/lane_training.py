# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One training step and one validation step, for Lightning."""

from __future__ import annotations

import lightning
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from lane_perception.networks import build_network
from lane_perception.networks import find_network
from lane_perception.training.batches import Batch
from lane_perception.training.losses import LOSSES
from lane_perception.training.recipe import Recipe
from lane_perception.training.schedule import parameter_groups
from lane_perception.training.threshold_sweep import ThresholdSweep


class LaneTraining(lightning.LightningModule):
    """
    A network in training.

    The loss is counted at the size of the labels: where the network's output is smaller, its
    logits are interpolated linearly first, as the probabilities are in use.
    """

    def __init__(self, recipe: Recipe) -> None:
        """Build the network that the recipe names."""
        super().__init__()
        self.recipe = recipe
        entry = find_network(recipe.architecture)
        self.network = build_network(recipe.architecture, recipe.pretrained)
        self.loss = LOSSES[recipe.loss]
        shape = (1, 3, 1, 1)
        self.mean = nn.Buffer(torch.tensor(entry.mean).view(shape) * 255, persistent=False)
        self.std = nn.Buffer(torch.tensor(entry.std).view(shape) * 255, persistent=False)
        self.sweep = ThresholdSweep()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return (N, 1, h, w) logits of (N, 3, H, W) uint8 RGB pictures."""
        return self.network(self._normalized(images))

    def _normalized(self, images: torch.Tensor) -> torch.Tensor:
        return (images.float() - self.mean) / self.std

    def training_step(self, batch: Batch, index: int) -> torch.Tensor:
        """Return the loss of a batch."""
        pixels = self._normalized(batch['image'])
        target, judged = (batch['target'].float() / 255).split(1, dim=1)
        if hasattr(self.network, 'forward_with_auxiliary'):
            logits, auxiliary = self.network.forward_with_auxiliary(pixels)
            loss = self.loss(at_size(logits, target), target, judged)
            loss = loss + self.recipe.auxiliary_weight * self.loss(
                at_size(auxiliary, target), target, judged)
        else:
            loss = self.loss(at_size(self.network(pixels), target), target, judged)
        self.log('loss', loss, prog_bar=True, on_step=False, on_epoch=True,
                 batch_size=len(target))
        return loss

    def on_train_epoch_start(self) -> None:
        """Let what drops out depend on the epoch alone, so that a run can go on with any."""
        entropy = self.recipe.seed, self.current_epoch, self.global_rank
        torch.manual_seed(int(np.random.SeedSequence(entropy).generate_state(1)[0]))

    def on_validation_epoch_start(self) -> None:
        """Begin a new sweep."""
        self.sweep = ThresholdSweep()

    def validation_step(self, batch: Batch, index: int) -> None:
        """Add a batch to the sweep."""
        target, judged = (batch['target'].float() / 255).split(1, dim=1)
        logits = self(batch['image']).float()
        loss = self.loss(at_size(logits, target), target, judged)
        self.log('val_loss', loss, batch_size=len(target), sync_dist=True)
        probability = at_size(torch.sigmoid(logits), target)
        self.sweep.add(probability.cpu(), target.cpu(), judged.cpu(), batch['index'].cpu())

    def on_validation_epoch_end(self) -> None:
        """Choose the threshold and log the scores at it."""
        best = self.sweep.result()
        for key in ('lane_iou', 'miou', 'miou_per_image', 'threshold'):
            self.log(f'val_{key}', best[key], prog_bar=key == 'lane_iou', sync_dist=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return AdamW over the recipe's parameter groups."""
        return torch.optim.AdamW(parameter_groups(
            self.network, self.recipe.learning_rate, self.recipe.encoder_learning_rate,
            self.recipe.weight_decay))


def at_size(values: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return values in float32 at target's size, interpolated linearly between pixel centers."""
    values = values.float()
    if values.shape[2:] == target.shape[2:]:
        return values
    return functional.interpolate(values, target.shape[2:], mode='bilinear', align_corners=False)

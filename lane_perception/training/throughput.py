# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Hold training's throughput against a plain PyTorch loop with the same network.

Both take turns in one run, some steps each: training with its loading, augmentation, averaging,
schedule and logging through Lightning; the plain loop on one batch that lies ready, with the same
network, optimizer, precision and loss, and nothing else.
"""

from __future__ import annotations

import copy
import dataclasses
import tempfile
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any
from typing import Sequence

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from numpy.typing import NDArray

from lane_perception.training.batches import Batch
from lane_perception.training.lane_training import LaneTraining
from lane_perception.training.lane_training import at_size
from lane_perception.training.recipe import Recipe
from lane_perception.training.run import RunData
from lane_perception.training.run import choose_precision
from lane_perception.training.run import train
from lane_perception.training.targets import make_sample

BLOCK = 8       # steps of one side before the other has its turn
BLOCKS = 4      # turns of each that are counted, after one to warm up
DTYPES = {'bf16': torch.bfloat16, 'fp16': torch.float16}


@dataclasses.dataclass
class Throughput:
    """What was counted."""

    training: float       # images a second
    plain: float          # images a second
    waiting: float        # share of training's time in which it waits for a batch, 0 to 1
    precision: str
    batch_size: int


def measure_throughput(
    recipe: Recipe, pictures: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]],
) -> Throughput:
    """
    Train with a recipe for a few steps, in turns with a plain loop.

    :param pictures: (H, W, 3) uint8 BGR with (H, W) uint8 masks; they are used again and again.
    """
    steps = BLOCK * (BLOCKS + 1)
    recipe = dataclasses.replace(
        recipe, epochs=1, max_minutes=0, initial='', half_size_epochs=0,
        passes=-(-(steps + 1) * recipe.batch_size // len(pictures)))
    source = _Pictures(pictures, recipe)
    turns = _Turns(choose_precision(recipe.precision))
    with tempfile.TemporaryDirectory() as folder:
        train(recipe, RunData(source, _Pictures(pictures[:1], recipe), 'a throughput'),
              Path(folder), 'throughput', '', progress=False, watch=[turns])
    images = BLOCK * BLOCKS * recipe.batch_size
    return Throughput(
        images / turns.training_s, images / turns.plain_s, turns.waiting_s / turns.training_s,
        turns.precision, recipe.batch_size)


class _Pictures:
    """A source of pictures with masks that are prepared once, as labelled ones are in a run."""

    def __init__(
        self, pictures: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]], recipe: Recipe,
    ) -> None:
        self._samples = [make_sample(*picture, recipe.input_height, recipe.input_width)
                         for picture in pictures]

    def __len__(self) -> int:
        return len(self._samples)

    def load(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return self._samples[index]


class _Turns(Callback):
    """Lets the plain loop have its turn after every BLOCK steps of training."""

    def __init__(self, precision: str) -> None:
        self.precision = precision
        self.training_s = self.plain_s = self.waiting_s = 0.0
        self._done = 0
        self._loop: _PlainLoop | None = None
        self._block_began = self._last_end = 0.0

    def on_train_start(self, trainer: lightning.Trainer, module: LaneTraining) -> None:
        self._block_began = self._last_end = perf_counter()

    def on_train_batch_start(
        self, trainer: lightning.Trainer, module: LaneTraining, batch: Batch, index: int,
    ) -> None:
        if self._counting:
            self.waiting_s += perf_counter() - self._last_end
        if self._loop is None:
            self._loop = _PlainLoop(module, batch, self.precision)

    @property
    def _counting(self) -> bool:
        return self._done >= BLOCK

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: LaneTraining, outputs: Any, batch: Batch,
        index: int,
    ) -> None:
        now = self._last_end = perf_counter()
        counting = self._counting
        self._done += 1
        if self._done % BLOCK:
            return
        for _ in range(BLOCK):
            self._loop.step()
        if counting:
            self.training_s += now - self._block_began
            self.plain_s += perf_counter() - now
        self._block_began = self._last_end = perf_counter()
        trainer.should_stop = self._done >= BLOCK * (BLOCKS + 1)


class _PlainLoop:
    """What a first PyTorch tutorial does, on one batch."""

    def __init__(self, module: LaneTraining, batch: Batch, precision: str) -> None:
        self._module = copy.deepcopy(module)
        self._optimizer = self._module.configure_optimizers()
        self._image = batch['image'].clone(memory_format=torch.preserve_format)
        self._target, self._judged = (batch['target'].float() / 255).split(1, dim=1)
        self._precision = precision

    def step(self) -> None:
        """Do one step."""
        kind = self._image.device.type
        with (nullcontext() if self._precision == 'fp32'
              else torch.autocast(kind, DTYPES[self._precision])):
            logits = self._module(self._image)
            loss = self._module.loss(at_size(logits, self._target), self._target, self._judged)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()

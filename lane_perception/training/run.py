# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A training run: from data and a recipe to a model file."""

from __future__ import annotations

import dataclasses
import os
import shutil
import warnings
from pathlib import Path
from typing import Any
from typing import Sequence

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.callbacks import TQDMProgressBar
from lightning.pytorch.callbacks import WeightAveraging

from lane_perception.errors import UserError
from lane_perception.machine import usable_cores
from lane_perception.model_file import ModelCard
from lane_perception.model_file import find_model
from lane_perception.model_file import read_safetensors
from lane_perception.networks import find_network
from lane_perception.training import processes
from lane_perception.training.batches import EpochOrder
from lane_perception.training.batches import EveryOnce
from lane_perception.training.batches import Samples
from lane_perception.training.batches import make_loader
from lane_perception.training.checkpoints import LAST
from lane_perception.training.checkpoints import Keep
from lane_perception.training.checkpoints import check_checkpoint
from lane_perception.training.lane_training import LaneTraining
from lane_perception.training.picture_grid import PictureGrid
from lane_perception.training.recipe import Recipe
from lane_perception.training.schedule import Schedule
from lane_perception.training.sources import Source

LIGHTNING_PRECISION = {'fp32': '32-true', 'bf16': 'bf16-mixed', 'fp16': '16-mixed'}


@dataclasses.dataclass(frozen=True)
class RunData:
    """What a run trains on and chooses its threshold on."""

    train: Source
    validation: Source
    described: str  # in words, for the model's card


def choose_precision(asked: str) -> str:
    """Return fp16 on CUDA, bf16 on a processor with bf16 arithmetic, else fp32, unless asked."""
    if asked == 'fp16' and not torch.cuda.is_available():
        raise UserError('precision=fp16 needs an NVIDIA GPU; use auto, bf16 or fp32')
    if asked != 'auto':
        return asked
    if torch.cuda.is_available():
        return 'fp16'
    return 'bf16' if torch.cpu._is_avx512_bf16_supported() else 'fp32'


def load_initial(module: LaneTraining, name_or_path: str) -> None:
    """
    Start from a model's weights.

    :raises UserError: when it is of another architecture, or its tensors do not fit.
    """
    path = find_model(name_or_path, ('.safetensors',))
    weights, card = read_safetensors(path)
    if card.architecture != module.recipe.architecture:
        raise UserError(
            f'initial={name_or_path} is a {card.architecture}, the recipe trains a '
            f'{module.recipe.architecture}; set architecture={card.architecture}, or initial=')
    tensors = {name: torch.from_numpy(value) for name, value in weights.items()}
    try:
        module.network.load_state_dict(tensors)
    except RuntimeError as error:
        raise UserError(f'{path}: its tensors do not fit {card.architecture}: '
                        f'{" ".join(str(error).split())[:300]}') from error


def train(
    recipe: Recipe, data: RunData, folder: Path, name: str, version: str, resume: bool = False,
    strict: bool = False, progress: bool = True, watch: Sequence[Callback] = (),
) -> None:
    """
    Train and leave model.safetensors, last.ckpt, progress.csv and validation.json in folder.

    :param name: of the model, for its card.
    :param version: of this package, for the card.
    :param resume: go on from folder's last.ckpt, if there is one.
    :param strict: a broken sample ends the run instead of being skipped.
    :param watch: called last, after the run's own callbacks.
    :raises UserError: when initial or last.ckpt cannot be used.
    """
    torch.set_num_threads(recipe.threads or _free_cores(recipe.workers))
    lightning.seed_everything(recipe.seed, workers=True, verbose=False)
    module = LaneTraining(recipe)
    checkpoint = folder / LAST
    goes_on = resume and checkpoint.is_file()
    if goes_on:
        check_checkpoint(checkpoint)
    elif recipe.initial:
        load_initial(module, recipe.initial)
    module.to(memory_format=torch.channels_last)
    if recipe.compile:
        _compile(module.network)
    order = EpochOrder(len(data.train), recipe.batch_size, recipe.seed, recipe.passes,
                       (processes.number(), processes.count()))
    samples = Samples(data.train, recipe.seed, recipe.augmentation, strict,
                      recipe.half_size_epochs * recipe.passes, recipe.left_out())
    loader = make_loader(samples, order, recipe.workers)
    check = make_loader(Samples(data.validation, strict=strict),
                        EveryOnce(len(data.validation), recipe.batch_size), 0)
    entry = find_network(recipe.architecture)
    card = ModelCard(
        name=name, architecture=recipe.architecture, input_height=recipe.input_height,
        input_width=recipe.input_width, mean=entry.mean, std=entry.std,
        trained_on=data.described, recipe=_for_card(recipe), package_version=version)
    steps = -(-len(order) // recipe.accumulation) * recipe.epochs
    callbacks = [
        Schedule(steps, recipe.warmup_steps, recipe.final_fraction, recipe.max_minutes)]
    if recipe.ema_decay:
        callbacks.append(WeightAveraging(avg_fn=_Average(recipe.ema_decay)))
    callbacks += [PictureGrid(), Keep(folder, card, recipe.patience)]
    if progress:
        callbacks.append(TQDMProgressBar(refresh_rate=5))
    callbacks += watch
    trainer = lightning.Trainer(
        accelerator='auto', **processes.trainer_arguments(), max_epochs=recipe.epochs,
        callbacks=callbacks,
        precision=LIGHTNING_PRECISION[choose_precision(recipe.precision)],
        accumulate_grad_batches=recipe.accumulation,
        gradient_clip_val=recipe.gradient_clip or None, enable_checkpointing=False,
        num_sanity_val_steps=0, use_distributed_sampler=False, deterministic=True,
        logger=_logger(folder), log_every_n_steps=10, enable_model_summary=False,
        enable_progress_bar=progress, default_root_dir=folder)
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='.*(num_workers|does not have many workers).*')
        trainer.fit(module, loader, check, ckpt_path=checkpoint if goes_on else None,
                    weights_only=True)


def _free_cores(workers: int) -> int:
    """
    Return how many cores the loading processes and other shares of the run leave to torch.

    Its threads wait for one another in every layer, so one that shares a core holds up them all.
    """
    cores = usable_cores() // processes.count_here()
    return max(1, cores - workers)


def _compile(network: torch.nn.Module) -> None:
    """Let torch fuse a network's steps; in place, so that the state dict keeps its names."""
    if not shutil.which(os.environ.get('CXX', 'g++')):   # where torch looks for it
        raise UserError('compile=true needs a C++ compiler: install g++, name another one in CXX, '
                        'or leave compile=false')
    network.compile(dynamic=False)


def _for_card(recipe: Recipe) -> dict[str, Any]:
    """Return the settings without the paths of this machine."""
    settings = {**dataclasses.asdict(recipe), 'cache': ''}
    for key in ('split', 'labels', 'initial'):
        settings[key] = Path(settings[key]).name
    return settings


class _Average:
    """An exponential moving average that follows quickly while it is young."""

    def __init__(self, decay: float) -> None:
        self.decay = decay

    def __call__(
        self, average: torch.Tensor, current: torch.Tensor, count: torch.Tensor,
    ) -> torch.Tensor:
        decay = min(self.decay, (1 + float(count)) / (10 + float(count)))
        return average * decay + current * (1 - decay)


def _logger(folder: Path):
    from lightning.pytorch.loggers import TensorBoardLogger
    return TensorBoardLogger(folder, name=None, version='tensorboard')

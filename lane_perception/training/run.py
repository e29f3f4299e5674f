# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A training run: from data and a recipe to a model file."""

from __future__ import annotations

import dataclasses
import logging
import multiprocessing
import os
import shutil
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from typing import Iterator
from typing import Sequence

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.callbacks import WeightAveraging

from lane_perception.errors import UserError
from lane_perception.machine import usable_cores
from lane_perception.model_file import ModelCard
from lane_perception.model_file import find_model
from lane_perception.model_file import read_safetensors
from lane_perception.model_file import read_safetensors_card
from lane_perception.networks import find_network
from lane_perception.networks import load_weights
from lane_perception.runtimes.precision import suits_bf16
from lane_perception.training import processes
from lane_perception.training.batches import EpochOrder
from lane_perception.training.batches import EveryOnce
from lane_perception.training.batches import Samples
from lane_perception.training.batches import make_loader
from lane_perception.training.batches import without_traceback
from lane_perception.training.checkpoints import LAST
from lane_perception.training.checkpoints import PROGRESS
from lane_perception.training.checkpoints import Keep
from lane_perception.training.checkpoints import check_checkpoint
from lane_perception.training.checkpoints import check_progress
from lane_perception.training.finite import FiniteLoss
from lane_perception.training.lane_training import LaneTraining
from lane_perception.training.lightning_messages import ProgressBar
from lane_perception.training.lightning_messages import without_noise
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
    snapped: bool = False   # its labels are lines that were snapped to their tape


def choose_precision(asked: str) -> str:
    """Return fp16 on CUDA, bf16 on a processor that it suits, else fp32, unless asked."""
    if asked == 'fp16' and not torch.cuda.is_available():
        raise UserError('precision=fp16 needs an NVIDIA GPU; use auto, bf16 or fp32')
    if asked != 'auto':
        return asked
    if torch.cuda.is_available():
        return 'fp16'
    return 'bf16' if suits_bf16() else 'fp32'


def check_recipe(recipe: Recipe) -> None:
    """
    Look at what can be told before anything is drawn, written or trained.

    :raises UserError: when a setting or this machine forbids the run.
    """
    find_network(recipe.architecture)
    choose_precision(recipe.precision)
    if recipe.initial:
        _find_initial(recipe)
    if recipe.compile:
        _check_compiler()
    _logger(Path())


def _find_initial(recipe: Recipe) -> Path:
    """Return the file of the model to start from: weights of the recipe's architecture."""
    path = find_model(recipe.initial, ('.safetensors',))
    if path.suffix != '.safetensors':
        raise UserError(f'initial={recipe.initial} cannot be trained further; give the '
                        '.safetensors file that it was exported from, or the folder of that run')
    architecture = read_safetensors_card(path).architecture
    if architecture != recipe.architecture:
        raise UserError(
            f'initial={recipe.initial} is a {architecture}, the recipe trains a '
            f'{recipe.architecture}; set architecture={architecture}, or initial=')
    return path


def load_initial(module: LaneTraining) -> None:
    """
    Start from the weights of the recipe's initial model.

    :raises UserError: when it is of another architecture, or its tensors do not fit.
    """
    path = _find_initial(module.recipe)
    load_weights(module.network, read_safetensors(path)[0], path, module.recipe.architecture)


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
    :raises UserError: when initial, last.ckpt or progress.csv cannot be used, or no sample can, or
        one cannot and strict is set, or the loss or a weight is no longer finite.
    """
    check_progress(folder / PROGRESS)
    torch.set_num_threads(recipe.threads or _share_of_cores())
    lightning.seed_everything(recipe.seed, workers=True, verbose=False)
    module = LaneTraining(recipe)
    checkpoint = folder / LAST
    goes_on = resume and checkpoint.is_file()
    if goes_on:
        check_checkpoint(checkpoint, module)
    elif recipe.initial:
        load_initial(module)
    module.to(memory_format=torch.channels_last)
    if recipe.compile:
        _compile(module.network)
    order = EpochOrder(len(data.train), recipe.batch_size, recipe.seed, recipe.passes,
                       (processes.number(), processes.count()), recipe.accumulation)
    samples = Samples(data.train, recipe.seed, recipe.augmentation, strict,
                      recipe.half_size_epochs * recipe.passes, recipe.left_out())
    loader = make_loader(samples, order, recipe.workers)
    check = make_loader(Samples(data.validation, strict=strict, validation=True),
                        EveryOnce(len(data.validation), recipe.batch_size), 0)
    entry = find_network(recipe.architecture)
    card = ModelCard(
        name=name, architecture=recipe.architecture, input_height=recipe.input_height,
        input_width=recipe.input_width, mean=entry.mean, std=entry.std,
        trained_on=data.described, recipe=_for_card(recipe), package_version=version)
    steps = len(order) // recipe.accumulation * recipe.epochs
    precision = choose_precision(recipe.precision)
    schedule = Schedule(steps, recipe.warmup_steps, recipe.final_fraction, recipe.max_minutes)
    callbacks = [
        schedule, FiniteLoss(precision), PictureGrid(), Keep(folder, card, recipe.patience)]
    if recipe.ema_decay:
        # After Keep: in this order each is told that a validation has ended, and this one then
        # takes the averaged weights away, which are to be kept.
        callbacks.append(WeightAveraging(avg_fn=_Average(recipe.ema_decay)))
    if progress:
        callbacks.append(ProgressBar(schedule, refresh_rate=5))
    callbacks += watch
    with _ended_by_signals(), without_noise():
        trainer = lightning.Trainer(
            accelerator='auto', **processes.trainer_arguments(), max_epochs=recipe.epochs,
            callbacks=callbacks,
            precision=LIGHTNING_PRECISION[precision], accumulate_grad_batches=recipe.accumulation,
            gradient_clip_val=recipe.gradient_clip or None, enable_checkpointing=False,
            num_sanity_val_steps=0, use_distributed_sampler=False, deterministic=True,
            logger=_logger(folder), log_every_n_steps=min(10, len(order)),
            enable_model_summary=False, enable_progress_bar=progress, default_root_dir=folder)
        try:
            trainer.fit(module, loader, check, ckpt_path=checkpoint if goes_on else None,
                        weights_only=True)
        except UserError as error:
            raise without_traceback(error) from error


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """
    Let Ctrl-C and SIGTERM end training as they end everything else.

    Lightning turns Ctrl-C into an exit with status 1, and torch reports the death of loading
    processes, which get the signals of a process group too. So here both signals raise what
    Lightning lets through; whoever handled them before has them when training is put away.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: handler for number in (signal.SIGINT, signal.SIGTERM)
              if callable(handler := signal.getsignal(number))}
    received, told = [], logging.raiseExceptions
    # Lightning's own handler logs first; a message that the signal cut off is no news then.
    logging.raiseExceptions = False

    def on_signal(number: int, frame: Any) -> None:
        signal.signal(signal.SIGCHLD, lambda *of_child: None)   # where torch reports deaths
        for process in multiprocessing.active_children():   # those that load, even half started
            process.kill()
        received.append(number)
        raise SystemExit
    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    except BaseException:
        if received:
            before[received[0]](received[0], None)   # raises KeyboardInterrupt or SystemExit
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        logging.raiseExceptions = told


def _share_of_cores() -> int:
    """
    Return how many cores each of the run's processes on this machine has.

    Those that load samples are not counted: they need a small part of one core.
    """
    return max(1, usable_cores() // processes.count_here())


def _compile(network: torch.nn.Module) -> None:
    """Let torch fuse a network's steps; in place, so that the state dict keeps its names."""
    _check_compiler()
    network.compile(dynamic=False)


def _check_compiler() -> None:
    if not shutil.which(os.environ.get('CXX', 'g++')):   # where torch looks for it
        raise UserError('compile=true needs a C++ compiler: install g++, name another one in CXX, '
                        'or leave compile=false')


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
    try:
        return TensorBoardLogger(folder, name=None, version='tensorboard')
    except ModuleNotFoundError as error:
        raise UserError('training needs tensorboard, which is not installed; '
                        "pip install -e '.[train]' in the checkout") from error

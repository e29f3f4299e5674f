# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints that a power cut cannot spoil, the best weights, and the score of each epoch."""

from __future__ import annotations

import csv
import dataclasses
import time
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from lane_perception.errors import UserError
from lane_perception.json_file import write_json
from lane_perception.model_file import ModelCard
from lane_perception.model_file import write_safetensors
from lane_perception.training.finite import check_weights
from lane_perception.training.lane_training import LaneTraining
from lane_perception.whole_file import whole_file

LAST = 'last.ckpt'
BEST_MODEL = 'model.safetensors'
PROGRESS = 'progress.csv'
BEST_SCORES = 'validation.json'
KEYS = {'state_dict', 'optimizer_states', 'lr_schedulers', 'loops', 'callbacks', 'epoch'}


def check_checkpoint(path: Path, module: LaneTraining) -> None:
    """
    Look whether a run can go on from a checkpoint.

    :param module: what would go on.
    :raises UserError: naming the file, when it is damaged or of another network.
    """
    kept, own = _read(path)['state_dict'], module.state_dict()
    if {name: value.shape for name, value in kept.items()} != {
            name: value.shape for name, value in own.items()}:
        raise UserError(f'{path} is of another network than the {module.recipe.architecture} of '
                        'run.json beside it; put the settings back as they were, or begin a new '
                        'run with another --out')


def has_ended(folder: Path, epochs: int) -> bool:
    """
    Tell whether a run has nothing left to train, by its epochs, its time or its patience.

    :param folder: of the run.
    :param epochs: that it was to train.
    :raises UserError: naming the file, when last.ckpt or progress.csv is damaged.
    """
    if not (folder / LAST).is_file():
        return False
    check_progress(folder / PROGRESS)
    checkpoint = _read(folder / LAST, mmap=True)   # its weights are not looked at
    ended = checkpoint['callbacks'].get(Keep.__name__, {}).get('ended', False)
    return ended or checkpoint['epoch'] + 1 >= epochs


def _read(path: Path, mmap: bool = False) -> dict[str, Any]:
    """
    Return a checkpoint, which cannot run code.

    :param mmap: tensors stay in the file until they are looked at.
    """
    try:
        checkpoint = torch.load(path, map_location='cpu', weights_only=True, mmap=mmap)
        whole = KEYS <= checkpoint.keys()
    except Exception as error:  # whatever torch meets in damaged bytes
        raise UserError(_damaged(path)) from error
    if not whole:
        raise UserError(_damaged(path))
    return checkpoint


def _damaged(path: Path) -> str:
    return (f'{path} is damaged or not the checkpoint of a run; begin a new run, from the best '
            f'weights of this one with initial={path.with_name(BEST_MODEL)}')


def check_progress(path: Path) -> None:
    """
    Look whether rows can be added to progress.csv; a missing file is begun.

    :raises UserError: naming the file, when another program has written it otherwise.
    """
    try:
        if not path.is_file():
            return
        with path.open(newline='', encoding='utf-8') as file:
            reader = csv.DictReader(file)
            for row in reader:
                [float(value) for value in row.values() if value]
        if 'epoch' in (reader.fieldnames or ()):
            return
    except (ValueError, TypeError, csv.Error):
        pass   # bytes that are no text, words, more fields than columns
    raise UserError(f'{path} is not as the run wrote it, numbers parted by commas with a column '
                    'epoch; put it back as it was, or move it away and a new one is begun')


class Keep(Callback):
    """
    After each epoch write last.ckpt, a row of progress.csv, and the model when it is the best.

    Every file is written to a temporary name, brought to the disk and renamed. What is kept lies
    on the epoch's end, and the randomness of an epoch depends on nothing but the seed and its
    number, so a run that goes on from last.ckpt goes on as if it had never stopped.
    """

    def __init__(self, folder: Path, card: ModelCard, patience: int) -> None:
        """
        Say where to.

        :param card: of the model file; threshold and metrics are filled in.
        :param patience: epochs without a better lane IoU before the run ends; 0 = never.
        """
        self.folder = Path(folder)
        self.card = card
        self.patience = patience
        self.best_iou = -1.0
        self.best_epoch = -1
        self.ended = False
        self._started = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {'best_iou': self.best_iou, 'best_epoch': self.best_epoch, 'ended': self.ended}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what a checkpoint kept."""
        self.best_iou = state['best_iou']
        self.best_epoch = state['best_epoch']

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, module: lightning.LightningModule,
    ) -> None:
        """Start the epoch's clock."""
        self._started = time.monotonic()

    def on_validation_epoch_end(
        self, trainer: lightning.Trainer, module: LaneTraining,
    ) -> None:
        """
        Write the model when it is the best so far.

        Here, because here the averaged weights are in their place, as long as this callback comes
        before the one that averages.

        :raises UserError: when a weight is not finite.
        """
        if trainer.sanity_checking:
            return
        check_weights(module, trainer.current_epoch)
        best = module.sweep.result()
        if best['lane_iou'] <= self.best_iou:
            return
        self.best_iou = best['lane_iou']
        self.best_epoch = trainer.current_epoch
        if trainer.is_global_zero:
            self._write_best(best, trainer.current_epoch, module)

    def _write_best(self, best: dict[str, Any], epoch: int, module: LaneTraining) -> None:
        scores = {key: value for key, value in best.items() if isinstance(value, float)}
        card = dataclasses.replace(
            self.card, threshold=best['threshold'],
            metrics={f'validation_{key}': round(value, 4) for key, value in scores.items()})
        weights = {name: value.detach().float().cpu().numpy() if value.is_floating_point()
                   else value.cpu().numpy()
                   for name, value in module.network.state_dict().items()}
        write_safetensors(self.folder / BEST_MODEL, weights, card)
        write_json(self.folder / BEST_SCORES, {**best, 'epoch': epoch})

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, module: LaneTraining,
    ) -> None:
        """
        Write the row and the checkpoint.

        :raises UserError: when a weight is not finite; the checkpoint stays that of the last
            good epoch.
        """
        check_weights(module, trainer.current_epoch)
        late = bool(self.patience and trainer.current_epoch - self.best_epoch >= self.patience)
        if trainer.strategy.reduce_boolean_decision(late, all=False):
            trainer.should_stop = True
        self.ended = trainer.should_stop   # or the schedule has told it to, when its time was over
        metrics = {key: float(value) for key, value in trainer.callback_metrics.items()}
        if trainer.is_global_zero:
            self._add_row({
                'epoch': trainer.current_epoch,
                'step': trainer.global_step,
                'seconds': round(time.monotonic() - self._started, 1),
                **metrics,
            })
        if trainer.is_global_zero:
            with whole_file(self.folder / LAST) as temporary:
                trainer.save_checkpoint(temporary, weights_only=False)
        else:   # takes part in gathering; the first process writes
            trainer.save_checkpoint(self.folder / LAST, weights_only=False)

    def _add_row(self, row: dict[str, float]) -> None:
        """Add a row, in place of those that a killed run left from this epoch on."""
        path = self.folder / PROGRESS
        rows = []
        if path.is_file():
            with path.open(newline='', encoding='utf-8') as file:
                rows = [old for old in csv.DictReader(file)
                        if (old['epoch'] or '').isdigit() and int(old['epoch']) < row['epoch']]
        rows.append(row)
        names = list(dict.fromkeys(name for one in rows for name in one))
        with whole_file(path) as temporary, \
                temporary.open('w', newline='', encoding='utf-8') as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Batches for training and validation, the same for the same (seed, epoch) everywhere."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Iterator
from typing import Sequence

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader
from torch.utils.data import Dataset
from torch.utils.data import Sampler

from lane_perception.errors import UserError
from lane_perception.training.augmentation import augment
from lane_perception.training.sources import Source
from lane_perception.training.targets import halve

Batch = dict[str, torch.Tensor]
BEHIND = 19   # niceness of the processes that load, where torch trains on the same cores


class EpochOrder(Sampler):
    """A new order for each pass over the samples, in batches of equal size."""

    def __init__(
        self, count: int, batch_size: int, seed: int, passes: int = 1,
        part: tuple[int, int] = (0, 1), accumulation: int = 1,
    ) -> None:
        """
        Say what to order.

        :param batch_size: of the whole batch, all processes together.
        :param passes: over all samples, to one epoch.
        :param part: (number of this process, how many share each batch).
        :param accumulation: batches of one optimizer step.
        :raises UserError: when a batch cannot be shared out equally.

        Samples are repeated from the epoch's beginning to fill its last optimizer step, which
        would otherwise count less than the others.
        """
        if batch_size % part[1]:
            raise UserError(f'batch_size={batch_size} cannot be shared by {part[1]} processes; '
                            f'make it a multiple of {part[1]}')
        self.count = count
        self.part = part
        self.batch_size = batch_size
        self.accumulation = accumulation
        self.seed = seed
        self.passes = passes
        self.epoch = 0
        self.sampler = self   # of a batch sampler, Lightning tells only this attribute the epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the order and the variations; Lightning calls this before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return how many batches an epoch has."""
        step = self.batch_size * self.accumulation
        return -(-self.count * self.passes // step) * self.accumulation

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Yield batches of (pass, index); passes are numbered over the whole run."""
        first = self.epoch * self.passes
        keys = [(number, int(index)) for number in range(first, first + self.passes)
                for index in np.random.default_rng((self.seed, number)).permutation(self.count)]
        whole = len(self) * self.batch_size
        keys = (keys * -(-whole // len(keys)))[:whole]
        for start in range(0, whole, self.batch_size):
            yield keys[start:start + self.batch_size][self.part[0]::self.part[1]]


class Samples(Dataset):
    """A source's samples as tensors, varied where a strength is given."""

    def __init__(
        self, source: Source, seed: int = 0, augmentation: float = 0.0, strict: bool = False,
        half_size_passes: int = 0, without: Sequence[str] = (), validation: bool = False,
    ) -> None:
        """
        Wrap a source.

        :param augmentation: strength; see :func:`lane_perception.training.augmentation.augment`.
        :param strict: a broken sample ends the run; otherwise it is named once and skipped: the
            next whole one stands in for it.
        :param half_size_passes: the first passes, for which samples are halved in size.
        :param without: groups of the augmentation that are left out.
        :param validation: what stands in for a broken sample is not judged.
        """
        self.source = source
        self.seed = seed
        self.augmentation = augmentation
        self.strict = strict
        self.half_size_passes = half_size_passes
        self.without = tuple(without)
        self.validation = validation
        self._broken: set[int] = set()

    def __len__(self) -> int:
        """Return how many samples there are."""
        return len(self.source)

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        """Return sample (pass, index): image (3, H, W) and target (2, H, W), uint8, RGB."""
        number, index = key
        image, target = self._load(index)
        if number < self.half_size_passes:
            image, target = halve(image, target)
        rng = np.random.default_rng((self.seed, number, index))
        image, target = augment(image, target, self.augmentation, rng, self.without)
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        return {
            'image': torch.from_numpy(image).permute(2, 0, 1),
            'target': torch.from_numpy(target).permute(2, 0, 1),
            'index': torch.tensor(index),
        }

    def _load(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a sample, or the next whole one after it."""
        for number in range(index, index + len(self.source)):
            number %= len(self.source)
            try:
                image, target = self.source.load(number)
            except UserError as error:
                last = error
                if self.strict:
                    raise
                if number not in self._broken:
                    self._broken.add(number)
                    print(f'\nskipped: {error}', file=sys.stderr, flush=True)
                continue
            if self.validation and number != index:
                target = np.zeros_like(target)
            return image, target
        raise UserError(f'none of the {len(self.source)} samples can be used; the last: {last}')


class EveryOnce(Sampler):
    """Batches of (0, index) in order, for validation."""

    def __init__(self, count: int, batch_size: int) -> None:
        self.batches = [
            [(0, index) for index in range(start, min(start + batch_size, count))]
            for start in range(0, count, batch_size)]

    def __len__(self) -> int:
        """Return how many batches there are."""
        return len(self.batches)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Yield the batches."""
        return iter(self.batches)


def collate(samples: list[Batch]) -> Batch:
    """Stack samples; pictures keep their NHWC memory, which is torch's channels_last."""
    batch = {'index': torch.stack([sample['index'] for sample in samples])}
    for key in ('image', 'target'):
        stacked = torch.stack([sample[key].permute(1, 2, 0) for sample in samples])
        batch[key] = stacked.permute(0, 3, 1, 2)
    return batch


class _Loader(DataLoader):
    """
    A loader whose processes leave Ctrl-C to the one that starts and ends them.

    They take SIGTERM from when they have started, lest one that is cut off in its start leaves the
    other with a broken pipe.
    """

    def __iter__(self) -> Iterator[Batch]:
        """Start the processes with the signals blocked, which they inherit."""
        resource_tracker.ensure_running()   # its start would unblock SIGINT
        with _signals_put_off():
            return super().__iter__()


@contextmanager
def _signals_put_off() -> Iterator[None]:
    """
    Block Ctrl-C and SIGTERM for what is started, and handle those that come when it has.

    Blocking alone does not put them off: another thread of this process, of which every runtime
    has some, takes the signal, and the main thread then handles it wherever it is.
    """
    received: list[int] = []
    ours = threading.current_thread() is threading.main_thread()
    handlers = {number: handler for number in (signal.SIGINT, signal.SIGTERM)
                if ours and callable(handler := signal.getsignal(number))}
    for number in handlers:
        signal.signal(number, lambda number, frame: received.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(received):
            signal.raise_signal(number)


def make_loader(samples: Samples, order: Sampler, workers: int) -> DataLoader:
    """
    Return a loader of the batches that order names.

    Its processes are spawned: forking a process with threads, of which every runtime has some, can
    crash either of the two.
    """
    return _Loader(
        samples, batch_sampler=order, num_workers=workers, collate_fn=collate,
        persistent_workers=workers > 0, prefetch_factor=4 if workers else None,
        multiprocessing_context='spawn' if workers else None,
        worker_init_fn=_start_worker if torch.cuda.is_available() else _start_behind)


def without_traceback(error: UserError) -> UserError:
    """Return an error of a loading process as it was raised there; torch puts a traceback in."""
    *traceback, sentence = str(error).strip().split(f'{UserError.__module__}.UserError: ')
    return UserError(sentence) if traceback else error


def _start_behind(number: int) -> None:
    """Load in the gaps that torch leaves; its threads wait for the one that shares a core."""
    os.nice(BEHIND)
    _start_worker(number)


def _start_worker(number: int) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    cv2.setNumThreads(0)
    torch.set_num_threads(1)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The processes that share a run, started by torchrun on one machine or on many.

Every process takes an equal part of each batch. Sums that a loss divides by each other run over
all parts, so the gradient is that of the whole batch, as if one process had trained.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any
from typing import Iterator

import torch
from torch import distributed
from torch.distributed.nn.functional import all_reduce


def count() -> int:
    """Return how many processes share the run; 1 without torchrun."""
    return int(os.environ.get('WORLD_SIZE', '1'))


def count_here() -> int:
    """Return how many of them run on this machine."""
    return int(os.environ.get('LOCAL_WORLD_SIZE', count()))


def number() -> int:
    """Return this process's number, from 0."""
    return int(os.environ.get('RANK', '0'))


def _backend() -> str:
    return 'nccl' if torch.cuda.is_available() else 'gloo'


def trainer_arguments() -> dict[str, Any]:
    """Return what Lightning's Trainer has to be told about the processes."""
    if count() == 1:
        return {'devices': 1}
    from lightning.pytorch.strategies import DDPStrategy
    return {
        'devices': count_here(),
        'num_nodes': count() // count_here(),
        'strategy': DDPStrategy(process_group_backend=_backend()),
        # torch has it on GPUs only; on processors each process normalizes by its own part.
        'sync_batchnorm': torch.cuda.is_available(),
    }


@contextmanager
def first_alone() -> Iterator[bool]:
    """Let the first process through alone and the others after it; yield whether it is it."""
    if count() > 1 and not distributed.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get('LOCAL_RANK', '0')))
        distributed.init_process_group(_backend())
    if number() > 0:
        distributed.barrier()
    yield number() == 0
    if count() > 1 and number() == 0:
        distributed.barrier()


def total(values: torch.Tensor) -> torch.Tensor:
    """
    Return the sum of all elements, over every process's part of the batch.

    Its gradient is right after the average over processes that DDP takes.
    """
    own = values.sum()
    if count() == 1 or not distributed.is_initialized() or not torch.is_grad_enabled():
        return own
    return all_reduce(own)

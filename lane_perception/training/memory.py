# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""When memory does not suffice: which settings would fit, and trying them."""

from __future__ import annotations

import dataclasses

import torch

from lane_perception.training.recipe import Recipe

SIGNS = ('out of memory', "can't allocate memory", 'not enough memory', 'cannot allocate memory',
         'bad_alloc',                      # of C++, as OpenVINO passes it on
         'could not create a primitive')   # oneDNN, which gives no reason


class SmallerBatch(Exception):
    """
    A run is written down with a batch that may fit, and is to go on in a process of its own.

    The process whose memory ran out cannot be trusted with it: its heap is in pieces, and oneDNN
    may go on refusing what it refused once.
    """


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error, or what it came of, says that memory of processor or GPU ran out."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    if error.__cause__ is not None and is_out_of_memory(error.__cause__):
        return True
    return isinstance(error, (RuntimeError, OSError)) and any(
        sign in str(error).lower() for sign in SIGNS)


def smaller(recipe: Recipe) -> Recipe | None:
    """
    Return the recipe with half the batch and twice the accumulation, or None at a batch of 1.

    An optimizer step then sees as many pictures as before, or one step's worth more of an odd
    batch.
    """
    if recipe.batch_size == 1:
        return None
    batch = recipe.batch_size // 2
    accumulation = -(-recipe.batch_size * recipe.accumulation // batch)
    return dataclasses.replace(recipe, batch_size=batch, accumulation=accumulation)


def advice(recipe: Recipe) -> str:
    """Return a sentence that says what would need less."""
    tried = (f'memory does not suffice for batch_size={recipe.batch_size} at '
             f'{recipe.input_width}x{recipe.input_height} with {recipe.architecture}')
    fitting = smaller(recipe)
    if fitting is None:
        return (f'{tried}; a smaller input_width and input_height, or architecture='
                'lane_dense_tiny, need less')
    return (f'{tried}; try batch_size={fitting.batch_size} accumulation={fitting.accumulation}, '
            'which learns alike, or let --fit-memory find what fits')

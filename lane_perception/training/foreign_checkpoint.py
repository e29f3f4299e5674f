# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read the state dict of a network that was trained elsewhere."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lane_perception.errors import UserError
from lane_perception.networks import build_network
from lane_perception.networks import find_network

WRAPPERS = ('state_dict', 'model_state_dict', 'model_state', 'model', 'network', 'net', 'weights')
PREFIXES = ('module.', '_orig_mod.', 'model.', 'network.', 'net.')
AUXILIARY = 'aux_classifier.'     # a head that only training needs
COUNTER = 'num_batches_tracked'  # of batch normalization: likewise
LAST_LAYER = 'classifier.4.weight'  # of torchvision's DeepLab heads: (classes, 256, 1, 1)


def read_checkpoint(path: Path, architecture: str) -> tuple[nn.Module, str, list[str]]:
    """
    Build a network and load a checkpoint into it.

    :param path: a file of torch.save: a state dict, or a dict that holds one; names may begin with
        ``module.`` and the like; DeepLab's auxiliary head may be there or not; one or two classes.
    :param architecture: a key of NETWORKS.
    :returns: the network; its architecture, ``_two_classes`` added where the checkpoint has two;
        sentences about what did not fit and does not matter.
    :raises UserError: when the file is not a checkpoint, would run code, or does not fit; the
        sentence names the tensors.
    """
    find_network(architecture)
    weights = _bare(_state_dict(_load(path), path))
    last = next((value for name, value in weights.items()
                 if name.endswith(LAST_LAYER) and AUXILIARY not in name), None)
    if architecture == 'deeplabv3_resnet101' and last is not None and last.shape[0] == 2:
        architecture += '_two_classes'
    network = build_network(architecture)
    own = network.state_dict()
    names = {_without_prefix(name): name for name in own}
    fitting, unknown, misshapen = {}, [], []
    for name, value in weights.items():
        if name not in names:
            unknown.append(name)
        elif own[names[name]].shape != value.shape:
            misshapen.append(f'{name} {tuple(value.shape)} instead of '
                             f'{tuple(own[names[name]].shape)}')
        else:
            fitting[names[name]] = value
    missing = [bare for bare, name in names.items()
               if name not in fitting and AUXILIARY not in bare and COUNTER not in bare]
    misshapen = [text for text in misshapen if not text.startswith(AUXILIARY)]
    if missing or misshapen:
        raise UserError(
            f'{path} does not fit {architecture}: {_list("missing", missing)}'
            f'{_list("of another shape", misshapen)}{_list("unknown", unknown)}'.rstrip('; '))
    network.load_state_dict(fitting, strict=False)
    notes = []
    if unknown:
        notes.append(_list('tensors that were not used', unknown).rstrip('; '))
    if not any(AUXILIARY in name for name in fitting) and any(
            AUXILIARY in name for name in own):
        notes.append('there is no auxiliary head in it, which only training needs')
    return network.eval(), architecture, notes


def _load(path: Path) -> Any:
    if not path.is_file():
        raise UserError(f'{path} does not exist')
    try:
        return torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f'{path} holds more than tensors, and reading it could run code; save the weights '
            'alone where it was trained: torch.save(model.state_dict(), FILE)') from error
    except Exception as error:  # whatever torch meets in damaged bytes, OSError among it
        raise UserError(f'{path} is damaged or not a checkpoint of torch') from error


def _state_dict(loaded: Any, path: Path) -> dict[str, torch.Tensor]:
    # Tensors beside a wrapped dict are figures, such as the best epoch's score.
    while isinstance(loaded, dict):
        inner = next((loaded[name] for name in WRAPPERS
                      if isinstance(loaded.get(name), dict)), None)
        if inner is None:
            break
        loaded = inner
    tensors = {name: value for name, value in loaded.items()
               if isinstance(value, torch.Tensor)} if isinstance(loaded, dict) else {}
    if tensors:
        return tensors
    raise UserError(f'{path} holds no state dict, neither alone nor under one of '
                    f'{", ".join(WRAPPERS)}')


def _bare(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {_without_prefix(name): value for name, value in weights.items()
            if not name.endswith(COUNTER)}


def _without_prefix(name: str) -> str:
    while True:
        prefix = next((one for one in PREFIXES if name.startswith(one)), None)
        if prefix is None:
            return name
        name = name[len(prefix):]


def _list(what: str, names: list[str]) -> str:
    if not names:
        return ''
    more = f' and {len(names) - 4} more' if len(names) > 4 else ''
    return f'{what}: {", ".join(names[:4])}{more}; '

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Network definitions and the table that names them."""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path
from typing import Any
from typing import Callable

import torch
from numpy.typing import NDArray
from torch import nn

from lane_perception.errors import UserError
from lane_perception.networks.deeplab import LaneDeeplab
from lane_perception.networks.efficientnet_lite import LaneEfficientnetLite0
from lane_perception.networks.lane_dense import LaneDense
from lane_perception.networks.lane_dense import LaneDenseShape

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclasses.dataclass(frozen=True)
class NetworkEntry:
    """How to build a network, and how its pictures are normalized."""

    build: Callable[[], nn.Module]      # with fresh weights
    mean: tuple[float, float, float]    # subtracted from RGB in 0 to 1
    std: tuple[float, float, float]     # then divided by


def _lane_dense(shape: LaneDenseShape) -> NetworkEntry:
    # It evens out the exposure itself, by a factor, which a subtracted mean would spoil.
    return NetworkEntry(lambda: LaneDense(shape), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


# Multiply-adds (G) are for one picture of 640x384.
NETWORKS: dict[str, NetworkEntry] = {
    'lane_dense_tiny': _lane_dense(LaneDenseShape(
        (16, 24, 32, 48, 64), (0, 1, 1, 1), (16, 24, 32, 32))),
    'lane_dense_small': _lane_dense(LaneDenseShape(
        (16, 32, 64, 96, 128), (1, 1, 2, 2), (16, 32, 64, 64))),    # 1.8 G, 1.3 M weights
    'lane_dense_base': _lane_dense(LaneDenseShape(
        (32, 32, 64, 96, 128), (1, 2, 3, 2), (32, 32, 64, 64))),    # 2.7 G, 1.6 M weights
    'efficientnet_lite0': NetworkEntry(
        LaneEfficientnetLite0, (127 / 255,) * 3, (128 / 255,) * 3),
    'deeplabv3_resnet101': NetworkEntry(
        lambda: LaneDeeplab(1), IMAGENET_MEAN, IMAGENET_STD),
    'deeplabv3_resnet101_two_classes': NetworkEntry(
        lambda: LaneDeeplab(2), IMAGENET_MEAN, IMAGENET_STD),
}


def find_network(architecture: str) -> NetworkEntry:
    """
    Return the table's entry of that name.

    :raises UserError: for an unknown name; the sentence suggests the nearest.
    """
    if architecture in NETWORKS:
        return NETWORKS[architecture]
    near = difflib.get_close_matches(architecture, NETWORKS, 1)
    hint = f'did you mean {near[0]}?' if near else f'known: {", ".join(sorted(NETWORKS))}'
    raise UserError(f'there is no architecture "{architecture}"; {hint}')


def build_network(architecture: str, pretrained: bool = False) -> nn.Module:
    """
    Return a network with fresh weights.

    :param architecture: a key of NETWORKS.
    :param pretrained: load ImageNet weights into the encoder.
    :returns: a module whose forward takes (N, 3, H, W) normalized RGB, H and W multiples of 32,
        and returns (N, 1, h, w) lane logits covering the same view.
    :raises UserError: for an unknown name, or pretrained where there are no such weights.
    """
    network = find_network(architecture).build()
    if pretrained:
        if not hasattr(network, 'load_pretrained'):
            raise UserError(
                f'there are no ImageNet weights for {architecture}; set pretrained=false')
        network.load_pretrained()
    return network


def load_weights(
    network: nn.Module, weights: dict[str, NDArray[Any]], path: Path, architecture: str,
) -> None:
    """
    Load the weights of a model file into a network, every one of them.

    :param path: the file, for the sentence of an error; architecture too.
    :raises UserError: when the weights are not those of such a network.
    """
    try:
        network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    except RuntimeError as error:
        raise UserError(f'{path}: its tensors do not fit {architecture}: '
                        f'{" ".join(str(error).split())[:300]}') from error

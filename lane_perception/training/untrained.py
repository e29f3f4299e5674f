# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Model files with untrained weights, for measuring how long a network takes."""

from __future__ import annotations

from pathlib import Path

import torch

from lane_perception.model_file import ModelCard
from lane_perception.model_file import write_safetensors
from lane_perception.networks import build_network
from lane_perception.training.export import export_onnx


def write_untrained(architecture: str, side: int, path: Path) -> None:
    """
    Write a network with weights as they are before training, the same ones each time.

    :param architecture: a key of lane_perception.networks.
    :param side: height and width of its input, pixels, a multiple of 32.
    :param path: ends in .onnx or .safetensors, which says the kind.
    """
    torch.manual_seed(0)
    network = build_network(architecture).eval()
    card = ModelCard(name=path.stem, architecture=architecture, input_height=side,
                     input_width=side)
    if path.suffix == '.onnx':
        export_onnx(network, card, path)
    else:
        write_safetensors(path, {name: value.numpy() for name, value
                                 in network.state_dict().items()}, card)

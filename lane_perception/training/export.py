# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write a trained network as an ONNX model file."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import logging
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import numpy as np
import torch
from torch import nn

from lane_perception.model_file import ModelCard
from lane_perception.model_file import read_safetensors
from lane_perception.model_file import write_onnx
from lane_perception.networks import build_network
from lane_perception.networks import load_weights

OPSET = 18


class ExportedNetwork(nn.Module):
    """The graph of a model file: uint8 NHWC RGB in, lane probability out."""

    def __init__(self, network: nn.Module, card: ModelCard) -> None:
        super().__init__()
        self.network = network
        scale = 1 / (np.array(card.std) * 255)
        shape = (1, 3, 1, 1)
        self.scale = nn.Buffer(torch.tensor(scale, dtype=torch.float32).view(shape))
        self.shift = nn.Buffer(torch.tensor(
            -np.array(card.mean) * 255 * scale, dtype=torch.float32).view(shape))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return (N, h, w) probability of (N, H, W, 3) uint8."""
        pixels = image.permute(0, 3, 1, 2).float() * self.scale
        if bool(self.shift.any()):
            pixels = pixels + self.shift
        return torch.sigmoid(self.network(pixels))[:, 0]


@contextmanager
def only_errors(name: str | None = None) -> Iterator[None]:
    """Keep back what a logger, or the root of them, says below an error."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def export_onnx(network: nn.Module, card: ModelCard, path: Path) -> None:
    """
    Write a network as ONNX, with its card.

    :param network: takes (N, 3, H, W) normalized RGB, returns (N, 1, h, w) logits.
    :param path: of the .onnx file; batch, height and width of its input are dynamic.
    """
    import onnx
    exported = ExportedNetwork(network.to(memory_format=torch.contiguous_format), card).eval()
    image = torch.zeros(2, card.input_height, card.input_width, 3, dtype=torch.uint8)
    buffer = io.BytesIO()
    with warnings.catch_warnings(), only_errors('torch.onnx'), torch.inference_mode():
        warnings.simplefilter('ignore')
        # The tracing exporter folds batch normalization and writes the symbolic sizes as they are.
        torch.onnx.export(
            exported, (image,), buffer, opset_version=OPSET, dynamo=False,
            input_names=['image'], output_names=['probability'],
            dynamic_axes={'image': {0: 'n', 1: 'height', 2: 'width'},
                          'probability': {0: 'n', 1: 'output_height', 2: 'output_width'}})
    model = onnx.load_from_string(buffer.getvalue())
    onnx.checker.check_model(model)
    write_onnx(path, model, card)


def load_network(path: Path) -> tuple[nn.Module, ModelCard]:
    """
    Return the network of a .safetensors model file, ready for inference, and its card.

    :raises UserError: when its tensors do not fit its architecture.
    """
    weights, card = read_safetensors(path)
    network = build_network(card.architecture)
    load_weights(network, weights, path, card.architecture)
    return network.eval(), card


def export_file(source: Path, destination: Path) -> None:
    """Write the ONNX file of a .safetensors model file, whose digest its card then tells."""
    network, card = load_network(source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    export_onnx(network, dataclasses.replace(card, exported_from=digest), destination)

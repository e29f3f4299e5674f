# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""PyTorch: for weights that were just trained, and for GPUs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.model_file import read_safetensors
from lane_perception.networks import NETWORKS
from lane_perception.networks import build_network
from lane_perception.networks import load_weights

DTYPES = {'fp16': torch.float16, 'bf16': torch.bfloat16}


class TorchRuntime:
    """Run a .safetensors file through PyTorch."""

    name = 'torch'

    def __init__(self, path: Path, device: str, precision: str) -> None:
        """
        Build the network that the card names and load its weights.

        :param path: a .safetensors file with a card.
        :param device: auto (CUDA where there is one), cpu or cuda:N.
        :param precision: auto (fp16 on CUDA, fp32 on a processor), fp32, fp16 (CUDA), bf16.
        :raises UserError: for CUDA or a precision that is not to be had, an unknown architecture,
            tensors that do not fit it.
        """
        weights, self.card = read_safetensors(path)
        has_cuda = torch.cuda.is_available()
        if device == 'auto':
            device = 'cuda:0' if has_cuda else 'cpu'
        if device != 'cpu' and not has_cuda:
            raise UserError(f'device {device} needs an NVIDIA GPU and a CUDA build of torch, '
                            'which this machine lacks; use device cpu')
        number, count = int(device.partition(':')[2] or 0), torch.cuda.device_count()
        if device != 'cpu' and number >= count:
            raise UserError(f'there is no device {device}: torch sees {count} GPU'
                            f'{"s" * (count != 1)}, counted from cuda:0')
        if precision == 'auto':
            precision = 'fp32' if device == 'cpu' else 'fp16'
        if precision == 'fp16' and device == 'cpu':
            raise UserError('precision fp16 needs a GPU; on a processor use fp32, bf16 or int8')
        if precision == 'int8':
            raise UserError('runtime torch has no int8; use runtime onnxruntime or openvino')
        self.device = device
        self.precision = precision
        self._network = self._load(path, weights)
        shape = (1, 3, 1, 1)
        self._mean = torch.tensor(self.card.mean, device=device).view(shape) * 255
        self._scale = 1 / (torch.tensor(self.card.std, device=device).view(shape) * 255)

    def _load(self, path: Path, weights: dict[str, np.ndarray]) -> torch.nn.Module:
        if self.card.architecture not in NETWORKS:
            raise UserError(
                f'{path} is of the architecture "{self.card.architecture}", which this version '
                f'does not know (known: {", ".join(sorted(NETWORKS))})')
        network = build_network(self.card.architecture)
        load_weights(network, weights, path, self.card.architecture)
        network.eval().to(self.device)
        return network.to(memory_format=torch.channels_last)

    def run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (N, h, w) lane probability; see :class:`lane_perception.runtimes.Runtime`."""
        with torch.inference_mode(), self._autocast():
            # NHWC in memory is what channels_last is: permute copies nothing.
            pixels = torch.from_numpy(images).to(self.device).permute(0, 3, 1, 2).float()
            logits = self._network((pixels - self._mean) * self._scale)
            return torch.sigmoid(logits.float())[:, 0].cpu().numpy()

    def _autocast(self) -> contextlib.AbstractContextManager:
        if self.precision == 'fp32':
            return contextlib.nullcontext()
        return torch.autocast(self.device.partition(':')[0], dtype=DTYPES[self.precision])

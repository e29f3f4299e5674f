# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
A small encoder-decoder made of dense 3x3 convolutions, drawn for processors.

Depthwise convolutions save multiplications that matrix units (AMX, VNNI, tensor cores) do for
nothing and leave the memory traffic that really costs. Here every layer is a dense convolution
with batch normalization and ReLU, which runtimes fuse into one call in bf16 and int8.

The decoder (a feature pyramid, Lin et al. 2017) ends at half of the input's resolution with four
numbers for each position, one for each of the four input pixels it covers (sub-pixel convolution,
Shi et al. 2016), so that edges come out at full resolution for the price of half.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import nn
from torch.nn import functional


@dataclasses.dataclass(frozen=True)
class LaneDenseShape:
    """The sizes that tell one lane_dense from another; five levels, at 1/2 to 1/32."""

    channels: tuple[int, int, int, int, int]   # of the encoder's levels
    blocks: tuple[int, int, int, int]          # residual blocks at 1/4, 1/8, 1/16, 1/32
    decoder: tuple[int, int, int, int]         # channels of the decoder at 1/2, 1/4, 1/8, 1/16


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a 3x3 convolution with batch normalization and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around which the input is added (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a tensor of the same shape."""
        return functional.relu(x + self.second(self.first(x)))


class ExposureGain(nn.Module):
    """
    Even out the picture's exposure: divide it by its mean.

    A very dark frame (mean gray 5 of 255) keeps its contrast only as a ratio. A factor alone costs
    no precision in bf16, where subtracting a mean would round a dark frame's steps away.
    """

    target = 0.4   # of full scale: the mean afterwards
    floor = 0.01   # of full scale, added to the mean: below it the gain stops growing
    ceiling = 4.0  # lamps in a dark frame go no higher

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, 3, H, W), 0 to 4, for (N, 3, H, W) in 0 to 1."""
        mean = x.mean(dim=(1, 2, 3), keepdim=True)
        return (x * (self.target / (mean + self.floor))).clamp(max=self.ceiling)


class Context(nn.Module):
    """Add what the picture as a whole looks like to every position of the deepest level."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a tensor of the same shape."""
        return functional.relu(x + self.mix(functional.adaptive_avg_pool2d(x, 1)))


class Fuse(nn.Module):
    """Double the deep features' resolution and merge them with the encoder's."""

    def __init__(self, deep: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(deep, outputs, 1)
        self.lateral = nn.Identity() if skip == outputs else nn.Conv2d(skip, outputs, 1)
        self.smooth = convolution(outputs, outputs)

    def forward(self, deep: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Return the merged features at skip's resolution, twice that of deep."""
        larger = functional.interpolate(self.reduce(deep), scale_factor=2, mode='nearest')
        return self.smooth(functional.relu(larger + self.lateral(skip)))


class LaneDense(nn.Module):
    """Lane marking logits from pictures in 0 to 1."""

    def __init__(self, shape: LaneDenseShape) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth, deepest = shape.channels
        self.exposure = ExposureGain()
        self.stem = convolution(3, half, stride=2)
        self.quarter = self._level(half, quarter, shape.blocks[0])
        self.eighth = self._level(quarter, eighth, shape.blocks[1])
        self.sixteenth = self._level(eighth, sixteenth, shape.blocks[2])
        self.deepest = self._level(sixteenth, deepest, shape.blocks[3])
        self.context = Context(deepest)
        self.fuse_sixteenth = Fuse(deepest, sixteenth, shape.decoder[3])
        self.fuse_eighth = Fuse(shape.decoder[3], eighth, shape.decoder[2])
        self.fuse_quarter = Fuse(shape.decoder[2], quarter, shape.decoder[1])
        self.fuse_half = Fuse(shape.decoder[1], half, shape.decoder[0])
        self.head = nn.Conv2d(shape.decoder[0], 4, 1)
        self._initialize()

    @staticmethod
    def _level(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
        return nn.Sequential(
            convolution(inputs, outputs, stride=2),
            *(ResidualBlock(outputs) for _ in range(blocks)),
        )

    def _initialize(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            if isinstance(module, ResidualBlock):
                nn.init.zeros_(module.second[1].weight)
        # Few pixels are markings: start from a probability near their share.
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.constant_(self.head.bias, -2.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Return the lane logits.

        :param x: (N, 3, H, W) RGB in 0 to 1 (the card's mean is 0 and its std 1); H and W
            multiples of 32.
        :returns: (N, 1, H, W) logits, before the sigmoid.
        """
        half = self.stem(self.exposure(x))
        quarter = self.quarter(half)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        merged = self.fuse_sixteenth(self.context(self.deepest(sixteenth)), sixteenth)
        merged = self.fuse_eighth(merged, eighth)
        merged = self.fuse_quarter(merged, quarter)
        merged = self.fuse_half(merged, half)
        return functional.pixel_shuffle(self.head(merged), 2)

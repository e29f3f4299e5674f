# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""torchvision's DeepLabV3 on a ResNet-101 (Chen et al. 2017), as a lane network."""

from __future__ import annotations

import torch
from torch import nn
from torchvision.models.segmentation import deeplabv3_resnet101

from lane_perception.errors import UserError


class LaneDeeplab(nn.Module):
    """
    DeepLabV3 with one lane logit per position, at 1/8 of the input, and an auxiliary head.

    The weights have torchvision's own names below ``model.``, so checkpoints that were trained
    with torchvision's network fit. One with two classes (background, lane) is as good as one with
    one: softmax over two logits is the sigmoid of their difference.
    """

    def __init__(self, classes: int) -> None:
        """
        Build the network with fresh weights.

        :param classes: 1, or 2 for background and lane.
        """
        super().__init__()
        self.model = deeplabv3_resnet101(
            weights=None, weights_backbone=None, num_classes=classes, aux_loss=True)

    @property
    def encoder(self) -> nn.Module:
        """Return the part that may learn at a rate of its own."""
        return self.model.backbone

    def load_pretrained(self) -> None:
        """Load torchvision's ImageNet weights, downloaded on first use, into the backbone."""
        from torchvision.models import ResNet101_Weights
        weights = ResNet101_Weights.IMAGENET1K_V2
        try:
            state = weights.get_state_dict(progress=True, check_hash=True)
        except OSError as error:
            raise UserError(
                f'the ImageNet weights could not be downloaded from {weights.url} ({error}); set '
                'pretrained=false, or put the file into the folder hub/checkpoints of '
                'TORCH_HOME') from error
        self.model.backbone.load_state_dict(
            {name: value for name, value in state.items() if not name.startswith('fc.')})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, 1, H/8, W/8) logits of (N, 3, H, W) normalized RGB."""
        return _lane_logit(self.model.classifier(self.model.backbone(x)['out']))

    def forward_with_auxiliary(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits and those of the auxiliary head, which sees the third stage."""
        features = self.model.backbone(x)
        return (_lane_logit(self.model.classifier(features['out'])),
                _lane_logit(self.model.aux_classifier(features['aux'])))


def _lane_logit(logits: torch.Tensor) -> torch.Tensor:
    return logits if logits.shape[1] == 1 else logits[:, 1:] - logits[:, :1]

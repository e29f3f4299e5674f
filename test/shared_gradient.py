# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One step of every loss on this process's part of a batch; started by torchrun in a test."""

import sys

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from lane_perception.training import processes
from lane_perception.training.losses import LOSSES

EXAMPLES = 4


def gradients():
    """Return each loss's gradient over the whole batch, by name."""
    random = torch.Generator().manual_seed(3)
    pictures = torch.rand((EXAMPLES, 3, 8, 8), generator=random)
    target = torch.rand((EXAMPLES, 1, 8, 8), generator=random)
    judged = (torch.rand((EXAMPLES, 1, 8, 8), generator=random) > 0.3).float()
    judged[0] = 0   # the parts must not weigh alike
    part = slice(processes.number(), None, processes.count())
    found = {}
    for name, loss in LOSSES.items():
        torch.manual_seed(0)
        model = nn.Conv2d(3, 1, 3, padding=1)
        shared = DistributedDataParallel(model) if processes.count() > 1 else model
        loss(shared(pictures[part]), target[part], judged[part]).backward()
        found[name] = model.weight.grad.clone()
    return found


if __name__ == '__main__':
    with processes.first_alone():
        pass
    result = gradients()
    if processes.number() == 0:
        torch.save(result, sys.argv[1])
    torch.distributed.destroy_process_group()

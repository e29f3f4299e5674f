# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Hold training's augmentation against the same chain of torchvision's transforms v2.

Both vary the same picture with each of their steps switched on, in turns, on one core; counted is
processor time. ``python -m lane_perception.training.augmentation_cost``
"""

from __future__ import annotations

import statistics
from time import process_time
from typing import Callable

import cv2
import numpy as np
import torch
from torchvision import tv_tensors
from torchvision.transforms import v2

from lane_perception.data.synthetic import WorldSettings
from lane_perception.data.synthetic import sample
from lane_perception.training import augmentation

SEED = 1000008     # of the picture
SIZE = (384, 640)
ROUNDS = 60


def main() -> int:
    """Print both medians and their ratio."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    image = cv2.resize(sample(SEED, 0, WorldSettings(size=(640, 480))).image, SIZE[::-1])
    target = np.zeros((*SIZE, 2), np.uint8)
    rng = np.random.default_rng(0)
    steps = (augmentation.change_tones, augmentation.blur, augmentation.add_noise,
             augmentation.compress)
    chain = v2.Compose([
        v2.RandomHorizontalFlip(1.0), v2.RandomAffine(6, (0.08, 0.08), (0.86, 1.35)),
        v2.RandomPerspective(0.06, 1.0), v2.ColorJitter(0.4, 0.4, 0.2, 0.02),
        v2.GaussianBlur(5, (0.4, 1.8)), v2.JPEG((20, 80)), v2.ToDtype(torch.float32, scale=True),
        v2.GaussianNoise(0.0, 0.03), v2.ToDtype(torch.uint8, scale=True)])
    pixels = torch.from_numpy(image).permute(2, 0, 1).contiguous()
    mask = torch.from_numpy(target).permute(2, 0, 1).contiguous()

    def ours() -> None:
        varied, _ = augmentation.warp(cv2.flip(image, 1), cv2.flip(target, 1), 1.0, rng)
        for vary in steps:
            varied = vary(varied, 1.0, rng)

    def theirs() -> None:
        chain(tv_tensors.Image(pixels), tv_tensors.Mask(mask))
    times: dict[Callable[[], None], list[float]] = {ours: [], theirs: []}
    for _ in range(ROUNDS):
        for function, seconds in times.items():
            start = process_time()
            function()
            seconds.append(process_time() - start)
    own, other = (statistics.median(seconds) * 1e3 for seconds in times.values())
    print(f'one picture of {SIZE[1]}x{SIZE[0]}, all steps, processor time, median of {ROUNDS}: '
          f'OpenCV {own:.1f} ms, transforms v2 {other:.1f} ms, {other / own:.1f} times')
    return 0


if __name__ == '__main__':
    raise SystemExit(main())

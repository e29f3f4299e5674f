# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Vary a training picture: geometry for picture and target as one, then light and camera.

Everything is drawn from one generator, which the data set seeds with (seed, epoch, index), so a
run repeats whatever the number of loading processes. It is written with OpenCV on uint8 arrays:
the same chain with torchvision's transforms v2 takes five times longer on a processor, where
augmentation and training share the cores (augmentation_cost.py).
"""

from __future__ import annotations

from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.training.targets import wholly_judged

Image = NDArray[np.uint8]
Rng = np.random.Generator
GROUPS = ('mirror', 'warp', 'shadow', 'glare', 'tones', 'blur', 'noise', 'jpeg')


def augment(
    image: Image, target: Image, strength: float, rng: Rng, without: Sequence[str] = (),
) -> tuple[Image, Image]:
    """
    Return a varied copy of a picture and its target.

    :param image: (H, W, 3) uint8, BGR.
    :param target: (H, W, 2) uint8: coverage and judged, see :mod:`.targets`.
    :param strength: 1 is the usual amount, 0 returns the arguments as they are.
    :param without: those of GROUPS that are left out.
    """
    if strength <= 0:
        return image, target
    if rng.random() < 0.5 and 'mirror' not in without:
        image, target = cv2.flip(image, 1), cv2.flip(target, 1)
    if rng.random() < 0.7 and 'warp' not in without:
        image, target = warp(image, target, strength, rng)
    for group, vary, chance in (
            ('shadow', cast_shadow, 0.15), ('glare', add_glare, 0.15),
            ('tones', change_tones, 0.8), ('blur', blur, 0.2), ('noise', add_noise, 0.3),
            ('jpeg', compress, 0.2)):
        if rng.random() < chance and group not in without:
            image = vary(image, strength, rng)
    return image, target


def warp(image: Image, target: Image, strength: float, rng: Rng) -> tuple[Image, Image]:
    """Rotate, scale, shift and tilt; what comes from outside the picture is not judged."""
    height, width = image.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    center = corners.mean(axis=0)
    angle = np.deg2rad(rng.uniform(-6, 6) * strength)
    scale = np.exp(rng.uniform(-0.15, 0.3) * strength)
    rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (corners - center) @ rotation.T + center
    moved += rng.uniform(-0.08, 0.08, 2) * strength * (width, height)
    moved += rng.uniform(-0.03, 0.03, (4, 2)) * strength * (width, height)
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    image = cv2.warpPerspective(image, matrix, (width, height),
                                flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    target = cv2.warpPerspective(target, matrix, (width, height),
                                 flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return image, wholly_judged(target)


def change_tones(image: Image, strength: float, rng: Rng) -> Image:
    """Change exposure, gamma and the color cast, by one table per channel."""
    dark = rng.random() < 0.12
    exposure = np.exp(rng.uniform(*((-2.5, -0.8) if dark else (-0.5, 0.4))) * strength)
    gamma = np.exp(rng.uniform(-0.35, 0.35) * strength)
    cast = np.exp(rng.normal(0, 0.08, 3) * strength)
    levels = np.linspace(0, 1, 256)[:, None] ** gamma
    table = np.clip(levels * exposure * cast * 255 + 0.5, 0, 255).astype(np.uint8)
    return cv2.LUT(image, table.reshape(1, 256, 3))


def cast_shadow(image: Image, strength: float, rng: Rng) -> Image:
    """Darken a polygon with a soft edge."""
    height, width = image.shape[:2]
    small = np.zeros((height // 8, width // 8), np.float32)
    corners = rng.uniform(-0.2, 1.2, (int(rng.integers(3, 6)), 2)) * (width // 8, height // 8)
    cv2.fillPoly(small, [cv2.convexHull(corners.astype(np.int32))], 1.0)
    small = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.3, 4.0))
    factor = 1 - small * rng.uniform(0.2, 0.6) * min(strength, 1.5)
    return _multiply(image, factor)


def add_glare(image: Image, strength: float, rng: Rng) -> Image:
    """Add the reflection of a lamp: a bright ellipse that fades outward."""
    height, width = image.shape[:2]
    small = np.zeros((height // 8, width // 8), np.float32)
    center = (int(rng.uniform(0, width // 8)), int(rng.uniform(0.2, 1) * (height // 8)))
    axes = (int(rng.uniform(1, max(1, width / 40))) + 1,
            int(rng.uniform(1, max(1, height / 30))) + 1)
    cv2.ellipse(small, center, axes, rng.uniform(0, 180), 0, 360, 1.0, -1)
    small = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.5, 4.0))
    light = cv2.resize(small * rng.uniform(60, 220) * min(strength, 1.2), (width, height))
    return cv2.add(image, cv2.merge([light.astype(np.uint8)] * 3))


def blur(image: Image, strength: float, rng: Rng) -> Image:
    """Blur by defocus or by the car's motion."""
    if rng.random() < 0.5:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.8) * max(strength, 0.3))
    length = int(rng.integers(3, 4 + max(1, round(8 * strength))))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    half = (length - 1) / 2
    step = half * np.array([np.cos(angle), np.sin(angle)])
    start, end = np.rint(half - step).astype(int), np.rint(half + step).astype(int)
    cv2.line(kernel, tuple(map(int, start)), tuple(map(int, end)), 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def add_noise(image: Image, strength: float, rng: Rng) -> Image:
    """Add Gaussian noise, alike or not in the three channels."""
    sigma = rng.uniform(1, 14) * strength
    shape = image.shape if rng.random() < 0.5 else (*image.shape[:2], 1)
    noise = np.empty(shape, np.int16)
    cv2.setRNGSeed(int(rng.integers(1, 2 ** 31 - 1)))
    cv2.randn(noise, 0, sigma)
    if noise.shape[2] == 1:
        noise = cv2.merge([noise] * 3)
    return cv2.add(image, noise, dtype=cv2.CV_8U)


def compress(image: Image, strength: float, rng: Rng) -> Image:
    """Encode and decode as JPEG of quality 20 to 80."""
    quality = int(rng.integers(20, 81))
    coded = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)


def _multiply(image: Image, factor: NDArray[np.float32]) -> Image:
    """Multiply by a factor in 0 to 1 that is given at a fraction of the size."""
    height, width = image.shape[:2]
    weight = cv2.resize(factor * 255, (width, height)).astype(np.uint8)
    return cv2.multiply(image, cv2.merge([weight] * 3), scale=1 / 255)

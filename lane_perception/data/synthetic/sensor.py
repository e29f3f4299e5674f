# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Turn linear light into the picture that a cheap camera makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.settings import log_uniform
from lane_perception.data.synthetic.settings import Streams
from lane_perception.data.synthetic.settings import WorldSettings

CODES = 4096  # steps of linear light in the tone curve's table


@dataclass(frozen=True)
class Exposure:
    """How one picture was exposed."""

    gain: float                         # from light to a scale on which 1 is white
    stray: NDArray[np.float32] | None   # (H, W, 3) what haze, bloom and flicker add on that scale


@dataclass(frozen=True)
class Sensor:
    """How a camera turns light into numbers."""

    size: tuple[int, int]                   # its own width and height, pixels
    mean_grey: float                        # that its exposure aims at, 0 to 255
    cast: tuple[float, float, float]        # gain: blue, green, red
    defocus: float                          # sigma, pixels at 640 wide
    motion: float                           # length of the smear, pixels at 640 wide
    motion_angle: float                     # radians
    shot_noise: float                       # variance per unit of light
    read_noise: float                       # deviation, of white
    gamma: float                            # of the tone curve
    contrast: float                         # bend of the tone curve
    saturation: float
    vignette: float                         # light lost at the corners
    quality: int                            # JPEG, 0: none
    bloom: float = 0.0                      # share of the light above white that spreads
    haze: float = 0.0                       # stray light, of the mean
    flicker: float = 0.0                    # depth of bands of light
    bands: tuple[float, float] = (3.0, 0.0)  # of flicker in the picture, and their phase
    sharpness: float = 0.0                  # of the halo that sharpening draws round edges
    smooth: bool = False                    # noise is filtered, as cheap cameras do
    dirt: tuple[tuple[float, ...], ...] = ()  # specks on the lens: u, v, radius, light let through
    caption: str = ''                       # burnt into the picture
    caption_at: tuple[float, float] = (0.02, 0.06)  # of its lower left corner, of width and height

    def expose(self, random: np.random.Generator, light: NDArray[np.float32]
               ) -> tuple[NDArray[np.uint8], 'Exposure']:
        """
        Return the (H, W, 3) uint8 picture of (H, W, 3) linear light, and how it was exposed.

        Blur and smear are symmetric, so that no edge moves.
        """
        height, width = light.shape[:2]
        shade = self._vignette(height, width)
        for speck in self.dirt:
            shade = shade * _speck(height, width, *speck)
        light = light * shade[..., None]
        light = self._blur(light, width)
        light = light * np.array(self.cast, np.float32)
        gain = self._gain(light)
        plain = light * np.float32(gain)
        light = self._stray(plain)
        exposure = Exposure(gain, light - plain if light is not plain else None)
        small = self.size[0] < width
        if small:
            light = cv2.resize(light, self.size, interpolation=cv2.INTER_AREA)
        light = self._add_noise(random, light, 1.0 if small else width / self.size[0])
        picture = self._finish(self.develop(light))
        if self.quality:
            packed = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
            picture = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        if small:
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        return picture, exposure

    def _blur(self, light: NDArray[np.float32], width: int) -> NDArray[np.float32]:
        """Return light of a picture so wide, smeared by motion and out of focus."""
        light = smear(light, self.motion * width / 640, self.motion_angle)
        sigma = self.defocus * width / 640
        return cv2.GaussianBlur(light, (0, 0), sigma) if sigma > 0.2 else light

    def blur(self, cover: NDArray[np.float32], width: int) -> NDArray[np.float32]:
        """Return rows of a picture so wide as blurred as the sensor shows them, pixels and all."""
        cover = self._blur(cover, width)
        if self.size[0] < width:
            # Averaged over the sensor's pixels, and spread again between them.
            ratio = width / self.size[0]
            cover = cv2.GaussianBlur(cover, (0, 0), 0.5 * ratio)
        return cover

    def _stray(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return exposed light with haze, with what spreads from highlights, and with flicker."""
        height, width = light.shape[:2]
        if self.bloom:
            over = cv2.resize((light - 1).clip(0, 8), (width // 8 + 1, height // 8 + 1),
                              interpolation=cv2.INTER_AREA)
            spread = cv2.GaussianBlur(over, (0, 0), 0.03 * width / 8 + 0.5)
            light = light + np.float32(self.bloom) * cv2.resize(spread, (width, height))
        if self.haze:
            light = light * np.float32(1 - self.haze) + np.float32(self.haze) * light.mean((0, 1))
        if self.flicker:
            rows = np.linspace(0, 2 * np.pi * self.bands[0], height, dtype=np.float32)
            light = light * (1 + np.float32(self.flicker)
                             * np.sin(rows + np.float32(self.bands[1])))[:, None, None]
        return light

    def _finish(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a developed picture filtered, sharpened and captioned."""
        if self.smooth:
            picture = cv2.bilateralFilter(picture, 5, 30, 2)
        if self.sharpness:
            soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
            picture = cv2.addWeighted(picture, 1 + self.sharpness, soft, -self.sharpness, 0)
        if self.caption:
            _write(picture, self.caption, self.caption_at, (235, 235, 235))
        return picture

    def hidden(self, height: int, width: int) -> NDArray[np.bool_]:
        """Return the (H, W) pixels that the caption covers."""
        canvas = np.zeros((height, width), np.uint8)
        if self.caption:
            _write(canvas, self.caption, self.caption_at, 255)
        return cv2.dilate(canvas, np.ones((3, 3), np.uint8)) > 0

    def develop(self, light: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the tone-mapped uint8 picture of exposed light."""
        if self.saturation != 1.0:
            grey = light.mean(-1, keepdims=True)
            light = grey + (light - grey) * np.float32(self.saturation)
        codes = (light * np.float32(CODES - 1)).clip(0, CODES - 1).astype(np.uint16)
        return self.curve()[codes]

    def noise_level(self, light: float) -> float:
        """Return the deviation by noise, in grey levels, about some exposed light."""
        light = float(np.clip(light, 1e-4, 1))
        slope = 255 / self.gamma * light ** (1 / self.gamma - 1)
        return slope * float(np.sqrt(self.shot_noise * light + self.read_noise ** 2))

    def curve(self) -> NDArray[np.uint8]:
        """Return the tone curve: a grey level for each of CODES steps of light."""
        value = np.linspace(0, 1, CODES) ** (1 / self.gamma)
        bent = value + self.contrast * np.sin(2 * np.pi * value) / (-2 * np.pi)
        return np.rint(255 * bent.clip(0, 1)).astype(np.uint8)

    def _gain(self, light: NDArray[np.float32]) -> float:
        """Return the gain at which the picture's mean grey is as aimed at."""
        sample = light[::8, ::8].reshape(-1, 3)
        curve = self.curve().astype(np.float32)
        low, high = 1e-3, 1e4
        for _ in range(14):
            middle = np.sqrt(low * high)
            codes = (sample * np.float32(middle * (CODES - 1))).clip(0, CODES - 1)
            if curve[codes.astype(np.uint16)].mean() > self.mean_grey:
                high = middle
            else:
                low = middle
        return float(np.sqrt(low * high))

    def _add_noise(self, random: np.random.Generator, light: NDArray[np.float32],
                   averaging: float) -> NDArray[np.float32]:
        """Return light with shot and read noise; averaging over pixels makes it less."""
        if self.shot_noise == 0 and self.read_noise == 0:
            return light
        table = _normal_table()
        start = int(random.integers(table.size - light.size))
        normal = table[start:start + light.size].reshape(light.shape)
        if self.smooth:  # what filters leave is coarse and colored
            normal = cv2.GaussianBlur(normal, (0, 0), 0.9) * np.float32(1.8)
        variance = light.clip(0, 1) * np.float32(self.shot_noise)
        variance += np.float32(self.read_noise ** 2)
        return light + np.sqrt(variance) * normal * np.float32(min(1.0, averaging))

    def _vignette(self, height: int, width: int) -> NDArray[np.float32]:
        """Return the (H, W) share of light that reaches each pixel."""
        v = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        u = np.linspace(-1, 1, width, dtype=np.float32)[None]
        return 1 - np.float32(self.vignette) * ((u * u + v * v) / 2) ** np.float32(1.3)


def _write(picture: NDArray[np.uint8], text: str, at: tuple[float, float], color) -> None:
    """Write a line of text into a picture, in place."""
    height, width = picture.shape[:2]
    start = (int(at[0] * width), int(at[1] * height))
    cv2.putText(picture, text, start, cv2.FONT_HERSHEY_SIMPLEX, width / 900, color,
                max(1, width // 400), cv2.LINE_AA)


def _speck(height: int, width: int, u: float, v: float, radius: float,
           through: float) -> NDArray[np.float32]:
    """Return the (H, W) share of light that passes beside a blurred speck on the lens."""
    rows = np.arange(height, dtype=np.float32)[:, None] / width - np.float32(v * height / width)
    columns = np.arange(width, dtype=np.float32)[None] / width - np.float32(u)
    square = (rows * rows + columns * columns) / np.float32(radius * radius)
    return 1 - np.float32(1 - through) * np.exp(-square * square)


@lru_cache(maxsize=1)
def _normal_table() -> NDArray[np.float32]:
    """Return many normal numbers, drawn once."""
    return np.random.default_rng(11).standard_normal(1 << 23, dtype=np.float32)


def smear(light: NDArray[np.float32], length: float, angle: float) -> NDArray[np.float32]:
    """Return light smeared evenly along a line of length pixels, half of it to either side."""
    if length < 0.7:
        return light
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for at in np.linspace(-length / 2, length / 2, 4 * reach + 1):
        x, y = reach + at * np.cos(angle), reach + at * np.sin(angle)
        i, j = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - i, y - j
        kernel[j, i] += (1 - fx) * (1 - fy)
        kernel[j, min(i + 1, 2 * reach)] += fx * (1 - fy)
        kernel[min(j + 1, 2 * reach), i] += (1 - fx) * fy
        kernel[min(j + 1, 2 * reach), min(i + 1, 2 * reach)] += fx * fy
    return cv2.filter2D(light, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def draw_sensor(streams: Streams, settings: WorldSettings, size: tuple[int, int]) -> Sensor:
    """Return a random sensor of a size in pixels."""
    random = streams['exposure']
    kind = random.random()
    if kind < 0.7:
        mean_grey = random.uniform(55, 150)
    elif kind < 0.9:
        mean_grey = log_uniform(random, 5, 55)
    else:
        mean_grey = random.uniform(150, 205)
    if settings.exposure is not None:
        mean_grey = settings.exposure
    random = streams['cast']
    far = random.random() < 0.25
    size_of_cast = random.uniform(0.15, 0.6) if far else random.uniform(0.0, 0.15)
    size_of_cast = size_of_cast if settings.cast is None else 0.6 * settings.cast
    cast = np.exp(size_of_cast * random.uniform(-1, 1, 3))
    random = streams['blur']
    defocus = log_uniform(random, 0.35, 2.2) if random.random() < 0.8 else random.uniform(1, 3.5)
    motion = 0.0 if random.random() < 0.6 else log_uniform(random, 1.5, 16)
    motion_angle = random.normal(0, 0.5) + (np.pi / 2 if random.random() < 0.25 else 0)
    if settings.blur is not None:
        defocus, motion = max(settings.blur, 0.01), 1.5 * settings.blur
    random = streams['noise']
    strength = random.random() ** 2 if settings.noise is None else settings.noise
    if settings.noise is None and settings.blur is None and random.random() < 0.1:
        strength, defocus, motion = 0.0, 0.01, 0.0  # as clean as a simulator's
    dark = np.clip(2 - mean_grey / 60, 1, 2)
    random = streams['tone']
    saturation = 0.0 if random.random() < 0.04 else random.uniform(0.6, 1.4)
    gamma, bend = random.uniform(1.7, 2.6), random.uniform(-0.1, 0.5)
    vignette = random.uniform(0.0, 0.6)
    quality = int(random.integers(20, 96)) if random.random() < 0.8 else 0
    random = streams['faults']
    bands = (random.uniform(0.5, 8), random.uniform(0, 2 * np.pi))
    specks = [(*random.uniform(0, 1, 2), log_uniform(random, 0.01, 0.15), random.uniform(0.2, 0.9))
              for _ in range(int(random.integers(1, 7)))]
    caption = ''.join(random.choice(list('0123456789:-. FPSms'), int(random.integers(6, 24))))
    corner = (random.uniform(0.01, 0.5), random.choice([0.05, 0.08, 0.96]))
    chance = random.random(8)
    size_of = random.random(8)
    return Sensor(
        size, float(mean_grey), tuple(float(c) for c in cast), float(defocus), float(motion),
        float(motion_angle), float(4e-3 * strength * dark),
        float(0.03 * strength ** 1.5 * dark * mean_grey / 150), float(gamma), float(bend),
        float(saturation), float(vignette), quality,
        bloom=float(0.8 * size_of[0]) if chance[0] < 0.35 else 0.0,
        haze=float(0.35 * size_of[1]) if chance[1] < 0.25 else 0.0,
        flicker=float(0.25 * size_of[2]) if chance[2] < 0.12 else 0.0,
        bands=tuple(float(b) for b in bands),
        sharpness=float(1.5 * size_of[3]) if chance[3] < 0.35 else 0.0,
        smooth=bool(chance[4] < 0.3 and strength > 0.05),
        dirt=tuple(tuple(float(s) for s in speck) for speck in specks) if chance[5] < 0.12 else (),
        caption=caption if chance[6] < 0.07 else '', caption_at=corner)

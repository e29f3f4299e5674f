# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
From a picture to lane probability: resize, runtime, test-time augmentation, ensemble.

The network sees the whole picture, stretched to its input size. Pixel centres follow OpenCV's
half-pixel convention throughout: the centre of the first pixel of the small picture lies at the
centre of the area that it covers in the large one.
"""

from __future__ import annotations

import re
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.model_file import LARGEST_SIDE
from lane_perception.model_file import MULTIPLE
from lane_perception.model_file import is_input_side
from lane_perception.model_file import member_names
from lane_perception.runtimes import Runtime
from lane_perception.runtimes import open_runtime

TTA = ('none', 'flip', 'full')
BRIGHTER = 1.25   # factor on the pixel values
DARKER = 0.8
SCALE = 0.75      # of the input size, for the variant at another scale


def parse_resolution(text: str) -> tuple[int, int] | None:
    """
    Return (height, width) of ``HxW``, None of ''.

    :raises UserError: when it is something else.
    """
    if not text:
        return None
    found = re.fullmatch('([0-9]{1,9})x([0-9]{1,9})', text.lower())
    if not found:
        raise UserError(f'resolution "{text}" should be HEIGHTxWIDTH in pixels, such as 384x640')
    return int(found[1]), int(found[2])


def resize_image(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """
    Return the picture at another size, as the networks are trained to see it.

    :param image: (H, W, 3) uint8.
    :returns: (height, width, 3) uint8. Averages over the area where it shrinks to less than half,
        so that thin lines do not fall between the samples; interpolates linearly otherwise.
    """
    if image.shape[:2] == (height, width):
        return image
    shrinks = image.shape[0] > 2 * height or image.shape[1] > 2 * width
    return cv2.resize(image, (width, height),
                      interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


class Segmenter:
    """One network or an ensemble of them, with optional test-time augmentation."""

    def __init__(
        self,
        runtimes: list[Runtime],
        tta: str = 'none',
        threshold: float | None = None,
        resolution: tuple[int, int] | None = None,
    ) -> None:
        """
        Put loaded networks together.

        :param runtimes: one or more; their probabilities are averaged.
        :param tta: none; flip (as it is and mirrored); full (as it is, mirrored, brighter, darker,
            at one other scale).
        :param threshold: lane probability above which a pixel is a marking, 0 to 1; None takes
            the model files' own (the mean of an ensemble's).
        :param resolution: (height, width) in pixels, multiples of 32, instead of the models' own.
        :raises UserError: for an unknown tta, a threshold or a resolution that cannot be, and when
            a model cannot be run so, such as one that was exported for pictures of one size.
        """
        self.runtimes = runtimes
        self.tta = tta
        self._own_threshold = float(np.mean([runtime.card.threshold for runtime in runtimes]))
        self.threshold = threshold
        if resolution and not all(map(is_input_side, resolution)):
            raise UserError(f'resolution {resolution[0]}x{resolution[1]} (height x width) is not '
                            f'made of multiples of {MULTIPLE} from {MULTIPLE} to {LARGEST_SIDE}')
        self._sizes = [resolution or (runtime.card.input_height, runtime.card.input_width)
                       for runtime in runtimes]
        if resolution or tta != 'none':
            self._rehearse()
        self.timings = {'resize': 0.0, 'network': 0.0, 'threshold': 0.0}
        # What the last mask was made of, as probability() returns it.
        self.last_probability: NDArray[np.float32] | None = None

    @classmethod
    def load(
        cls,
        model: str | Path,
        runtime: str = 'auto',
        device: str = 'auto',
        precision: str = 'auto',
        tta: str = 'none',
        threshold: float | None = None,
        resolution: tuple[int, int] | None = None,
    ) -> Segmenter:
        """
        Load a model, or an ensemble given as ``a,b,c``.

        :raises UserError: as :func:`lane_perception.runtimes.open_runtime` and the constructor.
        """
        runtimes = [open_runtime(name, runtime, device, precision) for name in member_names(model)]
        return cls(runtimes, tta, threshold, resolution)

    def _rehearse(self) -> None:
        """Run a black picture, which prepares what is compiled for each size, before a frame."""
        try:
            self.probability(np.zeros((MULTIPLE, MULTIPLE, 3), np.uint8))
        except Exception as error:  # ONNX Runtime's share no base class but Exception
            reason = ' '.join(str(error).split())[:200] or type(error).__name__
            raise UserError(
                f'model {self.name} cannot be run with resolution {self.resolution} and tta '
                f'{self.tta} ({reason}); use its own resolution and tta none') from error

    @property
    def tta(self) -> str:
        """Return the test-time augmentation: none, flip or full."""
        return self._tta

    @tta.setter
    def tta(self, value: str) -> None:
        if value not in TTA:
            raise UserError(f'tta "{value}" is not known; use one of {", ".join(TTA)}')
        self._tta = value

    @property
    def threshold(self) -> float:
        """Return the lane probability above which a pixel is a marking."""
        return self._own_threshold if self._threshold is None else self._threshold

    @threshold.setter
    def threshold(self, value: float | None) -> None:
        if value is not None and not 0.0 < value < 1.0:
            raise UserError(f'threshold {value} is not between 0 and 1')
        self._threshold = value

    @property
    def name(self) -> str:
        """Return the models' names, joined by commas."""
        return ','.join(runtime.card.name for runtime in self.runtimes)

    @property
    def resolution(self) -> str:
        """Return HxW of the networks' inputs, joined by commas where they differ."""
        return ','.join(dict.fromkeys(f'{height}x{width}' for height, width in self._sizes))

    def probability(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """
        Return where the markings are, at the network's output size.

        :param image: (H, W, 3) uint8, BGR.
        :returns: (h, w) float32, 0 to 1, covering the same view; it may be overwritten by the
            next call. An ensemble's has the largest output size among its members.
        """
        self.timings = {'resize': 0.0, 'network': 0.0, 'threshold': 0.0}
        members = [self._member_probability(runtime, image, *size)
                   for runtime, size in zip(self.runtimes, self._sizes)]
        if len(members) == 1:
            return members[0]
        start = perf_counter()
        merged = _mean_at_largest(members)
        self.timings['threshold'] += perf_counter() - start
        return merged

    def _member_probability(
        self, runtime: Runtime, image: NDArray[np.uint8], height: int, width: int,
    ) -> NDArray[np.float32]:
        if self.tta == 'none':
            return self._run(runtime, self._batch(image, height, width, 1))[0]
        variants = self._batch(image, height, width, 2 if self.tta == 'flip' else 4)
        maps = self._run(runtime, variants)
        maps[1] = cv2.flip(maps[1], 1)
        if self.tta == 'flip':
            return _mean(list(maps))
        small = self._batch(image, _scaled(height), _scaled(width), 1)
        return _mean([*maps, resize_probability(self._run(runtime, small)[0], *maps.shape[1:])])

    def _batch(
        self, image: NDArray[np.uint8], height: int, width: int, count: int,
    ) -> NDArray[np.uint8]:
        """Return the first count of the variants: as it is, mirrored, brighter, darker."""
        start = perf_counter()
        batch = np.empty((count, height, width, 3), np.uint8)
        cv2.cvtColor(resize_image(image, height, width), cv2.COLOR_BGR2RGB, dst=batch[0])
        if count > 1:
            cv2.flip(batch[0], 1, dst=batch[1])
        if count > 2:
            cv2.convertScaleAbs(batch[0], dst=batch[2], alpha=BRIGHTER)
            cv2.convertScaleAbs(batch[0], dst=batch[3], alpha=DARKER)
        self.timings['resize'] += perf_counter() - start
        return batch

    def _run(self, runtime: Runtime, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        start = perf_counter()
        maps = runtime.run(batch)
        self.timings['network'] += perf_counter() - start
        # The variants are turned back in place, which must not happen in the runtime's memory.
        return maps if self.tta == 'none' else np.array(maps)

    def mask(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """
        Return the marking mask at the picture's own size.

        :param image: (H, W, 3) uint8, BGR.
        :returns: (H, W) uint8, 255 where the probability, interpolated linearly to the picture's
            size, reaches the threshold, else 0.
        """
        probability = self.probability(image)
        start = perf_counter()
        full = resize_probability(probability, *image.shape[:2])
        mask = reaches(full, self.threshold)
        self.last_probability = probability
        self.timings['threshold'] += perf_counter() - start
        return mask


def reaches(probability: NDArray[np.float32], threshold: float) -> NDArray[np.uint8]:
    """Return 255 where the threshold is reached, else 0; a third of the time of cv2.inRange."""
    return np.negative(np.greater_equal(probability, np.float32(threshold)).view(np.uint8))


def resize_probability(probability: NDArray, height: int, width: int) -> NDArray:
    """Return the (h, w) map at (height, width), interpolated linearly."""
    if probability.shape == (height, width):
        return probability
    return cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR)


def _mean_at_largest(maps: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    height, width = max((one.shape for one in maps), key=lambda shape: shape[0] * shape[1])
    return _mean([resize_probability(one, height, width) for one in maps])


def _mean(maps: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    total = cv2.add(maps[0], maps[1])
    for one in maps[2:]:
        cv2.add(total, one, dst=total)
    return cv2.multiply(total, 1.0 / len(maps), dst=total)


def _scaled(side: int) -> int:
    return max(MULTIPLE, round(side * SCALE / MULTIPLE) * MULTIPLE)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is compared in one run: models, runtimes, precisions, TTA, sizes, mask cleaning."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from dataclasses import dataclass
from itertools import product
from time import perf_counter
from typing import Any
from typing import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.model_file import LARGEST_SIDE
from lane_perception.model_file import MULTIPLE
from lane_perception.model_file import find_model
from lane_perception.model_file import is_input_side
from lane_perception.model_file import member_names
from lane_perception.runtimes import PRECISIONS
from lane_perception.runtimes import RUNTIMES
from lane_perception.runtimes import open_runtime
from lane_perception.runtimes import read_card
from lane_perception.segmenter import Segmenter
from lane_perception.segmenter import parse_resolution

KERNEL = 5                 # pixels: side of the ellipse that opening and closing use
SMALLEST_PART = 0.0005     # of the image's area: smaller connected parts are removed


@dataclass(frozen=True)
class Variant:
    """One way to get masks; the fields are what a user may vary."""

    model: str                    # name or path; a,b,c is an ensemble
    runtime: str = 'auto'
    precision: str = 'auto'
    tta: str = 'none'
    resolution: str = ''          # HxW, '' = the model's own
    postprocess: str = 'none'     # a key of POSTPROCESS

    def label(self, others: list[Variant]) -> str:
        """Return a name that tells it from the others: the model and what differs."""
        mine = asdict(self)
        differing = [key for key in mine if key != 'model'
                     and any(asdict(other)[key] != mine[key] for other in others)]
        words = [f'{key} {mine[key] or "own"}' for key in differing]
        return ', '.join([self.model, *words])


def _opened(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, _ellipse())


def _closed(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _ellipse())


def _ellipse() -> NDArray[np.uint8]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (KERNEL, KERNEL))


def _without_small_parts(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    _, parts, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = statistics[:, cv2.CC_STAT_AREA] >= SMALLEST_PART * mask.size
    large[0] = False
    return (large[parts] * np.uint8(255)).astype(np.uint8)


POSTPROCESS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    'none': lambda mask: mask,
    'opening': _opened,
    'closing': _closed,
    'components': _without_small_parts,
}


def combine(
    models: list[str], runtimes: list[str], precisions: list[str], ttas: list[str],
    resolutions: list[str], postprocess: list[str],
) -> list[Variant]:
    """
    Return every combination, the first choice of everything first.

    :raises UserError: for a name that is not known, or a resolution that no network takes.
    """
    for what, given, known in (('runtime', runtimes, ('auto', *RUNTIMES)),
                               ('precision', precisions, ('auto', *PRECISIONS)),
                               ('postprocess', postprocess, tuple(POSTPROCESS))):
        unknown = [name for name in given if name not in known]
        if unknown:
            raise UserError(f'{what} "{unknown[0]}" is not known; use one of {", ".join(known)}')
    for text in resolutions:
        sides = parse_resolution(text) or ()
        if not all(map(is_input_side, sides)):
            raise UserError(f'resolution {text} (height x width) is not made of multiples of '
                            f'{MULTIPLE} from {MULTIPLE} to {LARGEST_SIDE}')
    return [Variant(*values) for values in product(
        models, runtimes, precisions, ttas, resolutions, postprocess)]


def turned_resolutions(variants: list[Variant]) -> list[str]:
    """Return a sentence for each resolution that stands upright where a model's own lies."""
    texts = dict.fromkeys(variant.resolution for variant in variants if variant.resolution)
    names = dict.fromkeys(name for variant in variants for name in member_names(variant.model))
    cards = []
    for name in names if texts else ():
        with suppress(UserError):   # of a broken file it is said when that is opened
            cards.append(read_card(find_model(name)))
    sentences = []
    for text in texts:
        height, width = parse_resolution(text)
        for card in cards:
            if (height - width) * (card.input_height - card.input_width) < 0:
                shape = 'taller than wide' if height > width else 'wider than tall'
                sentences.append(f'--resolution is HEIGHTxWIDTH; {text} is {shape}, and '
                                 f'{card.name} takes {card.input_height}x{card.input_width}')
                break
    return sentences


class SharedRuntime:
    """A runtime that answers a question once for each image, whoever asks."""

    def __init__(self, runtime: Any) -> None:
        """Wrap a loaded runtime."""
        self._runtime = runtime
        self.name, self.device = runtime.name, runtime.device
        self.precision, self.card = runtime.precision, runtime.card
        self._answers: dict[tuple[int, ...], tuple[NDArray[np.float32], float]] = {}
        self.saved_s = 0.0   # seconds that answers from memory would have taken

    def forget(self) -> None:
        """Begin a new image."""
        self._answers.clear()
        self.saved_s = 0.0

    def run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return lane probability; within one image, a batch's shape says what is in it."""
        if images.shape in self._answers:
            answer, seconds = self._answers[images.shape]
            self.saved_s += seconds
        else:
            start = perf_counter()
            answer = np.array(self._runtime.run(images))
            self._answers[images.shape] = (answer, perf_counter() - start)
        return answer.copy()


class Bench:
    """Loaded networks for a list of variants; each is loaded and run once."""

    def __init__(self, device: str = 'auto', threshold: float | None = None) -> None:
        """
        Start with nothing loaded.

        :param device: auto, cpu or cuda:N.
        :param threshold: lane probability, 0 to 1; None: the models' own.
        """
        self._device = device
        self._threshold = threshold
        self._runtimes: dict[tuple[str, str, str], SharedRuntime] = {}
        self._segmenters: dict[Variant, Segmenter] = {}

    def segmenter(self, variant: Variant) -> Segmenter:
        """
        Return the segmenter of a variant; those that differ in mask cleaning only share one.

        :raises UserError: when this machine cannot do it.
        """
        key = Variant(**{**asdict(variant), 'postprocess': 'none'})
        if key not in self._segmenters:
            members = [self._open(name, variant) for name in member_names(variant.model)]
            self._segmenters[key] = Segmenter(
                members, variant.tta, self._threshold, parse_resolution(variant.resolution))
        return self._segmenters[key]

    def _open(self, name: str, variant: Variant) -> SharedRuntime:
        key = (name, variant.runtime, variant.precision)
        if key not in self._runtimes:
            self._runtimes[key] = SharedRuntime(
                open_runtime(name, variant.runtime, self._device, variant.precision))
        return self._runtimes[key]

    def new_image(self) -> None:
        """Forget the answers about the image before."""
        for runtime in self._runtimes.values():
            runtime.forget()

    def timed_mask(
        self, segmenter: Segmenter, image: NDArray[np.uint8],
    ) -> tuple[NDArray[np.uint8], float]:
        """Return the mask and the seconds that it takes when no answer is shared."""
        before = sum(runtime.saved_s for runtime in segmenter.runtimes)
        start = perf_counter()
        mask = segmenter.mask(image)
        seconds = perf_counter() - start
        saved = sum(runtime.saved_s for runtime in segmenter.runtimes) - before
        return mask.copy(), seconds + saved

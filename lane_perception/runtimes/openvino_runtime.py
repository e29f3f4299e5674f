# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""OpenVINO: the quickest runtime on x86-64 processors."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.model_file import METADATA_KEY
from lane_perception.model_file import parse_card
from lane_perception.model_file import require_readable
from lane_perception.runtimes.precision import suits_bf16

HINTS = {'fp32': 'f32', 'bf16': 'bf16', 'int8': 'f32'}
# Compiled networks kept, one for each input shape. A shape too many is compiled for every picture:
# 0.1 s; comparing four sizes with test-time augmentation takes twelve.
KEPT_SHAPES = 16


@cache
def shared_core() -> openvino.Core:
    """
    Return the process's one Core, which is never freed.

    Where a processor has AMX, a Core gives the thread that makes it a stack for signal handlers,
    and takes that away when it is freed. When two are freed in the order in which they were made,
    the thread is left with a stack that is gone, and the next signal that Python handles, such as
    Ctrl-C, ends the process with a segmentation fault.
    """
    return openvino.Core()


def read_metadata(path: Path) -> str | None:
    """
    Return the text under the metadata key, or None.

    :raises UserError: when the file is not a whole ONNX model.
    """
    return _metadata(_read_model(shared_core(), path))


def _read_model(core: openvino.Core, path: Path) -> openvino.Model:
    require_readable(path)
    try:
        return core.read_model(str(path))
    except RuntimeError as error:
        raise UserError(f'{path} is damaged or not an ONNX model; copy it again') from error


def _metadata(model: openvino.Model) -> str | None:
    try:
        return model.get_rt_info(['framework', METADATA_KEY]).value
    except RuntimeError:
        return None


class OpenvinoRuntime:
    """Run an ONNX file through OpenVINO on the processor."""

    name = 'openvino'
    device = 'cpu'

    def __init__(self, path: Path, device: str, precision: str) -> None:
        """
        Load and compile the file for one picture of its own input size.

        :param path: an .onnx file with a card.
        :param device: auto or cpu.
        :param precision: auto (as it is stored; bf16 where that suits the processor),
            fp32, bf16, int8.
        :raises UserError: for another device, a precision that the processor lacks, a bad file.
        """
        if device not in ('auto', 'cpu'):
            raise UserError(
                f'runtime openvino runs on the processor here, not on {device}; use device cpu, '
                'or runtime onnxruntime with onnxruntime-gpu')
        self._core = shared_core()
        self._model = _read_model(self._core, path)
        self.card = parse_card(_metadata(self._model), path)
        self.precision = self._choose_precision(precision)
        self._compiled: dict[tuple[int, ...], openvino.InferRequest] = {}
        self._request((1, self.card.input_height, self.card.input_width, 3))

    def _choose_precision(self, precision: str) -> str:
        if self.card.precision == 'int8':
            if precision not in ('auto', 'int8'):
                raise UserError(f'{self.card.name} is stored in int8; precision {precision} '
                                'needs the file without _int8')
            return 'int8'
        abilities = self._core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES')
        if precision == 'auto':
            return 'bf16' if suits_bf16() and 'BF16' in abilities else 'fp32'
        if precision == 'bf16' and 'BF16' not in abilities:
            raise UserError('this processor has no bf16 arithmetic; use precision fp32 or int8')
        if precision not in HINTS:
            raise UserError(f'runtime openvino on a processor has no {precision}; '
                            'use fp32, bf16 or int8')
        return precision

    def _request(self, shape: tuple[int, ...]) -> openvino.InferRequest:
        """Return a request for that input shape, compiling it on first use."""
        if shape not in self._compiled:
            if len(self._compiled) >= KEPT_SHAPES:
                self._compiled.pop(next(iter(self._compiled)))
            model = self._model.clone()
            model.reshape(list(shape))
            self._compiled[shape] = self._core.compile_model(model, 'CPU', {
                'PERFORMANCE_HINT': 'LATENCY',
                'INFERENCE_PRECISION_HINT': HINTS[self.precision],
            }).create_infer_request()
        return self._compiled[shape]

    def run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (N, h, w) lane probability; see :class:`lane_perception.runtimes.Runtime`."""
        request = self._request(images.shape)
        return request.infer([images], share_inputs=True, share_outputs=True)[0]

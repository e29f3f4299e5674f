# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime: runs everywhere, and on NVIDIA GPUs with onnxruntime-gpu."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.model_file import METADATA_KEY
from lane_perception.model_file import parse_card
from lane_perception.model_file import require_readable

CUDA = 'CUDAExecutionProvider'


class NoCuda(UserError):
    """CUDA was asked for, and ONNX Runtime would have run on the processor instead."""


def built_for_cuda() -> bool:
    """Tell whether this onnxruntime is a build for CUDA; the machine may lack a GPU."""
    return CUDA in onnxruntime.get_available_providers() and onnxruntime.get_device() == 'GPU'


def read_metadata(path: Path) -> str | None:
    """
    Return the text under the metadata key, or None.

    :raises UserError: when the file is not a whole ONNX model.
    """
    session = _open_session(path, ['CPUExecutionProvider'])
    return session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)


def _open_session(path: Path, providers: list) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Threads that spin while they wait take the core from the ROS callbacks and other processes.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    require_readable(path)
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # its exceptions share no base class but Exception
        raise UserError(
            f'{path} is damaged or not an ONNX model that ONNX Runtime can run; '
            f'copy it again ({str(error).splitlines()[0][:200]})') from error


class OnnxRuntime:
    """Run an ONNX file through ONNX Runtime."""

    name = 'onnxruntime'

    def __init__(self, path: Path, device: str, precision: str) -> None:
        """
        Load the file.

        :param path: an .onnx file with a card.
        :param device: auto (the GPU where it can be used), cpu or cuda:N.
        :param precision: auto, fp32 or int8 (a file whose weights are int8).
        :raises NoCuda: for cuda:N without onnxruntime-gpu, or where it cannot use that GPU.
        :raises UserError: for fp16 and bf16, for a bad file.
        """
        self.device = self._choose_device(device)
        if self.device == 'cpu':
            providers = ['CPUExecutionProvider']
        else:
            number = int(self.device.partition(':')[2] or 0)
            providers = [(CUDA, {'device_id': number}), 'CPUExecutionProvider']
        self._session = _open_session(path, providers)
        # A GPU, driver or library that is missing only makes it fall back to the processor.
        if self.device != 'cpu' and CUDA not in self._session.get_providers():
            if device != 'auto':
                raise NoCuda(
                    f'ONNX Runtime cannot use {device}: there is no such GPU, or its driver, CUDA '
                    'or cuDNN does not fit this onnxruntime-gpu (nvidia-smi lists the GPUs); use '
                    'device cpu')
            self.device = 'cpu'
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.card = parse_card(metadata.get(METADATA_KEY), path)
        if precision not in ('auto', self.card.precision):
            raise UserError(
                f'runtime onnxruntime runs {path.name} in {self.card.precision}, as it is stored, '
                f'not in {precision}; bf16 needs runtime openvino or torch, fp16 torch on a GPU, '
                'int8 a file made by export --int8')
        self.precision = self.card.precision
        self._input = self._session.get_inputs()[0].name

    @staticmethod
    def _choose_device(device: str) -> str:
        if device == 'cpu' or (device == 'auto' and not built_for_cuda()):
            return 'cpu'
        if not built_for_cuda():
            raise NoCuda(
                f'device {device} needs onnxruntime-gpu and an NVIDIA GPU, and this onnxruntime '
                'has no CUDA; use device cpu, runtime torch where that has CUDA, or: '
                'pip uninstall onnxruntime && pip install onnxruntime-gpu')
        return 'cuda:0' if device in ('auto', 'cuda') else device

    def run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (N, h, w) lane probability; see :class:`lane_perception.runtimes.Runtime`."""
        return self._session.run(None, {self._input: images})[0]

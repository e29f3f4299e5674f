# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Inference runtimes behind one small protocol, and the fixed rule that chooses among them.

The rule looks at what is installed and at what the processor has, never at a timing, so that two
starts choose alike (docs/benchmark.md has the measurements behind it):

1. CUDA asked for, or onnxruntime-gpu that can use a GPU: ONNX Runtime on the GPU.
2. An x86-64 processor: OpenVINO if installed, else ONNX Runtime.
3. Anything else (ARM): ONNX Runtime if installed, else OpenVINO.
4. torch only when the model is a .safetensors file that has no .onnx beside it, or when nothing
   else is installed.
5. On a processor, the precision that suits it (precision.py): OpenVINO in bf16, or either in int8
   where the model's NAME_int8.onnx lies beside it, else fp32.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import os
import platform
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.model_file import INT8_SUFFIX
from lane_perception.model_file import ModelCard
from lane_perception.model_file import check_suffix
from lane_perception.model_file import find_model
from lane_perception.model_file import parse_card
from lane_perception.model_file import read_safetensors_card
from lane_perception.runtimes.precision import suits_int8

RUNTIMES = ('torch', 'onnxruntime', 'openvino')
PRECISIONS = ('fp32', 'fp16', 'bf16', 'int8')
INSTALL = {
    'torch': 'pip install torch torchvision',
    'onnxruntime': 'pip install onnxruntime (onnxruntime-gpu with CUDA, never both)',
    'openvino': 'pip install openvino',
}


class Runtime(Protocol):
    """A loaded network: uint8 RGB pictures in, lane probability out."""

    name: str        # torch, onnxruntime or openvino
    device: str      # cpu or cuda:N
    precision: str   # fp32, fp16, bf16 or int8
    card: ModelCard

    def run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """
        Return the lane probability of each picture.

        :param images: (N, H, W, 3) uint8, RGB, C-contiguous; H and W multiples of 32.
        :returns: (N, h, w) float32 in 0 to 1, at the network's output size; the array may be
            overwritten by the next call.
        """


def installed_runtimes() -> list[str]:
    """Return the runtimes that this Python can import, the preferred one first."""
    x86 = platform.machine().lower() in ('x86_64', 'amd64')
    order = ('openvino', 'onnxruntime') if x86 else ('onnxruntime', 'openvino')
    return [name for name in (*order, 'torch') if importlib.util.find_spec(name) is not None]


def read_card(path: Path) -> ModelCard:
    """
    Return the card of a model file of either kind.

    :raises UserError: as :func:`.read_safetensors`; for an ONNX file also when no package that
        can read one is installed.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f'{path} does not exist')
    check_suffix(path)
    if path.suffix == '.safetensors':
        return read_safetensors_card(path)
    return parse_card(_read_onnx_metadata(path), path)


def _read_onnx_metadata(path: Path) -> str | None:
    able = [name for name in installed_runtimes() if name != 'torch']
    if not able:
        raise UserError(
            f'{path} cannot be opened: neither onnxruntime nor openvino is installed; '
            'pip install openvino (x86) or onnxruntime (ARM)')
    if able[0] == 'openvino':
        from lane_perception.runtimes.openvino_runtime import read_metadata
    else:
        from lane_perception.runtimes.onnxruntime_runtime import read_metadata
    return read_metadata(path)


def open_runtime(
    model: str | Path,
    runtime: str = 'auto',
    device: str = 'auto',
    precision: str = 'auto',
) -> Runtime:
    """
    Load a model into a runtime.

    :param model: a shipped name, a model file, or a training run's folder.
    :param runtime: auto, torch, onnxruntime or openvino.
    :param device: auto, cpu or cuda:N.
    :param precision: auto, fp32, fp16 (GPU only), bf16 or int8.
    :raises UserError: for a combination that this machine cannot do, saying what would work.
    """
    _check_choice('runtime', runtime, ('auto', *RUNTIMES))
    _check_choice('precision', precision, ('auto', *PRECISIONS))
    if device not in ('auto', 'cpu') and not _is_cuda(device):
        raise UserError(f'device "{device}" is not known; use auto, cpu or cuda:0')
    if precision == 'fp16' and device == 'cpu':
        raise UserError('precision fp16 needs a GPU; on a processor use fp32, bf16 or int8')
    path = find_file(model, runtime, device, precision)
    chosen = _choose(path, runtime, device)
    if chosen == 'onnxruntime' and runtime == device == 'auto':
        return _open_auto(model, path, precision)
    return _open(chosen, path, device, precision)


def _open(chosen: str, path: Path, device: str, precision: str) -> Runtime:
    if chosen == 'torch':
        # Its threads would spin while they wait, and take the cores from other processes; this
        # is read once, when torch is imported.
        os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
        from lane_perception.runtimes.torch_runtime import TorchRuntime as Chosen
    elif chosen == 'onnxruntime':
        from lane_perception.runtimes.onnxruntime_runtime import OnnxRuntime as Chosen
    else:
        from lane_perception.runtimes.openvino_runtime import OpenvinoRuntime as Chosen
    opened = Chosen(path, device, precision)
    if path.suffix == '.onnx':
        _try_out(opened, path)
    return opened


def _try_out(opened: Runtime, path: Path) -> None:
    """
    Run a black picture through an ONNX file's graph, which anybody may have written.

    :raises UserError: when it does not take and give what its card promises.
    """
    picture = np.zeros((1, opened.card.input_height, opened.card.input_width, 3), np.uint8)
    try:
        answer = np.asarray(opened.run(picture))
    except Exception as error:  # ONNX Runtime's share no base class but Exception
        reason = ' '.join(str(error).split())[:200] or type(error).__name__
        raise UserError(f'{path}: its network cannot be run on a picture ({reason})') from error
    if answer.ndim != 3 or len(answer) != 1 or answer.dtype != np.float32:
        raise UserError(f'{path}: its network gives {answer.dtype} of {answer.shape} where lane '
                        'probability, float32 of (1, height, width), should be')


def _open_auto(model: str | Path, path: Path, precision: str) -> Runtime:
    """Open on the GPU where ONNX Runtime can use one, else what suits a processor."""
    from lane_perception.runtimes.onnxruntime_runtime import NoCuda
    from lane_perception.runtimes.onnxruntime_runtime import built_for_cuda
    if built_for_cuda():
        try:
            return _open('onnxruntime', path, 'cuda:0', precision)
        except NoCuda:
            path = find_file(model, 'auto', 'cpu', precision)
    return _open(_choose(path, 'auto', 'cpu'), path, 'cpu', precision)


def _check_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UserError(f'{what} "{value}" is not known; use one of {", ".join(choices)}')


def _is_cuda(device: str) -> bool:
    head, _, number = device.partition(':')
    return head == 'cuda' and (number.isdecimal() or device == 'cuda')


def find_file(
    model: str | Path, runtime: str = 'auto', device: str = 'auto', precision: str = 'auto',
) -> Path:
    """
    Return the file of a model that :func:`open_runtime` would run.

    :raises UserError: when there is no file that suits the runtime and the precision.
    """
    only_torch = installed_runtimes() == ['torch']
    if runtime == 'torch' or (runtime == 'auto' and only_torch):
        suffixes = ('.safetensors', '.onnx')
    else:
        suffixes = ('.onnx', '.safetensors')
    path = find_model(model, suffixes)
    if runtime == 'torch' and path.suffix == '.onnx':
        beside = path.with_suffix('.safetensors')
        if not beside.is_file():
            raise UserError(
                f'{path} is an ONNX file, which torch cannot run, and there is no {beside.name} '
                'beside it; use runtime onnxruntime or openvino')
        path = beside
    if path.suffix == '.safetensors' and runtime != 'torch' and not only_torch:
        path = _prefer_onnx(path, runtime)
    if path.stem.endswith(INT8_SUFFIX):
        return path
    beside = path.with_name(f'{path.stem}{INT8_SUFFIX}.onnx')
    if precision == 'int8':
        if not beside.is_file() or runtime == 'torch':
            raise UserError(
                f'precision int8 needs {beside.name} beside {path} and runtime onnxruntime or '
                'openvino; make the file with: export --int8')
        if not _is_of(beside, path):
            raise UserError(f'{beside} is of another model than {path.name}; make it anew with: '
                            f'export {path.with_suffix("")}.safetensors --int8 '
                            f'--out {path.parent}')
        return beside
    suits = precision == 'auto' and path.suffix == '.onnx' and suits_int8()
    if suits and beside.is_file() and not _may_use_cuda(runtime, device):
        return beside if _is_the_same(beside, path) else path
    return path


def _may_use_cuda(runtime: str, device: str) -> bool:
    """Tell whether a model's .onnx file may be run on a GPU."""
    if device == 'cpu' or runtime == 'openvino' or 'onnxruntime' not in installed_runtimes():
        return False
    from lane_perception.runtimes.onnxruntime_runtime import built_for_cuda
    return built_for_cuda()


def _is_the_same(quantized: Path, exact: Path) -> bool:
    """Tell whether an int8 file is whole, and of a model, not of one that had its name before."""
    try:
        return _is_of(quantized, exact)
    except UserError:   # of the model itself it is said when that is opened
        return False


def _is_of(quantized: Path, exact: Path) -> bool:
    card = read_card(quantized)
    if exact.suffix == '.safetensors':
        return card.exported_from == hashlib.sha256(exact.read_bytes()).hexdigest()
    return dataclasses.replace(card, precision='fp32') == read_card(exact)


def _prefer_onnx(path: Path, runtime: str) -> Path:
    beside = path.with_suffix('.onnx')
    if beside.is_file():
        return beside
    if runtime != 'auto':
        raise UserError(
            f'{path} is for torch, and there is no {beside.name} beside it for {runtime}; '
            f'make one with: export {path} --out {path.parent}')
    return path


def _choose(path: Path, runtime: str, device: str) -> str:
    installed = installed_runtimes()
    if runtime != 'auto':
        if runtime not in installed:
            has = ', '.join(installed) or 'none'
            raise UserError(
                f'runtime {runtime} is not installed (installed: {has}); {INSTALL[runtime]}')
        return runtime
    if path.suffix == '.safetensors':
        if 'torch' not in installed:
            raise UserError(
                f'{path} needs torch, which is not installed; {INSTALL["torch"]}, or export it '
                f'to ONNX where torch is: export {path} --out DIR')
        return 'torch'
    able = [name for name in installed if name != 'torch']
    if not able:
        raise UserError(
            f'{path} needs openvino or onnxruntime, and neither is installed; '
            f'{INSTALL["openvino"]} (x86) or {INSTALL["onnxruntime"]}')
    asked = _is_cuda(device) and 'onnxruntime' in able   # without CUDA it says what is missing
    if asked or _may_use_cuda(runtime, device):
        return 'onnxruntime'
    return able[0]

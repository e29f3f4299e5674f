# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Read and write model files: weights and the card that says how to use them, in one file.

``NAME.safetensors`` is for torch, ``NAME.onnx`` for the other runtimes. Both carry the same JSON
under the metadata key ``lane_model``. Neither format can run code when it is opened.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from typing import Iterator

import numpy as np

from lane_perception.errors import UserError
from lane_perception.json_file import parse_json
from lane_perception.package_files import share_folders
from lane_perception.whole_file import whole_file

METADATA_KEY = 'lane_model'
FORMAT = 1
SUFFIXES = ('.onnx', '.safetensors')
CHECKPOINT_SUFFIXES = ('.pth', '.pt', '.ckpt', '.bin', '.tar')   # torch's, of any training
INT8_SUFFIX = '_int8'
MULTIPLE = 32
LARGEST_SIDE = 4096         # pixels of the network's input
STORED = ('fp32', 'int8')   # precisions of stored weights


@dataclasses.dataclass(frozen=True)
class ModelCard:
    """What a model file says about itself."""

    name: str                         # as it is shown in reports and diagnostics
    architecture: str                 # a key of lane_perception.networks
    input_height: int                 # pixels, a multiple of 32
    input_width: int                  # pixels, a multiple of 32
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)  # of RGB in 0 to 1
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)   # of RGB in 0 to 1
    threshold: float = 0.5            # lane probability, chosen on the validation split
    trained_on: str = ''              # data, in words
    metrics: dict[str, Any] = dataclasses.field(default_factory=dict)  # as in docs/evaluation.md
    recipe: dict[str, Any] = dataclasses.field(default_factory=dict)   # training settings
    package_version: str = ''         # of lane_perception, when the file was written
    precision: str = 'fp32'           # of the stored weights: fp32 or int8
    exported_from: str = ''           # SHA-256 of the .safetensors file; '' in that one
    format: int = FORMAT              # of this card

    def to_json(self) -> str:
        """Return the card as one line of JSON."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)


def parse_card(text: str | None, path: Path) -> ModelCard:
    """
    Read a card from its JSON.

    :param text: the value of the metadata key, or None where the file has none.
    :param path: the model file, for the sentence of an error.
    :raises UserError: when there is no card, of another format, or with impossible values.
    """
    if not text:
        raise UserError(
            f'{path} has no metadata "{METADATA_KEY}", so it was not made by this package; '
            'convert a checkpoint with: export FILE --architecture NAME --resolution HxW')
    values = parse_json(text, f'{path}: its metadata "{METADATA_KEY}"')
    if not isinstance(values, dict):
        raise UserError(f'{path}: its metadata "{METADATA_KEY}" is not a JSON object')
    if values.get('format') != FORMAT:
        raise UserError(
            f'{path} has model format {values.get("format")}, this version reads format {FORMAT}; '
            'install the version of lane_perception that wrote it, or export it anew')
    known = {field.name: field for field in dataclasses.fields(ModelCard)}
    missing = [name for name, field in known.items()
               if name not in values and field.default is dataclasses.MISSING
               and field.default_factory is dataclasses.MISSING]
    if missing:
        raise UserError(f'{path}: its metadata lacks {", ".join(missing)}')
    card = ModelCard(**{name: values[name] for name in known if name in values})
    try:
        card = dataclasses.replace(
            card,
            input_height=int(card.input_height),
            input_width=int(card.input_width),
            mean=tuple(float(value) for value in card.mean),
            std=tuple(float(value) for value in card.std),
            threshold=float(card.threshold),
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f'{path}: its metadata holds an impossible value: {error}') from error
    _check_kinds(card, path)
    for side in (card.input_height, card.input_width):
        if not is_input_side(side):
            raise UserError(
                f'{path}: its input size {card.input_width}x{card.input_height} is not of '
                f'multiples of {MULTIPLE} up to {LARGEST_SIDE}')
    if not 0.0 < card.threshold < 1.0:
        raise UserError(f'{path}: its threshold {card.threshold} is not between 0 and 1')
    return card


def _check_kinds(card: ModelCard, path: Path) -> None:
    for name in ('name', 'architecture', 'trained_on', 'package_version', 'exported_from'):
        if not isinstance(getattr(card, name), str):
            raise UserError(f'{path}: its {name} {getattr(card, name)!r} is not a text')
    for name in ('metrics', 'recipe'):
        if not isinstance(getattr(card, name), dict):
            raise UserError(f'{path}: its {name} {getattr(card, name)!r} is not a JSON object')
    for name in ('mean', 'std'):
        values = getattr(card, name)
        if len(values) != 3 or not all(map(math.isfinite, values)):
            raise UserError(f'{path}: its {name} {values} is not three numbers')
    if min(card.std) <= 0:
        raise UserError(f'{path}: its std {card.std} is not above 0')
    if card.precision not in STORED:
        raise UserError(f'{path}: its precision {card.precision!r} is not one of '
                        f'{", ".join(STORED)}')


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], card: ModelCard) -> None:
    """Write weights and card to a temporary name beside path, then rename."""
    from safetensors.numpy import save
    path = Path(path)
    contiguous = {name: np.asarray(value, order='C') for name, value in tensors.items()}
    with whole_file(path) as temporary:
        # save_file would leave a file that only its owner may read.
        temporary.write_bytes(save(contiguous, metadata={METADATA_KEY: card.to_json()}))


def read_safetensors(path: Path) -> tuple[dict[str, np.ndarray], ModelCard]:
    """
    Return the weights by name, and the card.

    :raises UserError: when the file is missing, truncated, not safetensors, or without a card.
    """
    with _opened(path) as (file, card):
        return {name: file.get_tensor(name) for name in file.keys()}, card


def read_safetensors_card(path: Path) -> ModelCard:
    """
    Return the card alone, without the weights.

    :raises UserError: as :func:`read_safetensors`.
    """
    with _opened(path) as (_, card):
        return card


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, ModelCard]]:
    """Yield a safetensors file, open for reading, and its card."""
    from safetensors import SafetensorError
    from safetensors import safe_open
    path = Path(path)
    if not path.is_file():
        raise UserError(f'{path} does not exist')
    require_readable(path)
    try:
        with safe_open(path, framework='numpy') as file:
            yield file, parse_card((file.metadata() or {}).get(METADATA_KEY), path)
    except (SafetensorError, OSError) as error:
        raise UserError(
            f'{path} is damaged or not a safetensors file ({error}); copy it again') from error


def require_readable(path: Path) -> None:
    """
    Refuse a file that may not be read, which would be taken for a damaged one.

    :raises UserError: with the system's reason.
    """
    try:
        with open(path, 'rb'):
            pass
    except OSError as error:
        raise UserError(f'{path} cannot be read: {error.strerror}') from error


def write_onnx(path: Path, model: Any, card: ModelCard) -> None:
    """
    Write an ONNX model with its card to a temporary name beside path, then rename.

    :param model: an ``onnx.ModelProto``; its metadata key ``lane_model`` is replaced.
    """
    import onnx
    path = Path(path)
    kept = [entry for entry in model.metadata_props if entry.key != METADATA_KEY]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    entry = model.metadata_props.add()
    entry.key = METADATA_KEY
    entry.value = card.to_json()
    with whole_file(path) as temporary:
        onnx.save(model, temporary)


def shipped_models() -> list[str]:
    """Return the names of the models that come with the package, sorted."""
    names = set()
    for folder in share_folders():
        for suffix in SUFFIXES:
            names |= {path.stem for path in (folder / 'models').glob(f'*{suffix}')}
    return sorted(name for name in names if not name.endswith(INT8_SUFFIX))


def is_input_side(pixels: int) -> bool:
    """Tell whether a network's input may be so many pixels high or wide."""
    return MULTIPLE <= pixels <= LARGEST_SIDE and pixels % MULTIPLE == 0


def member_names(model: str | Path) -> list[str]:
    """
    Return the names in ``a,b,c``, an ensemble, or the one name.

    A path, and a text that is an existing one, is one name whatever commas are in it.

    :raises UserError: when there is none.
    """
    if isinstance(model, Path) or os.path.exists(model):
        return [str(model)]
    names = [name.strip() for name in model.split(',') if name.strip()]
    if not names:
        raise UserError('no model was named; give a shipped name or a path')
    return names


def check_suffix(path: Path) -> None:
    """Raise UserError, with what to do, where a file's name is not that of a model file."""
    if path.suffix.lower() in CHECKPOINT_SUFFIXES:
        raise UserError(f'{path} is a checkpoint of torch; make a model of it with: export {path} '
                        '--architecture NAME --resolution HxW --out DIR')
    if path.suffix not in SUFFIXES:
        raise UserError(f'{path} is not a model file: it should end in .onnx or .safetensors')


def find_model(name_or_path: str | Path, suffixes: tuple[str, ...] = SUFFIXES) -> Path:
    """
    Return the file of a shipped name or of a path.

    :param name_or_path: ``lane_lite``, or a path to a file, or a training run's folder.
    :param suffixes: acceptable endings, the preferred one first.
    :raises UserError: when there is no such model; the sentence lists the shipped names.
    """
    given = Path(str(name_or_path)).expanduser()
    if given.is_dir():
        for suffix in suffixes:
            if (given / f'model{suffix}').is_file():
                return given / f'model{suffix}'
        raise UserError(f'{given} is a folder without a model{" or model".join(suffixes)}')
    if given.is_file():
        check_suffix(given)
        return given
    if given.name != str(name_or_path) or given.suffix in SUFFIXES:
        raise UserError(f'model {given} does not exist')
    for folder in share_folders():
        for suffix in suffixes:
            candidate = folder / 'models' / f'{given.name}{suffix}'
            if candidate.is_file():
                return candidate
    names = ', '.join(shipped_models()) or 'none found'
    raise UserError(
        f'there is no model named "{name_or_path}" (shipped: {names}), and no file of that name')

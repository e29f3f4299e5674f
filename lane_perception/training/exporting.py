# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the verb export does: find the weights, write the files, score them."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING
from lane_perception.errors import UserError
from lane_perception.evaluation.data_sources import open_source
from lane_perception.model_file import CHECKPOINT_SUFFIXES
from lane_perception.model_file import INT8_SUFFIX
from lane_perception.model_file import LARGEST_SIDE
from lane_perception.model_file import MULTIPLE
from lane_perception.model_file import ModelCard
from lane_perception.model_file import find_model
from lane_perception.model_file import is_input_side
from lane_perception.model_file import read_safetensors
from lane_perception.model_file import write_safetensors
from lane_perception.networks import find_network
from lane_perception.runtimes import installed_runtimes
from lane_perception.segmenter import parse_resolution
from lane_perception.training.export import export_file
from lane_perception.training.export import load_network
from lane_perception.training.foreign_checkpoint import read_checkpoint
from lane_perception.training.quantization import quantize
from lane_perception.training.rescoring import Pictures
from lane_perception.training.rescoring import check
from lane_perception.whole_file import whole_file

NAME = re.compile(r'[\w-][\w.-]*', re.ASCII)
THRESHOLD = 0.5   # lane probability for the card of a state dict that says no other


def export(
    file: Path, out: Path, name: str | None, data: str, count: int, int8: bool,
    architecture: str | None, resolution: str | None, threshold: float | None,
    classes: tuple[str, ...] = (),
) -> list[Path]:
    """
    Write the files and return their paths; see the verb's help for the arguments.

    :raises UserError: when anything cannot be read, does not fit, or loses accuracy.
    """
    if name is not None and not NAME.fullmatch(name):
        raise UserError(f'--name "{name}" cannot be the name of a model: it should be made of '
                        'letters, digits, "_", "-" and ".", and not begin with "."')
    out.mkdir(parents=True, exist_ok=True)
    # A file that was not checked lies where nobody finds it, and what was there before stays.
    with tempfile.TemporaryDirectory(prefix='.export_', dir=out) as folder:
        source = _source(file, out, Path(folder), name, architecture, resolution, threshold)
        if source.stem.endswith(INT8_SUFFIX):
            raise UserError(f'the name {source.stem} cannot end in {INT8_SUFFIX}, which marks the '
                            'int8 file of a model; give another one with --name')
        calibrating, pictures = _pictures(data, count, int8, classes)
        exported = Path(folder) / f'{source.stem}.onnx'
        export_file(source, exported)
        _check(source, exported, data, pictures)
        written = []
        if source.parent == Path(folder):
            source = _keep(source, out)
            written.append(source)
        written.append(_keep(exported, out))
        if int8:
            quantized = Path(folder) / f'{source.stem}{INT8_SUFFIX}.onnx'
            quantize(written[-1], quantized, [image for image, _ in calibrating])
            _check(source, quantized, data, pictures)
            written.append(_keep(quantized, out))
    return written


def _pictures(
    data: str, count: int, int8: bool, classes: tuple[str, ...],
) -> tuple[Pictures, Pictures]:
    """Return pictures to calibrate int8 on, and others, where there are any, to score on."""
    if not int8:
        return [], read_pictures(data, count, classes)
    pictures = read_pictures(data, 2 * count, classes)
    if len(pictures) == 1:
        print(f'{data} holds one picture: int8 is calibrated and scored on the same one',
              file=sys.stderr)
    return pictures[::2], pictures[1::2] or pictures


def _keep(checked: Path, out: Path) -> Path:
    destination = out / checked.name
    with whole_file(destination) as temporary:
        os.replace(checked, temporary)
    return destination


def _check(source: Path, path: Path, data: str, pictures: Pictures) -> None:
    """Score a file against its source and say how both did."""
    runtimes = [one for one in installed_runtimes() if one != 'torch']
    scores = check(source, path, runtimes, pictures)
    if not scores['source']:
        print(f'{path.name} could not be checked: {source.name} itself finds no marking of '
              f'{data}; give pictures like those that it was trained on: --data DIR',
              file=sys.stderr)
    print(f'{path.name}: lane IoU ' + ', '.join(
        f'{name} {value:.4f}' for name, value in scores.items()))


def _source(
    file: Path, out: Path, folder: Path, name: str | None, architecture: str | None,
    resolution: str | None, threshold: float | None,
) -> Path:
    """Return the .safetensors file to export from, written into folder where there is none yet."""
    if file.suffix.lower() in CHECKPOINT_SUFFIXES:
        return _convert(file, folder, name, architecture, resolution,
                        THRESHOLD if threshold is None else threshold)
    if architecture or resolution or threshold is not None:
        raise UserError('--architecture, --resolution and --threshold are for state dicts; a '
                        'model file brings its own')
    path = find_model(file, ('.safetensors',))
    if path.suffix != '.safetensors':
        raise UserError(f'{path} is exported already; give the .safetensors file or the run')
    _refuse_not_finite(load_network(path)[0], path)
    if name is None or (name == path.stem and path.parent.resolve() == out.resolve()):
        return path
    weights, card = read_safetensors(path)
    destination = folder / f'{name}.safetensors'
    write_safetensors(destination, weights, dataclasses.replace(card, name=name))
    return destination


def _convert(
    file: Path, folder: Path, name: str | None, architecture: str | None, resolution: str | None,
    threshold: float,
) -> Path:
    if not architecture or not resolution:
        raise UserError(f'{file} does not say what it is; add --architecture NAME and '
                        '--resolution HxW')
    if not 0 < threshold < 1:
        raise UserError(f'--threshold {threshold} should be between 0 and 1')
    height, width = parse_resolution(resolution)
    if not (is_input_side(height) and is_input_side(width)):
        raise UserError(f'--resolution {resolution} is not made of multiples of {MULTIPLE} from '
                        f'{MULTIPLE} to {LARGEST_SIDE}')
    network, architecture, notes = read_checkpoint(file, architecture)
    for note in notes:
        print(f'{file.name}: {note}')
    _refuse_not_finite(network, file)
    entry = find_network(architecture)
    card = ModelCard(
        name=name or file.stem, architecture=architecture, input_height=height,
        input_width=width, mean=entry.mean, std=entry.std, threshold=threshold,
        trained_on=f'converted from {file.name}')
    destination = folder / f'{card.name}.safetensors'
    write_safetensors(destination, {
        key: value.detach().cpu().numpy() for key, value in network.state_dict().items()}, card)
    return destination


def _refuse_not_finite(network: nn.Module, file: Path) -> None:
    """Refuse weights of a training that went astray."""
    for name, value in network.state_dict().items():
        if not torch.isfinite(value).all():
            raise UserError(f'{file} holds numbers that are not finite (NaN or infinite), the '
                            f'first in {name}; export the weights of an earlier epoch')


def read_pictures(data: str, count: int, classes: tuple[str, ...] = ()) -> Pictures:
    """
    Return count labeled pictures of a data set, evenly spaced, or of the synthetic world.

    What is broken is said and left out, and so is a picture of which nothing is judged.

    :param classes: of the labels, that are markings; none: all.
    :raises UserError: when none is left.
    """
    source = open_source(data, part='all', count=count, classes=classes, at_most=count)
    pictures = [(one.image, one.label) for one in source.images()]
    for problem in source.problems:
        print(f'note: {problem}', file=sys.stderr)
    if not pictures:
        raise UserError(f'none of the {source.count} pictures chosen of {data} can be read; give '
                        'others with --data DIR')
    judged = [(image, label) for image, label in pictures
              if np.isin(label, (BACKGROUND, MARKING)).any()]
    if not judged:
        raise UserError(f'no label of {data} has a pixel that is judged, 0 for background or 255 '
                        'for a marking; give others with --data DIR')
    return judged

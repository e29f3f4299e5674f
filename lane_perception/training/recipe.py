# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recipes: every setting of a training run, from a file and the command line."""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
from pathlib import Path
from typing import Any
from typing import Iterable
from typing import Sequence

from lane_perception.errors import UserError
from lane_perception.model_file import LARGEST_SIDE
from lane_perception.model_file import MULTIPLE
from lane_perception.model_file import is_input_side
from lane_perception.package_files import find_package_file
from lane_perception.package_files import share_folders
from lane_perception.training.augmentation import GROUPS
from lane_perception.yaml_file import load_yaml

PRECISIONS = ('auto', 'fp32', 'bf16', 'fp16')
DEFAULT = 'lite'   # the shipped recipe that a file of some settings is completed from
LOSSES = ('bce_dice', 'focal_tversky', 'cross_entropy_dice', 'skeleton_recall')


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a training run does; the files in config/recipes/ hold one each."""

    architecture: str = 'lane_dense_small'  # a key of lane_perception.networks
    initial: str = ''                # model to start from: shipped name or path; '' = none
    pretrained: bool = False         # start the encoder from ImageNet weights
    input_width: int = 640           # pixels, a multiple of 32
    input_height: int = 384          # pixels, a multiple of 32
    epochs: int = 60                 # each ends with a validation and a checkpoint
    passes: int = 1                  # over the training split, to one epoch
    half_size_epochs: int = 0        # the first ones, at half of the input size: 4 times quicker
    max_minutes: float = 0.0         # stop after this time, schedule and all; 0 = no limit
    batch_size: int = 8              # images of one forward pass
    accumulation: int = 1            # forward passes to one optimizer step
    precision: str = 'auto'          # auto: fp16 on CUDA, else bf16 or fp32; fp32, bf16, fp16
    compile: bool = False            # by torch.compile: quicker steps; needs a C++ compiler
    learning_rate: float = 2e-3      # at the peak, AdamW
    encoder_learning_rate: float = 0.0  # of the encoder's layers; 0 = the same
    weight_decay: float = 1e-2       # AdamW's, on convolution weights only
    warmup_steps: int = 100          # optimizer steps from 0 to the peak
    final_fraction: float = 0.01     # learning rate at the end, of the peak's (cosine between)
    gradient_clip: float = 1.0       # largest norm of all gradients together; 0 = none
    ema_decay: float = 0.998         # of the averaged weights, which are what is saved; 0 = none
    loss: str = 'bce_dice'           # one of lane_perception.training.losses
    auxiliary_weight: float = 0.4    # of the auxiliary head's loss, where the network has one
    augmentation: float = 1.0        # strength of all of it, 0 = none
    augmentation_without: str = ''   # groups left out, by commas; see training/augmentation.py
    patience: int = 0                # epochs without a better lane IoU before stopping; 0 = never
    seed: int = 0                    # of weights, order and augmentation
    workers: int = 1                 # processes that load and augment; 0 = in the training process
    threads: int = 0                 # of torch in the training process; 0 = all cores
    labels: str = ''                 # folder or file of the labels; snap = lines become tape
    classes: str = ''                # that are markings, in COCO and labelme, by commas; '' = all
    split: str = ''                  # split file; '' = split.json in the data, or blocks of time
    rehearsal: float = 0.0           # drawn pictures beside the labelled ones, for each of these
    samples: int = 2000              # drawn for training, with --data synthetic:SEED only
    validation_samples: int = 200    # drawn for validation and for the threshold, likewise
    trackless: float = 0.06          # share of drawn pictures with no track in view, likewise
    cache: str = ''                  # folder for drawn samples, likewise; '' = in the run's folder

    def __post_init__(self) -> None:
        """Refuse values that cannot be, naming the setting."""
        for name in ('input_width', 'input_height'):
            side = getattr(self, name)
            if not is_input_side(side):
                raise UserError(f'{name}={side} is not a multiple of {MULTIPLE} from {MULTIPLE} '
                                f'to {LARGEST_SIDE}')
            if self.half_size_epochs and side % (2 * MULTIPLE):
                raise UserError(f'{name}={side} is not a multiple of {2 * MULTIPLE}, which '
                                f'half_size_epochs={self.half_size_epochs} needs')
        for name in ('epochs', 'passes', 'batch_size', 'accumulation', 'samples',
                     'validation_samples'):
            if getattr(self, name) < 1:
                raise UserError(f'{name}={getattr(self, name)} should be 1 or more')
        for name in ('max_minutes', 'encoder_learning_rate', 'weight_decay', 'warmup_steps',
                     'gradient_clip', 'auxiliary_weight', 'augmentation', 'patience', 'workers',
                     'half_size_epochs', 'threads', 'seed', 'rehearsal'):
            if not 0 <= getattr(self, name) < math.inf:
                raise UserError(f'{name}={getattr(self, name)} should be 0 or more')
        if not 0 < self.learning_rate < math.inf:
            raise UserError(f'learning_rate={self.learning_rate} should be more than 0')
        if not 0 <= self.ema_decay < 1:
            raise UserError(f'ema_decay={self.ema_decay} should be 0 or more and less than 1')
        for name in ('final_fraction', 'trackless'):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f'{name}={getattr(self, name)} should be from 0 to 1')
        _check_choice('precision', self.precision, PRECISIONS)
        _check_choice('loss', self.loss, LOSSES)
        for group in self.left_out():
            _check_choice('augmentation_without', group, GROUPS)

    def left_out(self) -> list[str]:
        """Return the groups of the augmentation that are left out."""
        return _listed(self.augmentation_without)

    def marking_classes(self) -> list[str]:
        """Return the classes of labels that are markings; none: all."""
        return _listed(self.classes)


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(',') if name.strip()]


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise UserError(f'{name}={value} is not known; use one of {", ".join(choices)}')


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the package, sorted."""
    return sorted({path.stem for folder in share_folders()
                   for path in (folder / 'config' / 'recipes').glob('*.yaml')})


def load_recipe(name_or_path: str, changes: Sequence[str] = ()) -> Recipe:
    """
    Read a recipe and change it.

    :param name_or_path: a shipped recipe's name, or a YAML file, whose other settings are those
        of the recipe DEFAULT, which is said.
    :param changes: ``key=value`` each, as on the command line.
    :raises UserError: for an unknown recipe, an unknown key (with the nearest known one), or a
        value of the wrong kind.
    """
    path = Path(name_or_path)
    if path.suffix.lower() not in ('.yaml', '.yml'):
        values = _shipped(name_or_path)
    else:
        own = _read(path)
        values = {**_shipped(DEFAULT), **own}
        if len(own) < len(values):
            print(f'{path} sets {", ".join(own) or "nothing"}; all other settings are those of '
                  f'the recipe {DEFAULT}')
    changed = {}
    for change in changes:
        key, equals, text = change.partition('=')
        if not equals:
            raise UserError(f'"{change}" is not a setting of the form key=value')
        changed[key.strip()] = text.strip()
    recipe = Recipe(**{**values, **_typed(changed, 'command line')})
    if recipe.half_size_epochs >= recipe.epochs:   # a run begun so goes on all the same
        raise UserError(f'half_size_epochs={recipe.half_size_epochs} should be less than '
                        f'epochs={recipe.epochs}, lest no epoch sees the whole size')
    return recipe


def _shipped(name: str) -> dict[str, Any]:
    """Return all settings of a recipe that comes with the package."""
    path = find_package_file(f'config/recipes/{name}.yaml')
    if path is None:
        raise UserError(f'there is no recipe "{name}" '
                        f'(shipped: {", ".join(recipe_names()) or "none found"})')
    return _read(path)


def _read(path: Path) -> dict[str, Any]:
    """Return the settings in a recipe's file, each of its field's type."""
    if not path.is_file():
        raise UserError(f'recipe {path} does not exist')
    try:
        values = load_yaml(path) or {}
    except UserError as error:
        raise UserError(f'recipe {error}') from error
    if not isinstance(values, dict):
        raise UserError(f'recipe {path} is not a list of settings "key: value"')
    return _typed({str(key): value for key, value in values.items()}, str(path))


def make_recipe(values: dict[str, Any], source: str) -> Recipe:
    """
    Return a recipe from settings by name, each turned into its field's type.

    :param source: where they come from, for the sentence of an error.
    """
    return Recipe(**_typed(values, source))


def _typed(values: dict[str, Any], source: str) -> dict[str, Any]:
    fields = {field.name: type(field.default) for field in dataclasses.fields(Recipe)}
    converted = {}
    for key, value in values.items():
        if key not in fields:
            raise UserError(f'{source}: there is no setting "{key}"; {_hint(key, value, fields)}')
        converted[key] = _convert(key, value, fields[key])
    return converted


def _hint(key: str, value: Any, fields: Iterable[str]) -> str:
    size = re.fullmatch('([0-9]+)x([0-9]+)', str(value).strip().lower())
    if size or key == 'resolution':   # so the other verbs call it
        height, width = size.groups() if size else ('H', 'W')
        return f'did you mean input_height={height} input_width={width}?'
    if key == 'recipe':
        return f'a recipe is chosen by --recipe {value}'
    near = difflib.get_close_matches(key, fields, 1, 0.5)
    return f'did you mean {near[0]}?' if near else f'known: {", ".join(fields)}'


def _convert(key: str, value: Any, kind: type) -> Any:
    text = str(value).strip()
    if kind is str:
        if isinstance(value, list) and all(isinstance(one, (str, int, float)) for one in value):
            return ','.join(map(str, value))
        if isinstance(value, (list, dict)):
            raise UserError(f'{key}={text} should be a text, or a list of texts')
        return '' if value is None else text
    try:
        if kind is bool:
            return {'true': True, 'yes': True, '1': True,
                    'false': False, 'no': False, '0': False}[text.lower()]
        if kind is int and float(text) == int(float(text)):
            return int(float(text))
        if kind is float:
            return float(text)
    except (KeyError, ValueError, OverflowError):
        pass
    wanted = {bool: 'true or false', int: 'a whole number', float: 'a number'}[kind]
    raise UserError(f'{key}={text} should be {wanted}')

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Start or resume a run: find its data, train, export, leave everything in its folder."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Sequence

from lane_perception.data.readers import read_dataset
from lane_perception.data.samples import DataSet
from lane_perception.data.snap_data import SNAP
from lane_perception.data.snap_data import snap_dataset
from lane_perception.data.snap_data import snapping_model
from lane_perception.data.splits import SPLIT_FILE
from lane_perception.data.splits import Split
from lane_perception.data.splits import choose_split
from lane_perception.data.splits import write_split
from lane_perception.errors import UserError
from lane_perception.machine import package_version
from lane_perception.training.checkpoints import BEST_MODEL
from lane_perception.training import processes
from lane_perception.training.export import export_file
from lane_perception.training.memory import advice
from lane_perception.training.memory import is_out_of_memory
from lane_perception.training.memory import smaller
from lane_perception.training.recipe import Recipe
from lane_perception.training.recipe import load_recipe
from lane_perception.training.recipe import make_recipe
from lane_perception.training.run import RunData
from lane_perception.training.run import train
from lane_perception.training.run_report import report_run
from lane_perception.training.sources import LabeledSource
from lane_perception.training.synthetic_cache import VALIDATION_SEED_OFFSET
from lane_perception.training.synthetic_cache import SyntheticCache
from lane_perception.training.synthetic_cache import parse_synthetic
from lane_perception.whole_file import whole_file

SETTINGS = 'run.json'


def start(
    data: str, recipe_name: str | None, changes: Sequence[str], out: str, strict: bool = False,
    fit_memory: bool = False,
) -> Path:
    """
    Begin a run in a new folder.

    :param data: a folder of labels, or ``synthetic:SEED``.
    :param recipe_name: a shipped recipe or a file; None chooses by the kind of data.
    :param changes: ``key=value`` settings.
    :param strict: a broken sample ends the run.
    :param fit_memory: where memory runs out, go on with a smaller batch and more accumulation.
    :returns: the run's folder.
    :raises UserError: when the folder holds a run already, or anything cannot be used.
    """
    seed = parse_synthetic(data)
    recipe = load_recipe(recipe_name or ('lite' if seed is None else 'pretrain'), changes)
    folder = Path(out)
    if seed is None:
        if not Path(data).is_dir():
            raise UserError(f'--data {data} is not a folder, nor synthetic:SEED')
        data = str(Path(data).resolve())   # a run may go on from another working directory
    with processes.first_alone() as is_first:
        if is_first and (folder / SETTINGS).exists():
            raise UserError(f'{folder} holds a run already; go on with it by --resume {folder}, '
                            'or choose another --out')
        folder.mkdir(parents=True, exist_ok=True)
        if is_first:
            _write_settings(folder, data, recipe)
    return _go(folder, data, recipe, strict, fit_memory, goes_on=False)


def _write_settings(folder: Path, data: str, recipe: Recipe) -> None:
    text = json.dumps({'data': data, 'recipe': dataclasses.asdict(recipe)}, indent=1)
    with whole_file(folder / SETTINGS) as temporary:
        temporary.write_text(text, encoding='utf-8')


def resume(run: str, strict: bool = False, fit_memory: bool = False) -> Path:
    """
    Go on with a run from its last checkpoint, with the settings it was begun with.

    :returns: the run's folder.
    :raises UserError: when the folder holds no run.
    """
    folder = Path(run)
    return _go(folder, *read_settings(folder), strict, fit_memory, goes_on=True)


def read_settings(folder: Path) -> tuple[str, Recipe]:
    """
    Return the data and the recipe that a run was begun with.

    :raises UserError: when the folder holds no run.
    """
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding='utf-8'))
        return settings['data'], make_recipe(settings['recipe'], str(folder / SETTINGS))
    except FileNotFoundError as error:
        raise UserError(f'{folder} holds no run: {SETTINGS} is missing') from error
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise UserError(f'{folder / SETTINGS} is damaged; begin a new run') from error


def _go(
    folder: Path, data: str, recipe: Recipe, strict: bool, fit_memory: bool, goes_on: bool,
) -> Path:
    with processes.first_alone():
        prepared = prepare(folder, data, recipe, strict)
    recipe = _train_within_memory(recipe, prepared, folder, data, strict, fit_memory, goes_on)
    if processes.number() > 0:
        return folder
    export_file(folder / BEST_MODEL, folder / 'model.onnx')
    report = report_run(folder, *_held_back(folder, data, recipe))
    print(f'wrote {folder / BEST_MODEL}, model.onnx and report.json; on '
          f'{report["data"]["images"]} pictures held back: lane IoU {report["lane_iou"]:.3f}, '
          f'miou {report["miou"]:.3f}, line F1 {report["line_f1"]:.3f}')
    return folder


def _held_back(folder: Path, data: str, recipe: Recipe) -> tuple[str, str]:
    """Return the data set and labels to score on: snapped labels are a data set of their own."""
    if recipe.labels == SNAP:
        return str(folder / 'snapped'), ''
    return data, recipe.labels


def _train_within_memory(
    recipe: Recipe, prepared: RunData, folder: Path, data: str, strict: bool, fit_memory: bool,
    goes_on: bool,
) -> Recipe:
    """Train, with a smaller batch where memory runs out and that was asked for; return it."""
    name = folder.resolve().name
    while True:
        try:
            train(recipe, prepared, folder, name, package_version(), goes_on, strict)
            return recipe
        except (MemoryError, RuntimeError, OSError) as error:
            if not is_out_of_memory(error):
                raise
            fitting = smaller(recipe)
            if not fit_memory or fitting is None:
                raise UserError(advice(recipe)) from error
        print(f'batch_size={recipe.batch_size} needs too much memory; going on with '
              f'batch_size={fitting.batch_size} accumulation={fitting.accumulation}')
        recipe, goes_on = fitting, True
        if processes.number() == 0:
            _write_settings(folder, data, recipe)


def prepare(folder: Path, data: str, recipe: Recipe, strict: bool = False) -> RunData:
    """
    Return the run's samples.

    Those of the synthetic world are drawn first where they are missing; the split of a labeled
    data set is kept in the run's folder, and taken from there when the run goes on.
    """
    seed = parse_synthetic(data)
    if seed is not None:
        return _synthetic(folder, seed, recipe)
    return _labeled(folder, data, recipe, strict)


def _labeled(folder: Path, data: str, recipe: Recipe, strict: bool) -> RunData:
    found = _read(folder, data, recipe, strict)
    for problem in found.problems:
        print(f'skipped: {problem}', file=sys.stderr)
    kept = folder / SPLIT_FILE
    split = choose_split(found, kept if kept.is_file() else recipe.split)
    if not kept.is_file():
        write_split(split, kept)
    samples = found.by_stem()
    train_part, validation = (
        LabeledSource([samples[stem] for stem in split.part(part)],
                      recipe.input_height, recipe.input_width) for part in ('train', 'val'))
    return RunData(train_part, validation,
                   f'{found.path.name} ({found.format}), {len(train_part)} of {len(found)} '
                   f'labeled pictures; split {_by(split)}')


def _by(split: Split) -> str:
    """Say how the split came about, without the paths of this machine."""
    return 'by a file' if split.how.startswith('from ') else split.how


def _read(folder: Path, data: str, recipe: Recipe, strict: bool) -> DataSet:
    """Return the labeled pictures; labels=snap gives lines the extent of their tape first."""
    if recipe.labels != SNAP:
        return read_dataset(data, recipe.labels, strict=strict)
    out = folder / 'snapped'
    snapped = snap_dataset(
        read_dataset(data, strict=strict), out, snapping_model(), strict=strict)
    print(f'lines of {len(snapped)} labels were snapped to their tape; look at {out}/sheet.jpg')
    return snapped


def _synthetic(folder: Path, seed: int, recipe: Recipe) -> RunData:
    cache = Path(recipe.cache or folder / 'cache')
    size = (recipe.input_height, recipe.input_width, recipe.trackless)
    training = SyntheticCache(cache, seed, recipe.samples, *size)
    validation = SyntheticCache(
        cache, VALIDATION_SEED_OFFSET + seed, recipe.validation_samples, *size)
    for part in (validation, training):
        part.fill(os.cpu_count() or 1)
    return RunData(training, validation,
                   f'synthetic world, seed {seed}, {recipe.samples} samples; '
                   f'validation seed {VALIDATION_SEED_OFFSET + seed}')

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Start or resume a run: find its data, train, export, leave everything in its folder."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from typing import Iterator
from typing import Sequence

from lane_perception.data.image_files import require_outside
from lane_perception.data.line_width import advice as line_advice
from lane_perception.data.line_width import lines_of_one_width
from lane_perception.data.mask_values import check_masks
from lane_perception.data.readers import read_dataset
from lane_perception.data.results_folder import RUN_FILE
from lane_perception.data.results_folder import SNAPPED
from lane_perception.data.samples import DataSet
from lane_perception.data.snap_data import SNAP
from lane_perception.data.snap_data import SNAPPED_LINES
from lane_perception.data.snap_data import snap_dataset
from lane_perception.data.snap_data import snapping_model
from lane_perception.data.splits import SPLIT_FILE
from lane_perception.data.splits import Split
from lane_perception.errors import UserError
from lane_perception.json_file import write_json
from lane_perception.machine import package_version
from lane_perception.machine import usable_cores
from lane_perception.training import processes
from lane_perception.training.checkpoints import BEST_MODEL
from lane_perception.training.checkpoints import LAST
from lane_perception.training.checkpoints import has_ended
from lane_perception.training.export import export_file
from lane_perception.training.memory import SmallerBatch
from lane_perception.training.memory import advice
from lane_perception.training.memory import is_out_of_memory
from lane_perception.training.memory import smaller
from lane_perception.training.recipe import Recipe
from lane_perception.training.recipe import load_recipe
from lane_perception.training.recipe import make_recipe
from lane_perception.training.rehearsal import with_rehearsal
from lane_perception.training.rehearsal import WithRehearsal
from lane_perception.training.run import RunData
from lane_perception.training.run import check_recipe
from lane_perception.training.run import train
from lane_perception.training.run_report import report_run
from lane_perception.training.run_split import has_trained
from lane_perception.training.run_split import is_replaced
from lane_perception.training.run_split import run_split
from lane_perception.training.run_split import split_hash
from lane_perception.training.sources import LabeledSource
from lane_perception.training.sources import Source
from lane_perception.training.synthetic_cache import VALIDATION_SEED_OFFSET
from lane_perception.training.synthetic_cache import SyntheticCache
from lane_perception.training.synthetic_cache import parse_synthetic

EXPORTED = 'model.onnx'
REPORT = 'report.json'
UNKNOWN = {'sha256': '', 'made': False}   # of a split: not made yet, or by an older version


def start(
    data: str, recipe_name: str | None, changes: Sequence[str], out: str, strict: bool = False,
    fit_memory: bool = False,
) -> Path:
    """
    Begin a run in a new folder, or in one whose run ended before its first epoch did.

    :param data: a folder of labels, or ``synthetic:SEED``.
    :param recipe_name: a shipped recipe or a file; None chooses by the kind of data.
    :param changes: ``key=value`` settings.
    :param strict: a broken sample ends the run.
    :param fit_memory: where memory runs out, write down a smaller batch with more accumulation.
    :returns: the run's folder.
    :raises SmallerBatch: when that was done; a new process has to resume the run.
    :raises UserError: when the folder holds a run already or lies in the data, or anything cannot
        be used.
    """
    seed = parse_synthetic(data)
    recipe = _with_whole_paths(
        load_recipe(recipe_name or ('lite' if seed is None else 'pretrain'), changes))
    folder = Path(out)
    if seed is None:
        place = Path(data).expanduser()
        if not place.is_dir():
            raise UserError(f'--data {data} is not a folder, nor synthetic:SEED')
        require_outside(folder, place)
        data = str(place.resolve())   # a run may go on from another working directory
    check_recipe(recipe)
    folder.mkdir(parents=True, exist_ok=True)
    with _no_other_train(folder):
        with processes.first_alone() as is_first:
            if is_first:
                _take_over(folder, recipe)
                _write_settings(folder, data, recipe)
        return _go(folder, data, recipe, strict, fit_memory, goes_on=False)


def _with_whole_paths(recipe: Recipe) -> Recipe:
    """Return a recipe whose paths count in every working directory; labels count in the data."""
    whole = {key: str(Path(value).expanduser().resolve())
             for key in ('initial', 'split', 'cache') if (value := getattr(recipe, key))
             and (key == 'cache' or Path(value).expanduser().exists())
             and (key, value) != ('split', 'folders')}
    return dataclasses.replace(recipe, **whole)


@contextmanager
def _no_other_train(folder: Path) -> Iterator[None]:
    """Hold a run's folder, as long as this process lives at most."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if processes.number() == 0:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(f'another train is at work in {folder}; wait for its end, or '
                                'choose another --out') from error
            except OSError:
                pass   # not every file system lets a folder be held
        yield
    finally:
        os.close(descriptor)


def _take_over(folder: Path, recipe: Recipe) -> None:
    """
    Make room for a run where one ended before its first epoch did.

    :raises UserError: when there is more than that.
    """
    if not (folder / RUN_FILE).exists():
        return
    if has_trained(folder):
        raise UserError(f'{folder} holds a run already; go on with it by --resume {folder}, '
                        'or choose another --out')
    if recipe.labels == SNAP and (folder / SNAPPED).exists():
        raise UserError(f'{folder} holds snapped labels of a run already; go on with it by '
                        f'--resume {folder}, delete {folder / SNAPPED}, or choose another --out')
    split = _recorded_split(folder)
    kept = folder / SPLIT_FILE
    if (split['made'] and kept.is_file() and split_hash(kept) == split['sha256']
            and recipe.split != str(kept.resolve())):
        kept.unlink()   # that run's own: other settings may divide the data otherwise


def _write_settings(
    folder: Path, data: str, recipe: Recipe, split: dict[str, Any] = UNKNOWN,
) -> None:
    """
    Write run.json.

    :param split: ``sha256`` of the parts in split.json, and whether the run ``made`` it.
    """
    write_json(folder / RUN_FILE,
               {'data': data, 'recipe': dataclasses.asdict(recipe), 'split': split})


def resume(run: str, strict: bool = False, fit_memory: bool = False) -> Path:
    """
    Go on with a run from its last checkpoint, with the settings it was begun with.

    :returns: the run's folder.
    :raises SmallerBatch: as in :func:`start`.
    :raises UserError: when the folder holds no run, or its files were changed.
    """
    folder = Path(run)
    data, recipe = read_settings(folder)
    with _no_other_train(folder):
        return _go(folder, data, recipe, strict, fit_memory, goes_on=True)


def read_settings(folder: Path) -> tuple[str, Recipe]:
    """
    Return the data and the recipe that a run was begun with.

    :raises UserError: when the folder holds no run.
    """
    settings = _read_settings(folder)
    return settings['data'], make_recipe(settings['recipe'], str(folder / RUN_FILE))


def _read_settings(folder: Path) -> dict[str, Any]:
    try:
        settings = json.loads((folder / RUN_FILE).read_text(encoding='utf-8'))
        split = settings.setdefault('split', UNKNOWN)
        kinds = ((settings['data'], str), (settings['recipe'], dict), (split['sha256'], str),
                 (split['made'], bool))
    except FileNotFoundError as error:
        raise UserError(f'{folder} holds no run: {RUN_FILE} is missing') from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f'{folder / RUN_FILE} is damaged; begin a new run') from error
    if not all(isinstance(value, kind) for value, kind in kinds):
        raise UserError(f'{folder / RUN_FILE} is damaged; begin a new run')
    return settings


def _recorded_split(folder: Path) -> dict[str, Any]:
    try:
        return _read_settings(folder)['split']
    except UserError:
        return UNKNOWN


# What stopped the last run, and with it the loader whose processes were killed: were it freed
# before Python ends, it would wait for locks that they may have held.
_stops: list[BaseException] = []


def _go(
    folder: Path, data: str, recipe: Recipe, strict: bool, fit_memory: bool, goes_on: bool,
) -> Path:
    try:
        return _go_to_the_end(folder, data, recipe, strict, fit_memory, goes_on)
    except (KeyboardInterrupt, SystemExit) as stop:
        _stops[:] = [stop]
        if processes.number() == 0:
            print(f'\nthe run was stopped; go on with train --resume {folder}', file=sys.stderr)
        raise


def _go_to_the_end(
    folder: Path, data: str, recipe: Recipe, strict: bool, fit_memory: bool, goes_on: bool,
) -> Path:
    with processes.first_alone() as is_first:
        made = is_first and _check_split(folder, recipe)
        prepared = prepare(folder, data, recipe, strict)
        if is_first and not goes_on and recipe.labels != SNAP:
            _note_lines(prepared.train)
        if is_first and parse_synthetic(data) is None:
            _write_settings(folder, data, recipe, {
                'sha256': split_hash(folder / SPLIT_FILE), 'made': made})
    ended = goes_on and has_ended(folder, recipe.epochs)
    if not ended:
        _train_within_memory(recipe, prepared, folder, data, strict, fit_memory, goes_on)
    if processes.number() > 0:
        return folder
    try:
        _finish(folder, data, recipe, prepared.snapped, ended)
    except (MemoryError, RuntimeError, OSError, UserError) as error:
        if not is_out_of_memory(error):
            raise
        raise UserError(
            f'{folder / BEST_MODEL} is trained, but memory does not suffice for {EXPORTED} and '
            f'{REPORT}; train --resume {folder} makes them when more of it is free') from error
    return folder


def _note_lines(source: Source) -> None:
    """Say where labels are lines of one width, whose extent nobody drew."""
    source = source.labeled if isinstance(source, WithRehearsal) else source
    width = lines_of_one_width(source.samples) if isinstance(source, LabeledSource) else None
    if width:
        print(f'train: note: {line_advice(width)}', file=sys.stderr)


def _finish(folder: Path, data: str, recipe: Recipe, snapped: bool, ended: bool) -> None:
    """Make the ONNX file and the report; of a run that had ended before, those that it lacks."""
    missing = [EXPORTED, REPORT]
    if ended:
        since = (folder / LAST).stat().st_mtime_ns
        missing = [name for name in missing if not (folder / name).is_file()
                   or (folder / name).stat().st_mtime_ns < since]
        print(f'the run in {folder} has ended and is trained no further; '
              f'{" and ".join(missing) or "nothing"} was missing (to train its model further, '
              f'begin a new run with initial={folder})')
    if EXPORTED in missing:
        export_file(folder / BEST_MODEL, folder / EXPORTED)
    if REPORT not in missing:
        return
    report = report_run(folder, *_held_back(folder, data, recipe), snapped)
    against = ', against the snapped labels' if snapped else ''
    print(f'wrote {folder / BEST_MODEL}, {EXPORTED} and {REPORT}; on '
          f'{report["data"]["images"]} pictures held back{against}: '
          f'lane IoU {report["lane_iou"]:.3f}, miou {report["miou"]:.3f}, '
          f'line F1 {report["line_f1"]:.3f}')


def _check_split(folder: Path, recipe: Recipe) -> bool:
    """
    Tell whether split.json is, or will be, of the run's own making.

    :raises UserError: when it is no longer the one that the run trains by.
    """
    recorded = _recorded_split(folder)
    kept = folder / SPLIT_FILE
    if recorded['sha256'] and not (
            kept.is_file() and split_hash(kept) == recorded['sha256']):
        raise UserError(f'{kept} is not the split that the run was begun with; put that one back, '
                        'or begin a new run with another --out')
    return (recorded['made'] or not kept.is_file()
            or is_replaced(folder, recipe.split, recorded))


def _held_back(folder: Path, data: str, recipe: Recipe) -> tuple[str, str, list[str]]:
    """
    Return the data set to score on, where its labels are, and their classes that are markings.

    Snapped labels are a data set of their own.
    """
    if recipe.labels == SNAP:
        return str(folder / SNAPPED), '', []
    return data, recipe.labels, recipe.marking_classes()


def _train_within_memory(
    recipe: Recipe, prepared: RunData, folder: Path, data: str, strict: bool, fit_memory: bool,
    goes_on: bool,
) -> None:
    """Train; where memory runs out and that was asked for, write down a smaller batch."""
    try:
        train(recipe, prepared, folder, folder.resolve().name, package_version(), goes_on, strict)
        return
    except (MemoryError, RuntimeError, OSError) as error:
        if not is_out_of_memory(error):
            raise
        fitting = smaller(recipe)
        if not fit_memory or fitting is None:
            raise UserError(advice(recipe)) from error
    print(f'batch_size={recipe.batch_size} needs too much memory; going on with '
          f'batch_size={fitting.batch_size} accumulation={fitting.accumulation}')
    _write_settings(folder, data, fitting, _recorded_split(folder))
    raise SmallerBatch


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
    split = run_split(folder, found, recipe.split, _recorded_split(folder),
                      says=processes.number() == 0)
    samples = found.by_stem()
    train_part, validation = (
        LabeledSource([samples[stem] for stem in split.part(part)],
                      recipe.input_height, recipe.input_width) for part in ('train', 'val'))
    everything = with_rehearsal(train_part, recipe, folder)
    drawn = len(everything) - len(train_part)
    return RunData(everything, validation,
                   f'{found.path.name} ({found.format}), {len(train_part)} of {len(found)} '
                   f'labeled pictures; split {_by(split)}'
                   + (f'; and {drawn} of the synthetic world' if drawn else ''),
                   snapped=found.format.endswith(SNAPPED_LINES))


def _by(split: Split) -> str:
    """Say how the split came about, without the paths of this machine."""
    return 'by a file' if split.how.startswith('from ') else split.how


def _read(folder: Path, data: str, recipe: Recipe, strict: bool) -> DataSet:
    """Return the labeled pictures; labels=snap gives lines the extent of their tape first."""
    snap = recipe.labels == SNAP
    found = read_dataset(data, '' if snap else recipe.labels, recipe.marking_classes(), strict)
    check_masks(found.samples)
    if not snap:
        return found
    return snap_dataset(found, folder / SNAPPED, snapping_model(), strict=strict)


def _synthetic(folder: Path, seed: int, recipe: Recipe) -> RunData:
    training = SyntheticCache.of(recipe, folder, seed, recipe.samples)
    validation = SyntheticCache.of(
        recipe, folder, VALIDATION_SEED_OFFSET + seed, recipe.validation_samples)
    for part in (validation, training):
        part.fill(usable_cores())
    return RunData(training, validation,
                   f'synthetic world, seed {seed}, {recipe.samples} samples; '
                   f'validation seed {VALIDATION_SEED_OFFSET + seed}')

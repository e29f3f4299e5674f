# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Train a network on labels, or on the synthetic world."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Collection
from typing import NoReturn
from typing import Optional
from typing import Sequence

from lane_perception.command import VerbParser
from lane_perception.command import note_unused
from lane_perception.command import run_main
from lane_perception.data.results_folder import RUN_FILE
from lane_perception.data.results_folder import made_folder
from lane_perception.errors import UserError

OF_THE_WORLD = ('samples', 'validation_samples', 'trackless', 'cache')   # settings
OF_LABELS = ('labels', 'classes', 'split')
DESCRIPTION = """
Train a network and leave model.safetensors and model.onnx in RUN, ready for lane_node.

Settings come from a recipe and from key=value arguments, which win. The recipe files in
config/recipes/ say what each setting means. A run that was interrupted goes on with --resume RUN.
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the verb's argument parser."""
    parser = VerbParser(
        prog='train', description=DESCRIPTION, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('changes', nargs='*', metavar='key=value', default=[],
                        help='settings of the recipe to change, e.g. epochs=20 batch_size=4')
    parser.add_argument('--data', metavar='DIR|synthetic:SEED',
                        help='folder of images and labels, or the synthetic world with that seed')
    parser.add_argument('--recipe', default=None, metavar='NAME|FILE',
                        help='lite, optimized, baseline, pretrain, or a YAML file\n'
                             '(default: lite; pretrain with --data synthetic:SEED)')
    parser.add_argument('--out', metavar='RUN', help='folder of the run; made when missing')
    parser.add_argument('--resume', metavar='RUN', help='go on with an interrupted run')
    parser.add_argument('--audit', action='store_true',
                        help='only look over --data: counts, broken and odd labels,\n'
                             'near-duplicates across the split, which are an error; a contact\n'
                             'sheet and the findings are left in --out')
    parser.add_argument('--strict', action='store_true',
                        help='end the run at a broken image or label (default: name and skip it)')
    parser.add_argument('--fit-memory', action='store_true',
                        help='where memory runs out, go on with half the batch_size and twice\n'
                             'the accumulation (default: end with a sentence that says so)')
    return parser


def body(argv: Optional[Sequence[str]] = None) -> int:
    """Train as the arguments say; return the exit status."""
    arguments = build_parser().parse_intermixed_args(argv)
    if arguments.audit:
        return audit(arguments)
    try:
        from lane_perception.training import processes
        from lane_perception.training import session
        from lane_perception.training.memory import SmallerBatch
    except ModuleNotFoundError as error:
        raise UserError(f'training needs {error.name}, which is not installed; '
                        "pip install -e '.[train]' in the checkout") from error
    if arguments.fit_memory and processes.count() > 1:
        raise UserError('--fit-memory tries batches in one process; under torchrun choose a '
                        'batch_size that fits')
    try:
        _train(session, arguments)
        return 0
    except SmallerBatch:
        _start_again(arguments.resume or arguments.out, arguments.strict)


def _start_again(run: str, strict: bool) -> NoReturn:
    """Resume a run in this process's place, with all of its memory free again."""
    for process in multiprocessing.active_children():   # those that load
        process.kill()
        process.join()
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [
        sys.executable, '-m', 'lane_perception.cli.train', '--resume', run, '--fit-memory',
        *(['--strict'] if strict else [])])


def _train(session: ModuleType, arguments: argparse.Namespace) -> None:
    """Begin a run or go on with one."""
    from lane_perception.training.synthetic_cache import parse_synthetic
    if arguments.resume:
        if arguments.data or arguments.out or arguments.recipe or arguments.changes:
            raise UserError('--resume goes on with a run as it was begun and takes no --data, '
                            '--recipe, --out or settings')
        session.resume(arguments.resume, arguments.strict, arguments.fit_memory)
        return
    if not arguments.data or not arguments.out:
        raise UserError('say --data DIR and --out RUN, or --resume RUN')
    if parse_synthetic(arguments.data) is None:
        _note_settings(arguments.changes, OF_THE_WORLD, 'with a folder of labels')
    else:
        _note_settings(arguments.changes, OF_LABELS, 'with the synthetic world')
    out = Path(arguments.out)
    with made_folder(out, out):
        try:
            session.start(arguments.data, arguments.recipe, arguments.changes, arguments.out,
                          arguments.strict, arguments.fit_memory)
        except UserError:
            if [file.name for file in out.iterdir()] == [RUN_FILE]:   # nothing to go on with
                (out / RUN_FILE).unlink()
            raise


def audit(arguments: argparse.Namespace) -> int:
    """Look over the data set and print what was found; leakage is an error."""
    from lane_perception.data.audit import audit_dataset
    from lane_perception.data.audit import describe
    from lane_perception.evaluation.data_sources import synthetic_seed
    from lane_perception.training.recipe import load_recipe
    if not arguments.data or not arguments.out:
        raise UserError('say --data DIR and --out RUN with --audit')
    if synthetic_seed(arguments.data) is not None:
        raise UserError('--audit looks over labeled pictures; the synthetic world has none')
    recipe = load_recipe(arguments.recipe or 'lite', arguments.changes)
    _note_settings(arguments.changes, set(asdict(recipe)) - set(OF_LABELS), 'with --audit')
    note_unused(build_parser(), arguments, ('resume', 'strict', 'fit_memory'), 'with --audit')
    labels = '' if recipe.labels == 'snap' else recipe.labels
    report = audit_dataset(arguments.data, arguments.out, labels, recipe.marking_classes(),
                           recipe.split)
    print(describe(report))
    wrote = [name for name in ('report.json', 'contact_sheet.jpg', 'split.json')
             if Path(arguments.out, name).is_file()]
    print(f'{arguments.out} holds {", ".join(wrote)}')
    if report['failures']:
        raise UserError(report['failures'][0])
    return 0


def _note_settings(changes: Sequence[str], keys: Collection[str], where: str) -> None:
    """Say on stderr which settings were given that have no effect here."""
    for key in (change.partition('=')[0] for change in changes):
        if key in keys:
            print(f'train: note: {key}= has no effect {where}', file=sys.stderr)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the verb; a user's mistake becomes one sentence."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

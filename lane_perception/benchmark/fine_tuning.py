# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Measure what fine-tuning the shipped network on few labels gives.

On four synthetic drives of 200 frames with exact labels and, with --data, on one drive that a
person has labelled, its lines as drawn and snapped to the tape. Each is trained with the defaults
of train, unless key=value says otherwise, and scored before and after on the frames that its split
held back for the test; the synthetic ones on those of the other three drives too. Runs lie in
--work: one that has ended is taken as it is, one that was cut off goes on.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any
from typing import Sequence

from lane_perception.benchmark.ablation import FIGURES
from lane_perception.benchmark.ablation_sets import draw_drive
from lane_perception.benchmark.ablation_sets import drawn_by_hand
from lane_perception.benchmark.ablation_sets import held_back
from lane_perception.benchmark.ablation_sets import Scored
from lane_perception.command import run_main
from lane_perception.errors import UserError
from lane_perception.evaluation.data_set import evaluate
from lane_perception.evaluation.variants import Bench
from lane_perception.evaluation.variants import Variant
from lane_perception.json_file import write_report
from lane_perception.machine import describe_machine
from lane_perception.machine import module_line

DRIVES = (1_100_011, 1_100_012, 1_100_013, 1_100_014)
FRAMES = 200
SHIPPED = 'lane_lite'


def train_on(data: Path, folder: Path, changes: Sequence[str]) -> dict[str, Any]:
    """
    Train in a folder, or go on there, to the end.

    :returns: what it took.
    """
    from lane_perception.training.run_report import training_curves
    from lane_perception.training.run_split import has_trained
    from lane_perception.training.session import read_settings
    from lane_perception.training.session import resume
    from lane_perception.training.session import start
    if has_trained(folder):
        resume(str(folder))
    else:
        start(str(data), None, changes, str(folder))
    recipe = read_settings(folder)[1]
    epochs = training_curves(folder)['epochs']
    seconds = sum(epoch['seconds'] for epoch in epochs)
    steps = int(epochs[-1]['step'])
    return {'epochs': len(epochs), 'steps': steps, 'minutes': round(seconds / 60.0, 1),
            'images_per_s': round(
                steps * recipe.batch_size * recipe.accumulation / seconds, 2)}


def score(model: str, part: Scored, run: Path) -> dict[str, float]:
    """Return a model's figures on what a run's split holds back."""
    variant = Variant(model, runtime='torch', precision='fp32')
    report = evaluate(held_back(part, run / 'split.json'), [variant], Bench()).report
    return {**{name: round(report[name], 4) for name in FIGURES},
            'line_f1_at_2': round(report['line_f1_at']['0.02'], 4), 'images': report['images']}


def compare(run: Path, part: Scored, split_of: Path) -> dict[str, dict[str, float]]:
    """Return the figures of the shipped model and of a run's."""
    return {'before': score(SHIPPED, part, split_of),
            'after': score(str(run / 'model.safetensors'), part, split_of)}


def on_drives(work: Path, changes: Sequence[str]) -> list[dict[str, Any]]:
    """Draw the synthetic drives, train on each and score."""
    places = {seed: work / str(seed) for seed in DRIVES}
    for seed, place in places.items():
        draw_drive(place, seed, FRAMES)
    runs = {seed: work / _run_name(str(seed), changes) for seed in DRIVES}
    took = {seed: train_on(places[seed], runs[seed], changes) for seed in DRIVES}
    found = []
    for seed, run in runs.items():
        elsewhere = [compare(run, Scored('elsewhere', places[other]), runs[other])
                     for other in DRIVES if other != seed]
        found.append({
            'data': f'synthetic drive {seed}', 'settings': list(changes), **took[seed],
            'scored': {'test': compare(run, Scored('test', places[seed]), run),
                       'other drives': {when: {name: round(statistics.fmean(
                           one[when][name] for one in elsewhere), 4) for name in FIGURES}
                           for when in ('before', 'after')}}})
    return found


def on_labels(data: Path, work: Path, changes: Sequence[str]) -> list[dict[str, Any]]:
    """Train on a person's lines as drawn, and snapped to the tape, and score."""
    found = []
    for how in ((), ('labels=snap',)):
        asked = [*how, *changes]
        run = work / _run_name(data.name, asked)
        took = train_on(data, run, asked)
        found.append({'data': data.name, 'settings': asked, **took,
                      'scored': {part.name: compare(run, part, run)
                                 for part in drawn_by_hand(data).scored}})
    return found


def _run_name(data: str, changes: Sequence[str]) -> str:
    return '-'.join(['run', data, *(change.replace('/', '_') for change in changes)])


def body(argv: Sequence[str] | None = None) -> int:
    """Train, score and write the file."""
    parser = argparse.ArgumentParser(prog='fine_tuning', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('changes', nargs='*', metavar='key=value',
                        help='recipe settings of every run')
    parser.add_argument('--data', type=Path, metavar='DIR',
                        help='images/ and masks/ of one drive, and masks_careful/ if there are')
    parser.add_argument('--work', type=Path, default=Path('out/fine_tuning'), metavar='DIR',
                        help='drawn frames and runs (default: out/fine_tuning)')
    parser.add_argument('--out', type=Path, default=Path('benchmark/results/fine_tuning.json'),
                        metavar='FILE', help='default: benchmark/results/fine_tuning.json')
    arguments = parser.parse_intermixed_args(argv)
    if arguments.data and not arguments.data.is_dir():
        raise UserError(f'--data {arguments.data} is not a folder')
    told = [*(['--data', arguments.data.name] if arguments.data else []), *arguments.changes]
    runs = on_drives(arguments.work, arguments.changes)
    if arguments.data:
        runs += on_labels(arguments.data, arguments.work, arguments.changes)
    write_report(arguments.out, {'command': module_line('fine_tuning', told), 'runs': runs,
                                 'machine': describe_machine()})
    for run in runs:
        for name, one in run['scored'].items():
            print(run['data'], *run['settings'], name, 'miou {} -> {}, line_f1 {} -> {}'.format(
                *(one[when][key] for key in ('miou', 'line_f1') for when in ('before', 'after'))))
    return 0


if __name__ == '__main__':
    sys.exit(run_main(body))

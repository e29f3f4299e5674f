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

from lane_perception.benchmark.ablation_sets import draw_drive
from lane_perception.benchmark.ablation_sets import drawn_by_hand
from lane_perception.benchmark.ablation_sets import held_back
from lane_perception.benchmark.ablation_sets import Scored
from lane_perception.benchmark.run_figures import effort
from lane_perception.benchmark.run_figures import figures_of
from lane_perception.benchmark.run_figures import FIGURES
from lane_perception.benchmark.run_figures import line_f1_at_2
from lane_perception.benchmark.run_figures import MODEL
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


def train_on(data: Path, folder: Path, changes: Sequence[str]) -> None:
    """Train in a folder, or go on there, to the end."""
    from lane_perception.training.run_split import has_trained
    from lane_perception.training.session import resume
    from lane_perception.training.session import start
    if has_trained(folder):
        resume(str(folder))
    else:
        start(str(data), None, changes, str(folder))


def score(model: str, part: Scored, run: Path) -> dict[str, float]:
    """Return a model's figures on what a run's split holds back."""
    variant = Variant(model, runtime='torch', precision='fp32')
    report = evaluate(held_back(part, run / 'split.json'), [variant], Bench()).report
    return {**figures_of(report), 'line_f1_at_2': line_f1_at_2(report)}


def on_drives(work: Path, changes: Sequence[str]) -> list[dict[str, Any]]:
    """Draw the synthetic drives, train on each and score."""
    parts = {seed: Scored('test', work / str(seed)) for seed in DRIVES}
    runs = {seed: work / _run_name(str(seed), changes) for seed in DRIVES}
    for seed, part in parts.items():
        draw_drive(part.data, seed, FRAMES)
        train_on(part.data, runs[seed], changes)
    before = _on_each(SHIPPED, parts, runs)
    found = []
    for seed, run in runs.items():
        after = _on_each(str(run / MODEL), parts, runs)
        found.append({
            'data': f'synthetic drive {seed}', **_told(run, changes),
            'scored': {'test': {'before': before[seed], 'after': after[seed]},
                       'other drives': {'before': _mean_of_others(before, seed),
                                        'after': _mean_of_others(after, seed)}}})
    return found


def _on_each(
    model: str, parts: dict[int, Scored], runs: dict[int, Path],
) -> dict[int, dict[str, float]]:
    """Return a model's figures on what each drive's run holds back."""
    return {seed: score(model, part, runs[seed]) for seed, part in parts.items()}


def _mean_of_others(figures: dict[int, dict[str, float]], own: int) -> dict[str, float]:
    """Return the means of the figures on all drives but one."""
    others = [one for seed, one in figures.items() if seed != own]
    return {name: round(statistics.fmean(one[name] for one in others), 4) for name in FIGURES}


def on_labels(data: Path, work: Path, changes: Sequence[str]) -> list[dict[str, Any]]:
    """Train on a person's lines as drawn, and snapped to the tape, and score."""
    found = []
    for how in ((), ('labels=snap',)):
        asked = [*how, *changes]
        run = work / _run_name(data.name, asked)
        train_on(data, run, asked)
        found.append({
            'data': data.name, **_told(run, asked),
            'scored': {part.name: {'before': score(SHIPPED, part, run),
                                   'after': score(str(run / MODEL), part, run)}
                       for part in drawn_by_hand(data).scored}})
    return found


def _told(run: Path, changes: Sequence[str]) -> dict[str, Any]:
    """Return a run's settings, and what it took."""
    from lane_perception.training.run_report import training_curves
    return {'settings': list(changes), 'epochs': len(training_curves(run)['epochs']),
            **effort(run)}


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

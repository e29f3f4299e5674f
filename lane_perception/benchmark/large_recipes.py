# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Say where runs of the large recipes stand, at their full length or where the clock stopped them.

Needs the folders of runs that ``train`` left, each named after its recipe, with whatever tells
it from the others behind a hyphen (baseline, optimized-0, optimized-320), and scores each on the
frames that its own split held back. Where three runs or more differ by nothing but the seed, they
are scored as an ensemble too, and each with test-time augmentation.

``python -m lane_perception.benchmark.large_recipes DATA FILE RUN [RUN ...]``
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any
from typing import Sequence

from lane_perception.benchmark.ablation_sets import drawn_by_hand
from lane_perception.benchmark.ablation_sets import held_back
from lane_perception.benchmark.run_figures import effort
from lane_perception.benchmark.run_figures import figures_of
from lane_perception.benchmark.run_figures import MODEL
from lane_perception.command import run_main
from lane_perception.errors import UserError
from lane_perception.evaluation.data_set import evaluate
from lane_perception.evaluation.variants import Bench
from lane_perception.evaluation.variants import Variant
from lane_perception.json_file import write_report
from lane_perception.machine import describe_machine
from lane_perception.machine import module_line

MEMBERS = 3                                       # of an ensemble
UNTOLD = ('threads', 'workers', 'split', 'seed')  # settings that change nothing but the chance


def measure(run: Path, data: Path) -> dict[str, Any]:
    """
    Return how long a run trained and how its best network scores.

    :raises UserError: for a folder that is not a run's, or has no validation behind it yet.
    """
    from lane_perception.training.recipe import load_recipe
    from lane_perception.training.run_report import training_curves
    from lane_perception.training.session import read_settings
    if not (run / MODEL).is_file():
        raise UserError(f'{run} holds no {MODEL}: no epoch of a run ended there')
    trained_on, recipe = read_settings(run)
    name = run.name.partition('-')[0]
    shipped = dataclasses.asdict(load_recipe(name))
    changed = {key: value for key, value in dataclasses.asdict(recipe).items()
               if key not in UNTOLD and value != shipped[key]}
    if 'initial' in changed:
        changed['initial'] = Path(recipe.initial).parent.name   # a run's folder
    last = training_curves(run)['epochs'][-1]
    return {'recipe': name, 'run': run.name, 'changed': changed, 'seed': recipe.seed,
            **effort(run), 'epochs': (int(last['epoch']) + 1) * recipe.passes,
            'epochs_of_the_recipe': recipe.epochs * recipe.passes,
            'threads': recipe.threads, 'pretrained': recipe.pretrained,
            'trained_on': Path(trained_on).name, 'scored': score([run], data)}


def score(runs: Sequence[Path], data: Path, tta: str = 'none') -> dict[str, dict[str, float]]:
    """Return the figures of a run's network, or of several as an ensemble, on each label set."""
    variant = Variant(','.join(str(run / MODEL) for run in runs), runtime='torch',
                      precision='fp32', tta=tta)
    scored = {}
    for part in drawn_by_hand(data).scored:
        report = evaluate(held_back(part, runs[0] / 'split.json'), [variant], Bench()).report
        scored[part.name] = figures_of(report)
    return scored


def measure_together(
    runs: Sequence[Path], found: Sequence[dict[str, Any]], data: Path,
) -> list[dict[str, Any]]:
    """Return the ensemble, and test-time augmentation, of runs that differ by the seed alone."""
    groups: dict[tuple[str, ...], list[Path]] = {}
    for run, one in zip(runs, found):
        alike = (one['recipe'], str(one['changed']), one['trained_on'], str(one['epochs']),
                 (run / 'split.json').read_text(encoding='utf-8'))
        groups.setdefault(alike, []).append(run)
    return [{'recipe': recipe, 'runs': [run.name for run in group],
             'ensemble': score(group, data),
             'tta': {way: [score([run], data, way) for run in group] for way in ('flip', 'full')}}
            for (recipe, *_), group in groups.items() if len(group) >= MEMBERS]


def body(argv: Sequence[str] | None = None) -> int:
    """Measure each run and write the file."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if len(arguments) < 3:
        raise UserError('usage: python -m lane_perception.benchmark.large_recipes DATA FILE '
                        'RUN [RUN ...]')
    data, out, *runs = map(Path, arguments)
    names = [data.name, out.name, *(run.name for run in runs)]
    found = [measure(run, data) for run in runs]
    write_report(out, {'command': module_line('large_recipes', names), 'data': data.name,
                       'runs': found, 'together': measure_together(runs, found, data),
                       'machine': describe_machine()})
    print(out.read_text(encoding='utf-8'), end='')
    return 0


if __name__ == '__main__':
    sys.exit(run_main(body))

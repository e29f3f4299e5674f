# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Say where runs of the large recipes stand that were stopped by the clock.

Needs the folders of runs that ``train --recipe baseline`` or ``optimized`` left, named after
their recipes, and scores each on the frames that its own split held back.

``python -m lane_perception.benchmark.large_recipes DATA FILE RUN [RUN ...]``
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any
from typing import Sequence

from lane_perception.benchmark.ablation import FIGURES
from lane_perception.benchmark.ablation_sets import drawn_by_hand
from lane_perception.benchmark.ablation_sets import held_back
from lane_perception.cli.command import run_main
from lane_perception.errors import UserError
from lane_perception.evaluation.data_set import evaluate
from lane_perception.evaluation.report_files import write_json
from lane_perception.evaluation.variants import Bench
from lane_perception.evaluation.variants import Variant
from lane_perception.machine import describe_machine
from lane_perception.machine import module_line


def measure(run: Path, data: Path) -> dict[str, Any]:
    """
    Return how long a run trained and how its best network scores.

    :raises UserError: for a folder that is not a run's, or has no validation behind it yet.
    """
    from lane_perception.training.export import export_file
    from lane_perception.training.run_report import training_curves
    from lane_perception.training.session import read_settings
    if not (run / 'model.safetensors').is_file():
        raise UserError(f'{run} holds no model.safetensors: no epoch of a run ended there')
    _, recipe = read_settings(run)
    epochs = training_curves(run)['epochs']
    last, seconds = epochs[-1], sum(epoch['seconds'] for epoch in epochs)
    steps = int(last['step'])
    images = steps * recipe.batch_size * recipe.accumulation
    scored = {}
    with tempfile.TemporaryDirectory() as folder:
        network = Path(folder) / 'model.onnx'
        export_file(run / 'model.safetensors', network)
        for part in drawn_by_hand(data).scored:
            report = evaluate(held_back(part, run / 'split.json'), [Variant(str(network))],
                              Bench()).report
            scored[part.name] = {**{name: round(report[name], 4) for name in FIGURES},
                                 'images': report['images']}
    return {'recipe': run.name, 'steps': steps, 'epochs': int(last['epoch']) + 1,
            'epochs_of_the_recipe': recipe.epochs, 'minutes': round(seconds / 60.0, 1),
            'images_per_s': round(images / seconds, 3), 'threads': recipe.threads,
            'pretrained': recipe.pretrained, 'scored': scored}


def body(argv: Sequence[str] | None = None) -> int:
    """Measure each run and write the file."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if len(arguments) < 3:
        raise UserError('usage: python -m lane_perception.benchmark.large_recipes DATA FILE '
                        'RUN [RUN ...]')
    data, out, *runs = map(Path, arguments)
    names = [data.name, out.name, *(run.name for run in runs)]
    write_json(out, {'command': module_line('large_recipes', names), 'data': data.name,
                     'runs': [measure(run, data) for run in runs],
                     'machine': describe_machine()})
    print(out.read_text(encoding='utf-8'), end='')
    return 0


if __name__ == '__main__':
    sys.exit(run_main(body))

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Measure what each part of the recipe is worth, one row after the other.

Every row is a question of the table in ablation_rows. Each of its ways is trained for the same
small number of steps (the recipe lite at 320x192 unless the way says otherwise) and scored on
frames that no run trained on or chose its threshold on. A row's figures are written when it ends;
rows whose figures are there, made with the same steps, seeds and frames, are kept. --page writes
docs/ablation.md from what is there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any
from typing import Sequence

from lane_perception.benchmark.ablation_page import write_page
from lane_perception.benchmark.ablation_rows import BASE
from lane_perception.benchmark.ablation_rows import OWN_THRESHOLD
from lane_perception.benchmark.ablation_rows import ROWS
from lane_perception.benchmark.ablation_rows import Row
from lane_perception.benchmark.ablation_rows import Way
from lane_perception.benchmark.ablation_rows import find_rows
from lane_perception.benchmark.ablation_sets import LabelSet
from lane_perception.benchmark.ablation_sets import deal
from lane_perception.benchmark.ablation_sets import drawn_by_hand
from lane_perception.benchmark.ablation_sets import exact
from lane_perception.benchmark.ablation_sets import held_back
from lane_perception.benchmark.run_figures import figures_of
from lane_perception.benchmark.run_figures import line_f1_at_2
from lane_perception.command import run_main
from lane_perception.data.readers import read_dataset
from lane_perception.errors import UserError
from lane_perception.evaluation.data_set import evaluate
from lane_perception.evaluation.variants import Bench
from lane_perception.evaluation.variants import Variant
from lane_perception.json_file import load_json
from lane_perception.json_file import write_report
from lane_perception.machine import describe_machine
from lane_perception.model_file import find_model

MODULE = 'python -m lane_perception.benchmark.ablation'


class Ablation:
    """Trains and scores ways, each network once, whatever rows it is in."""

    def __init__(
        self, label_set: LabelSet, work: Path, steps: int, seeds: Sequence[int],
        changes: Sequence[str] = (),
    ) -> None:
        """
        Say on what, and how long.

        :param work: folder for runs; a run that ended there is taken again.
        :param steps: optimizer steps of a budget of 1.
        :param seeds: of weights, order and augmentation; a way is measured once with each.
        :param changes: to BASE, of every run.
        """
        self.label_set = label_set
        self.work = work / label_set.name
        self.steps = steps
        self.seeds = list(seeds)
        self.changes = tuple(changes)
        self.frames = len(read_dataset(label_set.data))

    def measure(self, row: Row) -> dict[str, Any]:
        """Return a row's figures, ready for JSON."""
        return {'row': row.name, 'set': self.label_set.name, 'frames': self.frames,
                'steps': self.steps, 'seeds': self.seeds, 'settings': [*BASE, *self.changes],
                'shipped': fingerprint(find_model('lane_lite', ('.safetensors',))),
                'ways': [{**asdict(way), 'runs': [self._score(way, seed) for seed in self.seeds]}
                         for way in row.ways],
                'machine': describe_machine()}

    def _score(self, way: Way, seed: int) -> dict[str, Any]:
        """Train what is missing and score one way with one seed."""
        runs = [self._train(way, seed + number) for number in range(way.members)]
        models = ','.join(str(folder / 'model.onnx') for folder, _ in runs)
        threshold = None if way.threshold == OWN_THRESHOLD else way.threshold
        variant = Variant(models, tta=way.tta, postprocess=way.postprocess)
        figures = {}
        for scored in self.label_set.scored:
            source = held_back(scored, runs[0][0] / 'deal.json')
            report = evaluate(source, [variant], Bench(threshold=threshold)).report
            figures[scored.name] = {
                **figures_of(report), 'line_f1_at_2': line_f1_at_2(report),
                'ms_per_frame': report['latency_ms']['p50']}
        return {'seed': seed, 'steps': runs[0][1]['steps'],
                'training_cpu_s': round(sum(one['cpu_s'] for _, one in runs), 1),
                'split': runs[0][1]['split'], 'figures': figures}

    def _asked(self, way: Way, seed: int) -> list[str]:
        return [*BASE, *self.changes, *way.settings, f'seed={seed}']

    def _folder(self, way: Way, seed: int) -> Path:
        """Return the folder of a way's network, one for all that it is made of."""
        identity = json.dumps([self._asked(way, seed), way.budget * self.steps, way.share,
                               way.split, str(self.label_set.data.resolve()), self.frames])
        return self.work / hashlib.sha256(identity.encode()).hexdigest()[:12]

    def _train(self, way: Way, seed: int) -> tuple[Path, dict[str, Any]]:
        """Return the folder of a way's network, and what its training took."""
        asked = self._asked(way, seed)
        folder = self._folder(way, seed)
        done = folder / 'done.json'
        if done.is_file():
            return folder, load_json(done)
        from lane_perception.training.export import export_file
        from lane_perception.training.recipe import load_recipe
        from lane_perception.training.run import train
        from lane_perception.training.run_report import training_curves
        from lane_perception.training.session import prepare
        split = folder / 'deal.json'
        count, how = deal(self.label_set, way.split, way.share, split)
        if not way.budget:
            shutil.copyfile(find_model('lane_lite', ('.onnx',)), folder / 'model.onnx')
            write_report(done, {'cpu_s': 0.0, 'split': how, 'steps': 0})
            return self._train(way, seed)
        recipe = load_recipe('lite', asked)
        images = way.budget * self.steps * recipe.batch_size * recipe.accumulation
        passes = max(1, round(images / (recipe.epochs * count)))
        recipe = load_recipe('lite', [*asked, f'passes={passes}', f'split={split}'])
        began = time.process_time()
        data = prepare(folder, str(self.label_set.data), recipe)
        train(recipe, data, folder, f'ablation_{folder.name}', '', progress=False)
        took = {'cpu_s': round(time.process_time() - began, 1), 'split': how,
                'steps': int(training_curves(folder)['epochs'][-1]['step'])}
        export_file(folder / 'model.safetensors', folder / 'model.onnx')
        write_report(done, took)
        return folder, took


def fingerprint(file: Path) -> str:
    """Return eight digits that tell one file from another."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:8]


def result_file(out: Path, row: str, label_set: str) -> Path:
    """Return where a row's figures on a set of labels lie."""
    return out / f'{row}.{label_set}.json'


def is_done(file: Path, row: Row, steps: int, seeds: Sequence[int], frames: int) -> bool:
    """Tell whether a row's ways were measured with so many steps and frames, and these seeds."""
    if not file.is_file():
        return False
    found = load_json(file)
    # Figures that do not say it were measured on all frames of the set.
    ways = [way['name'] for way in found['ways']]
    return (ways == [way.name for way in row.ways]
            and found['steps'] == steps and set(seeds) <= set(found['seeds'])
            and found.get('frames', frames) == frames)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = argparse.ArgumentParser(
        prog='ablation', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('changes', nargs='*', metavar='key=value',
                        help='recipe settings of every run')
    parser.add_argument('--data', type=Path, metavar='DIR',
                        help='images/ and masks/ of one drive, and masks_careful/ if there are')
    parser.add_argument('--out', type=Path, default=Path('benchmark/results/ablation'),
                        metavar='DIR', help='figures (default: benchmark/results/ablation)')
    parser.add_argument('--work', type=Path, default=Path('out/ablation'), metavar='DIR',
                        help='runs and drawn frames (default: out/ablation)')
    parser.add_argument('--rows', default='', metavar='NAME,...',
                        help=f'default: all of {", ".join(row.name for row in ROWS)}')
    parser.add_argument('--steps', type=int, default=120, metavar='N',
                        help='optimizer steps of one run (default: 120)')
    parser.add_argument('--seeds', default='0', metavar='S,...', help='default: 0')
    parser.add_argument('--frames', type=int, default=200, metavar='N',
                        help='of the synthetic drive; a sixth as many of another track '
                        '(default: 200; 0 = without the synthetic set)')
    parser.add_argument('--page', type=Path, nargs='?', const=Path('docs/ablation.md'),
                        metavar='FILE', help='only write the page from the figures in --out '
                        '(default: docs/ablation.md)')
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Measure the rows that are missing, or write the page."""
    arguments = build_parser().parse_intermixed_args(argv)
    if arguments.page:
        write_page(arguments.page, arguments.out)
        return 0
    rows = find_rows([name for name in arguments.rows.split(',') if name])
    try:
        seeds = [int(seed) for seed in arguments.seeds.split(',')]
    except ValueError as error:
        raise UserError(f'--seeds {arguments.seeds} should be whole numbers: 0,1,2') from error
    if arguments.steps < 1:
        raise UserError(f'--steps {arguments.steps} should be 1 or more')
    if arguments.data and not arguments.data.is_dir():
        raise UserError(f'--data {arguments.data} is not a folder')
    if not arguments.data and not arguments.frames:
        raise UserError('say --data DIR, or --frames N for the synthetic set')
    sets = [drawn_by_hand(arguments.data)] if arguments.data else []
    if arguments.frames:
        sets.append(exact(arguments.work / f'synthetic_{arguments.frames}', arguments.frames,
                          max(1, arguments.frames // 6)))
    arguments.out.mkdir(parents=True, exist_ok=True)
    for label_set in sets:
        ablation = Ablation(label_set, arguments.work, arguments.steps, seeds, arguments.changes)
        for row in rows:
            _do_row(ablation, row, arguments)
    return 0


def _do_row(ablation: Ablation, row: Row, arguments: argparse.Namespace) -> None:
    name = ablation.label_set.name
    file = result_file(arguments.out, row.name, name)
    if is_done(file, row, ablation.steps, ablation.seeds, ablation.frames):
        print(f'{row.name} on {name}: kept', flush=True)
        return
    if name == 'synthetic' and 'labels=snap' in [
            change for way in row.ways for change in way.settings]:
        return   # its labels are the tape's extent already
    result = ablation.measure(row)
    data = f'--data {arguments.data.name}' if name != 'synthetic' else ''
    frames = f'--frames {arguments.frames}' if name == 'synthetic' else '--frames 0'
    words = [MODULE, data, frames, f'--rows {row.name} --steps {ablation.steps} --seeds',
             ','.join(map(str, ablation.seeds)), *ablation.changes]
    write_report(file, {'command': ' '.join(word for word in words if word), **result})
    print(f'{row.name} on {name}: {file.name}', flush=True)


if __name__ == '__main__':
    sys.exit(run_main(body))

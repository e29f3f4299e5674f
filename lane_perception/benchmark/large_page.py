# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The ablation page's section on the large recipes, from what large_recipes measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from typing import Iterable

from lane_perception.json_file import load_json

FILES = 'large_recipes*.json'
CONVENTION = 'miou_per_image'   # the reports' own
TOLD_ELSEWHERE = ('epochs', 'passes', 'pretrained')   # by a column or the text
TTA = {'flip': 'as it is and mirrored',
       'full': 'as it is, mirrored, brighter, darker and smaller'}

BEGUN_AT = """
torchvision's ImageNet weights come from a hub, which could not be reached. The weights began at
random, or where `initial=world` stands, at a DeepLabV3 that was trained on 2500 pictures of the
synthetic world for five epochs (`train --data synthetic:3 --recipe optimized pretrained=false
samples=2500 epochs=5 batch_size=16 accumulation=1 encoder_learning_rate=0 learning_rate=3e-4`).
"""
ON_A_GPU = """The runs on a GPU shared it, five at a time (`train --data seame_cam_a --recipe
optimized initial=world/model.safetensors pretrained=false epochs=10 passes=10 workers=2 threads=1
seed=0` and the like; `half` stands for `epochs=5`).
"""


def load_large(folder: Path) -> list[dict[str, Any]]:
    """Return what was measured, each file's runs with its machine and its data."""
    return [load_json(file) for file in sorted(folder.glob(FILES))]


def large_section(measured: list[dict[str, Any]]) -> Iterable[str]:
    """Yield where the large recipes stand after the time they had."""
    yield '## The large recipes\n\n'
    if not measured:
        yield '`baseline` and `optimized` were not run; at their full length they need a GPU.\n\n'
        return
    yield ('`baseline` and `optimized`, stopped after the minutes in the table and scored on '
           'frames that the split held back. An epoch is a pass over the training frames; a run '
           'that ended before its last one had not yet lowered its learning rate to the end.\n\n'
           '| run | differs by | on | minutes | steps | epochs | images/s | scored | '
           f'miou_per_image | lane IoU | line F1 1 % |\n|{"---|" * 11}\n')
    for found in measured:
        for run in found['runs']:
            yield from _rows(run, found['machine'])
    runs = [run for found in measured for run in found['runs']]
    if not any(run['pretrained'] for run in runs):
        yield BEGUN_AT
        if any(found['machine']['gpu'] for found in measured):
            yield ON_A_GPU
    for found in measured:
        for group in found.get('together', []):
            yield from _together(group, found)
    yield '\n' + ''.join(f'`{found["command"]}`, {found["machine"]["date"]}\n\n'
                         for found in measured)


def _rows(run: dict[str, Any], machine: dict[str, Any]) -> Iterable[str]:
    changes = ', '.join(f'{key}={value:g}' if isinstance(value, float) else f'{key}={value}'
                        for key, value in run.get('changed', {}).items()
                        if key not in TOLD_ELSEWHERE) or '-'
    cores = run['threads'] or machine['cores']
    place = machine['gpu'] or (
        f'{cores} core{"s" * (cores != 1)} of {machine["processor"]}')
    for scored, figures in run['scored'].items():
        yield (f'| {run.get("run", run["recipe"])} | {changes} | {place} | {run["minutes"]:.0f} | '
               f'{run["steps"]} | {run["epochs"]} of {run["epochs_of_the_recipe"]} | '
               f'{run["images_per_s"]:.2f} | {scored} ({figures["images"]}) | '
               f'{figures[CONVENTION]:.3f} | {figures["lane_iou"]:.3f} | '
               f'{figures["line_f1"]:.3f} |\n')


def _together(group: dict[str, Any], found: dict[str, Any]) -> Iterable[str]:
    """Yield what an ensemble and test-time augmentation add to runs that differ by the seed."""
    alone = [run['scored'] for run in found['runs'] if run['run'] in group['runs']]
    yield (f'\nThe {len(alone)} runs of `{group["recipe"]}` that differ by the seed, in '
           '`miou_per_image`:\n\n')
    for scored in alone[0]:
        each = [one[scored][CONVENTION] for one in alone]
        mean = sum(each) / len(each)
        gain = group['ensemble'][scored][CONVENTION] - mean
        yield (f'- together, on {scored}: {gain:+.3f} against their mean of {mean:.3f}, '
               f'{group["ensemble"][scored][CONVENTION] - max(each):+.3f} against the best '
               f'(they lie {max(each) - min(each):.3f} apart).\n')
        for way, scores in group['tta'].items():
            gains = [one[scored][CONVENTION] - other for one, other in zip(scores, each)]
            yield (f'- test-time augmentation, {TTA[way]}, on {scored}: '
                   f'{sum(gains) / len(gains):+.3f} '
                   f'({", ".join(f"{one:+.3f}" for one in gains)}).\n')


def large_lines(measured: list[dict[str, Any]]) -> Iterable[str]:
    """Yield the final report's rows: mean figures of the runs on a GPU, by recipe."""
    alike: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for found in measured:
        if found['machine']['gpu']:
            for run in found['runs']:
                if set(run.get('changed', {})) <= {*TOLD_ELSEWHERE, 'initial'}:
                    length = f'{run["epochs"]} of {run["epochs_of_the_recipe"]} epochs'
                    alike.setdefault((run['recipe'], length), []).append(run)
    for (recipe, length), runs in alike.items():
        if len(runs) > 1:
            length += f', mean of {len(runs)} seeds'
        for scored in runs[0]['scored']:
            figures = [sum(run['scored'][scored][key] for run in runs) / len(runs)
                       for key in (CONVENTION, 'lane_iou')]
            yield (f'| here, {recipe}: DeepLabV3, {length}, scored on {runs[0]["trained_on"]}, '
                   f'{scored} | {figures[0]:.4f} | {figures[1]:.4f} |')

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write docs/models.md, how good the shipped model is, from the files in benchmark/results."""

from __future__ import annotations

from typing import Any

from lane_perception.benchmark.candidates import table
from lane_perception.benchmark.stress import FEWEST

# In benchmark/results, and on the page.
FILES = ('candidates', 'input_sizes', 'stress', 'confidence')
KINDS = {'alone': 'synthetic pictures, each alone', 'drives': 'synthetic drives, tracked',
         'alone_with_lens': 'synthetic pictures, each alone, the lens known',
         'drives_with_lens': 'synthetic drives, tracked, the lens known',
         'installed_pictures': 'pictures in scikit-image and scikit-learn',
         'data_alone': 'labelled pictures, each alone',
         'data_tracked': 'labelled pictures, tracked'}

INTRODUCTION = """# How good the shipped model is

What the shipped model is and was trained on stands in its card,
[lane_lite](../models/lane_lite.md). This page is written from
the files in `benchmark/results/` by `python -m lane_perception.benchmark.page`; every section
names the command that made its figures. How they are counted: [evaluation](evaluation.md).
Networks and input sizes were measured with `lane_lite` as it was before its fourth stage, on
pictures of the synthetic world as it was then; the sections after them with what ships.
"""
CONFIDENCE = """Wrong is a centre more than 2 % of the picture's width off, a lane that is not told
though markings are in view, and one that is told where there is none. "Area" is that under the
risk-coverage curve: the mean, over all shares of frames taken in the order of their confidence,
of the share that is wrong; "best" if all wrong ones came last, "random" if confidence said
nothing. Frames in which no lane is and none was told are left out of it. "Calibration error": the
mean distance between the confidence of the lanes told and the share that was right, over ten
bins. In labelled pictures the true centre is the one that the lane finder sees in the label, so
that only the network's errors count there, and the confidence, which expects the lane finder's
too, is cautious. What the two judgements rest on: [geometry](geometry.md#how-a-lane-is-found).
No picture has a ground calibration here."""

# Why the weakest bins are weak, by what their worst pictures have in common.
REASONS = {
    'tape color: black':
        'Black tape: five of its twelve worst pictures are so underexposed that floor and tape '
        'are both black;\nin the others it is a scrap at the rim or far off, or a joint, a shadow '
        'or a grey strip of its own\ndarkness is taken for it, or it for one of them.',
}


def model_page(results: dict[str, dict[str, Any]]) -> str:
    """
    Return the page's Markdown.

    :param results: content of the FILES that exist, by name.
    """
    writers = {'candidates': _candidates, 'input_sizes': _input_sizes, 'stress': _stress,
               'confidence': _confidence}
    sections = [INTRODUCTION]
    sections += ['\n'.join([*writers[name](result), '', f'`{result["command"]}`', ''])
                 for name, result in results.items()]
    return '\n'.join(sections)


def _candidates(result: dict[str, Any]) -> list[str]:
    machine = result['machine']
    return [
        '## Networks and input sizes', '',
        '![Accuracy of the candidates against their time](images/candidates.svg)', '',
        f'Picture of {result["timed_picture"]} to mask, called in turns in one process; '
        f'synthetic: {result["synthetic"]}. On {machine["processor"]}, {machine["cores"]} cores, '
        f'load average {machine["load_average"]} at the start.', '',
        'All but `lane_lite` were trained for ten minutes each, to choose among them '
        '([networks that were tried](synthetic_world.md#networks-that-were-tried)), and do not '
        'ship.', '', *table(result)]


def _input_sizes(result: dict[str, Any]) -> list[str]:
    machine = result['machine']
    return [
        '## Smaller inputs', '',
        '![Accuracy against time with smaller inputs](images/input_sizes.svg)', '',
        'What the `resolution` of `lane_node`, `replay`, `evaluate` and `drive_simulated` costs '
        'and gives: the '
        f'shipped network with a smaller input than it was trained at, a picture of '
        f'{result["timed_picture"]} to mask; synthetic: {result["synthetic"]}. On '
        f'{machine["processor"]} ({", ".join(machine["instructions"])}), {machine["cores"]} '
        'cores, load average '
        f'{machine["load_average"]} at the start.', '', *table(result)]


def _stress(result: dict[str, Any]) -> list[str]:
    lines = ['## Factor by factor', '']
    if result['pinned']:
        lines.append(f'Synthetic pictures, seed {result["seed"]}; in each bin the same scenes but '
                     'for that factor.')
    else:
        lines.append(f'{result["factors"]["none"]["all"]["images"]} synthetic pictures, seed '
                     f'{result["seed"]}, sorted by what was drawn for each factor.')
    weak = result['line_f1_below_0.80']
    lines += ['', f'Line F1 below 0.80, of bins with {FEWEST} pictures or more: '
              + ('; '.join(weak) or 'none') + '.',
              *(REASONS[name] for name in weak if name in REASONS), '',
              '| factor | bin | pictures | lane IoU | line F1 at 1 % | at 2 % |',
              '|---|---|---|---|---|---|']
    for factor, bins in result['factors'].items():
        for name, row in bins.items():
            lines.append(f'| {factor} | {name} | {row["images"]} | {row["lane_iou"]:.3f} | '
                         f'{row["line_f1"]:.3f} | {row["line_f1_at_2_percent"]:.3f} |')
    return lines


def _confidence(result: dict[str, Any]) -> list[str]:
    lines = ['## Confidence and false lanes', '', CONFIDENCE, '',
             '| frames | number | with a lane | found | of them right | false lanes | area | best '
             '| random | calibration error |', '|' + '---|' * 10]
    for kind, name in KINDS.items():
        if kind not in result:
            continue
        row = result[kind]
        cells = [name, row['frames'], row['frames_with_lane'],
                 *(_percent(row[key]) for key in ('lane_found', 'center_right', 'false_lanes'))]
        if row['frames_with_lane']:
            curve = row['risk_coverage']
            cells += [f'{curve[key]:.3f}' for key in ('area', 'best', 'random')]
            cells.append(f'{row["calibration_error"]:.3f}')
        else:
            cells += ['', '', '', '']
        lines.append('| ' + ' | '.join(str(cell) for cell in cells) + ' |')
    return lines


def _percent(value: float | None) -> str:
    return '' if value is None else f'{value:.1%}'

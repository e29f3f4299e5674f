# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Score a model on the synthetic world, one factor at a time, and on frames without a track."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Sequence

import cv2

from lane_perception.benchmark.machine import describe_machine
from lane_perception.cli.command import run_main
from lane_perception.data.synthetic.sampling import sample
from lane_perception.data.synthetic.sampling import trackless
from lane_perception.data.synthetic.settings import WorldSettings
from lane_perception.data.synthetic.stress import stress_bins
from lane_perception.data.synthetic.stress import STRESS_SEED
from lane_perception.errors import UserError
from lane_perception.evaluation.line_f1 import LineScore
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.pipeline import LanePipeline
from lane_perception.segmenter import Segmenter

SIZE = (640, 384)       # of the pictures, width and height
FLOOR = 0.80            # line F1 below which a bin is named
TRACKLESS_SEED = STRESS_SEED + 1
FIGURES = ('lane_iou', 'precision', 'recall')


def score_bin(segmenter: Segmenter, settings: WorldSettings, count: int) -> dict:
    """Return figures over samples 0 to count - 1 with one factor pinned."""
    areas, lines = SegmentationScore(), LineScore()
    for index in range(count):
        drawn = sample(STRESS_SEED, index, settings)
        mask = segmenter.mask(drawn.image)
        areas.add(mask, drawn.mask)
        lines.add(mask, drawn.mask)
    area, line = areas.result(), lines.result()
    return {'images': count, **{name: round(area[name], 4) for name in FIGURES},
            'line_f1': round(line['line_f1'], 4),
            'line_f1_at_2_percent': round(line['line_f1_at']['0.02'], 4)}


def false_lanes(pipeline: LanePipeline, count: int) -> dict:
    """Return how often a lane is found in frames without any track, and how many pixels fire."""
    found, pixels, worst = 0, 0, []
    for index in range(count):
        pipeline.reset()
        lane = pipeline.process(trackless(TRACKLESS_SEED, index, WorldSettings(size=SIZE)).image)
        share = float((lane.mask > 0).mean())
        pixels += share
        if lane.center is not None:
            found += 1
            worst.append({'index': index, 'confidence': round(lane.confidence, 3),
                          'marked': round(share, 5)})
    worst.sort(key=lambda row: -row['confidence'])
    return {'images': count, 'seed': TRACKLESS_SEED, 'false_lanes': found / count,
            'marked_pixels': pixels / count, 'worst': worst[:20]}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--model', default='lane_lite', help='shipped name or path')
    parser.add_argument('--count', type=int, default=60, help='pictures in each bin')
    parser.add_argument('--trackless', type=int, default=500, help='frames without a track')
    parser.add_argument('--only', action='append', metavar='FACTOR',
                        help='a factor of the table; may be repeated')
    parser.add_argument('--out', type=Path, default=Path('benchmark/results/stress.json'))
    return parser


def body(argv: Sequence[str] | None = None) -> int:
    """Score the bins, print the table and write the file."""
    arguments = build_parser().parse_args(argv)
    cv2.setNumThreads(1)
    bins = stress_bins(SIZE)
    unknown = set(arguments.only or []) - set(bins)
    if unknown:
        raise UserError(f'no factor {", ".join(sorted(unknown))}; there are {", ".join(bins)}')
    if arguments.count < 1 or arguments.trackless < 0:
        raise UserError('--count should be at least 1, --trackless at least 0')
    pipeline = LanePipeline.load(arguments.model)
    table, weak = {}, []
    print('| factor | bin | lane IoU | line F1 |\n|---|---|---|---|')
    for factor in arguments.only or bins:
        for name, settings in bins[factor].items():
            row = score_bin(pipeline.segmenter, settings, arguments.count)
            table.setdefault(factor, {})[name] = row
            if row['line_f1'] < FLOOR:
                weak.append(f'{factor} {name}')
            print(f'| {factor} | {name} | {row["lane_iou"]:.3f} | {row["line_f1"]:.3f} |',
                  flush=True)
    result = {'command': ' '.join(['python -m lane_perception.benchmark.stress',
                                   *(argv or sys.argv[1:])]),
              'machine': describe_machine(), 'model': arguments.model, 'seed': STRESS_SEED,
              'size': SIZE, 'factors': table, 'line_f1_below_0.80': weak}
    if arguments.trackless:
        result['trackless'] = false_lanes(pipeline, arguments.trackless)
        print(f'\nfalse lanes in {arguments.trackless} frames without a track: '
              f'{result["trackless"]["false_lanes"]:.3%}')
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + '\n')
    print(f'line F1 below {FLOOR}: {", ".join(weak) or "none"}')
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the process's exit status."""
    return run_main(body, argv)


if __name__ == '__main__':
    sys.exit(main())

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Measure how high an answer can score against labels that are drawn as lines.

Run as ``python -m lane_perception.benchmark.label_cap DATA FILE``: DATA holds images/, masks/
(drawn by hand) and masks_careful/ (the tape's extent). The careful masks are scored as if a
network had answered them; what they do not judge is left out. An answer that is right everywhere
scores no more.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from typing import Sequence

import numpy as np

from lane_perception.command import run_main
from lane_perception.data.image_files import MARKING
from lane_perception.data.image_files import NOT_JUDGED
from lane_perception.data.readers import read_dataset
from lane_perception.data.samples import load_sample
from lane_perception.errors import UserError
from lane_perception.evaluation.line_f1 import LineScore
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.json_file import write_report
from lane_perception.machine import module_line


def measure(data: Path) -> dict[str, Any]:
    """Return the figures of masks_careful against masks, on the frames that have both."""
    drawn = read_dataset(data, 'masks').by_stem()
    areas, lines = SegmentationScore(), LineScore()
    for sample in read_dataset(data, 'masks_careful').samples:
        if sample.stem not in drawn:
            continue
        _, careful = load_sample(sample)
        label = drawn[sample.stem].label.mask(*careful.shape)
        judged = (careful == MARKING) | (careful == 0)
        label = np.where(judged, label, NOT_JUDGED).astype(np.uint8)
        answer = np.where(careful == MARKING, MARKING, 0).astype(np.uint8)
        areas.add(answer, label)
        lines.add(answer, label)
    if not len(areas):
        raise UserError(f'no frame of {data} has both a drawn and a careful mask')
    return {'images': len(areas), **areas.result(), **lines.result()}


def body(argv: Sequence[str] | None = None) -> int:
    """Measure, write the file and print it."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if len(arguments) != 2:
        raise UserError('usage: python -m lane_perception.benchmark.label_cap DATA FILE')
    data, out = map(Path, arguments)
    result = {'command': module_line('label_cap', [data.name, out.name]), **measure(data)}
    write_report(out, result)
    print(out.read_text(encoding='utf-8'), end='')
    return 0


if __name__ == '__main__':
    sys.exit(run_main(body))

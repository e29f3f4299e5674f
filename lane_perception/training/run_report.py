# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Score a finished run on the part of the data that it never saw, and write its report."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any
from typing import Sequence

from lane_perception.data.snap_data import SNAPPED_LINES
from lane_perception.data.splits import SPLIT_FILE
from lane_perception.data.splits import read_split
from lane_perception.errors import UserError
from lane_perception.evaluation.data_set import evaluate
from lane_perception.evaluation.data_sources import SYNTHETIC
from lane_perception.evaluation.data_sources import Source
from lane_perception.evaluation.data_sources import open_source
from lane_perception.evaluation.report_page import write_page
from lane_perception.evaluation.variants import Bench
from lane_perception.evaluation.variants import Variant
from lane_perception.json_file import load_json
from lane_perception.json_file import write_report
from lane_perception.machine import command_line
from lane_perception.training.checkpoints import BEST_SCORES
from lane_perception.training.checkpoints import PROGRESS

TEST_SEED = SYNTHETIC + '1000000'  # no run trains on it
TEST_PICTURES = 100                # of the synthetic world


def report_run(
    folder: Path, data: str, labels: str, classes: Sequence[str] = (), snapped: bool = False,
) -> dict[str, Any]:
    """
    Write report.json and, where the report extra is installed, report.html into a run's folder.

    :param data: what the run trained on.
    :param labels: where that data set's labels are; '' lets the reader find them.
    :param classes: of these labels, those that are markings; none: all.
    :param snapped: the labels are lines snapped to their tape, which the report says.
    :returns: the report: the model's figures on the test part (validation where that is empty),
        and under ``training`` the rows of progress.csv and the validation's threshold sweep.
    """
    source = _held_back(folder, data, labels, classes)
    if snapped:
        source.description['format'] += f', {SNAPPED_LINES}'
    evaluation = evaluate(source, [Variant(str(folder / 'model.onnx'))], Bench())
    report = {**evaluation.report, 'command': command_line('train'),
              'training': training_curves(folder)}
    write_report(folder / 'report.json', report)
    try:
        write_page(folder / 'report.html', report, evaluation.exhibits)
    except UserError as error:
        print(f'train: no report.html: {error}', file=sys.stderr)
    return report


def _held_back(folder: Path, data: str, labels: str, classes: Sequence[str]) -> Source:
    if data.startswith(SYNTHETIC):
        return open_source(TEST_SEED, count=TEST_PICTURES)
    split = folder / SPLIT_FILE
    part = 'test' if read_split(split).test else 'val'
    return open_source(data, labels, str(split), part, classes=tuple(classes))


def training_curves(folder: Path) -> dict[str, Any]:
    """Return ``epochs`` (a list of rows, numbers by column) and ``validation`` of a run."""
    with (folder / PROGRESS).open(newline='', encoding='utf-8') as file:
        rows = [{key: float(value) for key, value in row.items() if value}
                for row in csv.DictReader(file)]
    return {'epochs': rows, 'validation': load_json(folder / BEST_SCORES)}

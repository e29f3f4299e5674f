# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Whether pictures are scored that a model was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Collection
from typing import Sequence

from lane_perception.data.results_folder import RUN_FILE
from lane_perception.data.results_folder import SNAPPED
from lane_perception.data.samples import DataSet
from lane_perception.data.splits import SPLIT_FILE
from lane_perception.data.splits import read_split
from lane_perception.errors import UserError
from lane_perception.json_file import load_json
from lane_perception.model_file import find_model
from lane_perception.model_file import member_names


def seen_in_training(models: Sequence[str], data: DataSet, stems: Collection[str]) -> list[str]:
    """
    Return a sentence for each training run that has seen some of the pictures.

    :param models: shipped names, files, runs' folders, or ensembles of them; only those that lie
        in the folder of a run on this data set are told of.
    :param stems: of the data set's pictures that are to be scored.
    :raises UserError: where a model does not exist.
    """
    folders = dict.fromkeys(find_model(name).parent
                            for model in models for name in member_names(model))
    return [sentence for folder in folders if (sentence := _seen_by(folder, data, set(stems)))]


def _seen_by(run: Path, data: DataSet, stems: set[str]) -> str:
    file = run / SPLIT_FILE
    if not (run / RUN_FILE).is_file() or not file.is_file():
        return ''
    try:
        trained_at = Path(load_json(run / RUN_FILE)['data']).expanduser()
        split = read_split(file, data)   # refused where it names other pictures
    except (UserError, KeyError, TypeError):
        return ''
    places = [place for place in (trained_at, run / SNAPPED) if place.exists()]
    if trained_at in places and not any(place.samefile(data.path) for place in places):
        return ''
    trained, chose = len(stems.intersection(split.train)), len(stems.intersection(split.val))
    if not trained and not chose:
        return ''
    sentence = (f'{run} was trained on {trained} of these {len(stems)} pictures, and {chose} '
                'chose its weights')
    if not split.test:
        return f'{sentence}; it kept none back for a test'
    return f'{sentence}; --split {file} scores the {len(split.test)} that it never saw'

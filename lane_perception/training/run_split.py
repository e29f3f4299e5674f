# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The split that a run trains by: that in its folder, or the one that its recipe names."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from lane_perception.data.samples import DataSet
from lane_perception.data.splits import PARTS
from lane_perception.data.splits import SPLIT_FILE
from lane_perception.data.splits import Split
from lane_perception.data.splits import choose_split
from lane_perception.data.splits import read_split
from lane_perception.data.splits import write_split
from lane_perception.errors import UserError
from lane_perception.training.checkpoints import BEST_MODEL
from lane_perception.training.checkpoints import LAST
from lane_perception.training.checkpoints import PROGRESS


def has_trained(folder: Path) -> bool:
    """Tell whether a run in a folder came to the end of an epoch."""
    return any((folder / name).exists() for name in (LAST, BEST_MODEL, PROGRESS))


def split_hash(file: Path) -> str:
    """Return what tells one split from another: SHA-256 of its parts."""
    split = read_split(file)
    return hashlib.sha256(json.dumps([split.train, split.val, split.test]).encode()).hexdigest()


def is_replaced(folder: Path, wanted: str, recorded: dict[str, Any]) -> bool:
    """
    Tell whether the split in a run's folder, an audit's, gives way to the recipe's.

    :param wanted: the recipe's ``split``.
    :param recorded: of the split, in run.json.
    """
    kept = folder / SPLIT_FILE
    return (bool(wanted) and kept.is_file() and not recorded['sha256'] and not has_trained(folder)
            and Path(wanted).expanduser().resolve() != kept.resolve())


def run_split(
    folder: Path, data: DataSet, wanted: str, recorded: dict[str, Any], says: bool,
) -> Split:
    """
    Return the split that a run trains by, and leave it in the run's folder.

    :param wanted: the recipe's ``split``.
    :param recorded: of the split, in run.json.
    :param says: whether to print how it came about and whom it leaves out.
    :raises UserError: when it does not fit the data (any more), with what to do.
    """
    kept = folder / SPLIT_FILE
    if kept.is_file() and not is_replaced(folder, wanted, recorded):
        split = _kept_split(kept, data, recorded)
        may_be_audited = not recorded['sha256'] and not has_trained(folder)
    else:
        split = choose_split(data, wanted)
        if says and kept.is_file():
            print(f'{kept}, of an audit, gives way to split={wanted}')
        write_split(split, kept)
        may_be_audited = False
        if says and split.doubt:
            print(split.doubt)
    if says:
        print(_counts(split, data, may_be_audited))
    return split


def _kept_split(kept: Path, data: DataSet, recorded: dict[str, Any]) -> Split:
    try:
        return read_split(kept, data)
    except UserError as error:
        if recorded['sha256']:
            way_out = 'put the data back as it was, or begin a new run with another --out'
        else:
            way_out = f'delete {kept} to have the data split anew'
        raise UserError(f'{error}; {way_out}') from error


def _counts(split: Split, data: DataSet, may_be_audited: bool) -> str:
    """Say how many pictures are trained on, and how many are in no part."""
    in_parts = {stem for part in PARTS for stem in split.part(part)}
    rest = data.by_stem().keys() - in_parts
    beside = len(rest.intersection(split.left_out))
    sentence = (f'training on {len(split.train)} of {len(data)} labeled pictures; '
                f'{len(split.val)} are for validation, {len(split.test)} for the test')
    if beside:
        sentence += f'; left out beside the cuts: {beside}'
    if len(rest) > beside:
        where = split.how.removeprefix('from ') if split.how.startswith('from ') else 'the split'
        sentence += f'; in no part of {where}: {len(rest) - beside}'
        if may_be_audited:
            sentence += ' (train --audit divides the data anew)'
    return sentence

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where a verb writes its results: looked at before the work, not after it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Iterable

from lane_perception.data.image_files import require_outside
from lane_perception.errors import UserError

# In a folder that training writes to: its settings and, with labels=snap, what it trains on.
RUN_FILE = 'run.json'
SNAPPED = 'snapped'


def open_results(out: Path, inputs: Iterable[Path] = ()) -> None:
    """
    Make the folder for a verb's results, before the work that they take.

    :param out: that --out names; its parents are made too.
    :param inputs: data sets and recordings that the verb reads.
    :raises UserError: where it is no folder, holds a training run, whose report would be
        overwritten, is one of the inputs or lies in it, or cannot be written to.
    """
    require_no_run(out)
    for place in inputs:
        require_outside(out, place)
    try:
        make_writable(out)
    except (FileExistsError, NotADirectoryError) as error:
        raise UserError(f'--out {out} cannot be a folder: {error.filename} is a file') from error
    except OSError as error:
        raise UserError(f'--out {out} cannot be written to: {error.strerror}') from error


def make_writable(folder: Path) -> None:
    """Make a folder with its parents; raise OSError where nothing can be written into it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def require_no_run(out: Path) -> None:
    """Raise UserError where a folder for results holds a training run."""
    if (out / RUN_FILE).exists():
        raise UserError(f'{out} holds a training run, whose report.json would be overwritten; '
                        'choose another --out')


def remove_earlier(out: Path, names: Iterable[str]) -> None:
    """
    Remove results of an earlier run that this one does not make.

    :param names: of the files and folders in the folder for the results; missing ones are no
        error.
    """
    for name in names:
        place = out / name
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where a verb writes its results: looked at before the work, not after it."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from contextlib import suppress
from pathlib import Path
from typing import Iterable
from typing import Iterator

from lane_perception.data.image_files import IMAGE_SUFFIXES
from lane_perception.data.image_files import require_outside
from lane_perception.data.recording_places import require_no_recording
from lane_perception.errors import UserError
from lane_perception.json_file import load_json

# In a folder that training writes to: its settings and, with labels=snap, what it trains on.
RUN_FILE = 'run.json'
SNAPPED = 'snapped'
REPORT = 'report.json'
OF_REPORTS = {'command', 'machine'}    # keys by which a report is known as this package's
OF_DATA_SETS = ('images', 'masks')     # folders by which a data set is known
LABEL_SUFFIXES = ('.json', '.lines.txt')   # of labels that lie beside their pictures


@contextmanager
def open_results(
    out: Path, data: Iterable[Path] = (), recordings: Iterable[Path] = (),
    results: Iterable[str] = (REPORT,),
) -> Iterator[None]:
    """
    Make the folder for a verb's results, before the work that they take.

    What was made goes again where the work fails and leaves nothing in it.

    :param out: that --out names; its parents are made too.
    :param data: data sets that the verb reads.
    :param recordings: that it reads.
    :param results: names of the files that it writes or removes.
    :raises UserError: where it is no folder or cannot be written to; holds a training run, whose
        report would be overwritten; is a data set or a recording, or lies in one; or holds a file
        of a result's name that no report of this package lies beside.
    """
    require_no_run(out)
    require_no_recording(out, recordings)
    for place in (*data, *_data_sets_at(out)):
        require_outside(out, place)
    _require_own(out, results)
    with made_folder(out, out):
        yield


@contextmanager
def made_folder(folder: Path, out: Path) -> Iterator[None]:
    """
    Make a folder with its parents; what was made goes again after an error that left it empty.

    :param out: that --out names: the folder, or a file or folder that is to come to lie in it.
    :raises UserError: naming --out, when it is a file or nothing can be written into it.
    """
    missing: list[Path] = []
    try:
        try:
            missing += [place for place in (folder, *folder.parents) if not place.exists()]
            make_writable(folder)
        except (FileExistsError, NotADirectoryError) as error:
            needed = 'be a folder' if out == folder else 'be written'
            file = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
            raise UserError(f'--out {out} cannot {needed}: {file} is a file') from error
        except OSError as error:
            raise UserError(f'--out {out} cannot be written to: {error.strerror}') from error
        yield
    except BaseException:
        with suppress(OSError):   # something lies in it
            for place in missing:
                place.rmdir()
        raise


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


def _data_sets_at(out: Path) -> list[Path]:
    """Return the data set that a folder is, or is the pictures' or the masks' folder of."""
    place = out.resolve()
    found = [folder for folder in (place, place.parent)
             if (folder == place or place.name in OF_DATA_SETS)
             and any(_holds_something(folder / name) for name in OF_DATA_SETS)]
    beside = place.is_dir() and any(
        file.suffix.lower() in IMAGE_SUFFIXES
        and any(file.with_suffix(suffix).exists() for suffix in LABEL_SUFFIXES)
        for file in place.iterdir())
    return [*found, place] if beside else found


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _require_own(out: Path, results: Iterable[str]) -> None:
    """Raise UserError where a result would take the place of what this package did not write."""
    present = [out / name for name in results if (out / name).exists()]
    if present and not _is_report(out / REPORT):
        raise UserError(
            f'{present[0]} exists already, and no report.json beside it says that it is an output '
            'of this package, so it was not overwritten; delete it or choose another --out')


def _is_report(file: Path) -> bool:
    """Tell whether a file is a report of this package."""
    try:
        report = load_json(file)
    except UserError:
        return False
    return isinstance(report, dict) and OF_REPORTS <= report.keys()


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

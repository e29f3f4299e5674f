# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write files so that nobody ever finds a part of one."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from contextlib import contextmanager
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Iterator

# What a write that names no file fails with.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
# Temporary names by folder and by what they were to become: (path, process).
_listed: dict[str, dict[str, list[tuple[Path, int]]]] = {}


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """
    Yield a temporary name beside a file, and give it the file's own when all is on the disk.

    After an error, an interruption or a power cut the file is what it was before, or wholly the
    new one; but for the power cut, the temporary one is gone. The folder must exist.

    :raises OSError: with the file's own name, when it cannot be written.
    """
    path = Path(path)
    temporary = temporary_beside(path)
    try:
        with errors_about(path):
            yield temporary
            _to_disk(temporary)
            os.replace(temporary, path)
        with suppress(OSError):   # not every file system lets a folder be brought to the disk
            _to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def temporary_beside(path: Path, ending: str = '') -> Path:
    """
    Return a hidden name beside a path for what will become it; no other process has the same.

    What processes that no longer live left under such names for this path is removed. A process
    looks through a folder once, since writing many files into one would take ever longer.

    :param ending: of the temporary name, such as '.mp4'.
    """
    path = Path(path)
    folder = os.path.abspath(path.parent)
    if folder not in _listed:
        _listed[folder] = _temporaries(Path(folder))
    found = _listed[folder].pop(path.name, [])
    living = [one for one in found if _lives(one[1])]
    if living:
        _listed[folder][path.name] = living
    for leftover, _ in (one for one in found if one not in living):
        with suppress(OSError):
            if leftover.is_dir():
                shutil.rmtree(leftover)
            else:
                leftover.unlink()
    return path.with_name(f'{_beginning(path)}{_here()}.tmp{ending}')


@contextmanager
def errors_about(path: Path) -> Iterator[None]:
    """
    Let an error of writing what will become a path name this path.

    :raises OSError: instead of one that names no file or a temporary one.
    """
    try:
        yield
    except OSError as error:
        unnamed = error.filename is None and error.errno in NO_ROOM
        temporary = isinstance(error.filename, str) and os.path.abspath(
            error.filename).startswith(os.path.abspath(path.with_name(_beginning(path))))
        if not unnamed and not temporary:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def _beginning(path: Path) -> str:
    return f'.{path.name}.{os.getpid()}-'


def _temporaries(folder: Path) -> dict[str, list[tuple[Path, int]]]:
    """Return the temporary names in a folder that processes of this place gave."""
    found: dict[str, list[tuple[Path, int]]] = {}
    with suppress(OSError):   # the folder is missing or may not be read
        for name in os.listdir(folder):
            parts = re.fullmatch(rf'\.(.+)\.(\d+)-{_here()}\.tmp(\..+)?', name)
            if parts:
                found.setdefault(parts[1], []).append((folder / name, int(parts[2])))
    return found


def _lives(process: int) -> bool:
    # A name with this process's number, found before it gave any, is of an earlier one: in a
    # container that starts again numbers come again.
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


@lru_cache(maxsize=1)
def _here() -> str:
    """Return hex digits for this machine and container: where process numbers mean the same."""
    try:
        space = os.readlink('/proc/self/ns/pid')
    except OSError:
        space = ''
    return hashlib.sha256(f'{os.uname().nodename} {space}'.encode()).hexdigest()[:8]


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write files so that nobody ever finds a part of one."""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextlib import suppress
from pathlib import Path
from typing import Iterator


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """
    Yield a temporary name beside a file, and give it the file's own when all is on the disk.

    After an error, an interruption or a power cut the file is what it was before, or wholly the
    new one; but for the power cut, the temporary one is gone. The folder must exist.
    """
    path = Path(path)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
        with suppress(OSError):   # not every file system lets a folder be brought to the disk
            _to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write files so that nobody ever finds a part of one."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """
    Yield a temporary name beside a file, and give it the file's own when all is written.

    After an error, or an interruption, the file is what it was before and the temporary one is
    gone. The folder must exist.
    """
    path = Path(path)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

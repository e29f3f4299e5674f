# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Find the files that come with the package: models, configuration."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Iterator

PACKAGE = 'lane_perception'


def share_folders() -> Iterator[Path]:
    """
    Yield the folders that may hold the package's files, in order of preference.

    These are the share folder of each ament prefix (a colcon workspace or /opt/ros), the one of
    this Python environment (a wheel), and the checkout (an editable installation).
    """
    for prefix in filter(None, os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)):
        yield Path(prefix) / 'share' / PACKAGE
    yield Path(sys.prefix) / 'share' / PACKAGE
    yield Path(__file__).resolve().parent.parent


def find_package_file(relative: str) -> Path | None:
    """Return the first existing file of that path below a share folder, or None."""
    for folder in share_folders():
        if (folder / relative).is_file():
            return folder / relative
    return None

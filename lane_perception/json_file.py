# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write JSON files: whole or not at all, and such that any reader of JSON can read them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from lane_perception.whole_file import whole_file

# Of a number in a report: the last bits depend on how many threads summed it up.
DECIMALS = 9


def write_json(path: Path, value: Any) -> None:
    """Write a value exactly, but for NaN and infinity, which are null; makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(_plain(value), indent=1, allow_nan=False) + '\n',
                             encoding='utf-8')


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write what was measured, as :func:`write_json` does, its numbers rounded to DECIMALS."""
    write_json(path, _rounded(report))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(one) for one in value]
    return round(value, DECIMALS) if isinstance(value, float) else value

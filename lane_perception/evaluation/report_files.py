# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write report.json."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from lane_perception.whole_file import whole_file

# Of a number in the report: the last bits depend on how many threads summed it up.
DECIMALS = 9


def write_json(path: Path, report: dict[str, Any]) -> None:
    """Write a report under a temporary name, then give it its own; NaN is null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(_plain(report), indent=1, allow_nan=False) + '\n',
                             encoding='utf-8')


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return round(value, DECIMALS) if math.isfinite(value) else None
    return value

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read JSON files, and write them whole or not at all, such that any reader can read them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from lane_perception.errors import UserError
from lane_perception.whole_file import whole_file

# Of a number in a report: the last bits depend on how many threads summed it up.
DECIMALS = 9


def load_json(path: Path) -> Any:
    """
    Return the content of a JSON file.

    :raises UserError: naming the file and the line, when it is not JSON in UTF-8.
    """
    try:
        text = path.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise UserError(f'{path} is not UTF-8 text; save it as UTF-8') from error
    except OSError as error:
        raise UserError(f'{path} cannot be read: {error.strerror}') from error
    return parse_json(text, str(path))


def parse_json(text: str, name: str) -> Any:
    """
    Return the value that a text says.

    :param name: what the text is, for the sentence.
    :raises UserError: beginning with the name, and telling the line, when it is not JSON.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f'{name} is not JSON: {error.msg} in line {error.lineno}') from error
    except RecursionError as error:
        raise UserError(f'{name} is JSON that is nested too deeply') from error
    except ValueError as error:
        raise UserError(f'{name} holds a number that is too long') from error


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

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read YAML files, and refuse broken ones with a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from lane_perception.errors import UserError


def load_yaml(path: Path) -> Any:
    """
    Return the content of a YAML file.

    :raises UserError: beginning with the file's name, when it cannot be read as YAML in UTF-8.
    """
    try:
        return yaml.safe_load(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise UserError(f'{path} cannot be read: {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise UserError(f'{path} is no UTF-8 text; save it as UTF-8') from error
    except yaml.YAMLError as error:
        hint = '; YAML takes spaces, not tabs' if r"'\t'" in str(error) else ''
        raise UserError(f'{path} is not YAML: {" ".join(str(error).split())}{hint}') from error
    except RecursionError as error:
        raise UserError(f'{path} is YAML that is nested too deeply') from error
    except (ValueError, KeyError, AttributeError) as error:   # of PyYAML's own conversions
        raise UserError(f'{path} holds a value that looks like a date or a number and is none '
                        f'({error}); put it in quotes if it is a text') from error

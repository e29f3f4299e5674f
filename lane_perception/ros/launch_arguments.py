# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What ``ros2 launch`` lets pass: arguments that no launch file has declared."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Collection
from typing import Sequence

from lane_perception.errors import UserError


def refuse_unknown(file: str, names: Collection[str], words: Sequence[str]) -> None:
    """
    Refuse a misspelt argument, which would have no effect.

    :param file: the launch file's path.
    :param names: of its arguments.
    :param words: the command line of the process. Where it does not name that file, another
        launch file includes it, whose arguments are not known here.
    :raises UserError: naming the argument that is most alike.
    """
    if not any(Path(word).name == Path(file).name for word in words):
        return
    for word in words:
        name, assigns, _ = word.partition(':=')
        if assigns and name not in names:
            near = difflib.get_close_matches(name, names, 1)
            cure = f'did you mean {near[0]}?' if near else '--show-args lists all'
            raise UserError(f'{Path(file).name} has no argument {name}; {cure}')

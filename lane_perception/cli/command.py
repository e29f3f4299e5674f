# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Run a verb's main: one sentence and the right exit status instead of a traceback."""

from __future__ import annotations

import os
import sys
from typing import Callable
from typing import Optional
from typing import Sequence

from lane_perception.errors import UserError

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


def run_main(
    body: Callable[[Optional[Sequence[str]]], int],
    argv: Optional[Sequence[str]] = None,
) -> int:
    """
    Call a verb's body with its arguments and return the process's exit status.

    :param body: what the verb does; takes the arguments without the program's name (None: those
        of the process) and returns an exit status.
    :returns: the body's status; 2 after a :class:`UserError`, whose sentence goes to stderr;
        2 too when the disk is full or a file may not be written; 130 after Ctrl-C.
    """
    verb = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    try:
        return body(argv)
    except UserError as error:
        print(f'{verb}: {error}', file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print(f'{verb}: interrupted', file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except OSError as error:
        if error.filename is None and error.strerror is None:
            raise
        where = f' {error.filename}' if error.filename else ''
        print(f'{verb}: {error.strerror}:{where}', file=sys.stderr)
        return EXIT_BAD_INPUT

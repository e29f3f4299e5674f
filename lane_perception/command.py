# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Run a verb's main: one sentence and the right exit status instead of a traceback."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any
from typing import Callable
from typing import Iterator
from typing import Optional
from typing import Sequence

from lane_perception.errors import UserError

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
EXIT_TERMINATED = 143
TWICE = {'--data': 'put both folders into one, beside each other',   # what to do instead
         '--labels': 'give one folder with all labels'}


def run_main(
    body: Callable[[Optional[Sequence[str]]], int],
    argv: Optional[Sequence[str]] = None,
) -> int:
    """
    Call a verb's body with its arguments and return the process's exit status.

    :param body: what the verb does; takes the arguments without the program's name (None: those
        of the process) and returns an exit status.
    :returns: the body's status; 2 after a :class:`UserError`, whose sentence goes to stderr;
        2 too when the disk is full, a file may not be written or a Python package is missing;
        130 after Ctrl-C; 141 when whoever read the output has gone.
    :raises SystemExit: with status 143 after SIGTERM, so that what the body started is ended and
        what it half wrote is removed.
    """
    verb = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    if isinstance(sys.stdout, TextIOWrapper):   # names of files are not always UTF-8
        sys.stdout.reconfigure(errors='backslashreplace')
    try:
        with _exit_at_sigterm():
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
        where = f': {error.filename}' if error.filename else ''
        print(f'{verb}: {error.strerror}{where}', file=sys.stderr)
        return EXIT_BAD_INPUT
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split('.')[0] == 'lane_perception':
            raise   # a defect of ours
        print(f'{verb}: needs the Python package {error.name}, which is not installed; run doctor',
              file=sys.stderr)
        return EXIT_BAD_INPUT


@contextmanager
def _exit_at_sigterm() -> Iterator[None]:
    """Let SIGTERM raise SystemExit in the main thread, unless somebody handles it otherwise."""
    def on_signal(number: int, frame: Any) -> None:
        raise SystemExit(EXIT_TERMINATED)
    if (threading.current_thread() is not threading.main_thread()
            or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL):
        yield
        return
    signal.signal(signal.SIGTERM, on_signal)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is on_signal:   # the body may have set its own
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


class VerbParser(argparse.ArgumentParser):
    """A parser that refuses an option of one value that is given twice, of which one is lost."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        """Take what an ArgumentParser takes."""
        super().__init__(*arguments, **settings)
        self.register('action', None, _StoreOnce)   # what add_argument takes without an action


class _StoreOnce(argparse.Action):
    """Store an argument's value."""

    _filled: argparse.Namespace | None = None   # where its value was put last

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace,
                 values: Any, option_string: str | None = None) -> None:
        """
        Store it.

        :raises UserError: when it is an option and has been given before.
        """
        if option_string and self._filled is namespace:
            option = self.option_strings[-1]
            raise UserError(f'{option} is given twice; {TWICE.get(option, "give it once")}')
        self._filled = namespace
        setattr(namespace, self.dest, values)


def note_unused(parser: argparse.ArgumentParser, arguments: argparse.Namespace,
                options: Sequence[str], where: str) -> None:
    """
    Say on stderr which options were given that have no effect here.

    :param options: their names as in the namespace, such as ``label_rate``.
    :param where: ends the sentence "--label-rate has no effect", such as "without --labels".
    """
    for name in options:
        if getattr(arguments, name) != parser.get_default(name):
            option = next(action.option_strings[-1] for action in parser._actions
                          if action.dest == name)
            print(f'{parser.prog}: note: {option} has no effect {where}', file=sys.stderr)

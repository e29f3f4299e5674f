# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Start this package's ROS processes, watch them and end them as Ctrl-C would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from contextlib import ExitStack
from pathlib import Path
from typing import Iterator
from typing import Sequence

from lane_perception.ros.own_domain import own_domain
from lane_perception.ros.shared_memory import set_profile

START_TIMEOUT_S = 60.0          # for a node to become active: it reads and compiles its model
STOP_TIMEOUT_S = 20.0
_domains: list[int] = []        # that this process holds
_until_the_end = ExitStack()    # of this process


def private_environment() -> dict[str, str]:
    """
    Return an environment for ROS processes that nobody else shall hear.

    They meet in a domain of their own on this machine only, never in that of ROS_DOMAIN_ID, so
    that a demo beside a running car neither drives it nor hears it.

    :raises UserError: when no domain is free.
    """
    environment = dict(os.environ)
    taken = environment.get('ROS_DOMAIN_ID', '')
    free = [domain for domain in _domains if str(domain) != taken]
    if not free:
        free = [_until_the_end.enter_context(own_domain(other_than=taken))]
        _domains.extend(free)
    environment['ROS_DOMAIN_ID'] = str(free[0])
    # Humble knows only the older variable; the newer releases warn about it.
    if environment.get('ROS_DISTRO') == 'humble':
        environment['ROS_LOCALHOST_ONLY'] = '1'
    else:
        environment['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    set_profile(environment)
    return environment


@contextmanager
def environment_of_processes(values: dict[str, str]) -> Iterator[None]:
    """Set this process's environment, which the middleware reads when it starts."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class RosProcess:
    """
    A Python module of this package as a process, its output in a log file.

    On Linux it gets SIGTERM when the thread that started it ends, however that comes about.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        log: Path,
        environment: dict[str, str],
        prefix: Sequence[str] = (),
    ) -> None:
        """
        Start it.

        :param module: such as ``lane_perception.cli.lane_node``.
        :param log: file for its standard output and error.
        :param prefix: a command in front of Python's that becomes it, as ``taskset -c 0`` does.
        """
        self.log = log
        with open(log, 'wb') as output:
            self._process = subprocess.Popen(
                [*prefix, sys.executable, '-m', 'lane_perception.ros.tethered', str(os.getpid()),
                 module, *arguments],
                stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=environment)

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """Return the exit status, None while it runs."""
        return self._process.poll()

    @property
    def cannot_start(self) -> bool:
        """Tell whether a lane_node will never be active: it ended, or cannot be configured."""
        return self.exit_status is not None or 'cannot configure: ' in self.last_words()

    def release(self) -> None:
        """Close its standard input: a player that lingers ends."""
        self._process.stdin.close()

    def wait(self, timeout_s: float) -> int | None:
        """Return the exit status, None when it still runs after that time."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> int:
        """End it with SIGINT, or SIGKILL after STOP_TIMEOUT_S; return its exit status."""
        if self.exit_status is None:
            self._process.send_signal(signal.SIGINT)
            if self.wait(STOP_TIMEOUT_S) is None:
                self._process.kill()
        return self._process.wait()

    def last_words(self, lines: int = 3) -> str:
        """Return the end of its output as one line."""
        text = self.log.read_text(errors='replace').strip().splitlines()
        return ' / '.join(line.strip() for line in text[-lines:])

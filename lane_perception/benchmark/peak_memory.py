# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Run a command in a process of its own and tell its time and its peak memory.

Linux counts what a process held when it started a program towards that program's peak, so a small
process, this module, stands between the one that measures, which is large, and the command.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import Sequence

from lane_perception.errors import UserError


def run_apart(command: Sequence[str]) -> dict[str, float]:
    """
    Return 'seconds' and 'peak_mib' of a command, its start included.

    :param command: the program and its arguments.
    :raises UserError: with the end of what it printed, when it fails.
    """
    run = subprocess.run([sys.executable, '-m', __name__, *command], capture_output=True)
    if run.returncode:
        end = run.stderr.decode(errors='replace')[-300:]
        raise UserError(f'{" ".join(command)} failed: {end}')
    return json.loads(run.stdout)


def main() -> int:
    """Run the command in the arguments, print its figures as JSON and return its status."""
    start = time.monotonic()
    status = subprocess.call(sys.argv[1:], stdout=sys.stderr)
    seconds = time.monotonic() - start
    peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({'seconds': round(seconds, 2), 'peak_mib': round(peak_kib / 1024, 1)}))
    return status


if __name__ == '__main__':
    sys.exit(main())

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Run a module as ``python -m`` does, in a process that does not outlive the one that started it.

``python -m lane_perception.ros.tethered PARENT MODULE [ARGUMENT ...]``: on Linux the process gets
SIGTERM when its parent, of that number, ends, however that comes about. It asks for that itself:
code between fork and exec, in a parent with threads, could hang.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1   # of prctl(2), linux/prctl.h


def main() -> None:
    """Tie this process to its parent, and run the module."""
    parent = int(sys.argv[1])
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:   # it was gone before we asked
            sys.exit(1)
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)


if __name__ == '__main__':
    main()

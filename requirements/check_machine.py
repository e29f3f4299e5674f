# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Say at once when this machine cannot hold what is to be installed; runs on any Python 3.

``check_machine.py [GB]``: where PyPI has no ROS 2 wheels for it, or less than GB are free here.
"""

import os
import platform
import shutil
import sys


def main():
    """Return 0 where the packages can be installed, else say what to do and return 1."""
    return has_wheels() or has_room(float(''.join(sys.argv[1:2]) or 0))


def has_room(needed):
    """Return 0 where that many GB are free in this folder, else say so and return 1."""
    free = shutil.disk_usage('.').free / 1e9
    if free >= needed:
        return 0
    sys.stderr.write('Installing needs {:g} GB in {}, and {:.1f} GB are free there.\n'.format(
        needed, os.getcwd(), free))
    return 1


def has_wheels():
    """Return 0 where ROS 2 can be installed from PyPI, else say what to do and return 1."""
    version = sys.version_info[:2]
    machine = platform.machine().lower()
    system = platform.system()
    if version in ((3, 11), (3, 12)) and machine in ('x86_64', 'amd64') and system == 'Linux':
        return 0
    sys.stderr.write(
        'There are no ROS 2 packages on PyPI for Python {}.{} on {} {}: they exist for Python '
        '3.11 and 3.12 on x86-64 Linux.\nEither name such a Python (make demo PYTHON=python3.11), '
        'or install ROS 2 with apt: README.md, "On the car".\n'.format(
            version[0], version[1], system, platform.machine()))
    return 1


if __name__ == '__main__':
    sys.exit(main())

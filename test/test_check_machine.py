# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What `make` looks at before it installs anything."""

from pathlib import Path
import subprocess
import sys

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / 'requirements' / 'check_machine.py'


@pytest.mark.parametrize('arguments, status, said', [
    ([], 0, ''), (['0.001'], 0, ''),
    (['1e9'], 1, 'Installing needs 1e+09 GB in {folder}, and')])
def test_a_disk_without_room_is_said_before_anything_is_installed(
        tmp_path, arguments, status, said):
    run = subprocess.run([sys.executable, SCRIPT, *arguments], cwd=tmp_path, capture_output=True,
                         text=True)
    if 'no ROS 2 packages on PyPI' in run.stderr:
        pytest.skip('there are no wheels for this machine')
    assert run.returncode == status
    assert run.stderr.startswith(said.format(folder=tmp_path))

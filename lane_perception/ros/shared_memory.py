# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Give Fast DDS shared memory that holds raw images.

Fast DDS reads its profile once, when the first participant of a process is made, so this is done
before rclpy is initialised. Other middlewares do not look at these variables.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import MutableMapping

from lane_perception.package_files import find_package_file

# The first is of Fast DDS 3 (Kilted and later), which complains about the second; that one is of
# Fast DDS 2 (Humble, Iron, Jazzy).
VARIABLES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
OLD_DISTRIBUTIONS = ('humble', 'iron', 'jazzy')
PROFILE = 'config/fastdds.xml'


def set_profile(environment: MutableMapping[str, str] = os.environ) -> Path | None:
    """
    Point Fast DDS to the package's profile, unless the user has chosen one.

    :returns: the profile that Fast DDS will use; None where the package's own is not installed.
    """
    for name in VARIABLES:
        if environment.get(name):
            return Path(environment[name])
    profile = find_package_file(PROFILE)
    if profile is not None:
        old = environment.get('ROS_DISTRO') in OLD_DISTRIBUTIONS
        environment[VARIABLES[old]] = str(profile)
    return profile

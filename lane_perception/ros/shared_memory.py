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
FOLDER = Path('/dev/shm')
SEGMENT_BYTES = 36 * 2**20      # of one process with the profile
ROOM_BYTES = 4 * SEGMENT_BYTES  # a camera, the node, a viewer, a recorder


def room_bytes() -> int:
    """Return how much shared memory is free; a container has 64 MB by default."""
    try:
        status = os.statvfs(FOLDER)
    except OSError:  # a system that keeps it elsewhere
        return ROOM_BYTES
    return status.f_bavail * status.f_frsize


def set_profile(
    environment: MutableMapping[str, str] = os.environ, publishes_images: bool = False,
    room: int | None = None,
) -> Path | None:
    """
    Point Fast DDS to the package's profile, unless the user has chosen one.

    A segment that does not fit into the shared memory is worse than the small default one, so
    where there is little room only the process that publishes raw images gets it.

    :param publishes_images: whether the process cannot do without.
    :param room: free shared memory in bytes; None: what this machine has.
    :returns: the profile that Fast DDS will use; None where there is too little room, or the
        package's own is not installed.
    """
    for name in VARIABLES:
        if environment.get(name):
            return Path(environment[name])
    enough = SEGMENT_BYTES if publishes_images else ROOM_BYTES
    if (room_bytes() if room is None else room) < enough:
        return None
    profile = find_package_file(PROFILE)
    if profile is not None:
        old = environment.get('ROS_DISTRO') in OLD_DISTRIBUTIONS
        environment[VARIABLES[old]] = str(profile)
    return profile

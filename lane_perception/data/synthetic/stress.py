# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One factor of the world at a time: the bins of a stress table."""

from __future__ import annotations

from lane_perception.data.synthetic.settings import COLORS
from lane_perception.data.synthetic.settings import FLOORS
from lane_perception.data.synthetic.settings import TEST_SEEDS
from lane_perception.data.synthetic.settings import WorldSettings

STRESS_SEED = TEST_SEEDS + 77  # of the samples that a stress table is made from

# Values at which each factor that is a number is pinned.
NUMBERS = {
    'floor_brightness': (0.015, 0.06, 0.2, 0.5),
    'tape_width': (0.01, 0.02, 0.035, 0.05),
    'lane_width': (0.2, 0.4, 0.8),
    'min_radius': (0.4, 0.8, 1.6),
    'camera_height': (0.06, 0.12, 0.25, 0.40),
    'pitch': (0.0, 12.0, 25.0, 45.0),
    'fov': (50.0, 80.0, 120.0, 170.0),
    'exposure': (5.0, 15.0, 40.0, 100.0, 180.0, 215.0),
    'glare': (0.0, 0.5, 1.0),
    'blur': (0.3, 1.0, 2.0, 4.0),
    'noise': (0.0, 0.3, 1.0),
    'cast': (0.0, 0.5, 1.0),
    'clutter': (0.0, 0.5, 1.0),
    'resolution': (160, 320, 640, 1280),
}


def stress_bins(size: tuple[int, int] | None = None) -> dict[str, dict[str, WorldSettings]]:
    """
    Return settings by factor and bin; all that a bin does not pin is drawn at random.

    The same seed and index give the same scene in every bin but for the factor, so that bins
    differ by nothing else.

    :param size: of all pictures; None draws it.
    """
    bins: dict[str, dict[str, WorldSettings]] = {'none': {'all': WorldSettings(size=size)}}
    for name, choices in (('floor', FLOORS), ('tape_color', COLORS),
                          ('lens', ('plumb_bob', 'equidistant'))):
        bins[name] = {choice: WorldSettings(size=size, **{name: choice}) for choice in choices}
    bins['tape_color'].pop('black')  # only ever laid on light floors: the next factor
    bins['dark tape'] = {'on a light floor': WorldSettings(size=size, tape_color='black',
                                                           floor_brightness=0.45)}
    for name, values in NUMBERS.items():
        bins[name] = {f'{value:g}': WorldSettings(size=size, **{name: value}) for value in values}
    return bins

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
What markings say of the horizon: as the log likelihood of each of GRID.

Tape is as wide far away as it is near, so in the picture a marking's width shrinks to nothing at
the horizon. The rows on which one marking was read, and how wide it was on each, say where that
is, also where a single marking is seen, or a lane that bends. And the sides of a lane that runs
straight meet there. One picture says it roughly; pictures add up.
"""

from __future__ import annotations

from typing import Callable

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.chains import Chains
from lane_perception.geometry.chains import median
from lane_perception.geometry.nominal_view import HIGHEST_KNOWN
from lane_perception.geometry.nominal_view import LOWEST
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.geometry.nominal_view import REDRAWN

STEP = 0.01             # fractions of the image height from the top
GRID = np.arange(HIGHEST_KNOWN, LOWEST + STEP / 2, STEP)
LOOKS = 3               # at one picture, where there is time
QUICK_LOOKS = 2         # where there is little
USUAL = (0.25, 0.2)     # mean and standard deviation before anything is seen
FEWEST = 6              # marks of a marking that is looked at
ENOUGH = 10             # marks of all markings together
TALLEST = 0.1           # image heights that it has to span
WIDER = 2.5             # times the usual width: something else
PIXEL = 1.0             # pixels: error of a width, of which some are far off
STRETCH = 1.0           # relative error of a width, by the squared tangent of the angle
ALIKE = 6.0             # marks that say the same: their errors hang together
LATER = 0.5             # what tape counts once lanes have taught: their sides say it too
SIDES = 0.04            # image heights: standard deviation of where a lane's sides meet
SWAYING = 0.015         # image heights: how the horizon moves while the car drives
MEMORY = 0.95           # of what was said before, when more is said


def usual() -> NDArray[np.float64]:
    """Return the log likelihood of each horizon of GRID before anything is seen."""
    return -0.5 * ((GRID - USUAL[0]) / USUAL[1]) ** 2


def said_by_tape(
    chains: Chains, horizon: float, height: int, camera: NominalCamera,
) -> NDArray[np.float64] | None:
    """
    Return what the markings of one picture add to the log likelihood of each horizon of GRID.

    :param chains: on the nominal floor with that horizon.
    :param horizon: fraction of the image height from the top.
    :param height: of the picture, pixels.
    :param camera: whose floor it is.
    :returns: None where no marking is seen on enough rows.
    """
    marks, total, count = chains.marks, np.zeros(len(GRID)), 0
    first = _first(camera)
    # Of markings as if each ran upright in an undistorted picture: in its pixels, times the
    # nominal camera's height.
    upright = camera.reach * height / marks.ground[:, 0]
    rows = upright + horizon * height
    widths = chains.widths * upright
    # On a floor stretched by another lens than the nominal one, what runs askew looks wider.
    askew = (chains.tangent[:, 1] / np.maximum(np.abs(chains.tangent[:, 0]), 1e-3)) ** 2
    errors = widths * np.hypot(PIXEL / marks.count, STRETCH * askew)
    for number in range(len(chains)):
        members = chains.members(number)
        use = chains.uncut(np.arange(members.start, members.stop))
        if not len(use):
            continue
        use = use[chains.widths[use] < WIDER * median(chains.widths[use])]
        row, width, error = (part[use] for part in (rows, widths, errors))
        if len(row) < FEWEST or np.ptp(row) < TALLEST * height:
            continue
        below = np.maximum(row[:, None] - GRID * height, 1e-3) / error[:, None]
        seen = width / error
        off = seen[:, None] - (seen @ below) / (below * below).sum(axis=0) * below
        said = -np.log1p(off * off / 2.0).sum(axis=0)
        # As wide far away as near in the picture: drawn, or too thin.
        if said[first:].argmax() == 0:
            continue
        total += said
        count += len(row)
    return total / ALIKE if count >= ENOUGH else None


def said_by_sides(horizon: float) -> NDArray[np.float64]:
    """Return what a lane adds whose sides meet at a horizon, in image heights from the top."""
    return -0.5 * ((GRID - horizon) / SIDES) ** 2


def said_by_widths(horizon: float, sigma: float) -> NDArray[np.float64]:
    """
    Return what the widths of a lane in many pictures say (lens_study.py).

    :param horizon: that they tell, in image heights from the top.
    :param sigma: its standard deviation, without that of the camera's pitch while it drives.
    """
    return -0.5 * ((GRID - horizon) / np.hypot(sigma, SWAYING)) ** 2


def heard(
    likelihood: NDArray[np.float64], said: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the log likelihood of each of GRID after more was said; what is long ago fades."""
    return MEMORY * likelihood + said


def settle(
    chains_under: Callable[[float], Chains], horizon: float, height: int, camera: NominalCamera,
    likelihood: NDArray[np.float64], looks: int = LOOKS,
) -> tuple[float, NDArray[np.float64]]:
    """
    Return the likeliest horizon, and the log likelihood of each of GRID with one picture more.

    :param chains_under: returns the picture's markings on the nominal floor with a horizon.
    :param horizon: to begin with, fraction of the image height from the top.
    :param height: of the picture, pixels.
    :param camera: whose floor it is.
    :param likelihood: as pictures before have it.
    :param looks: at the picture, each under the horizon that the one before told; the second
        also shows whether the first was right, so less than two say little.
    """
    first = horizon
    for _ in range(looks):
        said = said_by_tape(chains_under(horizon), horizon, height, camera)
        if said is None:   # too little is seen, or under that horizon markings fall apart
            return first, likelihood
        before, horizon = horizon, likeliest(likelihood + said, camera)
        if abs(horizon - before) <= REDRAWN:
            break
    return horizon, heard(likelihood, said)


def likeliest(likelihood: NDArray[np.float64], camera: NominalCamera) -> float:
    """Return the top of the parabola through the largest log likelihood and its neighbours."""
    first = _first(camera)
    at = first + int(likelihood[first:].argmax())
    if at in (first, len(GRID) - 1):
        return float(GRID[at])
    before, top, after = likelihood[at - 1:at + 2]
    return float(GRID[at] + STEP * 0.5 * (after - before) / max(2.0 * top - before - after, 1e-9))


def _first(camera: NominalCamera) -> int:
    """Return which of GRID is the highest horizon that a camera may have."""
    return round((camera.highest - HIGHEST_KNOWN) / STEP)

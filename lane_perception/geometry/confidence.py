# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Whether a sighting is a lane at all, and how likely its centre is right.

Two logistic functions of a few numbers that the fit of the lane leaves, with coefficients from
files beside this one. ``python -m lane_perception.benchmark.confidence --fit`` finds them on
synthetic pictures, with and without a track, that training never draws.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from math import exp
from math import hypot
from math import isfinite
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.chains import Chains
from lane_perception.geometry.chains import median
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane_curve import LaneCurve

# What was fitted, by what is known of the camera: nothing, its lens, or its ground calibration.
FILES = {known: Path(__file__).with_name(name) for known, name in (
    ('nothing', 'confidence.json'), ('lens', 'confidence_lens.json'),
    ('ground', 'confidence_calibrated.json'))}
# What says that there is a lane, and what says how right its centre is.
PRESENT = ('log_length', 'both', 'logit_marks', 'logit_trust', 'odd_tape', 'beside', 'log_chains',
           'bend')
RIGHT = ('log_sigma', 'beside')
ASIDE = 0.01      # metres to the side by which pixels per metre are measured
TAPE = 0.03       # metres: a usual width of tape
SUREST = 1e-4     # probabilities are kept so far off 0 and 1
ODDEST = 4.0      # a width that is off by a factor of 7.4 is as odd as any
MOST_BENT = 3.0   # 1/metres: a lane that bends more is as bent as any


@dataclass(frozen=True)
class Evidence:
    """What a sighting is judged by."""

    log_length: float        # logarithm of the metres of marking that bear it, far ones less
    both: float              # 1 when both sides are seen, else 0
    logit_marks: float       # mean log odds of the probability at the marks that bear it
    logit_trust: float       # log odds of the trust in it (sighting.py)
    odd_tape: float          # squared logarithm of its markings' width over that of usual tape
    log_sigma: float         # logarithm of the centre's standard deviation, in picture widths
    beside: float            # how far the car is off the lane's centre, in lane widths
    log_chains: float        # logarithm of the number of markings in sight, its own and others
    bend: float              # its largest curvature, 1/metres: seams and planks run straight


def gather(chains: Chains, curve: LaneCurve, trust: float, probability: NDArray[np.float32],
           view: GroundCalibration, size: tuple[int, int], row: float, ahead: float = 0.0,
           ) -> Evidence:
    """
    Return the evidence for a fitted lane.

    :param trust: in the curve, 0 to 1.
    :param probability: (h, w), 0 to 1, that there is a marking, covering the whole picture.
    :param view: that the curve's metres are in.
    :param size: (width, height) of the picture.
    :param row: of the picture on which the centre is read, pixels.
    :param ahead: metres at which it is read instead; 0: on the row.
    """
    used = curve.sides != 0
    length = float(chains.discounted[used].sum())
    sigma = _center_sigma(curve, view, size, row, ahead)
    tape = max(median(chains.widths[used]), 1e-3)
    return Evidence(
        log_length=log(length + 1e-3), both=float(curve.both),
        logit_marks=_log_odds_at(chains.marks.pixels[used], probability, size),
        logit_trust=_logit(trust), odd_tape=min(log(tape / TAPE) ** 2, ODDEST),
        log_sigma=log(min(max(sigma, 1e-3), 3.0)),
        beside=min(curve.aside, 2.0), log_chains=log(len(chains)), bend=min(curve.bend, MOST_BENT))


def _log_odds_at(pixels: NDArray[np.float64], probability: NDArray[np.float32],
                 size: tuple[int, int]) -> float:
    """Return the mean log odds of the probability at some of the picture's pixels."""
    height, width = probability.shape
    at = ((pixels + 0.5) * (width / size[0], height / size[1])).astype(np.int64)
    chance = probability[np.clip(at[:, 1], 0, height - 1), np.clip(at[:, 0], 0, width - 1)]
    chance = np.clip(chance, SUREST, 1.0 - SUREST)
    return float(np.log(chance / (1.0 - chance)).mean())


def _center_sigma(curve: LaneCurve, view: GroundCalibration, size: tuple[int, int],
                  row: float, ahead: float) -> float:
    """Return the standard deviation of the centre where it is read, in picture widths."""
    left = ASIDE * np.column_stack((-np.sin(curve.headings), np.cos(curve.headings)))
    both = view.to_image(np.concatenate((curve.points, curve.points + left)), size)
    pixels, beside = both[:len(left)], both[len(left):]
    shown = np.isfinite(pixels).all(axis=1)
    if not shown.any():
        return 1.0
    away = np.abs(curve.points[:, 0] - ahead if ahead else pixels[:, 1] - row)
    at = int(np.where(shown, away, np.inf).argmin())
    pixels_per_metre = hypot(*(beside[at] - pixels[at])) / ASIDE
    if not isfinite(pixels_per_metre):
        return 1.0
    return pixels_per_metre * float(curve.sigmas[at]) / size[0]


def _logit(chance: float) -> float:
    """Return the log odds of a chance, which is kept off 0 and 1."""
    chance = min(max(chance, SUREST), 1.0 - SUREST)
    return log(chance / (1.0 - chance))


@dataclass(frozen=True)
class Logistic:
    """A probability from a weighted sum of some of the evidence."""

    intercept: float
    weights: dict[str, float]   # by the evidence's name

    def __call__(self, evidence: Evidence) -> float:
        """Return a probability, 0 to 1."""
        total = self.intercept + sum(
            weight * getattr(evidence, name) for name, weight in self.weights.items())
        return 1.0 / (1.0 + exp(-min(max(total, -50.0), 50.0)))


@dataclass(frozen=True)
class Judgement:
    """The fitted functions, and how sure a lane has to be."""

    present: Logistic      # that there is a lane
    right: Logistic        # that its centre is right, if there is one: the lane's confidence
    least_present: float   # below it there is none

    def __call__(self, evidence: Evidence) -> float | None:
        """Return how likely a sighting's centre is right; None where there is no lane."""
        if self.present(evidence) < self.least_present:
            return None
        return self.right(evidence)

    def odds(self, evidence: Evidence) -> float:
        """Return the log odds that a sighting is a lane."""
        return _logit(self.present(evidence))

    @property
    def needed(self) -> float:
        """Return the log odds from which on there is a lane."""
        return _logit(self.least_present)

    @classmethod
    def read(cls, path: Path) -> Judgement:
        """Read the file that the fit has written."""
        values = json.loads(path.read_text(encoding='utf-8'))
        present, right = (Logistic(values[name]['intercept'], values[name]['weights'])
                          for name in ('present', 'right'))
        return cls(present, right, values['present']['least'])


@lru_cache
def shipped(known: str) -> Judgement:
    """
    Return the judgement that comes with the package.

    :param known: of the camera: nothing, lens or ground.
    """
    return Judgement.read(FILES[known])

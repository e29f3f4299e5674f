# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Fit the two functions that judge a sighting (geometry/confidence.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from typing import Iterable
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from lane_perception.benchmark.trust_frames import finder_for
from lane_perception.benchmark.trust_frames import TrustFrame
from lane_perception.errors import UserError
from lane_perception.evaluation.lane_trust import is_right
from lane_perception.geometry.confidence import Evidence
from lane_perception.geometry.confidence import Logistic
from lane_perception.geometry.confidence import PRESENT
from lane_perception.geometry.confidence import RIGHT
from lane_perception.segmenter import Segmenter

RIDGE = 3.0        # pull of the standardized weights towards 0: a prior of 1 / sqrt(3)
STEPS = 50
FEWEST = 20        # sightings of each kind without which nothing can be fitted


@dataclass(frozen=True)
class Sightings:
    """What was seen in a set of frames."""

    frames: int                # all, with and without a sighting
    evidence: list[Evidence]
    right: list[bool]          # whether the centre is right


def watch(segmenter: Segmenter, frames: Iterable[TrustFrame],
          known: str = 'nothing') -> Sightings:
    """
    Return all that may be a lane, each frame by a finder of its own.

    :param known: to the finders, of the camera: nothing, lens or ground.
    """
    evidence: list[Evidence] = []
    right: list[bool] = []
    count = 0
    for frame in frames:
        count += 1
        seen: list[Evidence] = []

        def note(one: Evidence) -> float:
            seen.append(one)
            return 1.0
        finder = finder_for(frame, known, judge=note)
        lane = finder.find(segmenter.mask(frame.image), None, segmenter.last_probability)
        if lane.center is not None:
            evidence.append(seen[-1])
            right.append(is_right(lane.center, frame.truth, frame.image.shape[1]))
    return Sightings(count, evidence, right)


def fit_logistic(values: NDArray[np.float64], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """
    Return intercept and weights that make the truth likeliest, by Newton's method.

    :param values: (N, K).
    :param truth: (N,).
    :returns: (1 + K,).
    """
    middle, spread = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-9)
    design = np.column_stack((np.ones(len(values)), (values - middle) / spread))
    ridge = RIDGE * np.eye(design.shape[1])
    ridge[0, 0] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(STEPS):
        likely = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30.0, 30.0)))
        slope = design.T @ (truth - likely) - ridge @ weights
        bend = (design.T * (likely * (1.0 - likely))) @ design + ridge
        weights = weights + np.linalg.solve(bend, slope)
    scaled = weights[1:] / spread
    return np.concatenate(([weights[0] - middle @ scaled], scaled))


def fit(tracks: Sightings, floors: Sightings, false_lanes: float) -> dict[str, Any]:
    """
    Return the content of confidence.json, less where it is from.

    :param false_lanes: share of the frames without a track in which a lane may be told.
    :raises UserError: when there are too few sightings.
    """
    if min(len(tracks.evidence), len(floors.evidence)) < FEWEST:
        raise UserError(f'{len(tracks.evidence)} sightings of lanes and {len(floors.evidence)} '
                        f'where there are none; the fit needs {FEWEST} of each: use more frames')
    every = [*tracks.evidence, *floors.evidence]
    is_track = np.arange(len(every)) < len(tracks.evidence)
    present = _function(PRESENT, every, is_track)
    chance = np.array([present(one) for one in every])
    allowed = int(false_lanes * floors.frames)
    false = np.sort(chance[~is_track])[::-1]
    # Halfway between the last false lane that is let through and the first that is not.
    least = float(false[0] + 1.0) / 2.0 if allowed == 0 else (
        float(false[allowed - 1:allowed + 1].mean()) if allowed < len(false) else 0.0)
    told = chance >= least
    was_right = np.array([*tracks.right, *floors.right])
    if np.count_nonzero(told & is_track) < FEWEST:
        raise UserError('too few lanes are left; allow more false ones or use more frames')
    right = _function(RIGHT, [one for one, kept in zip(every, told) if kept], was_right[told])
    return {
        'present': {**_content(present), 'least': round(least, 4)},
        'right': _content(right),
        'fitted_on': {
            'frames_with_lane': tracks.frames, 'frames_without': floors.frames,
            'lane_found': round(np.count_nonzero(told & is_track) / tracks.frames, 4),
            'false_lanes': round(np.count_nonzero(told & ~is_track) / floors.frames, 4),
            'center_right': round(float(was_right[told & is_track].mean()), 4)},
    }


def _function(
    names: Sequence[str], evidence: list[Evidence], truth: NDArray[np.bool_],
) -> Logistic:
    values = np.array([[getattr(one, name) for name in names] for one in evidence])
    intercept, *weights = fit_logistic(values, truth).tolist()
    return Logistic(intercept, dict(zip(names, weights)))


def _content(function: Logistic) -> dict[str, Any]:
    return {'intercept': round(function.intercept, 4),
            'weights': {name: round(weight, 4) for name, weight in function.weights.items()}}

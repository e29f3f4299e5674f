# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Compare lanes with the truth: at the car, and where the picture begins to show the lane."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from lane_perception.benchmark.track_frames import TrackFrame
from lane_perception.geometry.lane import Lane

WRONG_LANE = 0.5   # lane widths between the found centre and the true one: another lane
BLIND = (0.0, 0.15, 0.3, 0.45, 0.6, 10.0)  # metres from base_link to the first that is seen


@dataclass
class LaneScore:
    """Errors of many frames."""

    rows: list[dict[str, float]] = field(default_factory=list)
    visible: int = 0
    found: int = 0

    def add(self, frame: TrackFrame, lane: Lane) -> None:
        """Take in one frame in which the lane is visible."""
        self.visible += 1
        if lane.lateral is None or lane.center is None:
            return
        self.found += 1
        truth = frame.truth
        error = np.array([lane.lateral - truth.lateral, lane.heading - truth.heading])
        row = {
            'lateral': abs(error[0]), 'heading': abs(error[1]), 'sides': frame.sides,
            'curvature': abs(lane.curvature - truth.curvature),
            'width': abs(lane.width - frame.width),
            'nees': float(error @ np.linalg.solve(lane.covariance, error)),
            'center': (abs(lane.center[0] - truth.center[0]) / frame.mask.shape[1]
                       if truth.center else np.nan),
            **_where_seen(frame, lane),
        }
        row['wrong'] = float(row['seen_lateral'] > WRONG_LANE * frame.width)
        self.rows.append(row)

    def report(self) -> dict[str, object]:
        """Return medians, 95th percentiles and shares."""
        two = [row for row in self.rows if row['sides'] == 2]
        by_blind = {f'{low:g} to {high:g} m': self._errors(
            [row for row in self.rows if low <= row['blind'] < high])
            for low, high in zip(BLIND[:-1], BLIND[1:])}
        return {
            'frames_with_visible_lane': self.visible,
            'lane_found': self.found / self.visible if self.visible else None,
            'wrong_lane': self._mean('wrong'),
            'all': self._errors(self.rows), 'both_sides_visible': self._errors(two),
            'by_blind_distance': by_blind,
            'nees_mean': self._mean('nees'),
            'nees_in_95': float(np.mean([row['nees'] < 5.99 for row in self.rows]))
            if self.rows else None,
        }

    def _mean(self, key: str) -> float | None:
        return float(np.mean([row[key] for row in self.rows])) if self.rows else None

    @staticmethod
    def _errors(rows: list[dict[str, float]]) -> dict[str, object]:
        if not rows:
            return {'frames': 0}

        def spread(key, factor):
            values = np.array([row[key] for row in rows], float) * factor
            return {'median': round(float(np.nanmedian(values)), 4),
                    'p95': round(float(np.nanpercentile(values, 95)), 4)}
        return {
            'frames': len(rows),
            'lateral_mm': spread('lateral', 1e3), 'heading_deg': spread('heading', 180 / np.pi),
            'curvature_per_m': spread('curvature', 1), 'width_mm': spread('width', 1e3),
            'seen_lateral_mm': spread('seen_lateral', 1e3),
            'seen_heading_deg': spread('seen_heading', 180 / np.pi),
            'center_percent_of_width': spread('center', 100),
        }


def _where_seen(frame: TrackFrame, lane: Lane) -> dict[str, float]:
    """Return the errors at the first point of the path that lies in the picture."""
    size = (frame.mask.shape[1], frame.mask.shape[0])
    pixels = frame.ground.to_image(lane.path, size)
    inside = ((pixels >= 0) & (pixels < size)).all(axis=1)
    first = int(inside.argmax()) if inside.any() else len(pixels) - 1
    first = min(first, len(pixels) - 2)
    line = frame.truth.center_line
    point = lane.path[first]
    ahead = lane.path[first + 1] - point
    at, along = _beside(line, point)
    away = point - line[at]
    # A chord of the path has the direction of the lane beside the chord's middle.
    _, middle = _beside(line, point + ahead / 2.0)
    turn = np.arctan2(middle[0] * ahead[1] - middle[1] * ahead[0], middle @ ahead)
    return {'seen_lateral': abs(along[0] * away[1] - along[1] * away[0]),
            'seen_heading': abs(float(turn)), 'blind': float(np.hypot(*point))}


def _beside(line: NDArray[np.float64], point: NDArray[np.float64],
            ) -> tuple[int, NDArray[np.float64]]:
    """Return which point of a line is the nearest, and the line's unit direction there."""
    at = int(np.clip(np.argmin(((line - point) ** 2).sum(axis=1)), 1, len(line) - 2))
    along = line[at + 1] - line[at - 1]
    return at, along / np.hypot(*along)

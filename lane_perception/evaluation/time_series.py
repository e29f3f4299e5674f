# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What every frame of a recording said, in columns; how steady it was; where it went wrong."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recordings import NANOSECONDS
from lane_perception.evaluation.set_score import FAILURES

NEIGHBORS_S = 0.25        # frames further apart are no neighbours, whose outputs are compared
JUMP = 0.2                # half widths: an offset that changes by more between neighbours
FLICKER_WIDTH = 160       # pixels: masks are compared at this width, thickened by a pixel
STRETCH_GAP_S = 0.5       # bad frames so near to each other are one stretch
JUMPED = 'jump'

# Columns of numbers in report.json's ``frames``; NaN (null in JSON) where there is none.
COLUMNS = ('offset', 'confidence', 'lateral_m', 'heading_rad', 'lateral_error_m',
           'heading_error_rad', 'lane_iou', 'line_f1', 'center_error_px', 'flicker',
           'latency_ms', 'video_s')
ROUNDING = 6              # decimals in the report


@dataclass(frozen=True)
class Row:
    """One frame."""

    stamp_ns: int
    values: dict[str, float | None]     # of COLUMNS
    found: bool
    failures: tuple[str, ...]


class TimeSeries:
    """The frames of one recording, at 110 bytes each."""

    def __init__(self) -> None:
        """Start with no frame."""
        self.stamps = array('q')
        self._columns = {name: array('d') for name in COLUMNS}
        self._failures = array('B')        # one bit a kind, the last for a jump
        self._found = array('B')
        self.duplicate_stamps = 0
        self.backward_stamps = 0

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.stamps)

    def add(self, row: Row) -> None:
        """Append a frame; a jump against the frame before is found here."""
        kinds = sum(1 << FAILURES.index(kind) for kind in row.failures)
        if self.stamps:
            step = row.stamp_ns - self.stamps[-1]
            self.duplicate_stamps += step == 0
            self.backward_stamps += step < 0
            offset = row.values.get('offset')
            before = self._columns['offset'][-1]
            near = 0 < step <= NEIGHBORS_S * NANOSECONDS
            if near and offset is not None and abs(offset - before) > JUMP:
                kinds |= 1 << len(FAILURES)
        self.stamps.append(row.stamp_ns)
        self._found.append(row.found)
        self._failures.append(kinds)
        for name, column in self._columns.items():
            value = row.values.get(name)
            column.append(math.nan if value is None else value)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return (N,) of one of COLUMNS."""
        return np.array(self._columns[name])

    def steadiness(self) -> dict[str, Any]:
        """
        Return the figures that need no truth.

        :returns: ``lane_found`` (share), ``jumps`` (number of neighbouring frames whose offset
            differs by more than JUMP), ``gaps`` (runs of frames without a lane), ``longest_gap_s``
            (from the frame before it to the frame after it), ``flicker`` (mean over neighbours
            of 1 - IoU of their masks), ``confidence`` (mean over frames with a lane).
        """
        found = np.array(self._found, bool)
        gaps, longest = 0, 0.0
        edges = np.flatnonzero(np.diff(np.concatenate(([1], found, [1])).astype(int)))
        for start, end in zip(edges[::2], edges[1::2]):
            gaps += 1
            first = self.stamps[max(start - 1, 0)]
            last = self.stamps[min(end, len(found) - 1)]
            longest = max(longest, (last - first) / NANOSECONDS)
        confidence = self.column('confidence')[found]
        flicker = self.column('flicker')
        return {
            'lane_found': float(found.mean()) if len(found) else None,
            'jumps': int(sum(kinds >> len(FAILURES) & 1 for kinds in self._failures)),
            'gaps': gaps,
            'longest_gap_s': longest,
            'flicker': None if np.isnan(flicker).all() else float(np.nanmean(flicker)),
            'confidence': float(confidence.mean()) if confidence.size else None,
        }

    def totals(self) -> dict[str, int]:
        """Return over how many frames the figures are means, to join them with others."""
        return {'frames_with_lane': sum(self._found),
                'flicker_pairs': int((~np.isnan(self.column('flicker'))).sum()),
                'pose_pairs': int((~np.isnan(self.column('lateral_error_m'))).sum())}

    def pose_errors(self) -> dict[str, float | None]:
        """Return mean absolute ``lateral_mae_m`` and ``heading_mae_rad`` against true poses."""
        figures: dict[str, float | None] = {}
        for name, column in (('lateral_mae_m', 'lateral_error_m'),
                             ('heading_mae_rad', 'heading_error_rad')):
            errors = np.abs(self.column(column))
            figures[name] = None if np.isnan(errors).all() else float(np.nanmean(errors))
        return figures

    def bad_stretches(self) -> list[dict[str, Any]]:
        """
        Return the stretches of frames with a failure, in their order in time.

        :returns: for each ``first`` and ``last`` (numbers of frames), ``from_s`` and ``to_s``
            (since the first frame), ``frames`` (bad ones) and ``reasons``, the commonest first.
        """
        bad = np.flatnonzero(np.array(self._failures))
        stretches: list[list[int]] = []
        for number in bad:
            near = stretches and abs(
                self.stamps[number] - self.stamps[stretches[-1][-1]]) <= (
                    STRETCH_GAP_S * NANOSECONDS)
            if near:
                stretches[-1].append(int(number))
            else:
                stretches.append([int(number)])
        return [{
            'first': numbers[0],
            'last': numbers[-1],
            'from_s': (self.stamps[numbers[0]] - self.stamps[0]) / NANOSECONDS,
            'to_s': (self.stamps[numbers[-1]] - self.stamps[0]) / NANOSECONDS,
            'frames': len(numbers),
            'reasons': self._reasons(numbers),
        } for numbers in stretches]

    def _reasons(self, numbers: list[int]) -> list[str]:
        kinds = (*FAILURES, JUMPED)
        counts = {kind: sum(self._failures[number] >> bit & 1 for number in numbers)
                  for bit, kind in enumerate(kinds)}
        return sorted((kind for kind in kinds if counts[kind]), key=lambda kind: -counts[kind])

    def as_json(self) -> dict[str, list[Any]]:
        """Return the columns for report.json: lists of equal length, None where there is none."""
        columns: dict[str, list[Any]] = {'stamp_ns': list(self.stamps)}
        for name in COLUMNS:
            values = self._columns[name]
            columns[name] = [None if math.isnan(value) else round(value, ROUNDING)
                             for value in values]
        columns['failures'] = list(self._failures)
        return columns


class Flicker:
    """Compare each mask with the one before."""

    def __init__(self) -> None:
        """Start without a mask."""
        self._before: NDArray[np.uint8] | None = None
        self._stamp = 0

    def add(self, mask: NDArray[np.uint8], stamp_ns: int) -> float | None:
        """
        Return how much a mask differs from its neighbour before.

        :returns: 1 - IoU of the two at FLICKER_WIDTH, 0 where both are empty; None without a
            neighbour.
        """
        height, width = mask.shape
        small_height = max(1, round(height * FLICKER_WIDTH / width))
        covered = cv2.resize(mask, (FLICKER_WIDTH, small_height), interpolation=cv2.INTER_AREA)
        small = cv2.dilate(cv2.compare(covered, 0, cv2.CMP_GT), np.ones((3, 3), np.uint8))
        before, self._before = self._before, small
        step, self._stamp = stamp_ns - self._stamp, stamp_ns
        if before is None or before.shape != small.shape:
            return None
        if not 0 < step <= NEIGHBORS_S * NANOSECONDS:
            return None
        either = cv2.countNonZero(cv2.bitwise_or(before, small))
        both = cv2.countNonZero(cv2.bitwise_and(before, small))
        return 1.0 - both / either if either else 0.0

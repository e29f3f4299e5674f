# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
From a mask to points on the middles of its markings, on the floor.

The mask is read along rows and along columns only, spaced so that they lie a few centimetres
apart on the floor. Where such a line crosses a marking it leaves a short run of set pixels; the
middle of the run's two ends on the floor lies on the marking's middle. A marking that runs along
the line leaves a long run, which is dropped: the lines of the other direction cross it.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.dashes import short_dashes
from lane_perception.geometry.ground_calibration import GroundCalibration

RANGE = 3.0            # metres ahead beyond which a pixel says too little
SPACING = 0.022        # metres on the floor between two lines, at the car
SPACING_GROWTH = 0.02  # metres more for each metre of distance
COLUMNS = 56           # columns that are read
WIDEST = 0.14          # metres: no marking is wider, measured along the line
OBLIQUE = 2.0          # a run longer than this many usual widths runs along its line
WIDE = 0.07            # metres that are kept even so: thin tape may lie beside wide
PIXEL_NOISE = 0.45     # pixels: standard deviation of a run's middle
FLOOR_NOISE = 0.002    # metres: the same, from the floor and the paint
MOST = 150             # points that are kept, the nearest; bounds the time
MOST_RUNS = 2500       # stretches of marking along the lines read; a road's are some hundred


@dataclass(frozen=True)
class Marks:
    """Points on the middles of markings."""

    ground: NDArray[np.float64]  # (N, 2) metres, x forward, y left
    pixels: NDArray[np.float64]  # (N, 2) u right, v down
    sigma: NDArray[np.float64]   # (N,) metres: standard deviation across the marking
    count: NDArray[np.int64]     # (N,) pixels from one edge to the other, along the line read
    across: NDArray[np.float64]  # (N, 2) metres: from one edge to the other, along the line read
    lone: NDArray[np.bool_]      # (N,) the middle of a short dash, of which there is no other

    def __len__(self) -> int:
        return len(self.sigma)

    def take(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Marks:
        """Return the chosen points."""
        return Marks(*(getattr(self, part.name)[chosen] for part in fields(self)))


class MarkReader:
    """Reads the marks of masks of one size under one view of the floor."""

    def __init__(self, image_size: tuple[int, int], ground: GroundCalibration,
                 widest: float = WIDEST) -> None:
        """
        Choose the rows and the columns to read.

        :param image_size: (width, height) of the masks.
        :param widest: metres that a marking may be wide, along a row or a column.
        :raises UserError: when the aspect ratio contradicts the calibration.
        """
        self._ground, self._widest = ground, widest
        width, height = image_size
        rows = _floor_rows(image_size, ground)
        self._top = int(rows[-1])
        left = np.linspace(2, width - 3, COLUMNS)[:COLUMNS // 2].astype(int)
        # The same on the right, so that a mirrored picture shows the mirrored lane; at most every
        # column, of a picture narrower than that.
        columns = np.unique(np.clip(np.append(left, width - 1 - left), 0, width - 1))
        self._rows = _Lines(rows, np.arange(width + 1) - 0.5, ground, image_size, False)
        self._columns = _Lines(columns, np.arange(self._top, height + 1) - 0.5, ground,
                               image_size, True)

    def read(self, mask: NDArray[np.uint8]) -> Marks:
        """Return the marks of a mask (H, W), more than 127 on markings; none of a mere clutter."""
        along_rows = self._rows.runs(mask[self._rows.lines])
        along_columns = self._columns.runs(mask[self._top:, self._columns.lines].T)
        if len(along_rows[0]) + len(along_columns[0]) > MOST_RUNS:
            return _no_marks()
        start, end = (np.concatenate(pair) for pair in zip(along_rows[:2], along_columns[:2]))
        pixels, count = (np.concatenate(pair) for pair in zip(along_rows[2:], along_columns[2:]))
        across = np.hypot(*(end - start).T)
        fits = across < self._widest  # false for NaN
        if not fits.any():
            return _no_marks()
        widths = across[fits]
        usual = np.partition(widths, len(widths) // 3)[len(widths) // 3]
        fits &= across < max(OBLIQUE * usual + 0.01, WIDE)
        middle = (start + end) / 2.0
        lone = np.zeros(len(fits), bool)
        self._merge_dashes(mask, pixels, start, end, middle, fits, lone, usual)
        fits &= (middle[:, 0] < RANGE) & (np.abs(middle[:, 1]) < RANGE)
        split = int(np.count_nonzero(fits[:len(along_rows[0])]))
        middle, across, count, pixels = middle[fits], across[fits], count[fits], pixels[fits]
        sigma = np.hypot(PIXEL_NOISE * across / count, FLOOR_NOISE)
        distance = np.abs(middle).sum(axis=1)
        keep = np.ones(len(middle), bool)
        if 0 < split < len(middle):
            # Where both directions cross a marking, the row's point is enough.
            x, y = middle.T
            square = (x[split:, None] - x[:split]) ** 2 + (y[split:, None] - y[:split]) ** 2
            reach = 0.8 * (SPACING + SPACING_GROWTH * distance[split:])
            keep[split:] = square.min(axis=1) > reach ** 2
        keep = np.flatnonzero(keep)
        if len(keep) > MOST:
            keep = keep[np.argpartition(distance[keep], MOST)[:MOST]]
        return Marks(middle[keep], pixels[keep], sigma[keep], count[keep],
                     (end - start)[fits][keep], lone[fits][keep])

    def _merge_dashes(self, mask, pixels, start, end, middle, fits, lone, usual):
        """Put one mark into the middle of each short dash, and tell in place which it is."""
        among = np.flatnonzero(fits)
        if not len(among):
            return
        standing, middles, idle = short_dashes(
            mask[self._top:], pixels[among] - (0.0, self._top), start[among], end[among], usual)
        if not len(standing):
            return
        middles[:, 1] += self._top
        standing = among[standing]
        pixels[standing] = middles
        middle[standing] = self._ground.to_ground(middles, mask.shape[1::-1])
        fits[among[idle]] = False
        lone[standing] = True


def _no_marks() -> Marks:
    return Marks(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.int64),
                 np.zeros((0, 2)), np.zeros(0, bool))


class _Lines:
    """Lines of one direction through the mask, and where their pixels' edges lie on the floor."""

    def __init__(self, lines, edges, ground, image_size, vertical):
        self.lines = lines
        self._edges = edges
        self._vertical = vertical
        across, along = np.meshgrid(lines.astype(float), edges, indexing='ij')
        pair = (across, along) if vertical else (along, across)
        floor = ground.to_ground(np.stack(pair, axis=-1).reshape(-1, 2), image_size)
        self._floor = floor.reshape(len(lines), len(edges), 2)

    def runs(self, strip):
        """Return the runs' ends on the floor, their middles in pixels, their pixel counts."""
        # Not kept for the next picture: replay reads label and mask side by side.
        padded = np.zeros((len(self.lines), len(self._edges) + 1), bool)
        np.greater(strip, 127, out=padded[:, 1:-1])
        changes = np.flatnonzero(padded[:, 1:] != padded[:, :-1])
        line, edge = np.divmod(changes, len(self._edges))
        line, start, end = line[::2], edge[::2], edge[1::2]
        whole = (start > 0) & (end < len(self._edges) - 1)  # the rest lies outside the picture
        line, start, end = line[whole], start[whole], end[whole]
        along = (self._edges[start] + self._edges[end]) / 2.0
        across = self.lines[line].astype(float)
        pixels = np.column_stack((across, along) if self._vertical else (along, across))
        return self._floor[line, start], self._floor[line, end], pixels, end - start


def _floor_rows(image_size: tuple[int, int], ground: GroundCalibration) -> NDArray[np.int64]:
    """Return rows from the bottom up, evenly spaced on the floor in the middle of the picture."""
    width, height = image_size
    every = np.arange(height - 1, -1, -1)
    middle = np.column_stack((np.full(height, (width - 1) / 2.0), every))
    x = ground.to_ground(middle, image_size)[:, 0]
    usable = np.isfinite(x) & (x < RANGE * 1.2)
    # The rim of a wide lens that is tilted far down says nothing, at the bottom too.
    begin = int(np.argmax(usable))
    end = begin + max(int(np.argmin(np.append(usable[begin:], False))), 2)
    every, x = every[begin:end], x[begin:end]
    # The number of spacings passed so far; a row is read where it reaches the next whole one.
    passed = np.log1p(np.maximum(x, 0.0) * SPACING_GROWTH / SPACING) / SPACING_GROWTH
    passed = np.floor(passed - passed[0])
    first = np.concatenate(([True], np.diff(passed) > 0))
    return every[first]

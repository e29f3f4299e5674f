# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Give drawn lines the extent of the tape beneath them.

A person draws where a marking runs; how wide it is, the picture knows better. Around each line
the picture is unrolled into a strip: one row a step along the line, one column about a pixel
across it. In each row the marking is the interval that stands out most against what lies directly
beside it on both sides. What "stands out" means is learned from the lines themselves: the
direction in color (Lab) that best separates the pixels under a line from those beside it (Fisher's
discriminant). Edges may move by about a column a row, so the best sequence of intervals is found
by dynamic programming (as for ribbon snakes: Amini, Weymouth and Jain, "Using dynamic programming
for solving variational problems in vision", PAMI 12, 1990). Where nothing stands out, as between
two dashes, the marking stays open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.drawing import fill_polygon
from lane_perception.data.image_files import MARKING
from lane_perception.data.image_files import NOT_JUDGED
from lane_perception.data.line_tracing import resample
from lane_perception.data.line_tracing import smooth

NOISE = 0.3   # squared distance between colors, in standard deviations, that quarters their weight
END = 4       # rows of the strip within which a marking's contrast falls at the end of a dash


@dataclass(frozen=True)
class SnapSettings:
    """How lines are snapped; lengths scale with the picture's width."""

    reach: float = 0.040        # of the width: how far from the line an edge may lie
    thickest: float = 0.055     # of the width: the widest marking
    finest: int = 640           # columns of the strip are pixels of a picture at most so wide
    step: float = 2.0           # of those pixels along the line between two rows of the strip
    stiffness: float = 0.06     # cost of an edge that moves by a column in a row, in contrasts
    drift: float = 0.10         # cost of a marking whose middle is reach away from the line
    apart: float = 0.30         # cost of one that is a hundredth of the width beside the line
    thickness: float = 0.10     # cost of the widest marking
    uneven: float = 0.60        # cost of a marking whose two sides differ by its contrast
    present: float = 0.25       # of the line's own contrast: there is a marking
    absent: float = 0.10        # of it: there is none; between the two it is not judged
    faintest: float = 0.15      # contrast, 1 being a clear marking's, that counts as a line's own
    model_weight: float = 0.3   # of the model's probability against the contrast of colors


def snap_lines(
    image: NDArray[np.uint8],
    lines: Sequence[NDArray[np.float64]],
    probability: NDArray[np.float32] | None = None,
    settings: SnapSettings = SnapSettings(),
) -> NDArray[np.uint8]:
    """
    Return a mask of the markings beneath lines.

    :param image: (H, W, 3) uint8, BGR.
    :param lines: (N, 2) arrays of (u, v), origin at the top left corner of the top left pixel.
    :param probability: (H, W) lane probability of a model, 0 to 1; None: colors alone count.
    :returns: (H, W) uint8: 255 marking, 127 along lines where it is doubtful, 0 elsewhere.
    """
    mask = np.zeros(image.shape[:2], np.uint8)
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB).astype(np.float32)
    strips = [strip for line in lines if (strip := _unroll(lab, line, probability, settings))]
    if not strips:
        return mask
    # A line that was drawn beside its tape shows the wrong colors; all lines together do not.
    together = _separation(np.concatenate([strip.colors[strip.core] for strip in strips]),
                           np.concatenate([strip.colors[strip.far] for strip in strips]))
    for strip in strips:
        _draw(mask, _ribbon(strip, together, settings))
    return mask


@dataclass(frozen=True)
class _Strip:
    """The surroundings of a line, unrolled: N places along it, M columns across."""

    points: NDArray[np.float64]          # (N, 2) along the line
    across: NDArray[np.float64]          # (N, 2) pixels from one column to the next
    offsets: NDArray[np.float64]         # (M,) each column's distance from the line, columns
    colors: NDArray[np.float32]          # (N, M, 3) Lab
    model: NDArray[np.float32] | None    # (N, M) lane probability
    reach: int                           # columns, as the settings say for this picture
    thickest: int
    hundredth: float                     # of the picture's width

    @property
    def core(self) -> NDArray[np.bool_]:
        """Return which pixels lie under the line."""
        return np.broadcast_to(np.abs(self.offsets) <= 2, self.colors.shape[:2])

    @property
    def far(self) -> NDArray[np.bool_]:
        """Return which pixels lie well beside it."""
        return np.broadcast_to(np.abs(self.offsets) > self.reach / 2, self.colors.shape[:2])


@dataclass(frozen=True)
class _Ribbon:
    """A marking along a line: N places, each with two edges."""

    left: NDArray[np.float64]     # (N, 2) points
    right: NDArray[np.float64]
    value: NDArray[np.uint8]      # (N,): 255 marking, 127 doubtful, 0 nothing


def _unroll(
    lab: NDArray[np.float32], line: NDArray[np.float64],
    probability: NDArray[np.float32] | None, settings: SnapSettings,
) -> _Strip | None:
    height, width = lab.shape[:2]
    spacing = max(1.0, width / settings.finest)
    reach = max(6, round(settings.reach * width / spacing))
    thickest = max(4, round(settings.thickest * width / spacing))
    line = _to_border(np.asarray(line, np.float64), height, width, reach * spacing)
    points = resample(line, settings.step * spacing)
    if len(points) < 3:
        return None
    along = np.gradient(smooth(points, 2.0), axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) * spacing
    side = reach + thickest // 2
    offsets = np.arange(-side, side + 1, dtype=np.float64)
    model = None if probability is None else _unrolled(
        probability.astype(np.float32), points, across, offsets)
    return _Strip(points, across, offsets, _unrolled(lab, points, across, offsets), model, reach,
                  thickest, width / spacing / 100)


def _ribbon(strip: _Strip, together: _Separation, settings: SnapSettings) -> _Ribbon:
    separation = together
    column = np.arange(len(strip.offsets))
    for turn in range(2):
        response = separation.response(strip.colors)
        if strip.model is not None:
            response = response + settings.model_weight * strip.model
        first, wide, contrast = _best_intervals(response, strip, settings)
        clear = (contrast > 0.5 * np.median(contrast))[:, None]
        start, stop = first[:, None], (first + wide)[:, None]
        inside = (column >= start) & (column < stop) & clear
        far = np.maximum(3, wide // 2)[:, None] + 2
        beside = (column >= start - far) & (column < stop + far) & ~(
            (column >= start - 2) & (column < stop + 2))
        if turn == 0 and inside.any():
            separation = _separation(strip.colors[inside], strip.colors[beside])
    left, right = _sharpened(response, first, wide)
    typical = max(np.quantile(contrast, 0.75), settings.faintest)
    share = smooth(contrast[:, None] / typical, 1.5)[:, 0]
    # Near a gap, a dash ends where its contrast has fallen to two fifths.
    window = np.ones((2 * END + 1, 1), np.uint8)
    beside = cv2.dilate(share.astype(np.float32), window)[:, 0]
    gap_near = cv2.dilate((share < settings.absent).astype(np.uint8), window)[:, 0] > 0
    share = np.where(gap_near & (share < 0.4 * beside), 0, share)
    value = np.where(share >= settings.present, MARKING,
                     np.where(share >= settings.absent, NOT_JUDGED, 0)).astype(np.uint8)
    left = smooth(left[:, None] + strip.offsets[0], 1.5)
    right = smooth(right[:, None] + strip.offsets[0], 1.5)
    return _Ribbon(strip.points + left * strip.across, strip.points + right * strip.across, value)


def _to_border(
    line: NDArray[np.float64], height: int, width: int, reach: float,
) -> NDArray[np.float64]:
    """Return a line that leaves the picture where it ended within reach of the border."""
    for _ in range(2):
        line = line[::-1]
        end = line[-1]
        back = line[max(0, len(line) - 1 - round(reach))]
        ahead = (end - back) / max(np.hypot(*(end - back)), 1e-9)
        # A marking cut off by the border at a slant reaches further on one side than its middle.
        beyond = end + 2 * reach * ahead
        near = end + reach * ahead
        if not (0 <= near[0] <= width and 0 <= near[1] <= height):
            line = np.concatenate([line, beyond[None]])
    return line


def _unrolled(
    picture: NDArray[np.float32], points: NDArray[np.float64], across: NDArray[np.float64],
    offsets: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return the picture along the line: (N, offsets, ...)."""
    places = points[:, None] + offsets[None, :, None] * across[:, None] - 0.5
    return cv2.remap(picture, places[..., 0].astype(np.float32), places[..., 1].astype(np.float32),
                     cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


@dataclass(frozen=True)
class _Separation:
    """A direction in color along which markings differ from what lies beside them."""

    floor: NDArray[np.float32]       # (3,) Lab
    direction: NDArray[np.float32]   # (3,): markings lie at 1, floor at 0

    def response(self, colors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each pixel of (N, M, 3) looks like marking, smoothed along the line."""
        values = np.clip((colors - self.floor) @ self.direction, -0.5, 1.5)
        return cv2.GaussianBlur(values, (1, 5), 0)


def _separation(marking: NDArray[np.float32], floor: NDArray[np.float32]) -> _Separation:
    """Return Fisher's discriminant between (N, 3) and (M, 3) colors."""
    if len(marking) < 10 or len(floor) < 10:
        return _Separation(np.zeros(3, np.float32), np.zeros(3, np.float32))
    middle = np.median(floor, axis=0)
    # The mean, since the floor in the gaps may well be the median under a dashed line.
    difference = np.mean(marking, axis=0) - middle
    spread = np.cov(floor.T) + np.cov(marking.T)
    direction = np.linalg.solve(spread + np.eye(3) * (1.0 + 0.02 * np.trace(spread)), difference)
    # The squared distance between the two, in standard deviations: where it is small, what
    # separates them is noise, and colors should not decide.
    squared = float(difference @ direction)
    weight = squared / (squared + NOISE) ** 2
    return _Separation(middle, (direction * weight).astype(np.float32))


def _best_intervals(
    response: NDArray[np.float32], strip: _Strip, settings: SnapSettings,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """
    Return for each row the marking's first column, its width, and its contrast.

    :param response: (N, M).
    """
    count, columns = response.shape
    total = np.concatenate([np.zeros((count, 1)), np.cumsum(response, axis=1)], axis=1)
    widths = np.arange(2, strip.thickest + 1)
    firsts = np.arange(columns)
    start, width = np.meshgrid(firsts, widths, indexing='ij')
    end = start + width
    flank = np.clip(np.round(0.4 * width), 2, 6).astype(int)
    middle = start + width / 2 - 0.5 + strip.offsets[0]
    allowed = (start - flank >= 0) & (end + flank <= columns) & (np.abs(middle) <= strip.reach)
    low = np.clip(start - flank, 0, columns)
    high = np.clip(end + flank, 0, columns)
    stop = np.clip(end, 0, columns)
    gap = np.maximum(0, np.abs(middle) - width / 2)
    cost = (settings.drift * np.abs(middle) / strip.reach + settings.apart * gap / strip.hundredth
            + settings.thickness * width / strip.thickest)
    inside = (total[:, stop] - total[:, start]) / width
    before = (total[:, start] - total[:, low]) / flank
    after = (total[:, high] - total[:, stop]) / flank
    first_part = (total[:, np.clip(start + flank, 0, columns)] - total[:, start]) / flank
    last_part = (total[:, stop] - total[:, np.clip(stop - flank, 0, columns)]) / flank
    contrast = inside - (np.maximum(before, after) + 0.5 * (before + after)) / 2
    cost = cost + settings.uneven * np.abs(first_part - last_part)
    score = np.where(allowed, contrast - cost, -9.0)
    path = _best_path(score.astype(np.float32), settings.stiffness)
    rows = np.arange(count)
    return (firsts[path[:, 0]], widths[path[:, 1]],
            contrast[rows, path[:, 0], path[:, 1]])


def _best_path(score: NDArray[np.float32], stiffness: float) -> NDArray[np.int64]:
    """Return the (N, 2) states of the best path: each index moves by at most one a row."""
    count, height, width = score.shape
    moves = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    # Both edges: the first by a, the last by a + b.
    costs = [stiffness * (abs(a) + abs(a + b)) for a, b in moves]
    choices = np.zeros((count, height, width), np.int8)
    padded = np.full((height + 2, width + 2), -1e9, np.float32)
    best = score[0]
    candidates = np.empty((len(moves), height, width), np.float32)
    for row in range(1, count):
        padded[1:-1, 1:-1] = best
        for number, (a, b) in enumerate(moves):
            np.subtract(padded[1 - a:1 - a + height, 1 - b:1 - b + width], costs[number],
                        out=candidates[number])
        choices[row] = candidates.argmax(axis=0)
        best = candidates.max(axis=0) + score[row]
    path = np.zeros((count, 2), np.int64)
    path[-1] = np.unravel_index(best.argmax(), best.shape)
    for row in range(count - 1, 0, -1):
        move = moves[choices[row][tuple(path[row])]]
        path[row - 1] = path[row] - move
    return path


def _sharpened(
    response: NDArray[np.float32], first: NDArray[np.int64], wide: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Return both edges, in columns, where the response passes half between marking and floor.

    An edge at x lies between pixel columns: the marking covers columns x - 0.5 onwards.
    """
    count, columns = response.shape
    rows = np.arange(count)
    total = np.concatenate([np.zeros((count, 1)), np.cumsum(response, axis=1)], axis=1)
    last = first + wide
    level = (total[rows, last] - total[rows, first]) / wide
    edges = []
    for edge, outward in ((first, -1), (last, 1)):
        away = np.clip(edge + outward * 4, 0, columns)
        beside = (total[rows, np.maximum(edge, away)] - total[rows, np.minimum(edge, away)]) / 4
        # Count what is above half within two pixels of the edge: an area, so below a pixel exact.
        window = np.arange(-2, 2)
        column = np.clip(edge[:, None] + window, 0, columns - 1)
        share = np.clip((response[rows[:, None], column] - beside[:, None])
                        / np.maximum(level - beside, 0.05)[:, None], 0, 1)
        covered = share.sum(axis=1)
        edges.append(edge + 2 - covered if outward < 0 else edge - 2 + covered)
    return edges[0] - 0.5, edges[1] - 0.5


def _draw(mask: NDArray[np.uint8], ribbon: _Ribbon) -> None:
    """Draw the ribbon's pieces of one value; a marking wins over doubt."""
    changes = np.flatnonzero(np.diff(ribbon.value.astype(int))) + 1
    for run in np.split(np.arange(len(ribbon.value)), changes):
        value = int(ribbon.value[run[0]])
        if value == 0:
            continue
        last = min(run[-1] + 1, len(ribbon.value) - 1)
        for start in range(run[0], last, 4):
            part = slice(start, min(start + 4, last) + 1)
            outline = np.concatenate([ribbon.left[part], ribbon.right[part][::-1]])
            layer = np.zeros_like(mask)
            fill_polygon(layer, tuple(map(tuple, outline)), value)
            np.maximum(mask, layer, out=mask)

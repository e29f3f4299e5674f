# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Draw what the ways of the ablation gain against what they cost, as an SVG picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 980, 560
LEFT, RIGHT, TOP, BOTTOM = 70, 280, 40, 60
LINE = 15                      # pixels between two labels, at least
TICKS = (0.003, 0.01, 0.03, 0.1, 0.3)
TRAINING, FRAME, QUIET = '#0072b2', '#d55e00', '#aab4ba'


@dataclass(frozen=True)
class Point:
    """A way against the first of its row."""

    label: str
    cost: float       # ratio to the first way's, above 0
    gain: float
    each_frame: bool  # the cost is that of a frame; else that of training


def plot(points: list[Point], spread: float | None) -> str:
    """
    Return the picture.

    :param spread: of the gain between seeds; a band of twice as much is shaded. None: unknown.
    """
    height = max(HEIGHT, TOP + BOTTOM + LINE * len(points))
    costs = [math.log2(point.cost) for point in points] + [-1.0, 1.0]
    gains = [_root(point.gain) for point in points] + [_root(0.02), _root(-0.02)]
    low, high = min(costs) - 0.2, max(costs) + 0.2
    down, up = min(gains) - 0.01, max(gains) + 0.01

    def x(cost: float) -> float:
        return LEFT + (cost - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(gain: float) -> float:
        return height - BOTTOM - (_root(gain) - down) / (up - down) * (height - TOP - BOTTOM)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>']
    if spread:
        top = max(TOP, y(2 * spread))
        bottom = min(height - BOTTOM, y(-2 * spread))
        parts.append(f'<rect x="{LEFT}" y="{top:.1f}" width="{WIDTH - LEFT - RIGHT}" '
                     f'height="{bottom - top:.1f}" fill="#eef1f3"/>')
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(0):.1f}" y2="{y(0):.1f}" '
                 'stroke="#5a6872"/>')
    for power in range(math.ceil(low), math.floor(high) + 1):
        parts.append(f'<text x="{x(power):.1f}" y="{height - BOTTOM + 18}" '
                     f'text-anchor="middle">x{2.0 ** power:g}</text>')
    for gain in (0.0, *TICKS, *(-tick for tick in TICKS)):
        if down <= _root(gain) <= up:
            parts.append(f'<text x="{LEFT - 8}" y="{y(gain) + 4:.1f}" text-anchor="end">'
                         f'{f"{gain:+g}" if gain else "0"}</text>')
    ordered = sorted(points, key=lambda one: -one.gain)
    places = _spread_out([y(point.gain) for point in ordered], height - BOTTOM)
    edge = WIDTH - RIGHT
    for point, place in zip(ordered, places):
        u, v = x(math.log2(point.cost)), y(point.gain)
        color = FRAME if point.each_frame else TRAINING
        parts += [f'<line x1="{u:.1f}" y1="{v:.1f}" x2="{edge + 6}" y2="{place:.1f}" '
                  f'stroke="{QUIET}" stroke-width="0.6"/>',
                  f'<circle cx="{u:.1f}" cy="{v:.1f}" r="4" fill="{color}"/>',
                  f'<text x="{edge + 10}" y="{place + 4:.1f}" fill="{color}">'
                  f'{escape(point.label)}</text>']
    parts += [
        f'<text x="{WIDTH / 2}" y="{height - 12}" text-anchor="middle">cost, as a multiple of the '
        f'row\'s first way: <tspan fill="{TRAINING}">processor time of training</tspan>, '
        f'<tspan fill="{FRAME}">time of a frame</tspan></text>',
        '<text x="12" y="18">gain in miou_per_image on the test block '
        '(axis: square root)</text>', '</svg>']
    return '\n'.join(parts) + '\n'


def _root(gain: float) -> float:
    """Return the signed square root, which spreads what lies near nothing."""
    return math.copysign(math.sqrt(abs(gain)), gain)


def _spread_out(places: list[float], lowest: float) -> list[float]:
    """Return heights at least LINE apart, in the order given, between TOP and the lowest."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + LINE) if found else max(place, TOP))
    for index in range(len(found) - 1, -1, -1):
        found[index] = min(found[index], lowest)
        lowest = found[index] - LINE
    return found

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Draw what the ways of the ablation gain against what they cost, as an SVG picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 900, 520
LEFT, RIGHT, TOP, BOTTOM = 70, 30, 30, 60
LINE = 13                      # pixels between two labels, at least
TRAINING, FRAME = '#0072b2', '#d55e00'


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
    costs = [math.log2(point.cost) for point in points] + [-1.0, 1.0]
    gains = [point.gain for point in points] + [0.0]
    if spread:
        gains += [2 * spread, -2 * spread]
    low, high = min(costs) - 0.2, max(costs) + 1.2
    down, up = min(gains) - 0.005, max(gains) + 0.005

    def x(cost: float) -> float:
        return LEFT + (cost - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(gain: float) -> float:
        return HEIGHT - BOTTOM - (gain - down) / (up - down) * (HEIGHT - TOP - BOTTOM)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
             f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>']
    if spread:
        top, bottom = y(2 * spread), y(-2 * spread)
        parts.append(f'<rect x="{LEFT}" y="{top:.1f}" width="{WIDTH - LEFT - RIGHT}" '
                     f'height="{bottom - top:.1f}" fill="#eef1f3"/>')
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(0):.1f}" y2="{y(0):.1f}" '
                 'stroke="#5a6872"/>')
    for power in range(math.ceil(low), math.floor(high) + 1):
        parts.append(f'<text x="{x(power):.1f}" y="{HEIGHT - BOTTOM + 18}" '
                     f'text-anchor="middle">x{2.0 ** power:g}</text>')
    step = 10 ** math.floor(math.log10((up - down) / 2))
    for number in range(math.ceil(down / step), math.floor(up / step) + 1):
        parts.append(f'<text x="{LEFT - 8}" y="{y(number * step) + 4:.1f}" '
                     f'text-anchor="end">{number * step:+.3g}</text>')
    last = -math.inf
    for point in sorted(points, key=lambda one: -one.gain):
        u, v = x(math.log2(point.cost)), y(point.gain)
        last = max(v, last + LINE)
        color = FRAME if point.each_frame else TRAINING
        parts += [f'<circle cx="{u:.1f}" cy="{v:.1f}" r="4" fill="{color}"/>',
                  f'<text x="{u + 8:.1f}" y="{last + 4:.1f}" fill="{color}">'
                  f'{escape(point.label)}</text>']
    parts += [
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">cost, as a multiple of the '
        f'row\'s first way: <tspan fill="{TRAINING}">processor time of training</tspan>, '
        f'<tspan fill="{FRAME}">time of a frame</tspan></text>',
        '<text x="12" y="18">gain in miou_per_image on the test block</text>', '</svg>']
    return '\n'.join(parts) + '\n'

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Draw the candidates' accuracy against their time as an SVG picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from typing import Callable
from xml.sax.saxutils import escape

import numpy as np

from lane_perception.whole_file import whole_file

WIDTH, HEIGHT = 460, 330             # of one panel, pixels
LEFT, RIGHT, TOP, BOTTOM = 62, 24, 34, 48    # its margins
LINES = 5                            # about so many lines of the grid
# Told apart also by people who confuse red and green (Okabe and Ito, 2008).
COLORS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000')
SYNTHETIC = 'synthetic'


def write_plot(path: Path, result: dict[str, Any]) -> None:
    """Write line F1 on the first real data set, and lane IoU on the synthetic one, against ms."""
    real = [data for data in result['data'] if data != SYNTHETIC]
    panels = [(data, key, label) for data, key, label in (
        *((data, 'line_f1', f'line F1 at 1 %, {data}') for data in real[:1]),
        (SYNTHETIC, 'lane_iou', 'lane IoU, synthetic'))]
    width = WIDTH * len(panels)
    models = list(dict.fromkeys(row['model'] for row in result['candidates'].values()))
    height = HEIGHT + 20 * len(models) + 10
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    colors = {model: COLORS[number % len(COLORS)] for number, model in enumerate(models)}
    for number, (data, key, label) in enumerate(panels):
        parts.append(f'<g transform="translate({number * WIDTH},0)">')
        parts += _panel(result, data, key, label, colors)
        parts.append('</g>')
    for number, model in enumerate(models):
        y = HEIGHT + 20 * number + 8
        architecture = next(row['architecture'] for row in result['candidates'].values()
                            if row['model'] == model)
        parts += [f'<circle cx="{LEFT}" cy="{y}" r="5" fill="{colors[model]}"/>',
                  f'<text x="{LEFT + 12}" y="{y + 4}">{escape(model)} '
                  f'({escape(architecture)})</text>']
    parts.append('</svg>')
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text('\n'.join(parts) + '\n', encoding='utf-8')


def _panel(result: dict[str, Any], data: str, key: str, label: str,
           colors: dict[str, str]) -> list[str]:
    rows = list(result['candidates'].values())
    said = 'resolution' if len({row['resolution'] for row in rows}) > 1 else 'model'
    times = [row['ms']['p50'] for row in rows]
    values = [row[data][key] for row in rows]
    to_x, x_marks = _axis(0.0, max(times), LEFT, WIDTH - RIGHT)
    to_y, y_marks = _axis(min(values), max(values), HEIGHT - BOTTOM, TOP)
    parts = [f'<text x="{LEFT}" y="{TOP - 14}" font-weight="bold">{escape(label)}</text>',
             f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 12}" text-anchor="end">'
             f'picture to mask, median ms ({result["timed_picture"]})</text>']
    for mark in x_marks:
        x = to_x(mark)
        parts += [f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" '
                  'stroke="#dddddd"/>',
                  f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
                  f'{mark:g}</text>']
    for mark in y_marks:
        y = to_y(mark)
        parts += [f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" '
                  'stroke="#dddddd"/>',
                  f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{mark:g}</text>']
    for model, color in colors.items():
        own = sorted((row for row in rows if row['model'] == model),
                     key=lambda row: row['ms']['p50'])
        points = [(to_x(row['ms']['p50']), to_y(row[data][key])) for row in own]
        line = ' '.join(f'{x:.1f},{y:.1f}' for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}"/>')
        for row, (x, y) in zip(own, points):
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{color}"/>',
                      f'<text x="{x:.1f}" y="{y - 9:.1f}" font-size="10" text-anchor="middle">'
                      f'{escape(row[said])}</text>']
    return parts


def _axis(low: float, high: float, start: float,
          end: float) -> tuple[Callable[[float], float], list[float]]:
    """Return what turns a value into a place, and the values of the grid's lines."""
    span = max(high - low, 1e-3)
    low, high = (low if low == 0.0 else low - 0.12 * span), high + 0.15 * span
    raw = (high - low) / LINES
    step = 10.0 ** np.floor(np.log10(raw))
    step = float(step * next(factor for factor in (1, 2, 5, 10) if factor * step >= raw))
    first = np.ceil(low / step - 1e-9)
    marks = [round(float((first + number) * step), 6)
             for number in range(int(np.floor(high / step + 1e-9) - first) + 1)]
    return lambda value: start + (value - low) / (high - low) * (end - start), marks

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The plots of a report, as plotly draws them."""

from __future__ import annotations

from typing import Any

from lane_perception.data.recordings import NANOSECONDS

COLOR, SECOND, WARNING = '#00677f', '#d9480f', 'rgba(217, 72, 15, 0.14)'
MOST_POINTS = 20_000     # of a time series; more are thinned to it
MOST_STRETCHES = 300     # marked in the plots
LAYOUT = {'margin': {'l': 52, 'r': 12, 't': 8, 'b': 42}, 'showlegend': False,
          'paper_bgcolor': '#fff', 'plot_bgcolor': '#fff', 'hovermode': 'closest',
          'font': {'family': 'system-ui, sans-serif', 'size': 13}}
GRID = {'gridcolor': '#e3e8eb', 'zerolinecolor': '#c3cbd0', 'automargin': True}
# Column of the report's frames, and the title of its axis.
SERIES = {'offset': 'offset', 'heading_rad': 'heading, rad', 'lateral_m': 'lateral, m',
          'center_error_px': 'center error, px', 'line_f1': 'line F1',
          'confidence': 'confidence', 'latency_ms': 'time, ms'}
ROW_HEIGHT = 130         # pixels of one series


def plots(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return plots: id, title, note, style, and plotly's data and layout."""
    made = []
    if report.get('threshold_curve'):
        made.append(_precision_recall(report))
        made.append(_thresholds(report['threshold_curve']))
    if report.get('frames'):
        made.append(_time_series(report))
    return made


def _axis(title: str, **more: Any) -> dict[str, Any]:
    return {**GRID, 'title': {'text': title}, **more}


def _precision_recall(report: dict[str, Any]) -> dict[str, Any]:
    data = []
    entries = [report, *(one for one in report.get('variants', []) if 'error' not in one)]
    for number, entry in enumerate(entries):
        curve = entry.get('threshold_curve')
        if not curve:
            continue
        # Where none is found any more, precision is 0 by convention: the line ends before that.
        recall, precision, threshold = zip(*(
            point for point in zip(curve['recall'], curve['precision'], curve['threshold'])
            if point[0] > 0 or point[-1] == 0))
        data.append({'x': recall, 'y': precision, 'mode': 'lines',
                     'name': entry['name'], 'text': [f'threshold {value:g}'
                                                     for value in threshold],
                     'line': {'color': COLOR} if number == 0 else {}})
        if number == 0:
            for point, name, symbol in ((curve['stored'], 'stored threshold', 'circle'),
                                        (curve['best'], 'best F1', 'diamond')):
                data.append({'x': [point['recall']], 'y': [point['precision']],
                             'mode': 'markers', 'name': f'{name} {point["threshold"]:g}',
                             'marker': {'size': 11, 'symbol': symbol, 'color': SECOND}})
    layout = {**LAYOUT, 'showlegend': True, 'legend': {'orientation': 'h', 'y': -0.25},
              'xaxis': _axis('recall', range=[0, 1.02]),
              'yaxis': _axis('precision', range=[0, 1.02])}
    return {'id': 'precision-recall', 'title': 'Precision and recall over the threshold',
            'note': 'Pixels of markings over the whole set.', 'style': 'height: 420px',
            'data': data, 'layout': layout}


def _thresholds(curve: dict[str, Any]) -> dict[str, Any]:
    data = [{'x': curve['threshold'], 'y': curve[key], 'mode': 'lines', 'name': name,
             'line': {'color': color}}
            for key, name, color in (('f1', 'F1', COLOR), ('lane_iou', 'lane IoU', SECOND))]
    stored = curve['stored']['threshold']
    layout = {**LAYOUT, 'showlegend': True, 'legend': {'orientation': 'h', 'y': -0.3},
              'xaxis': _axis('threshold', range=[0, 1]), 'yaxis': _axis('', rangemode='tozero'),
              'shapes': [{'type': 'line', 'x0': stored, 'x1': stored, 'y0': 0, 'y1': 1,
                          'yref': 'paper', 'line': {'dash': 'dot', 'color': '#5a6872'}}]}
    return {'id': 'thresholds', 'title': 'Figures over the threshold',
            'note': f'The dotted line is the stored threshold, {stored:g}; F1 is best at '
                    f'{curve["best"]["threshold"]:g}.',
            'style': '', 'data': data, 'layout': layout}


def _time_series(report: dict[str, Any]) -> dict[str, Any]:
    frames = report['frames']
    shown = {key: title for key, title in SERIES.items()
             if any(value is not None for value in frames[key])}
    count = len(frames['stamp_ns'])
    step = max(1, -(-count // MOST_POINTS))
    numbers = range(0, count, step)
    first = frames['stamp_ns'][0]
    times = [round((frames['stamp_ns'][number] - first) / NANOSECONDS, 4) for number in numbers]
    about = [[number, frames['video_s'][number]] for number in numbers]
    data, layout = [], dict(LAYOUT)
    for row, (key, title) in enumerate(shown.items(), 1):
        axis = '' if row == 1 else str(row)
        values = [frames[key][number] for number in numbers]
        data.append({'x': times, 'y': values, 'xaxis': 'x', 'yaxis': f'y{axis}', 'name': title,
                     'mode': 'lines+markers', 'line': {'color': COLOR, 'width': 1.2},
                     'marker': {'size': 4}, 'customdata': about, 'connectgaps': False})
        top = 1 - (row - 1) / len(shown)
        layout[f'yaxis{axis}'] = _axis(title, domain=[top - 0.86 / len(shown), top])
    last = '' if len(shown) == 1 else str(len(shown))
    layout['xaxis'] = _axis('seconds since the first frame', anchor=f'y{last}')
    layout['shapes'] = [
        {'type': 'rect', 'x0': one['from_s'] - 0.02, 'x1': one['to_s'] + 0.02, 'y0': 0, 'y1': 1,
         'yref': 'paper', 'fillcolor': WARNING, 'line': {'width': 0}, 'layer': 'below'}
        for one in sorted(report['stretches'], key=lambda one: -one['frames'])[:MOST_STRETCHES]]
    return {'id': 'time-series', 'title': 'Over time',
            'note': 'Bad stretches are shaded. A click on a point shows its pictures, or its '
                    'place in the video.',
            'style': f'height: {ROW_HEIGHT * len(shown) + 50}px', 'data': data, 'layout': layout}

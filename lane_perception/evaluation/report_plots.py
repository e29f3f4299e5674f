# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The plots of a report, as plotly draws them."""

from __future__ import annotations

import math
from typing import Any
from typing import Sequence

from lane_perception.data.recordings import NANOSECONDS

COLOR, SECOND, WARNING = '#00677f', '#d9480f', 'rgba(217, 72, 15, 0.14)'
MOST_POINTS = 20_000     # of a time series; more are thinned to it
MOST_STRETCHES = 300     # marked in the plots
LAYOUT = {'margin': {'l': 52, 'r': 12, 't': 8, 'b': 42}, 'showlegend': False,
          'paper_bgcolor': '#fff', 'plot_bgcolor': '#fff', 'hovermode': 'closest',
          'font': {'family': 'system-ui, sans-serif', 'size': 13}}
LEGEND = {'orientation': 'h', 'y': -0.42}   # below the axis, on a phone too
GRID = {'gridcolor': '#e3e8eb', 'zerolinecolor': '#c3cbd0', 'automargin': True}
# Column of the report's frames, and the title of its axis.
SERIES = {'offset': 'offset', 'heading_rad': 'heading, rad', 'lateral_m': 'lateral, m',
          'center_error_px': 'center error, px', 'line_f1': 'line F1',
          'confidence': 'confidence', 'latency_ms': 'time, ms'}
ROW_HEIGHT = 130         # pixels of one series
FEW_EPOCHS = 12          # up to which each has its own mark on the axis
LEARNING_RATE = 'lr_'    # how the columns of the epochs' learning rates begin
NO_DECAY = '_no_decay'   # how those end whose rate another column has too


def plots(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return plots: id, title, note, style, and plotly's data and layout."""
    made = []
    if report.get('threshold_curve'):
        made.append(_precision_recall(report))
        made.append(_thresholds(report['threshold_curve']))
    if report.get('frames'):
        made.append(_time_series(report))
    if report.get('training'):
        made += _training(report['training'])
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
    layout = {**LAYOUT, 'showlegend': True, 'legend': LEGEND,
              'xaxis': _axis('threshold', range=[0, 1]), 'yaxis': _axis('', rangemode='tozero'),
              'shapes': [_dotted(stored)]}
    return {'id': 'thresholds', 'title': 'Figures over the threshold',
            'note': f'The dotted line is the stored threshold, {stored:g}; F1 is best at '
                    f'{curve["best"]["threshold"]:g}.',
            'style': '', 'data': data, 'layout': layout}


def _dotted(x: float) -> dict[str, Any]:
    """Return an upright dotted line."""
    return {'type': 'line', 'x0': x, 'x1': x, 'y0': 0, 'y1': 1, 'yref': 'paper',
            'line': {'dash': 'dot', 'color': '#5a6872'}}


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


def _training(training: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the curves of a run over its epochs, and the sweep that chose its threshold."""
    made = []
    epochs, validation = training.get('epochs') or [], training.get('validation') or {}
    if epochs:
        rates = [key for key in epochs[-1]
                 if key.startswith(LEARNING_RATE) and not key.endswith(NO_DECAY)]
        chosen = validation.get('epoch')
        made += [
            _epochs('training-loss', 'Training: loss', epochs, chosen,
                    [('loss', 'training part'), ('val_loss', 'validation part')]),
            _epochs('training-scores', 'Training: figures of the validation part', epochs, chosen,
                    [('val_lane_iou', 'lane IoU'), ('val_miou_per_image', 'mIoU per image')]),
            _epochs('training-rates', 'Training: learning rate', epochs, chosen,
                    [(key, key.removeprefix(LEARNING_RATE)) for key in rates])]
    if validation.get('sweep'):
        made.append(_validation_sweep(validation))
    return made


def _epochs(
    name: str, title: str, epochs: Sequence[dict[str, Any]], chosen: int | None,
    curves: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """
    Return a plot over the epochs, counted from 1.

    :param chosen: number, from 0, of the epoch whose weights the model has; None: unknown.
    :param curves: column of the epochs, and name.
    """
    count = [int(row['epoch']) + 1 for row in epochs]
    data = [{'x': count, 'y': [_finite(row.get(key)) for row in epochs], 'name': shown,
             'mode': 'lines+markers', 'marker': {'size': 5}, 'line': {'color': color}}
            for (key, shown), color in zip(curves, (COLOR, SECOND))]
    layout = {**LAYOUT, 'showlegend': True, 'legend': LEGEND,
              'xaxis': _axis('epoch', **({'dtick': 1} if len(count) <= FEW_EPOCHS else {})),
              'yaxis': _axis('', rangemode='tozero')}
    note = ''
    if chosen is not None:
        layout['shapes'] = [_dotted(chosen + 1)]
        note = f'The dotted line is the epoch whose weights the model has, {chosen + 1}.'
    return {'id': name, 'title': title, 'note': note, 'style': '', 'data': data,
            'layout': layout}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _validation_sweep(validation: dict[str, Any]) -> dict[str, Any]:
    threshold, lane_iou = zip(*validation['sweep'])
    stored = validation['threshold']
    layout = {**LAYOUT, 'xaxis': _axis('threshold', range=[0, 1]),
              'yaxis': _axis('lane IoU', rangemode='tozero'), 'shapes': [_dotted(stored)]}
    return {'id': 'validation-sweep',
            'title': 'Training: lane IoU of the validation part over the threshold',
            'note': f'The model stores the threshold that is best here, {stored:g}: the dotted '
                    'line. Counted at the size of the network\'s input.',
            'style': '', 'layout': layout,
            'data': [{'x': threshold, 'y': lane_iou, 'mode': 'lines', 'name': 'lane IoU',
                      'line': {'color': SECOND}}]}

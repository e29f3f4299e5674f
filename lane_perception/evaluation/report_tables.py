# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The tables of a report: figures with how they are counted, variants, changes, stretches."""

from __future__ import annotations

from typing import Any

# Key, name, unit or '', how it is counted.
FIGURES = (
    ('lane_iou', 'lane IoU', '', 'marking pixels, one confusion matrix over the whole set'),
    ('line_f1', 'line F1', '', 'thinned markings within 1 % of the diagonal, hits over the set'),
    ('line_f1_2', 'line F1 at 2 %', '', 'the same within 2 % of the diagonal'),
    ('line_precision', 'line precision', '', 'share of found lines that are right'),
    ('line_recall', 'line recall', '', 'share of labelled lines that were found'),
    ('precision', 'precision', '', 'of marking pixels, over the whole set'),
    ('recall', 'recall', '', 'of marking pixels, over the whole set'),
    ('f1', 'F1', '', 'of marking pixels, over the whole set'),
    ('background_iou', 'background IoU', '', 'over the whole set'),
    ('miou', 'mIoU', '', 'mean of lane IoU and background IoU'),
    ('miou_per_image', 'mIoU per image', '', "mean over images of each image's two-class mean; "
     'other reports often mean this one'),
    ('pixel_accuracy', 'pixel accuracy', '', 'high whatever the model does: most is background'),
    ('label_width_px', 'label width', 'px', 'mean width of labelled markings: area over length'),
    ('predicted_width_px', 'found width', 'px', 'the same of found markings; where labels are '
     'thinner, no IoU can be high'),
    ('center_mae_px', 'center error', 'px', 'mean distance of the found lane center from the '
     'true center (of --center-topic, else of the lane in the label), on the look-ahead row'),
    ('center_p95_px', 'center error, 95 %', 'px', 'five of a hundred images are worse'),
    ('lateral_mae_m', 'lateral error', 'm', 'mean distance from the true place across the lane'),
    ('heading_mae_rad', 'heading error', 'rad', 'mean, against the true heading'),
    ('lane_found', 'lane found', '', 'share of images with a lane'),
    ('gaps', 'gaps', '', 'runs of frames without a lane'),
    ('longest_gap_s', 'longest gap', 's', 'between the frames with a lane around it'),
    ('jumps', 'jumps', '', 'offset changes by more than 0.2 half widths between neighbours'),
    ('flicker', 'flicker', '', '1 - IoU of the masks of neighbouring frames, mean'),
    ('confidence', 'confidence', '', 'mean over frames with a lane'),
)
MOST_STRETCHES = 20    # rows


def tables(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return tables: id, title, columns (name and kind: '', number, how), rows of texts."""
    made = []
    if report.get('comparison'):
        made.append(_comparison(report['comparison']))
    made.append(_figures(report))
    if report.get('variants'):
        made.append(_variants(report))
    if report.get('recordings'):
        made.append(_recordings(report))
    if report.get('stretches'):
        made.append(_stretches(report))
    return made


def _columns(*names: str) -> list[dict[str, str]]:
    """Return columns; a leading # marks numbers, a leading ~ small print."""
    kinds = {'#': 'number', '~': 'how'}
    return [{'name': name.lstrip('#~'), 'kind': kinds.get(name[:1], '')} for name in names]


def _text(value: Any, unit: str = '') -> str:
    if value is None:
        return '–'
    text = str(value) if isinstance(value, int) else f'{value:.2f}' if unit == 'px' else (
        f'{value:.3f}')
    return f'{text} {unit}'.rstrip()


def _figures(report: dict[str, Any]) -> dict[str, Any]:
    figures = {**report, 'line_f1_2': report.get('line_f1_at', {}).get('0.02')}
    intervals = (report.get('bootstrap') or {}).get('interval', {})
    rows = []
    for key, name, unit, how in FIGURES:
        if figures.get(key) is not None:
            interval = intervals.get(key)
            rows.append([name, _text(figures[key], unit),
                         '' if interval is None else f'{_text(interval[0], unit)} to '
                                                     f'{_text(interval[1], unit)}', how])
    latency = report.get('latency_ms')
    if latency:
        rows.append(['time of an image', f'{latency["p50"]:.1f} ms', '',
                     f'median; p90 {latency["p90"]:.1f}, p99 {latency["p99"]:.1f} ms; from '
                     'picture to lane'])
    columns = _columns('figure', '#value', '#95 % interval', '~how it is counted')
    if not intervals:
        rows = [[row[0], row[1], row[3]] for row in rows]
        del columns[2]
    return {'id': 'figures', 'title': 'Figures', 'columns': columns, 'rows': rows}


def _comparison(comparison: dict[str, Any]) -> dict[str, Any]:
    rows = []
    for key, name, unit, _ in FIGURES:
        one = comparison['metrics'].get(key)
        if one:
            interval = one['interval']
            rows.append([name, _text(one['before'], unit), _text(one['now'], unit),
                         '–' if one['change'] is None else f'{one["change"]:+.4f}',
                         '' if interval is None else f'{interval[0]:+.4f} to {interval[1]:+.4f}',
                         one['verdict']])
    return {'id': 'comparison', 'title': 'Against the baseline',
            'columns': _columns('figure', '#before', '#now', '#change', '#95 % of the change',
                                'verdict'), 'rows': rows}


def _variants(report: dict[str, Any]) -> dict[str, Any]:
    rows = []
    for entry in (report, *report['variants']):
        if 'error' in entry:
            rows.append([entry['name'], *['–'] * 5, entry['error']])
            continue
        rows.append([entry['name'], *(_text(entry[key]) for key in (
            'lane_iou', 'line_f1', 'precision', 'recall')), _text(entry['center_mae_px'], 'px'),
            f'{entry["latency_ms"]["p50"]:.1f} ms'])
    return {'id': 'variants', 'title': 'Variants', 'rows': rows,
            'columns': _columns('variant', '#lane IoU', '#line F1', '#precision', '#recall',
                                '#center error', '#median time')}


def _recordings(report: dict[str, Any]) -> dict[str, Any]:
    rows = []
    for name, entry in report['recordings'].items():
        if 'error' in entry:
            rows.append([name, 'failed', *['–'] * 4, entry['error']])
            continue
        link = {'link': f'{name}/report.html', 'text': name}
        rows.append([link, _text(entry['images']), *(_text(entry.get(key)) for key in (
            'lane_iou', 'line_f1', 'lane_found')), _text(entry.get('longest_gap_s'), 's'),
            '; '.join(entry['problems'])])
    return {'id': 'recordings', 'title': 'Recordings', 'rows': rows,
            'columns': _columns('recording', '#frames', '#lane IoU', '#line F1', '#lane found',
                                '#longest gap', '~notes')}


def _stretches(report: dict[str, Any]) -> dict[str, Any]:
    longest = sorted(report['stretches'], key=lambda one: -one['frames'])[:MOST_STRETCHES]
    rows = []
    for one in longest:
        start: Any = f'{one["from_s"]:.2f}'
        place = report['frames']['video_s'][one['first']]
        if place is not None:
            start = {'link': '#video', 'text': start, 'time': place}
        rows.append([start, f'{one["to_s"]:.2f}', str(one['frames']), ', '.join(one['reasons'])])
    return {'id': 'stretches', 'title': 'Bad stretches, the longest first',
            'columns': _columns('#from, s', '#to, s', '#bad frames', 'why'), 'rows': rows}

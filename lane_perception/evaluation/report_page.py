# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Write a report as one HTML file that needs no server and no network.

The plots' library (plotly.js, MIT) and the pictures are inside the file; only a video lies beside.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from lane_perception.errors import UserError
from lane_perception.evaluation.gallery import Exhibit
from lane_perception.evaluation.report_plots import plots
from lane_perception.evaluation.report_tables import tables
from lane_perception.evaluation.report_verdict import verdict
from lane_perception.whole_file import whole_file

BEST = 'best'   # the filter of the pictures kept as the best
TEMPLATE = Path(__file__).with_name('report_page.html')


def write_page(path: Path, report: dict[str, Any], exhibits: list[Exhibit]) -> None:
    """
    Write report.html under a temporary name, then give it its own.

    Bytes of a file's name that are no UTF-8 are written as escapes.

    :param report: of evaluate, replay, or replay over several recordings.
    :param exhibits: pictures, in their order on the page.
    :raises UserError: when the report extra is not installed.
    """
    try:
        import jinja2
        from plotly.offline import get_plotlyjs
    except ModuleNotFoundError as error:
        raise UserError('it needs two packages: pip install plotly jinja2') from error
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    tone, sentences = verdict(report)
    drawn = plots(report)
    text = environment.from_string(TEMPLATE.read_text(encoding='utf-8')).render(
        title=_title(report), source=_source(report), tone=tone, verdict=sentences,
        problems=report['problems'], tables=tables(report), plots=drawn,
        video=_has_video(report),
        kinds=_kinds(report, exhibits), exhibits=[_shown(one) for one in exhibits],
        has_errors=any('error' in one.pictures for one in exhibits),
        command=report['command'], machine=_machine(report['machine']),
        plotly=get_plotlyjs() if drawn else '',
        plot_data=_json([{key: plot[key] for key in ('id', 'data', 'layout')} for plot in drawn]))
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding='utf-8', errors='backslashreplace')


def _json(value: Any) -> str:
    """Return JSON that can stand inside a script element."""
    text = json.dumps(value, separators=(',', ':'), allow_nan=False)
    return text.replace('<', '\\u003c').replace('>', '\\u003e').replace('&', '\\u0026')


def _has_video(report: dict[str, Any]) -> bool:
    """Tell whether the run that reports made a video; one of an earlier run may lie beside."""
    return any(second is not None for second in report.get('frames', {}).get('video_s', ()))


def _title(report: dict[str, Any]) -> str:
    data = report['data']
    if 'recordings' in report:
        return f'{len(report["recordings"])} recordings'
    return Path(data.get('recording') or data['path']).name


def _source(report: dict[str, Any]) -> str:
    data = report['data']
    words = [f'model {report["model"]}', f'{data["images"]} images']
    if data.get('topic'):
        words.append(f'topic {data["topic"]}')
    for key, name in (('truth_topic', 'truth'), ('labels', 'labels'), ('format', 'format'),
                      ('pose_topic', 'poses'), ('center_topic', 'centers'),
                      ('part', 'part'), ('split', 'split')):
        if data.get(key):
            words.append(f'{name} {data[key]}')
    if data.get('label_sizes'):
        words.append(f'label size {", ".join(data["label_sizes"])}')
    return ' · '.join(words)


def _kinds(report: dict[str, Any], exhibits: list[Exhibit]) -> list[dict[str, Any]]:
    totals = report.get('failures', {})
    kinds = [{'name': kind, 'total': total,
              'shown': sum(kind in one.score.failures for one in exhibits)}
             for kind, total in totals.items() if total]
    best = sum(one.best for one in exhibits)
    return [*kinds, *([{'name': BEST, 'total': best, 'shown': best}] if best else [])]


def _shown(exhibit: Exhibit) -> dict[str, Any]:
    score = exhibit.score
    words = []
    if score.lane_iou is not None:
        words += [f'lane IoU {score.lane_iou:.2f}', f'line F1 {score.line_f1:.2f}']
    if score.center_error is not None:
        words.append(f'center {score.center_error:+.0f} px')
    return {'order': exhibit.order, 'caption': exhibit.caption, 'figures': ', '.join(words),
            'kinds': score.failures, 'best': exhibit.best,
            'filters': [*score.failures, *([BEST] if exhibit.best else [])],
            'video_time': exhibit.video_time,
            'pictures': {name: base64.b64encode(data).decode()
                         for name, data in exhibit.pictures.items()}}


def _machine(machine: dict[str, Any]) -> str:
    return (f'{machine["processor"]}, {machine["cores"]} cores, Python {machine["python"]}, '
            f'{machine["date"]}')

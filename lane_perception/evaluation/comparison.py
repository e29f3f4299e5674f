# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Say what got better or worse since an earlier report, and whether chance explains it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from lane_perception.errors import UserError
from lane_perception.evaluation.bootstrap import METRICS
from lane_perception.evaluation.bootstrap import bootstrap
from lane_perception.evaluation.set_score import JudgedImages
from lane_perception.json_file import load_json

DECISIVE = ('lane_iou', 'line_f1')     # what ``--allow`` is about
CENTER = 'center_mae_px'                # smaller is better; None where no image has a pair
SMALLEST_CHANGE = 1e-8                 # reports are rounded
BETTER, WORSE, UNCERTAIN, EQUAL = 'better', 'worse', 'within chance', 'equal'
TOO_FEW = 'too few images to tell'
NONE_NOW, NONE_BEFORE = 'none now', 'none before'   # of the centre error: no pair of centres


def read_baseline(path: Path) -> dict[str, Any]:
    """
    Return an earlier report.json.

    :raises UserError: when it is missing or no report of evaluate.
    """
    if path.is_dir():
        inside = path / 'report.json'
        raise UserError(f'the baseline {path} is a folder; ' + (
            f'give {inside}' if inside.is_file() else 'give the report.json of an evaluation'))
    if not path.is_file():
        raise UserError(f'there is no baseline {path}')
    report = load_json(path)
    if not isinstance(report, dict) or 'image_scores' not in report:
        raise UserError(f'the baseline {path} is not a report of evaluate')
    return report


def compare(
    report: dict[str, Any], baseline: dict[str, Any], allow: float,
) -> dict[str, Any]:
    """
    Compare two reports over the same images and labels.

    :param report: of this run, as evaluate makes it.
    :param baseline: the earlier one.
    :param allow: by how much ``lane_iou`` and ``line_f1`` may fall, 0 or more.
    :returns: ``metrics``: name to ``before``, ``now``, ``change``, ``interval`` (95 %, of the
        change, None for few images) and ``verdict`` (better, worse, within chance, equal, or
        without an interval too few images to tell; where one of the two has no lane centre to
        compare, none now or none before, without a change); ``allow``; ``too_bad``: the metrics
        that fell by more than allowed, whether by chance or not.
    :raises UserError: when the two were not scored on the same images and labels, or the baseline
        is broken.
    """
    now = JudgedImages.of_report(report['image_scores'])
    try:
        before = JudgedImages.of_report(baseline['image_scores'])
    except (KeyError, TypeError, ValueError) as error:
        raise UserError('the baseline holds no counts of its images; make it anew') from error
    if now.names != before.names:
        common = len(set(now.names) & set(before.names))
        raise UserError(f'the baseline was scored on other images: {len(before.names)} there, '
                        f'{len(now.names)} here, {common} in common; score both on the same data')
    changed = (now.labelled != before.labelled).any(axis=1)
    if changed.any():
        raise UserError(f'the baseline was scored against other labels: those of '
                        f'{changed.sum()} of {len(changed)} images differ, such as '
                        f'{now.names[changed.argmax()]}; score both on the same data')
    drawn = bootstrap(now, before)
    intervals = drawn['interval'] if drawn else {}
    metrics = {}
    for name in METRICS:
        if name not in baseline or name not in report:
            continue
        old, new = baseline[name], report[name]
        if name == CENTER and (old is None or new is None):
            if old != new:
                metrics[name] = {'before': old, 'now': new, 'change': None, 'interval': None,
                                 'verdict': NONE_NOW if new is None else NONE_BEFORE}
            continue
        if not isinstance(old, (int, float)) or not math.isfinite(old):
            raise UserError(f'the baseline holds a {name} that is no number; make it anew')
        change = new - old
        interval = intervals.get(name)
        metrics[name] = {'before': old, 'now': new, 'change': change, 'interval': interval,
                         'verdict': _verdict(name, change, interval)}
    too_bad = [name for name in DECISIVE
               if name in metrics and metrics[name]['change'] < -allow]
    return {'metrics': metrics, 'allow': allow, 'too_bad': too_bad,
            'baseline_name': baseline.get('name', '')}


def _verdict(name: str, change: float, interval: list[float] | None) -> str:
    if abs(change) < SMALLEST_CHANGE:
        return EQUAL
    if interval is None:
        return TOO_FEW
    if interval[0] <= 0 <= interval[1]:
        return UNCERTAIN
    return BETTER if (change > 0) != (name == CENTER) else WORSE

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Say in a few sentences what a report found."""

from __future__ import annotations

from typing import Any

from lane_perception.evaluation.comparison import BETTER
from lane_perception.evaluation.comparison import CENTER
from lane_perception.evaluation.comparison import DECISIVE
from lane_perception.evaluation.comparison import NONE_NOW
from lane_perception.evaluation.comparison import TOO_FEW
from lane_perception.evaluation.comparison import WORSE

GOOD, BAD, PLAIN = 'good', 'bad', ''
NAMES = {'lane_iou': 'lane IoU', 'line_f1': 'line F1', 'miou': 'mIoU',
         'miou_per_image': 'mIoU per image', 'precision': 'precision', 'recall': 'recall',
         'f1': 'F1', 'center_mae_px': 'center error'}


def verdict(report: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the tone (good, bad or '') and the sentences, the most important one first."""
    tone, sentences = PLAIN, []
    comparison = report.get('comparison')
    if comparison:
        tone, sentence = compared(comparison)
        sentences += [sentence, _others(comparison)]
    lane, markings = _lane(report), _markings(report)
    sentences += [lane, markings] if _labels_show_a_lane(report) else [markings, lane]
    if report.get('lateral_mae_m') is not None:
        sentences.append(f'The car\'s place across the lane is off by '
                         f'{report["lateral_mae_m"] * 100:.1f} cm on average.')
    if 'flicker' in report:
        sentences.append(_steadiness(report))
    failed = report['data'].get('failed')
    if failed:
        tone = BAD
        sentences.insert(0, f'{failed} of {report["data"]["recordings"]} recordings failed.')
    return tone, [sentence for sentence in sentences if sentence]


def compared(comparison: dict[str, Any]) -> tuple[str, str]:
    """Return the tone and the sentence of a comparison: its decisive figures and their verdict."""
    changes = {name: comparison['metrics'][name] for name in DECISIVE
               if name in comparison['metrics']}
    verdicts = {one['verdict'] for one in changes.values()}
    if comparison['too_bad']:
        tone, found = BAD, f'Worse than the baseline by more than {comparison["allow"]:g}'
    elif WORSE in verdicts:
        tone, found = PLAIN, 'Worse than the baseline, within what is allowed'
    elif BETTER in verdicts:
        tone, found = GOOD, 'Better than the baseline'
    elif TOO_FEW in verdicts:
        tone, found = PLAIN, 'Too few images to tell a change against the baseline from chance'
    else:
        tone, found = PLAIN, 'No different from the baseline beyond chance'
    words = [f'{NAMES[name]} {one["change"]:+.3f}'
             + (f' ({one["verdict"]})' if len(verdicts) > 1 or comparison['too_bad'] else '')
             for name, one in changes.items()]
    return tone, f'{found}: {", ".join(words)}.{_lost_centers(comparison)}'


def _lost_centers(comparison: dict[str, Any]) -> str:
    lost = comparison['metrics'].get(CENTER, {}).get('verdict') == NONE_NOW
    return ' No lane was found any more where the labels show one.' if lost else ''


def _others(comparison: dict[str, Any]) -> str:
    """Return what else changed beyond chance; '' when nothing did."""
    words = [f'{NAMES[name]} {one["change"]:+.3f} ({one["verdict"]})'
             for name, one in comparison['metrics'].items()
             if name not in DECISIVE and one['verdict'] in (BETTER, WORSE)]
    return f'Beyond chance also: {", ".join(words)}.' if words else ''


def _labels_show_a_lane(report: dict[str, Any]) -> bool:
    """Tell whether the lane finder sees a lane in any label; where there are none, it does."""
    return (not report.get('images_judged') or report['center_mae_px'] is not None
            or report['lane_missed'] != 0)


def _lane(report: dict[str, Any]) -> str:
    found = report.get('lane_found')
    if found is None:
        return 'No image was scored.'
    if not _labels_show_a_lane(report):
        return (f'None of the {report["images_judged"]} labels shows a lane to the lane finder; '
                f'one was found in {found:.1%} of the images.')
    sentence = f'A lane was found in {found:.1%} of the images'
    if report.get('center_mae_px') is not None:
        sentence += f'; its center is off by {report["center_mae_px"]:.1f} px on average'
    return sentence + '.'


def _markings(report: dict[str, Any]) -> str:
    if not report.get('images_judged'):
        return ''
    return (f'Markings: {report["line_recall"]:.0%} of the labelled lines were found, '
            f'{report["line_precision"]:.0%} of the found lines are right '
            f'(line F1 {report["line_f1"]:.3f}, lane IoU {report["lane_iou"]:.3f}).')


def _steadiness(report: dict[str, Any]) -> str:
    gaps = report['gaps']
    words = 'no frame without a lane' if not gaps else (
        f'{gaps} gaps without a lane, the longest {report["longest_gap_s"]:.2f} s')
    return f'Over time: {words}; {report["jumps"]} jumps between neighbouring frames.'

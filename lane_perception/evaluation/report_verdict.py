# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Say in a few sentences what a report found."""

from __future__ import annotations

from typing import Any

from lane_perception.evaluation.comparison import BETTER
from lane_perception.evaluation.comparison import WORSE

GOOD, BAD, PLAIN = 'good', 'bad', ''
NAMES = {'lane_iou': 'lane IoU', 'line_f1': 'line F1', 'miou': 'mIoU',
         'miou_per_image': 'mIoU per image', 'precision': 'precision', 'recall': 'recall',
         'f1': 'F1', 'center_mae_px': 'center error'}


def verdict(report: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the tone (good, bad or '') and the sentences, the most important one first."""
    sentences: list[str] = []
    tone = PLAIN
    comparison = report.get('comparison')
    if comparison:
        tone, sentence = _compared(comparison)
        sentences.append(sentence)
    sentences.append(_lane(report))
    if report.get('images_judged'):
        sentences.append(_markings(report))
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


def _compared(comparison: dict[str, Any]) -> tuple[str, str]:
    changed = {kind: [f'{NAMES[name]} {one["change"]:+.3f}'
                      for name, one in comparison['metrics'].items() if one['verdict'] == kind]
               for kind in (WORSE, BETTER)}
    if comparison['too_bad']:
        names = ', '.join(f'{NAMES[name]} {comparison["metrics"][name]["change"]:+.3f}'
                          for name in comparison['too_bad'])
        return BAD, f'Worse than the baseline by more than {comparison["allow"]:g}: {names}.'
    if changed[WORSE]:
        return PLAIN, f'Worse than the baseline, within what is allowed: {changed[WORSE][0]}.'
    if changed[BETTER]:
        return GOOD, f'Better than the baseline: {", ".join(changed[BETTER])}.'
    return PLAIN, 'No different from the baseline beyond chance.'


def _lane(report: dict[str, Any]) -> str:
    if report.get('lane_found') is None:
        return 'No image was scored.'
    sentence = f'A lane was found in {report["lane_found"]:.1%} of the images'
    if report.get('center_mae_px') is not None:
        sentence += f'; its center is off by {report["center_mae_px"]:.1f} px on average'
    return sentence + '.'


def _markings(report: dict[str, Any]) -> str:
    return (f'Markings: {report["line_recall"]:.0%} of the labelled lines were found, '
            f'{report["line_precision"]:.0%} of the found lines are right '
            f'(line F1 {report["line_f1"]:.3f}, lane IoU {report["lane_iou"]:.3f}).')


def _steadiness(report: dict[str, Any]) -> str:
    gaps = report['gaps']
    words = 'no frame without a lane' if not gaps else (
        f'{gaps} gaps without a lane, the longest {report["longest_gap_s"]:.2f} s')
    return f'Over time: {words}; {report["jumps"]} jumps between neighbouring frames.'

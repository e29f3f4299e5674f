# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The report over several recordings, from what the report of each one holds."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from lane_perception.evaluation.bootstrap import SUMS
from lane_perception.evaluation.bootstrap import bootstrap_sums
from lane_perception.evaluation.line_f1 import set_figures
from lane_perception.evaluation.metrics import figures
from lane_perception.evaluation.percentiles import joint_percentiles
from lane_perception.evaluation.replay import ReplaySettings
from lane_perception.evaluation.set_score import marking_widths
from lane_perception.machine import command_line
from lane_perception.machine import describe_machine


def report_over_all(
    settings: ReplaySettings, entries: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """
    Return the report over all recordings, with the keys of a report of one.

    Figures are over one confusion matrix, means over all frames that they are means of. The
    percentiles are exact to 1 %, and at least 0.1. ``replay_s`` is the sum of what each recording
    took.

    :param entries: name to a recording's report without its columns over time, or to its
        ``error``.
    """
    good = {name: entry for name, entry in entries.items() if 'error' not in entry}
    report: dict[str, Any] = {'name': settings.model, 'model': settings.model}
    problems = [f'{name}: {entry["error"]}' for name, entry in entries.items()
                if 'error' in entry]
    if good:
        first = next(iter(good.values()))
        report |= {key: first[key] for key in ('variant', 'threshold')}
        others = [name for name, entry in good.items() if entry['variant'] != first['variant']]
        if others:
            problems.append(f'{len(others)} recordings were not replayed as the first one, such '
                            f'as {others[0]}: {good[others[0]]["variant"]}')
    report |= _figures(settings, list(good.values()))
    report |= {
        'data': _data(settings, list(good.values()), len(entries)),
        'recordings': entries,
        'problems': problems,
        'command': command_line('replay'),
        'machine': describe_machine(),
    }
    return report


def _figures(settings: ReplaySettings, good: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures over the recordings that did not fail."""
    found: dict[str, Any] = {
        key: sum(entry[key] for entry in good) for key in ('images', 'images_judged')}
    totals = [entry['totals'] for entry in good]
    if found['images_judged']:
        confusion = np.sum([one['confusion'] for one in totals], axis=0)
        hits = np.sum([one['line_hits'] for one in totals], axis=0)
        found |= {**figures(confusion[None]), **set_figures(hits),
                  **marking_widths(confusion, hits[0])}
        found['miou_per_image'] = _mean(good, 'miou_per_image', _counts(good, 'images_judged'))
        found['label_sizes'] = _sizes(good)
    if not good:
        return found
    images = _counts(good, 'images')
    found |= {
        'center_mae_px': _mean(good, 'center_mae_px', _counts(totals, 'center_pairs')),
        'center_p95_px': joint_percentiles(
            (one['center_errors_px'] for one in totals), [95])['p95'],
        'lane_found': _mean(good, 'lane_found', images),
        **{key: sum(entry[key] for entry in good)
           for key in ('lane_missed', 'lane_false', 'jumps', 'gaps', 'replay_s')},
        'failures': {kind: sum(entry['failures'][kind] for entry in good)
                     for kind in good[0]['failures']},
        'latency_ms': joint_percentiles(one['latencies_ms'] for one in totals),
        'longest_gap_s': max(entry['longest_gap_s'] for entry in good),
        'flicker': _mean(good, 'flicker', _counts(totals, 'flicker_pairs')),
        'confidence': _mean(good, 'confidence', _counts(totals, 'frames_with_lane')),
    }
    if settings.pose_topic:
        found |= {key: _mean(good, key, _counts(totals, 'pose_pairs'))
                  for key in ('lateral_mae_m', 'heading_mae_rad')}
    blocks = [block for one in totals for block in one['blocks']]
    found['bootstrap'] = bootstrap_sums(np.array(blocks, float).reshape(-1, len(SUMS)))
    found['frames_per_second'] = found['images'] / found['replay_s']
    return found


def _data(
    settings: ReplaySettings, good: list[dict[str, Any]], recordings: int,
) -> dict[str, Any]:
    sizes: Counter[str] = Counter()
    for entry in good:
        sizes.update(entry['data']['sizes'])
    return {
        'recordings': recordings, 'failed': recordings - len(good),
        'topic': ', '.join(sorted({entry['data']['topic'] for entry in good})),
        'truth_topic': settings.truth_topic,
        'labels': None if settings.labels is None else str(settings.labels),
        'format': ', '.join(sorted({entry['data']['format'] for entry in good
                                    if entry['data']['format']})) or None,
        'pose_topic': settings.pose_topic, 'center_topic': settings.center_topic,
        'part': 'all', 'images': sum(entry['images'] for entry in good),
        'seconds': sum(entry['data']['seconds'] for entry in good),
        'sizes': dict(sizes.most_common()), 'label_sizes': _sizes(good),
        'lens': ', '.join(sorted({entry['data']['lens'] for entry in good})),
    }


def _sizes(good: list[dict[str, Any]]) -> list[str]:
    """Return the sizes of all labels, WIDTHxHEIGHT, the lowest first."""
    return sorted({size for entry in good for size in entry['data']['label_sizes']},
                  key=lambda size: [int(side) for side in reversed(size.split('x'))])


def _counts(parts: list[dict[str, Any]], key: str) -> list[int]:
    return [part[key] for part in parts]


def _mean(entries: list[dict[str, Any]], key: str, counts: list[int]) -> float | None:
    """Return the mean of means over so many; None of nothing."""
    total = sum(counts)
    return sum(entry[key] * count for entry, count in zip(entries, counts)
               if count) / total if total else None

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The figures of a benchmark in one block of text, to be shared."""

from __future__ import annotations

from typing import Any

WIDTH = 42


def shareable_block(results: dict[str, Any]) -> str:
    """Return a block of text with the machine and the figures of the parts that were measured."""
    machine = results['machine']
    packages = ', '.join(f'{name} {version}' for name, version in machine['packages'].items())
    gpu = f", {machine['gpu']}" if machine['gpu'] else ''
    lines = [
        f"lane_perception benchmark, {machine['date']}",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB{gpu}",
        f"{machine['system']}, Python {machine['python']}, {packages}",
    ]
    writers = {'network': _network, 'stages': _stages, 'node': _node, 'growth': _growth,
               'training': _training, 'geometry': _geometry}
    for part, write in writers.items():
        if part in results:
            lines += write(results[part])
    return '\n'.join(lines)


def _network(part: dict[str, Any]) -> list[str]:
    lines = ['', f"{part['model']} at {part['input'][1]}x{part['input'][0]}, "
                 f"auto is {part['auto']}:"]
    for name, entry in part['subjects'].items():
        times = entry['ms']
        line = f"  {name:<{WIDTH}} {times['p50']:9.2f} ms, p99 {times['p99']:8.2f}"
        if 'times_as_quick' in entry:
            line += f"  x{entry['times_as_quick']:.4g}"
        if 'lane_iou' in entry:
            line += f"  lane IoU {entry['lane_iou']:.3f}"
        lines.append(line)
    return lines


def _stages(part: dict[str, Any]) -> list[str]:
    lines = ['', 'stages, microseconds:']
    for size, measured in part.items():
        shown = ', '.join(f"{name} {entry['p50']:.0f}"
                          for name, entry in measured['stages'].items())
        lines.append(f'  {size}: {shown}')
    return lines


def _node(part: dict[str, Any]) -> list[str]:
    lines = ['', 'lane_node over DDS:']
    for name, run in part['runs'].items():
        age = run['age_ms']
        lines.append(
            f"  {name:<{WIDTH}} {run['output_rate_hz']:6.1f} Hz out, age {age['p50']:.1f} ms, "
            f"p99 {age['p99']:.1f}, CPU {run['cpu_percent']} %, {run['rss_mib']} MiB")
    return lines


def _growth(part: dict[str, Any]) -> list[str]:
    sizes = ', '.join(f"{name} {entry['p50']:.1f} ms{_peak(entry)}"
                      for name, entry in part['image_size'].items())
    replays = ', '.join(f"{count} frames {entry['seconds']:.0f} s{_peak(entry)}"
                        for count, entry in part['bag_length'].items())
    return ['', f'picture to lane: {sizes}', f'replay: {replays}']


def _peak(entry: dict[str, Any]) -> str:
    return f" ({entry['peak_mib']:.0f} MiB)" if 'peak_mib' in entry else ''


def _training(part: dict[str, Any]) -> list[str]:
    return ['', f"training by recipe {part['recipe']} in {part['precision']}: "
                f"{part['training']:.1f} images/s, {part['ratio']:.3f} of a plain loop's"]


def _geometry(part: dict[str, Any]) -> list[str]:
    time, frames = part['time'], part['frames']
    lines = ['', f"lane finder: {time['p50_ms']:.2f} ms, p99 {time['p99_ms']:.2f}; finds "
                 f"{frames['lane_found']:.1%} of the lanes in true masks"]
    for case, drives in part['loop']['summary'].items():
        lines.append(f"  closed loop, {case:<{WIDTH - 13}} {drives['drives']} drives, "
                     f"{drives['departures']} departures, mean offset "
                     f"{1e3 * drives['mean_offset_m']:.1f} mm")
    return lines

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Write docs/benchmark.md and docs/models.md from the JSON files in benchmark/results.

``python -m lane_perception.benchmark.page`` writes them anew; a test holds pages and files against
each other, so no figure on them is typed by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from typing import Callable
from typing import Iterable

from lane_perception.benchmark.alternatives import IN_USE
from lane_perception.benchmark.model_page import FILES
from lane_perception.benchmark.model_page import model_page
from lane_perception.json_file import load_json

CHECKOUT = Path(__file__).resolve().parent.parent.parent
RESULTS = CHECKOUT / 'benchmark' / 'results'
PAGE = CHECKOUT / 'docs' / 'benchmark.md'
MODEL_PAGE = CHECKOUT / 'docs' / 'models.md'
PARTS = ('network', 'stages', 'node', 'growth', 'training')
ALONE = 'one picture without a clear lane again and again, untracked, which takes the longest'

# What was measured on other processors, by the folder in the results; the figures above them come
# from one with AMX.
OTHERS = {'vnni': """## On a processor with VNNI

The same on a server processor with AVX-512 and its VNNI and BF16, but without AMX. There bf16
takes longer than fp32, by OpenVINO and by torch, and int8 less than half of it by OpenVINO, a
sixth less by ONNX Runtime; so `auto` is int8. Many laptops have VNNI: Intel's since 2020 (those
without AVX-512 as AVX-VNNI), AMD's since 2023. With oneDNN held to such instructions
(`ONEDNN_MAX_CPU_ISA=AVX2_VNNI ros2 run lane_perception benchmark --only network`) int8 gains as
much in OpenVINO; without VNNI (`AVX512_CORE`, `AVX2`) it gains little.
""", 'avx2': """## On a plainer processor

The same on a processor that has AVX2 and nothing beyond it, as older laptops have. bf16 is of no
use to it, and int8 gains nothing in OpenVINO. What helps there is a smaller input of the network
(`resolution:=256x416`): [what it costs](models.md#smaller-inputs).
"""}

INTRODUCTION = """# How quick it is, and how that was measured

`ros2 run lane_perception benchmark` measures the machine it runs on and prints one block to share;
`--only network` (or `stages`, `node`, `growth`, `training`, `geometry`) measures one part,
`--out FILE` keeps all figures as JSON. This page is written from the files in
`benchmark/results/` by `python -m lane_perception.benchmark.page`.

Things that are compared are called in turns, in one process, in an order that is drawn anew each
round, so that whatever else the machine does meets all of them; the tables show medians and p99.
On a machine that is shared, trust the ratios. The accuracy beside the times is that of what ships,
in the world of its sixth stage; on the processor with AVX2 that of `lane_lite` before its fourth
stage, in the world as it was then. torch, the baseline too, waits without spinning, as it does in
the node: with the cores idle that costs it 5 to 7 % (the ratios of the processor with VNNI were
155 and 81 when it still span, and 147 and 78 on the same day when it did not).
"""
RULE = """## What `auto` means

`runtime: auto` and `precision: auto` follow a fixed rule from what is installed and what the
processor has, so that two starts choose alike and a start measures nothing:

1. An NVIDIA GPU and `onnxruntime-gpu`: ONNX Runtime on the GPU.
2. An x86-64 processor: OpenVINO if installed, else ONNX Runtime.
3. Any other processor: ONNX Runtime if installed, else OpenVINO.
4. torch only for a file that nothing else here can run.
5. On a processor with AMX: OpenVINO in bf16.
6. On one with VNNI (AVX-512 VNNI or AVX-VNNI) and no AMX: int8, where `NAME_int8.onnx` lies beside
   `NAME.onnx`. `export --int8` makes it, and keeps it only if it loses no more than 0.005 of lane
   IoU. One that was made of other weights of that name, or is damaged, is left alone.
7. Else fp32.

`benchmark --tune FILE` measures every combination on the machine at hand and writes the quickest
whose lane IoU is within 0.005 of fp32's to a parameter file for `lane_node`.
"""


def write_pages() -> None:
    """Write the pages; the model's only where there is something to tell."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(load_results(PARTS), {
        folder: load_results(PARTS, RESULTS / folder) for folder in OTHERS}))
    found = load_results(FILES)
    if found:
        MODEL_PAGE.write_text(model_page(found))


def load_results(
    parts: Iterable[str] = PARTS, folder: Path = RESULTS,
) -> dict[str, dict[str, Any]]:
    """Return what a folder, such as benchmark/results, holds of each part, by part."""
    files = {part: folder / f'{part}.json' for part in parts}
    return {part: load_json(file) for part, file in files.items() if file.exists()}


def page(
    results: dict[str, dict[str, Any]],
    others: dict[str, dict[str, dict[str, Any]]] | None = None,
) -> str:
    """
    Return the page's Markdown.

    :param results: by part.
    :param others: the same on other processors, by a key of OTHERS.
    """
    sections = [INTRODUCTION, *_sections(results), RULE]
    for other, parts in (others or {}).items():
        # Its headings stand one level deeper, below the one that says where it was measured.
        deeper = [text.replace('\n##', '\n###').replace('##', '###', 1)
                  for text in _sections(parts)]
        if deeper:
            sections += [OTHERS[other], *deeper]
    return '\n'.join(sections)


def _sections(results: dict[str, dict[str, Any]]) -> Iterable[str]:
    writers = {'network': _network, 'stages': _stages, 'node': _node, 'growth': _growth,
               'training': _training}
    for part, result in results.items():
        yield '\n'.join([*writers[part](result[part]), '', *_origin(result), ''])


def _origin(result: dict[str, Any]) -> list[str]:
    machine = result['machine']
    packages = ', '.join(f'{name} {version}' for name, version in machine['packages'].items())
    return [f"`{result['command']}`",
            f"on {machine['processor']}, {machine['cores']} cores, {machine['date']}, load "
            f"average {machine['load_average']} at the start, "
            f"{machine.get('scheduling', 'unknown')} priority; "
            f"Python {machine['python']}, {packages}."]


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    head = list(head)
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return lines + ['| ' + ' | '.join(str(cell) for cell in row) + ' |' for row in rows]


def _network(part: dict[str, Any]) -> list[str]:
    rows = []
    for name, entry in part['subjects'].items():
        rows.append([name, f"{entry['ms']['p50']:.2f}", f"{entry['ms']['p99']:.2f}",
                     *(f'{entry[key]:.4g}' if key in entry else ''
                       for key in ('times_as_quick', 'times_plain')),
                     *(f'{entry[key]:.3f}' if key in entry else ''
                       for key in ('lane_iou', 'line_f1'))])
    return [
        '## Network and pipeline', '',
        f"`{part['model']}` at {part['input'][1]}x{part['input'][0]}; `auto` is {part['auto']} "
        "here. \"baseline\" is torchvision's deeplabv3_resnet101 at 384x384 with random weights, "
        '"network" a runtime\'s call alone, "process" picture to lane with `auto`, over '
        f'{part.get("drive", ALONE)}. "times as quick" compares with the baseline in fp32, '
        'eager, its network alone; "times plain" with the pipeline without TTA. TTA and the '
        'ensemble were timed with `auto` only, not with every runtime. '
        f"Lane IoU and line F1 over {part['accuracy_data']}.", '',
        *_table(['what', 'median ms', 'p99 ms', 'times as quick', 'times plain',
                 'lane IoU', 'line F1'], rows),
        *_first_seconds(part),
    ]


def _first_seconds(part: dict[str, Any]) -> list[str]:
    if 'first_seconds_ms' not in part:
        return []
    first = part['first_seconds_ms']
    return ['', 'While the camera is learnt, "process" of a 640x480 frame takes '
            f"{first['p50']:.1f} ms in the median, p90 {first['p90']:.1f} and p99 "
            f"{first['p99']:.1f} ms ({first['calls']} frames)."]


def _stages(part: dict[str, Any]) -> list[str]:
    sizes = list(part)
    stages = list(part[sizes[0]]['stages'])
    first = '; "first seconds" are frames while the camera is learnt'
    lines = [
        '## Stages of a frame', '',
        'Medians and p99 in microseconds, over '
        f'{part[sizes[0]].get("drive", ALONE)}. "not_network" is the sum of conversion from bgr8, '
        'resize, threshold, geometry, filling the mask message and publishing it'
        f'{first if "first seconds" in stages else ""}.', '']
    rows = []
    for stage in stages:
        row = [stage]
        for size in sizes:
            entry = part[size]['stages'][stage]
            row += [f"{entry['p50']:.0f}", f"{entry['p99']:.0f}" if 'p99' in entry else '']
        rows.append(row)
    head = ['stage']
    for size in sizes:
        head += [size, 'p99']
    lines += [*_table(head, rows), '', '### What the stages could have been', '',
              'Each job in several ways, microseconds.', '']
    rows = [[job, f'{way} (in use)' if way in IN_USE else way,
             *(f"{part[size]['alternatives'][job][way]:.0f}" for size in sizes)]
            for job, ways in part[sizes[0]]['alternatives'].items() for way in ways]
    return lines + _table(['job', 'way', *sizes], rows)


def _node(part: dict[str, Any]) -> list[str]:
    rows = []
    for name, run in part['runs'].items():
        rows.append([
            name, run['frames_sent'], run['frames_received'], f"{run['output_rate_hz']:.1f}",
            f"{run['age_ms']['p50']:.1f}", f"{run['age_ms']['p99']:.1f}", run['cpu_percent'],
            run['rss_mib'], run['first_mask_s']])
    return [
        '## The node over DDS', '',
        f"`{part['model']}`; camera, node and receiver are three processes. Age is from "
        'publishing a frame to receiving its mask; frames overtaken by a newer one are dropped. '
        'CPU and memory are those of the node\'s process, "first mask" is from its start.', '',
        *_table(['input', 'sent', 'received', 'Hz out', 'age ms', 'p99', 'CPU %', 'RSS MiB',
                 'first mask s'], rows),
        *(['', part['note']] if 'note' in part else []),
    ]


def _growth(part: dict[str, Any]) -> list[str]:
    lines = ['## How time and memory grow']
    if 'peak_mib' in next(iter(part['image_size'].values())):
        lines += ['', 'Peak memory is that of a process that does nothing else but draw the '
                      'picture that it works on, which takes the most of it up to Full HD.']
    return [*lines,
            *_grown(part['image_size'], ['picture', 'process, median ms', 'p99'],
                    lambda name, entry: [f"{entry['p50']:.2f}", f"{entry['p99']:.2f}"]),
            *_grown(part['batch'], ['batch', 'network, median ms', 'ms a picture'],
                    lambda count, entry: [f"{entry['p50']:.2f}",
                                          f"{entry['p50'] / int(count):.2f}"]),
            *_grown(part['bag_length'], ['replay: frames', 'seconds'],
                    lambda frames, entry: [entry['seconds']]),
            *_grown(part['recordings'], ['replay: recordings', 'seconds'],
                    lambda count, entry: [entry['seconds']])]


def _grown(
    entries: dict[str, dict[str, Any]], head: list[str],
    cells: Callable[[str, dict[str, Any]], list[Any]],
) -> list[str]:
    """Return an empty line and a table, with the peak memory where it was measured."""
    rows = [[name, *cells(name, entry)] for name, entry in entries.items()]
    if all('peak_mib' in entry for entry in entries.values()):
        head = [*head, 'peak MiB']
        rows = [[*row, entry['peak_mib']] for row, entry in zip(rows, entries.values())]
    return ['', *_table(head, rows)]


def _training(part: dict[str, Any]) -> list[str]:
    return [
        '## Training', '',
        f"Recipe `{part['recipe']}` ({part['architecture']} at {part['input'][1]}x"
        f"{part['input'][0]}, batches of {part['batch_size']}, {part['precision']}) in turns with "
        'a plain PyTorch loop of the same network, optimizer and loss on one batch that lies '
        'ready.', '',
        *_table(['', 'images/s'], [['training', f"{part['training']:.1f}"],
                                   ['plain loop', f"{part['plain']:.1f}"]]), '',
        f"The ratio is {part['ratio']:.3f}; training waits for a batch in {part['waiting']:.1%} "
        'of its time.']


if __name__ == '__main__':
    write_pages()
    sys.exit(0)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write the ablation's page and its plot from the figures of the rows that were measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from typing import Iterable
from typing import NamedTuple
from typing import Sequence

from lane_perception.benchmark.ablation_plot import Point
from lane_perception.benchmark.ablation_plot import plot
from lane_perception.benchmark.ablation_rows import ROWS
from lane_perception.benchmark.ablation_rows import Row
from lane_perception.benchmark.large_page import CONVENTION
from lane_perception.benchmark.large_page import large_lines
from lane_perception.benchmark.large_page import large_section
from lane_perception.benchmark.large_page import load_large
from lane_perception.json_file import load_json
from lane_perception.whole_file import whole_file

PLOT = 'images/ablation.svg'
CAP = 'label_cap.json'          # beside the folder of the rows
AGAIN = 'ablation_again'        # likewise: rows that were measured a second time
SPREAD_SEEDS = 3                # from which a spread is taken, at least
LEAST_GAIN = 0.001              # a smaller one is none
SURE = r'\*'                    # a bare star would begin italics
NEWEST_UNTIL = '2026-11-28'     # on which a run's model file began to hold the averaged weights
NEWEST = ("Until {until} a run's model file held the newest weights whatever `ema_decay` said; "
          'the averaged ones only chose its epoch and its threshold. So where this row was '
          'measured before, both ways hold newest weights, and the difference says no more than '
          'how far two such runs lie apart, nothing about averaging. All other rows of that time '
          'were trained alike, newest weights in each of their ways, and compare what they say.')
REPORTS = (('baseline', 0.6576), ('epoch 14', 0.5912), ('final', 0.6945))
TARGETS = (0.70, 0.75, 0.80)

INTRODUCTION = """# What each part of the recipe is worth

The reports that this package is compared with expected a gain from each of six measures and did
not measure them one by one. Here each is measured alone: everything else stays the same, for
about the same small number of steps (whole passes over the training frames). So each figure
holds for a short fine-tuning of the shipped network at 320x192 (unless the row says otherwise) on
a few hundred frames of one drive, and for nothing else.

The gain is that of `miou_per_image` (the reports' convention: the mean over images of that image's
two-class mean IoU) against the row's first way. With several seeds, both ways are trained with
each of them, and the gain is the mean; in brackets stand those of each seed alone. Their spread is
the largest less the smallest, and a gain below twice that, or below 0.001, is called not told
apart from chance. That says how far seeds lie apart, not how far another drive's frames would; of
`careful` there are four. A row with one seed borrows the spread of the shipped network's
fine-tuning without changes. Training cost is processor time on one core. Times of a
frame are medians taken one way after the other on a machine with other work: they are rough, and
docs/benchmark.md has better ones.

Frames are scored that no run trained on or chose its threshold on: the last block of time of the
labelled drive, against the labels as drawn (`labels`) and, where the tape's real extent is known,
against that (`careful`); and of a synthetic drive with exact labels the last block (`same drive`),
and a drive on `another track`.

Under each table stands which `lane_lite` the runs began from: the first digits of its file's
SHA-256. Where `sha256sum models/lane_lite.safetensors` begins otherwise, that was an earlier one.

"""


def load_results(folder: Path) -> list[dict[str, Any]]:
    """Return what was measured, in the table's order."""
    order = {row.name: number for number, row in enumerate(ROWS)}
    found = [load_json(file) for file in folder.glob('*.json')]
    return sorted((one for one in found if one['row'] in order),
                  key=lambda one: (order[one['row']], one['set'] == 'synthetic', one['set']))


def write_page(file: Path, folder: Path) -> None:
    """Write the page, and the plot beside it."""
    results = load_results(folder)
    drawing = file.parent / PLOT
    drawing.parent.mkdir(parents=True, exist_ok=True)
    large = load_large(folder.parent)
    more = [*_again(results, load_results(folder.parent / AGAIN)), *large_section(large)]
    text_of = {file: page(results, _cap(folder.parent / CAP), ''.join(more),
                          [*large_lines(large)]),
               drawing: picture(results)}
    for path, text in text_of.items():
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding='utf-8')


def _cap(file: Path) -> str:
    if not file.is_file():
        return ''
    found = load_json(file)
    return (f' (the careful masks themselves, as an answer, score miou_per_image '
            f'{found["miou_per_image"]:.3f}, lane IoU {found["lane_iou"]:.3f}, line F1 '
            f'{found["line_f1_at"]["0.01"]:.3f} at 1 % and {found["line_f1_at"]["0.02"]:.3f} at '
            f'2 % over {found["images"]} frames: `{found["command"]}`)')


def page(
    results: list[dict[str, Any]], cap: str = '', more: str = '', large: Sequence[str] = (),
) -> str:
    """
    Return the page's Markdown.

    :param cap: half a sentence about how high an answer can score against drawn labels.
    :param more: sections between the rows and the final report.
    :param large: the final report's rows of the large recipes.
    """
    by_row: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        by_row.setdefault(result['row'], []).append(result)
    parts = [INTRODUCTION, *_expectations(by_row, results), f'![Gain against cost]({PLOT})\n\n',
             'The shaded band is twice the spread between seeds of the shipped network\'s '
             'fine-tuning without changes. The plot shows the labelled drive; where it was not '
             'measured, the synthetic one.\n\n']
    for row in ROWS:
        if row.name in by_row:
            parts += [f'## {row.question}\n\n', *_row(row, by_row[row.name], results)]
    missing = [f'`{row.name}` ({row.question.lower()})' for row in ROWS if row.name not in by_row]
    if missing:
        parts.append('## Not measured yet\n\nThese rows were not run: ' + ', '.join(missing)
                     + '. `python -m lane_perception.benchmark.ablation --data DIR` goes on with '
                     'them.\n\n')
    return ''.join(parts) + more + _final_report(results, cap, large)


def _again(results: list[dict[str, Any]], again: list[dict[str, Any]]) -> Iterable[str]:
    """Yield what a second measurement of some rows gave beside the first."""
    first_of = {(one['row'], one['set']): one for one in results}
    pairs = [(first_of[key], one) for one in again
             if (key := (one['row'], one['set'])) in first_of]
    if not pairs:
        return
    yield ('## A row measured again\n\n`miou_per_image` of the first measurement and of a second, '
           'all trained anew with the seeds that its command names; the spread is that between '
           'seeds.\n\n'
           '| row | scored | way | first | again | spread |\n|---|---|---|---|---|---|\n')
    for first, second in pairs:
        for scored in first['ways'][0]['runs'][0]['figures']:
            spread = spread_of(results, first['set'], scored)
            for one, other in zip(first['ways'], second['ways']):
                one = {**one, 'runs': [run for run in one['runs']
                                       if run['seed'] in second['seeds']]}
                yield (f'| {first["row"]} | {first["set"]}, {scored} | {one["name"]} | '
                       f'{_mean(one, scored, CONVENTION):.4f} | '
                       f'{_mean(other, scored, CONVENTION):.4f} | '
                       f'{"unknown" if spread is None else f"{spread:.3f}"} |\n')
    yield '\n' + ''.join(f'`{second["command"]}`\n' for _, second in pairs) + '\n'


def _row(row: Row, found: list[dict[str, Any]], results: list[dict[str, Any]]) -> Iterable[str]:
    if row.expected:
        yield f'The reports: {row.expected}.\n\n'
    if row.note:
        yield f'{row.note}\n\n'
    if row.name == 'ema' and any(one['machine']['date'] < NEWEST_UNTIL for one in found):
        yield f'{NEWEST.format(until=NEWEST_UNTIL)}\n\n'
    for result in found:
        yield '\n'.join(f'- {sentence}' for sentence in _sentences(result, results)) + '\n\n'
        head = ['scored', 'way', 'miou_per_image', 'lane IoU', 'line F1 1 %', 'line F1 2 %',
                'steps', 'training CPU s', 'ms/frame']
        yield f'| {" | ".join(head)} |\n|{"---|" * len(head)}\n'
        for scored in result['ways'][0]['runs'][0]['figures']:
            for way in result['ways']:
                cells = [*(f'{_mean(way, scored, key):.3f}' for key in (
                    CONVENTION, 'lane_iou', 'line_f1', 'line_f1_at_2')),
                    str(way['runs'][0]['steps']), f'{_cost(way):.0f}',
                    f'{_mean(way, scored, "ms_per_frame"):.1f}']
                images = way['runs'][0]['figures'][scored]['images']
                yield (f'| {result["set"]}, {scored} ({images}) | {way["name"]} | '
                       f'{" | ".join(cells)} |\n')
        yield (f'\n`{result["command"]}`, {len(result["seeds"])} '
               f'{"seed" if len(result["seeds"]) == 1 else "seeds"}, '
               f'{result["machine"]["date"]}, '
               f'{_shipped(result)}\n\n')


def _shipped(result: dict[str, Any]) -> str:
    version = result.get('shipped')
    return f'lane_lite {version}' if version else 'from an earlier lane_lite'


def _expectations(
    by_row: dict[str, list[dict[str, Any]]], results: list[dict[str, Any]],
) -> Iterable[str]:
    """Yield what the reports expected beside what was measured, for the rows with both."""
    rows = [row for row in ROWS if row.expected and row.name in by_row]
    if not rows:
        return
    yield ('## What the reports expected\n\nGains in `miou_per_image`; '
           f'{SURE} marks those of more than twice the spread. An expectation holds where such a '
           'gain is as large as the least that was expected.\n\n'
           '| | expected | measured | holds |\n|---|---|---|---|\n')
    for row in rows:
        cells, holds = [], []
        for result in by_row[row.name]:
            for scored in result['ways'][0]['runs'][0]['figures']:
                gains = []
                for way in result['ways'][1:]:
                    gain = gain_of(results, result, way, scored)
                    gains.append(f'{way["name"]} {gain.mean:+.3f}{SURE if gain.sure else ""}')
                    if gain.sure and gain.mean / row.least >= 1.0:
                        holds.append(f'{way["name"]} on {result["set"]}, {scored}')
                cells.append(f'{result["set"]}, {scored}: {"; ".join(gains)}')
        yield (f'| {row.question} | {row.expected} | {"<br>".join(cells)} | '
               f'{"<br>".join(holds) or "nowhere"} |\n')
    yield '\n'


class Gain(NamedTuple):
    """What a way gains on a row's first way."""

    by_seed: list[float]
    spread: float | None   # how far seeds lie apart; None: unknown

    @property
    def mean(self) -> float:
        """Return the mean over the seeds."""
        return sum(self.by_seed) / len(self.by_seed)

    @property
    def sure(self) -> bool:
        """Tell whether it is more than chance."""
        return self.spread is not None and abs(self.mean) >= max(2 * self.spread, LEAST_GAIN)


def gain_of(
    results: list[dict[str, Any]], result: dict[str, Any], way: dict[str, Any], scored: str,
) -> Gain:
    """Return a way's gain; with few seeds its spread is that of others."""
    by_seed = [one - other for one, other in zip(
        _values(way, scored, CONVENTION), _values(result['ways'][0], scored, CONVENTION))]
    if len(by_seed) >= SPREAD_SEEDS:
        return Gain(by_seed, max(by_seed) - min(by_seed))
    return Gain(by_seed, spread_of(results, result['set'], scored))


def _sentences(result: dict[str, Any], results: list[dict[str, Any]]) -> Iterable[str]:
    first = result['ways'][0]
    for scored in first['runs'][0]['figures']:
        for way in result['ways'][1:]:
            gain = gain_of(results, result, way, scored)
            if gain.spread is None:
                trust = 'one seed; the spread is not known'
            elif not gain.sure:
                trust = f'not told apart from chance (spread {gain.spread:.3f})'
            else:
                trust = f'more than twice the spread of {gain.spread:.3f}'
            each = ', '.join(f'{one:+.3f}' for one in gain.by_seed)
            yield (f'{way["name"]} against {first["name"]} on {result["set"]}, {scored}: '
                   f'{gain.mean:+.3f}{f" ({each})" if len(gain.by_seed) > 1 else ""}, {trust}.')


def _values(way: dict[str, Any], scored: str, key: str) -> list[float]:
    return [run['figures'][scored][key] for run in way['runs']]


def _mean(way: dict[str, Any], scored: str, key: str) -> float:
    values = _values(way, scored, key)
    return sum(values) / len(values)


def _cost(way: dict[str, Any]) -> float:
    return sum(run['training_cpu_s'] for run in way['runs']) / len(way['runs'])


def spread_of(results: list[dict[str, Any]], name: str, scored: str) -> float | None:
    """Return the largest less the smallest figure of plain fine-tuning over seeds, or None."""
    spreads = [max(values) - min(values) for values in (
        _values(one['ways'][0], scored, CONVENTION) for one in results
        if one['set'] == name and not one['ways'][0]['settings'])
        if len(values) >= SPREAD_SEEDS]
    return max(spreads, default=None)


def picture(results: list[dict[str, Any]]) -> str:
    """Return the plot of the first set of labels that each row was measured on."""
    points, seen = [], set()
    for result in results:
        first = result['ways'][0]
        scored = next(iter(first['runs'][0]['figures']))
        if result['row'] in seen:
            continue
        seen.add(result['row'])
        for way in result['ways'][1:]:
            each_frame = (way['tta'], way['members'], way['postprocess']) != (
                first['tta'], first['members'], first['postprocess'])
            costs = [_mean(one, scored, 'ms_per_frame') if each_frame else _cost(one)
                     for one in (way, first)]
            if min(costs) <= 0:
                continue   # not trained at all: no ratio
            points.append(Point(f'{result["row"]}: {way["name"]}', costs[0] / costs[1],
                                gain_of(results, result, way, scored).mean, each_frame))
    spreads = [spread_of(results, one['set'], next(iter(one['ways'][0]['runs'][0]['figures'])))
               for one in results[:1]]
    return plot(points, spreads[0] if spreads else None)


def _final_report(results: list[dict[str, Any]], cap: str, large: Sequence[str]) -> str:
    lines = [
        '## Final report', '',
        'The reports of the project that this one descends from, and this package, in the '
        'reports\' convention and in lane IoU (the one figure that says how much of the '
        'markings was met; the background alone lifts the other).', '',
        '| | miou_per_image | lane IoU |', '|---|---|---|',
        *(f'| reports, {name} | {value:.4f} | not stated |' for name, value in REPORTS),
        f'| reports, targets | {", ".join(f"{value:.2f}" for value in TARGETS)} | |', *large]
    seen = set()
    for result in results:
        if result['row'] not in ('ensemble', 'resolution', 'initial', 'split', 'labels'):
            continue
        for way in result['ways']:
            for scored in way['runs'][0]['figures']:
                figures = [_mean(way, scored, key) for key in (CONVENTION, 'lane_iou')]
                line = (f'{result["row"]}: {way["name"]}, scored on {result["set"]}, {scored} | '
                        f'{figures[0]:.4f} | {figures[1]:.4f} |')
                if line not in seen:
                    seen.add(line)
                    lines.append(f'| here, {line}')
    lines += [
        '', 'What differs:', '',
        '- The data are other frames with other labels. The reports\' own frames and labels '
        'are not at hand, so no row above was measured on them.',
        '- The split. The reports dealt random frames of the same drives to both parts, so '
        'near copies of the test lay in training. Here a block of time at the end is the test; '
        'the row on random frames says what the other way flatters by on this drive.',
        '- The labels. `labels` are lines drawn by hand about as wide as the tape far away; an '
        f'answer that covers the tape exactly loses against them{cap}. `careful` and the '
        'synthetic set say how good the answer is, `labels` how well it imitates the person who '
        'drew.',
        '- The networks. The reports trained DeepLabV3 on ResNet-101 for 50 and 100 epochs, from '
        'ImageNet weights; here a network of 1.3 million weights was fine-tuned for the steps in '
        'the tables, except where a row says DeepLabV3.', '']
    return '\n'.join(lines)

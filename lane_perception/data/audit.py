# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Look over a data set before training on it: what is there, what is wrong, what leaks."""

from __future__ import annotations

import re
from collections import Counter
from collections import defaultdict
from dataclasses import dataclass
from dataclasses import field
from itertools import combinations
from pathlib import Path
from typing import Any
from typing import Iterable
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.alignment import NOTEWORTHY
from lane_perception.data.alignment import Alignment
from lane_perception.data.contact_sheet import contact_sheet
from lane_perception.data.contact_sheet import labeled_tile
from lane_perception.data.image_files import MARKING
from lane_perception.data.image_files import write_image
from lane_perception.data.line_width import advice
from lane_perception.data.line_width import lines_of_one_width
from lane_perception.data.mask_values import MaskValues
from lane_perception.data.near_duplicates import ALIKE
from lane_perception.data.near_duplicates import nearest
from lane_perception.data.near_duplicates import perceptual_hash
from lane_perception.data.readers import read_dataset
from lane_perception.data.results_folder import REPORT
from lane_perception.data.results_folder import open_results
from lane_perception.data.samples import DataSet
from lane_perception.data.samples import LabeledImage
from lane_perception.data.samples import Shapes
from lane_perception.data.samples import load_sample
from lane_perception.data.splits import PARTS
from lane_perception.data.splits import Split
from lane_perception.data.splits import choose_split
from lane_perception.data.splits import write_split
from lane_perception.errors import UserError
from lane_perception.json_file import write_report
from lane_perception.machine import command_line
from lane_perception.machine import describe_machine
from lane_perception.progress import Progress

FULL = 0.5          # of the judged pixels: a mask with more markings is called full
DARK = 64           # of 255: a picture without a value from here on is called nearly black
MANY_LEVELS = 8     # a mask with more different values was blurred or saved as JPEG
SHEET = 'contact_sheet.jpg'
SHEET_TILES = 48    # pictures on the contact sheet
SHEET_COLUMNS = 6
SHOWN = 5           # names that a printed line lists
_FILE_OR_NUMBER = re.compile(r'\S*[/\d]\S*')
PART_COLORS = {'train': (120, 230, 120), 'val': (80, 200, 255), 'test': (255, 160, 120)}


@dataclass
class _Findings:
    """What looking at every picture gives."""

    sizes: Counter[str] = field(default_factory=Counter)
    shares: dict[str, float] = field(default_factory=dict)   # stem -> markings, of judged pixels
    broken: list[str] = field(default_factory=list)          # sentences
    dark: list[str] = field(default_factory=list)            # stems of nearly black pictures
    outside: dict[str, int] = field(default_factory=dict)    # stem -> points outside the picture
    empty: list[str] = field(default_factory=list)           # stems of masks of zeros alone
    many_levels: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)        # stems without a judged pixel
    unmarked: list[str] = field(default_factory=list)        # stems with values, but none 255
    values: MaskValues = field(default_factory=MaskValues)
    hashes: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    alignment: Alignment = field(default_factory=Alignment)


def audit_dataset(
    path: str | Path, out: str | Path, labels: str = '', classes: Sequence[str] = (),
    split: str = '',
) -> dict[str, Any]:
    """
    Audit a data set and leave report.json, split.json and contact_sheet.jpg in a folder.

    :param path: the data set's folder.
    :param out: folder for the results; made when missing.
    :param labels: as of :func:`lane_perception.data.readers.read_dataset`, classes too.
    :param split: as of :func:`lane_perception.data.splits.choose_split`.
    :returns: what report.json holds. ``failures`` lists, as sentences, what forbids training:
        near-duplicates across the split, no split at all, not one picture that can be used, or
        masks that show no marking.
    :raises UserError: when the data set cannot be read at all, or the folder for the results
        is none, as :func:`lane_perception.data.results_folder.open_results` says.
    """
    with open_results(Path(out), [Path(path).expanduser()], results=(REPORT, SHEET)):
        return _audit(read_dataset(path, labels, classes), Path(out), split)


def _audit(data: DataSet, out: Path, split: str) -> dict[str, Any]:
    failures = []
    try:
        parts = choose_split(data, split)
        write_split(parts, out / 'split.json')
    except UserError as error:
        parts = Split((), (), (), '')
        failures.append(f'there is no split: {error}')
    part_of = {stem: part for part in PARTS for stem in parts.part(part)}
    findings = _Findings()
    shown = set(np.linspace(0, len(data) - 1, min(len(data), SHEET_TILES)).round().astype(int))
    tiles = []
    with Progress('pictures looked at') as progress:
        for number, sample in enumerate(progress.each(data.samples, len(data))):
            try:
                image, mask = load_sample(sample)
            except UserError as error:
                findings.broken.append(str(error))
                continue
            _look(sample, image, mask, findings)
            if number in shown:
                part = part_of.get(sample.stem, 'left out')
                tiles.append(labeled_tile(image, mask, f'{part}: {sample.stem}',
                                          PART_COLORS.get(part, (160, 160, 160))))
    if tiles:
        write_image(out / SHEET, contact_sheet(tiles, SHEET_COLUMNS), quality=85)
    if findings.broken and not findings.hashes:
        failures.append(f'none of the {len(data)} labeled pictures can be used, such as: '
                        f'{findings.broken[0]}')
    if findings.values.fault():
        failures.append(findings.values.fault())
    across = _across(parts, findings.hashes)
    if across:
        first = across[0]
        failures.append(
            f'{len(across)} near-duplicates lie across the split, such as {first["a"]} '
            f'({first["part_a"]}) and {first["b"]} ({first["part_b"]}); put them on one side by '
            'split.json, or leave them out')
    report = {**_report(data, parts, findings, across, failures),
              'command': command_line('train'), 'machine': describe_machine()}
    write_report(out / REPORT, report)
    return report


def _look(
    sample: LabeledImage, image: NDArray[np.uint8], mask: NDArray[np.uint8], findings: _Findings,
) -> None:
    height, width = image.shape[:2]
    findings.sizes[f'{width}x{height}'] += 1
    if image.max() < DARK:
        findings.dark.append(sample.stem)
    levels = findings.values.add(mask)
    judged = int(levels[0] + levels[MARKING])
    if judged:
        findings.shares[sample.stem] = float(levels[MARKING] / judged)
    else:
        findings.unjudged.append(sample.stem)
    if levels[0] == mask.size:
        findings.empty.append(sample.stem)
    elif levels[MARKING] == 0:
        findings.unmarked.append(sample.stem)
    if np.count_nonzero(levels) > MANY_LEVELS:
        findings.many_levels.append(sample.stem)
    if isinstance(sample.label, Shapes):
        outside = sample.label.points_outside(height, width)
        if outside:
            findings.outside[sample.stem] = outside
    findings.hashes[sample.stem] = perceptual_hash(image)
    findings.alignment.add(image, mask)


def _across(split: Split, hashes: dict[str, NDArray[np.bool_]]) -> list[dict[str, Any]]:
    """Return each picture's most alike one in a part before its own, if a near-duplicate."""
    found = []
    for part_a, part_b in combinations(PARTS, 2):
        before, after = ([stem for stem in split.part(part) if stem in hashes]
                         for part in (part_a, part_b))
        if before and after:
            numbers, bits = nearest(np.array([hashes[stem] for stem in after]),
                                    np.array([hashes[stem] for stem in before]))
            found += [{'a': before[numbers[place]], 'part_a': part_a, 'b': after[place],
                       'part_b': part_b, 'bits': int(bits[place])}
                      for place in np.flatnonzero(bits <= ALIKE)]
    return sorted(found, key=lambda pair: (pair['bits'], pair['b']))


def _report(
    data: DataSet, split: Split, findings: _Findings, across: list[dict[str, Any]],
    failures: list[str],
) -> dict[str, Any]:
    shares = findings.shares
    hashes = np.array(list(findings.hashes.values()))
    twins = int((nearest(hashes)[1] <= ALIKE).sum()) if len(hashes) > 1 else 0
    values = sorted(shares.values())
    return {
        'data': str(data.path),
        'format': data.format,
        'labeled': len(data),
        'unlabeled': len(data.unlabeled),
        'unlabeled_images': [str(path.relative_to(data.path)) for path in data.unlabeled],
        'recordings': dict(Counter(sample.recording for sample in data.samples)),
        'sizes': dict(findings.sizes.most_common()),
        'split': {part: len(split.part(part)) for part in PARTS},
        'split_how': split.how,
        'split_doubt': split.doubt,
        'marking_share': {'min': values[0], 'median': values[len(values) // 2],
                          'max': values[-1]} if values else None,
        'dark_images': findings.dark,
        'empty_masks': findings.empty,
        'full_masks': [stem for stem, share in shares.items() if share > FULL],
        'unjudged_masks': findings.unjudged,
        'masks_without_marking': findings.unmarked,
        'masks_of_many_levels': findings.many_levels,
        'points_outside': findings.outside,
        'label_shift_px': findings.alignment.shift(),   # right, down; None: cannot be told
        'lines_of_one_width_px': lines_of_one_width(data.samples),   # None: they cover the tape
        'broken': findings.broken,
        'problems': list(data.problems),
        'near_duplicate_bits': ALIKE,
        'near_duplicates_across': across,
        'images_with_near_duplicates': twins,
        'failures': failures,
    }


def describe(report: dict[str, Any]) -> str:
    """Return an audit's report as lines for people; what is no UTF-8 in names is escaped."""
    sizes = ', '.join(f'{size} ({count})' for size, count in report['sizes'].items())
    split = ', '.join(f'{part} {count}' for part, count in report['split'].items())
    lines = [
        f'{report["data"]}: {report["format"]}',
        f'{report["labeled"]} labeled pictures, {report["unlabeled"]} without a label, '
        f'{len(report["recordings"])} recording(s); sizes {sizes or "none"}',
        f'split {report["split_how"] or "none"}: {split}',
    ]
    if report['split_doubt']:
        lines.append(report['split_doubt'])
    share = report['marking_share']
    if share:
        lines.append(f'markings cover {share["median"]:.1%} of a picture in the median '
                     f'({share["min"]:.1%} to {share["max"]:.1%})')
    for key, what in (
            ('dark_images', f'pictures are nearly black, without a value above {DARK - 1} of 255 '
                            '(of 16 bits the upper 8 are read: spread 10, 12 or 14 to all 16)'),
            ('empty_masks', 'masks are empty'),
            ('full_masks', f'masks are more than {FULL:.0%} marking'),
            ('unjudged_masks', 'masks have no pixel that is judged (0 or 255)'),
            ('masks_without_marking', 'masks have values between 0 and 255, but none 255'),
            ('masks_of_many_levels', 'masks have many gray levels: saved as JPEG, or scaled '
                                     'smoothly? only 0 and 255 are judged'),
            ('points_outside', 'labels have points outside their picture'),
            ('unlabeled_images', 'pictures have no label')):
        if report[key]:
            lines.append(f'{len(report[key])} {what}: {_names(report[key])}')
    for key, what in (('broken', 'pictures or labels are broken'),
                      ('problems', 'entries of labels cannot be used')):
        if report[key]:
            lines.append(f'{len(report[key])} {what}: {_names(_summed_up(report[key]))}')
    shift = report['label_shift_px']
    if shift and max(map(abs, shift)) >= NOTEWORTHY:
        lines.append(f'labels lie {_way(shift[0], "right", "left")} and '
                     f'{_way(shift[1], "below", "above")} of the markings that the pictures show, '
                     'over the whole set')
    if report['lines_of_one_width_px']:
        lines.append(advice(report['lines_of_one_width_px']))
    if report['images_with_near_duplicates']:
        lines.append(f'{report["images_with_near_duplicates"]} pictures have a near-duplicate')
    lines += [f'FAILED: {failure}' for failure in report['failures']]
    return '\n'.join(lines).encode('utf-8', 'backslashreplace').decode('utf-8')


def _way(pixels: float, positive: str, negative: str) -> str:
    return f'{abs(pixels):.1f} px {positive if pixels >= 0 else negative}'


def _summed_up(sentences: Iterable[str]) -> list[str]:
    """Return the first of sentences that differ in files and numbers alone, and how many more."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for sentence in sentences:
        kinds[_FILE_OR_NUMBER.sub('', sentence)].append(sentence)
    return [first + (f' (and {len(others)} more like it)' if others else '')
            for first, *others in kinds.values()]


def _names(names: Iterable[str]) -> str:
    names = list(names)
    more = f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''
    return ', '.join(names[:SHOWN]) + more

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read the line formats of the lane benchmarks TuSimple and CULane."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Sequence

from lane_perception.data.readers.json_files import Labels
from lane_perception.data.readers.json_files import Pictures
from lane_perception.data.readers.json_files import member
from lane_perception.data.readers.json_files import read_points
from lane_perception.data.samples import DataSet
from lane_perception.data.samples import LabeledImage
from lane_perception.data.samples import Shape
from lane_perception.data.samples import Shapes
from lane_perception.data.samples import with_recordings
from lane_perception.errors import UserError

CULANE_SUFFIX = '.lines.txt'


def read_tusimple(path: Path, files: Sequence[Path], strict: bool = False) -> DataSet:
    """
    Read TuSimple's JSON lines: "lanes" (u of each line), "h_samples" (their v), "raw_file".

    A negative u means that the line is absent on that row. Lines are drawn as wide as LINE_WIDTH
    of the picture's width.

    :param path: the data set's folder, below which raw_file lies.
    :param files: label files in it.
    :param strict: a line that cannot be used is an error, not one of the result's problems.
    :raises UserError: when nothing can be used.
    """
    pictures = Pictures(path)
    problems: list[str] = []
    labels = Labels(pictures, problems)
    for file in files:
        try:
            lines = _lines(file)
        except UserError as error:
            problems.append(str(error))
            continue
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            where = f'{file}, line {number},'
            try:
                name, shapes = _tusimple_label(text)
            except ValueError as error:
                problems.append(f'{where} is not a TuSimple label: {error}')
                continue
            picture = pictures.find(name, file.parent, exact=True)
            if picture is None:
                problems.append(f'{where} names {pictures.missing(name, file.parent)}')
                continue
            labels.add(picture, Shapes(file, shapes), where)
    data = _data_set(path, 'TuSimple lines', pictures, labels.samples, problems, files, strict)
    return replace(data, samples=tuple(_in_clip(sample) for sample in data.samples))


def _tusimple_label(text: str) -> tuple[str, tuple[Shape, ...]]:
    """
    Return the picture's name and the lines that a line of a file says.

    :raises ValueError: when it is broken.
    """
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError('it is not JSON') from error
    name, lanes, rows = (member(entry, key) for key in ('raw_file', 'lanes', 'h_samples'))
    if not isinstance(lanes, list) or not all(isinstance(one, list) for one in (rows, *lanes)):
        raise ValueError('its "lanes" or "h_samples" are no lists')
    shapes = []
    for lane in lanes:
        if len(lane) != len(rows):
            raise ValueError(f'a lane has {len(lane)} columns for the {len(rows)} rows in '
                             '"h_samples"')
        # Columns and rows are numbers of pixels, whose centers lie half a pixel further.
        points = tuple((u + 0.5, v + 0.5) for u, v in read_points(zip(lane, rows)) if u >= 0)
        if len(points) > 1:
            shapes.append(Shape('line', points, name='lane'))
    return str(name), tuple(shapes)


def _in_clip(sample: LabeledImage) -> LabeledImage:
    """Return a sample whose time is its clip's number, as in clips/DRIVE/NUMBER/20."""
    *folders, clip, _ = ('', '', *sample.stem.split('/'))
    if not clip.isdecimal():
        return sample
    return replace(sample, recording='/'.join(folders).strip('/'), time=float(int(clip)))


def read_culane(path: Path, files: Sequence[Path], strict: bool = False) -> DataSet:
    """
    Read CULane's line files: beside picture NAME a NAME.lines.txt, each line "u v u v ...".

    Lines are drawn as wide as LINE_WIDTH of the picture's width; CULane's own are 16 pixels in
    pictures 1640 wide.

    :param path: the data set's folder.
    :param files: .lines.txt files in it.
    :param strict: a file that cannot be used is an error, not one of the result's problems.
    :raises UserError: when nothing can be used.
    """
    pictures = Pictures(path)
    problems: list[str] = []
    labels = Labels(pictures, problems)
    for file in files:
        name = file.name[:-len(CULANE_SUFFIX)]
        picture = pictures.beside(name, file.parent)
        if picture is None:
            problems.append(f'{file} has no picture {name}.jpg or of another format')
            continue
        try:
            shapes = tuple(_culane_shape(line) for line in _lines(file) if line.strip())
        except (ValueError, UserError) as error:
            problems.append(f'{file} is not a CULane label: {error}')
            continue
        labels.add(picture, Shapes(file, shapes), file)
    return _data_set(path, 'CULane lines', pictures, labels.samples, problems, files, strict)


def _culane_shape(line: str) -> Shape:
    values = line.split()
    if len(values) % 2 or len(values) < 4:
        raise ValueError(f'a line of {len(values)} numbers, which is not two points or more')
    points = read_points(zip(values[::2], values[1::2]))
    return Shape('line', tuple((u + 0.5, v + 0.5) for u, v in points), name='lane')


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding='utf-8-sig').splitlines()
    except (UnicodeDecodeError, OSError) as error:
        raise UserError(f'{file} cannot be read as text') from error


def _data_set(
    path: Path, kind: str, pictures: Pictures, samples: dict[str, LabeledImage],
    problems: list[str], files: Sequence[Path], strict: bool,
) -> DataSet:
    if strict and problems:
        raise UserError(problems[0])
    if not samples:
        raise UserError(f'{files[0]} holds {kind}, but none of a picture in {path}'
                        + (f': {problems[0]}' if problems else ''))
    labeled = {sample.image_path for sample in samples.values()}
    count = sum(len(sample.label.shapes) for sample in samples.values())
    return DataSet(
        path, f'{kind} ({count} of them)', with_recordings(samples.values()),
        tuple(picture for picture in pictures.files if picture not in labeled), tuple(problems))

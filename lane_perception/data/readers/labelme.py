# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read labelme's JSON files: polygons, and lines with a width."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from pathlib import Path
from typing import Any
from typing import Sequence

import cv2
import numpy as np

from lane_perception.data.readers.class_choice import ClassChoice
from lane_perception.data.readers.class_choice import is_judged
from lane_perception.data.readers.json_files import FARTHEST
from lane_perception.data.readers.json_files import Labels
from lane_perception.data.readers.json_files import Pictures
from lane_perception.data.readers.json_files import member
from lane_perception.data.readers.json_files import read_points
from lane_perception.data.readers.json_files import said_size
from lane_perception.data.samples import LINE_WIDTH
from lane_perception.data.samples import DataSet
from lane_perception.data.samples import Shape
from lane_perception.data.samples import Shapes
from lane_perception.data.samples import with_recordings
from lane_perception.errors import UserError
from lane_perception.json_file import load_json

_WIDTH = re.compile(r'width\s*[=:]\s*(\d+(?:\.\d+)?)', re.IGNORECASE)
_CIRCLE_CORNERS = 48
_LINES = ('line', 'linestrip', 'polyline')
_POLYGONS = ('polygon', 'quadrilateral', 'oriented_rectangle', 'rotation')


def read_labelme(
    path: Path, files: Sequence[Path], classes: Sequence[str] = (), strict: bool = False,
) -> DataSet:
    """
    Read labelme files, one for each picture.

    Polygons, rectangles, turned ones too, circles and masks are areas; lines and linestrips are
    drawn as wide as the shape says by a number under the key "width" or by "width=12" in its
    description, in pixels, otherwise as LINE_WIDTH of the picture's width. A shape labeled
    "ignore" (or the like) marks what is not judged. A file without shapes is an empty mask.
    Points, and lines and polygons of a single one, are strays that mark nothing; a picture with
    any other shape that cannot be drawn is left out.

    :param path: the data set's folder.
    :param files: JSON files in it.
    :param classes: labels that are markings; none: all.
    :param strict: what cannot be used is an error, not one of the result's problems.
    :raises UserError: when nothing can be used.
    """
    pictures = Pictures(path)
    choice = ClassChoice(classes)
    problems: list[str] = []
    labels = Labels(pictures, problems)
    for file in files:
        try:
            content = load_json(file)
            label = _label(file, content, choice, problems)
        except UserError as error:
            problems.append(str(error))
            continue
        name = str(content.get('imagePath') or file.stem)
        picture = pictures.find(name, file.parent) or pictures.find(file.stem, file.parent)
        if picture is None:
            problems.append(f'{file} is of {pictures.missing(name, file.parent)}')
            continue
        beside = pictures.beside(file.stem, file.parent)
        if (beside is not None and beside.parent == file.parent
                and pictures.stem(beside) != pictures.stem(picture)):
            problems.append(f'{file} counts for {picture}, which its imagePath names, not for '
                            f'{beside.name} beside it')
        labels.add(picture, label, file)
    if strict and problems:
        raise UserError(problems[0])
    if not labels.samples:
        raise UserError(f'{files[0].parent} holds labelme files, but none of a picture in {path}'
                        + (f': {problems[0]}' if problems else ''))
    choice.check()
    labeled = {sample.image_path for sample in labels.samples.values()}
    return DataSet(
        path, f'labelme ({choice.describe()})',
        with_recordings(labels.samples.values()),
        tuple(picture for picture in pictures.files if picture not in labeled), tuple(problems))


def _label(
    file: Path, content: Any, choice: ClassChoice, problems: list[str],
) -> Shapes:
    if not isinstance(content, dict) or not isinstance(content.get('shapes'), list):
        raise UserError(f'{file} is not a labelme file: it has no list of shapes')
    try:
        size = said_size(content.get('imageHeight'), content.get('imageWidth'))
    except ValueError as error:
        raise UserError(f'{file} is broken: {error}') from error
    shapes = []
    for number, raw in enumerate(content['shapes']):
        try:
            name = str(member(raw, 'label'))
            if choice.leaves_out(name):
                continue
            points = read_points(member(raw, 'points'))
            shape, problem = _shape(raw, points, name, is_judged(name), size)
        except ValueError as error:
            raise UserError(f'{file}: shape {number} is broken, and its picture is left out: '
                            f'{error}') from error
        if problem:
            problems.append(f'{file}: shape {number} ("{name}") {problem}')
        if shape is not None:
            shapes.append(shape)
    choice.count(shapes)
    return Shapes(file, tuple(shapes), size)


def _shape(
    raw: dict, points: tuple, name: str, judged: bool, size: tuple[int, int] | None,
) -> tuple[Shape | None, str]:
    """
    Return the shape, or None where it marks nothing, and what is wrong with it, or ''.

    :raises ValueError: when it is a marking that cannot be told.
    """
    kind = raw.get('shape_type') or 'polygon'
    if kind in ('point', 'points'):
        return None, f'is a {kind}, which is no marking'
    if kind in (*_LINES, *_POLYGONS) and len(points) < 2:
        return None, f'is a {kind} with fewer than two points'
    if kind in _LINES:
        width, problem = _width(raw)
        return Shape('line', points, width, judged, name=name), problem
    if kind in _POLYGONS and len(points) > 2:
        return Shape('polygon', points, judged=judged, name=name), ''
    if kind == 'rectangle' and len(points) in (2, 4):
        if len(points) == 2:
            (left, top), (right, bottom) = points
            points = ((left, top), (right, top), (right, bottom), (left, bottom))
        return Shape('polygon', points, judged=judged, name=name), ''
    if kind == 'circle' and len(points) == 2:
        (u, v), edge = points
        radius = math.dist((u, v), edge)
        turns = np.linspace(0, 2 * np.pi, _CIRCLE_CORNERS, endpoint=False)
        circle = tuple((u + radius * math.cos(turn), v + radius * math.sin(turn))
                       for turn in turns)
        return Shape('polygon', circle, judged=judged, name=name), ''
    if kind == 'mask':
        return Shape('rle', rle=_mask_rle(raw, points, size), judged=judged, name=name), ''
    raise ValueError(f'it is a {kind} of {len(points)} points, which is not read')


def _width(raw: dict) -> tuple[float, str]:
    """
    Return the width that a line's shape says, pixels, 0 when it says none; and what is wrong.

    :raises ValueError: when it is negative, not finite or beyond any picture.
    """
    match = _WIDTH.search(str(raw.get('description') or ''))
    said = raw.get('width')
    if said is None and match:
        said = match.group(1)
    try:
        width = float(said or 0)
    except OverflowError:
        width = math.inf
    except (TypeError, ValueError):
        width = 0.0
    if not 0 <= width <= FARTHEST:
        raise ValueError('its width is negative, not finite or too large')
    if width or said is None:
        return width, ''
    return 0.0, (f'says the width {json.dumps(said)}, and is drawn {LINE_WIDTH:.0%} of the '
                 'picture wide')


def _mask_rle(raw: dict, points: tuple, size: tuple[int, int] | None) -> dict:
    """
    Return labelme's mask (a PNG at its place in the picture) as COCO's run lengths.

    :raises ValueError: when it cannot be decoded or does not lie in the picture.
    """
    try:
        data = base64.b64decode(raw['mask'], validate=True)
        patch = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        left, top = (round(value) for value in points[0])
    except (KeyError, TypeError, ValueError, IndexError, binascii.Error, cv2.error) as error:
        raise ValueError('it is a mask that cannot be decoded') from error
    if patch is None or size is None:
        raise ValueError('it is a mask that cannot be decoded')
    height, width = size
    if (min(left, top) < 0 or left + patch.shape[1] > width or top + patch.shape[0] > height
            or max(size) > FARTHEST):
        raise ValueError('it is a mask that does not lie in the picture')
    # The picture may be said to be huge: only the patch is held in memory, and the places in the
    # whole picture, counted down its columns, at which marking begins or ends.
    columns = np.pad((patch != 0).T.astype(np.int8), ((0, 0), (1, 1)))
    column, row = np.nonzero(np.diff(columns, axis=1))
    edges = (left + column) * height + top + row
    return {'size': [height, width],
            'counts': np.diff(edges, prepend=0, append=height * width).tolist()}

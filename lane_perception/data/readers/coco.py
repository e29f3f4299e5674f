# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read COCO files with polygons or run-length masks, as exported by Roboflow and CVAT."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any
from typing import Sequence

from lane_perception.data.readers.class_choice import ClassChoice
from lane_perception.data.readers.class_choice import is_judged
from lane_perception.data.readers.json_files import Labels
from lane_perception.data.readers.json_files import Pictures
from lane_perception.data.readers.json_files import member
from lane_perception.data.readers.json_files import read_points
from lane_perception.data.readers.json_files import said_size
from lane_perception.data.samples import DataSet
from lane_perception.data.samples import Shape
from lane_perception.data.samples import Shapes
from lane_perception.data.samples import with_recordings
from lane_perception.errors import UserError
from lane_perception.json_file import load_json


def read_coco(
    path: Path, files: Sequence[Path], classes: Sequence[str] = (), strict: bool = False,
) -> DataSet:
    """
    Read COCO annotation files.

    Every class is a marking, but one called "ignore" (or the like) marks what is not judged.
    A picture without an annotation has an empty mask; one with a broken annotation is left out,
    and so are pictures that have the same id.

    :param path: the data set's folder.
    :param files: annotation files in it.
    :param classes: names of the classes that are markings; none: all.
    :param strict: what cannot be used is an error, not one of the result's problems.
    :raises UserError: when nothing can be used.
    """
    pictures = Pictures(path)
    choice = ClassChoice(classes)
    problems: list[str] = []
    labels = Labels(pictures, problems)
    for file in files:
        try:
            found = _labels(file, choice, problems)
        except UserError as error:
            problems.append(str(error))
            continue
        for name, label in found:
            picture = pictures.find(name, file.parent)
            if picture is None:
                problems.append(f'{file} names {pictures.missing(name, file.parent)}')
                continue
            labels.add(picture, label, file)
    if strict and problems:
        raise UserError(problems[0])
    if not labels.samples:
        raise UserError(f'{files[0]} is a COCO file, but labels no picture in {path}'
                        + (f': {problems[0]}' if problems else ''))
    choice.check()
    if not choice.drawn:
        raise UserError(f'{files[0]} is a COCO file without one polygon or mask; export it as '
                        'segmentation, not as boxes' + (f' ({problems[0]})' if problems else ''))
    labeled = {sample.image_path for sample in labels.samples.values()}
    return DataSet(
        path, f'COCO ({choice.describe()})',
        with_recordings(labels.samples.values()),
        tuple(picture for picture in pictures.files if picture not in labeled),
        tuple(problems))


def _labels(
    file: Path, choice: ClassChoice, problems: list[str],
) -> list[tuple[str, Shapes]]:
    """Return (picture's name, label) for each picture of a file."""
    content = load_json(file)
    try:
        names = _class_names(file, content)
        images: dict[str, list[dict[str, Any]]] = defaultdict(list)   # by their ids
        for image in content['images']:
            images[_id(member(image, 'id', 'an image'))].append(image)
        shapes: dict[str, list[Shape]] = defaultdict(list)
        broken: dict[str, str] = {}    # picture's id -> what is wrong with it
        for number, annotation in enumerate(content['annotations']):
            picture = _id(member(annotation, 'image_id', f'annotation {number}'))
            name = names.get(_id(annotation.get('category_id')), '')
            if choice.leaves_out(name):
                continue
            if picture not in images:
                problems.append(f'{file}: annotation {number} is of picture {picture}, which the '
                                'file does not list')
                continue
            try:
                drawn, problem = _shapes(annotation, name, is_judged(name))
            except ValueError as error:
                broken[picture] = f'annotation {number} {error}'
                continue
            if problem:
                problems.append(f'{file}: annotation {number} {problem}')
            shapes[picture] += drawn
        labels = []
        for picture, (image, *others) in images.items():
            if others:
                shared = ' and '.join(map(_file_name, (image, *others)))
                problems.append(f'{file}: {shared} are left out: they have the same id, {picture}')
                continue
            try:
                size = said_size(image.get('height'), image.get('width'))
            except ValueError as error:
                broken[picture] = str(error)
            if picture in broken:
                problems.append(f'{file}: {_file_name(image)} is left out: {broken[picture]}')
                continue
            labels.append((_file_name(image), Shapes(file, tuple(shapes[picture]), size)))
    except ValueError as error:
        raise UserError(f'{file} is not a whole COCO file: {error}') from error
    for _, label in labels:
        choice.count(label.shapes)
    return labels


def _id(value: Any) -> str:
    """Return an id by which 1, 1.0 and "1" are the same."""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _file_name(image: dict[str, Any]) -> str:
    return str(member(image, 'file_name', 'an image'))


def _class_names(file: Path, content: dict[str, Any]) -> dict[str, str]:
    """
    Return the names of a file's classes by their ids.

    :raises UserError: when two classes have the same id.
    :raises ValueError: when they are broken.
    """
    names: dict[str, str] = {}
    categories = content.get('categories') or []
    if not isinstance(categories, list):
        raise ValueError('its "categories" are no list')
    for one in categories:
        number = _id(member(one, 'id', 'a category'))
        name = str(member(one, 'name', 'a category'))
        if names.setdefault(number, name) != name:
            raise UserError(f'{file} has two classes of the same id, {number}: '
                            f'"{names[number]}" and "{name}"')
    return names


def _shapes(annotation: dict[str, Any], name: str, judged: bool) -> tuple[list[Shape], str]:
    """
    Return the shapes of an annotation, and what in it marks no area.

    :raises ValueError: when it is broken, so that the area cannot be told.
    """
    segmentation = annotation.get('segmentation')
    if isinstance(segmentation, dict):
        if not {'size', 'counts'} <= set(segmentation):
            raise ValueError('has a run-length mask without size or counts')
        return [Shape('rle', rle=segmentation, judged=judged, name=name)], ''
    if not segmentation and annotation.get('bbox'):
        raise ValueError('has a box alone; export it as segmentation, not as boxes')
    if not segmentation:
        return [], 'has no polygon and no mask'
    if not isinstance(segmentation, list):
        raise ValueError('has a segmentation that is neither polygons nor a mask')
    drawn, problem = [], ''
    for polygon in segmentation:
        if not isinstance(polygon, list) or len(polygon) % 2:
            raise ValueError('has a polygon that is no list of pairs')
        try:
            points = read_points(zip(polygon[::2], polygon[1::2]))
        except ValueError as error:
            raise ValueError('has a coordinate that is no number of pixels') from error
        if len(points) < 3:
            problem = 'has a polygon with fewer than three points'
            continue
        drawn.append(Shape('polygon', points, judged=judged, name=name))
    return drawn, problem

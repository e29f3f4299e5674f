# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Find label files, tell their formats apart, and find the pictures that they name."""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from pathlib import Path
from typing import Any
from typing import Iterable

from lane_perception.data.image_files import IMAGE_SUFFIXES
from lane_perception.data.image_files import JPEG_SUFFIXES
from lane_perception.data.image_files import composed
from lane_perception.data.image_files import find_files
from lane_perception.data.image_files import find_images
from lane_perception.data.samples import LabeledImage
from lane_perception.data.samples import Shapes
from lane_perception.errors import UserError
from lane_perception.json_file import load_json

NOT_LABELS = ('split.json', 'report.json', 'run.json', 'package.json')
FARTHEST = 1e9      # pixels: no picture is so large, and squares of it are still exact enough
_ALL_OF = 8         # JSON files in a folder are all looked into up to this number, else the first


def read_points(pairs: Iterable[Any]) -> tuple[tuple[float, float], ...]:
    """
    Return a label's points, (u, v) pixels.

    :raises ValueError: when they are no pairs, or not finite numbers, or beyond any picture.
    """
    try:
        points = tuple((float(u), float(v)) for u, v in pairs)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError('a point is no pair of numbers') from error
    # Python's JSON reads NaN and Infinity too.
    if not all(math.isfinite(value) and abs(value) <= FARTHEST
               for point in points for value in point):
        raise ValueError('a coordinate is not finite or too large')
    return points


def member(entry: Any, name: str, what: str = 'it') -> Any:
    """
    Return a member of a JSON object.

    :param what: the object is, for the sentence.
    :raises ValueError: when it is no object or has no such member.
    """
    if not isinstance(entry, dict):
        raise ValueError(f'{what} is no JSON object')
    if name not in entry:
        raise ValueError(f'{what} has no "{name}"')
    return entry[name]


def said_size(height: Any, width: Any) -> tuple[int, int] | None:
    """
    Return the (height, width), pixels, that a label says its picture has; None for none.

    :raises ValueError: when one of the two is no number.
    """
    if not height or not width:
        return None
    try:
        return int(height), int(width)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("the picture's height or width is no number") from error


def label_files(place: Path) -> dict[str, list[Path]]:
    """
    Return the label files at a place by format: coco, labelme, tusimple, culane, broken.

    :param place: a file, or a folder that is searched with all its inner folders.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for file in [place] if place.is_file() else find_files(place):
        if file.name.endswith('.lines.txt'):
            found['culane'].append(file)
        elif file.suffix.lower() in ('.json', '.jsonl') and file.name not in NOT_LABELS:
            by_folder[file.parent].append(file)
    for group in by_folder.values():
        kinds = [_kind(file) for file in group[:_ALL_OF]]
        # Thousands of files side by side are one file a picture.
        kinds += ['labelme' if 'labelme' in kinds else _kind(file) for file in group[_ALL_OF:]]
        for kind, file in zip(kinds, group):
            if kind:
                found[kind].append(file)
    return dict(found)


def _kind(file: Path) -> str:
    """Return the format of a JSON file; '' when it is JSON but no label."""
    try:
        value = load_json(file)
    except UserError:
        # JSON lines are not JSON as a whole, but each line is.
        value = _first_line(file)
        if value is None:
            return 'broken'
    if not isinstance(value, dict):
        return ''
    if isinstance(value.get('images'), list) and isinstance(value.get('annotations'), list):
        return 'coco'
    if 'shapes' in value:
        return 'labelme'
    if 'lanes' in value and 'h_samples' in value and 'raw_file' in value:
        return 'tusimple'
    return ''


def _first_line(file: Path) -> Any:
    try:
        with open(file, encoding='utf-8-sig') as stream:
            return json.loads(stream.readline())
    except (ValueError, RecursionError, OSError):
        return None


class Labels:
    """The labels of pictures; the first one of each counts."""

    def __init__(self, pictures: Pictures, problems: list[str]) -> None:
        """Begin without one; problems gets a sentence for each that does not count."""
        self.samples: dict[str, LabeledImage] = {}
        self._pictures = pictures
        self._problems = problems

    def add(self, picture: Path, label: Shapes, where: str | Path) -> None:
        """Add a picture's label; where it was read is for the sentence."""
        stem = self._pictures.stem(picture)
        if stem in self.samples:
            self._problems.append(f'{where} labels {stem} again; the first label counts')
            return
        self.samples[stem] = LabeledImage(stem, picture, label)


class Pictures:
    """The pictures of a data set, found by what label files call them."""

    def __init__(self, path: Path) -> None:
        """List the pictures in a folder's images/ or, if it has none, below the folder."""
        self.path = path
        self.files = find_images(path / 'images') or [
            file for file in find_images(path) if 'masks' not in file.relative_to(path).parts[:-1]]
        self._by_path = {composed(str(file)): file for file in self.files}
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for file in self.files:
            self._by_name[composed(file.name)].append(file)
            self._by_stem[composed(file.stem)].append(file)

    def find(self, name: str, near: Path, exact: bool = False) -> Path | None:
        """
        Return the picture of that name, or None.

        :param name: as the label file has it: a path from any machine.
        :param near: the label file's folder, where it is looked for first.
        :param exact: the path must fit; otherwise a picture elsewhere is taken too, if it is the
            only one of that name in the nearest folder above the label file that has any.
        """
        for place in self._places(name, near):
            picture = self._by_path.get(composed(os.path.normpath(place)))
            if picture is not None:
                return picture
        if exact:
            return None
        last = composed(name.replace('\\', '/').split('/')[-1])
        # The label may name another suffix than the picture was converted to.
        same = self._by_name.get(last) or self._by_stem.get(Path(last).stem, [])
        for folder in (near, *near.parents):
            inside = [file for file in same if folder in file.parents]
            if inside:
                same = inside
                break
        return same[0] if len(same) == 1 else None

    def missing(self, name: str, near: Path) -> str:
        """Return the end of a sentence on a name that :meth:`find` does not find."""
        if any(place.is_file() and place.suffix.lower() not in IMAGE_SUFFIXES
               for place in self._places(name, near)):
            return f'{name}, which is of no format that is read ({", ".join(IMAGE_SUFFIXES)})'
        return f'{name}, which is not in {self.path}'

    def _places(self, name: str, near: Path) -> list[Path]:
        relative = name.replace('\\', '/').lstrip('/')
        return [folder / relative
                for folder in (near, near / 'images', self.path, self.path / 'images')]

    def beside(self, stem: str, near: Path) -> Path | None:
        """Return the picture of that name, whatever its suffix, where an exact find looks."""
        for folder in (near, near / 'images', self.path, self.path / 'images'):
            same = [file for file in self._by_stem.get(composed(stem), [])
                    if file.parent == folder]
            if same:
                return min(same, key=lambda file: file.suffix.lower() not in JPEG_SUFFIXES)
        return None

    def stem(self, file: Path) -> str:
        """Return a picture's name in split files."""
        images = self.path / 'images'
        root = images if images in file.parents else self.path
        return composed(file.relative_to(root).with_suffix('').as_posix())

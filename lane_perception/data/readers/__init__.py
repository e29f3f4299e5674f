# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read labeled pictures, whatever program labeled them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Sequence

from lane_perception.data.image_files import find_files
from lane_perception.data.image_files import find_images
from lane_perception.data.readers.coco import read_coco
from lane_perception.data.readers.json_files import label_files
from lane_perception.data.readers.labelme import read_labelme
from lane_perception.data.readers.lane_lines import read_culane
from lane_perception.data.readers.lane_lines import read_tusimple
from lane_perception.data.readers.mask_folder import find_drives
from lane_perception.data.readers.mask_folder import read_drives
from lane_perception.data.readers.mask_folder import read_mask_folder
from lane_perception.data.recording_places import STORAGE_SUFFIXES
from lane_perception.data.recording_places import storage_suffix
from lane_perception.data.samples import DataSet
from lane_perception.errors import UserError
from lane_perception.json_file import load_json

__all__ = ['read_dataset']

FORMATS = ('images/ with masks/ (PNG, same names), COCO polygons or run-length masks, labelme '
           'JSON, TuSimple JSON lines, CULane .lines.txt')
_RECORDING = ('{} is a recording, not a folder of labeled pictures; a recording is scored by '
              'replay, and extract_frames takes pictures from it to label')


def read_dataset(
    path: str | Path, labels: str | Path = '', classes: Sequence[str] = (), strict: bool = False,
) -> DataSet:
    """
    Find out how a folder is labeled and list its samples; no picture is opened yet.

    :param path: the data set's folder. A folder masks/ in it counts before any other label, those
        in folders in it after all others.
    :param labels: where its labels are, when there are several kinds: a folder or file, in the
        data set's folder or anywhere.
    :param classes: names of the classes that are markings, in COCO and labelme; none: all. Other
        labels have none.
    :param strict: a label file that cannot be used is an error, not one of the result's problems.
    :raises UserError: when there is nothing that a reader knows, several kinds of labels, or a
        class is named that no label has.
    """
    path = Path(path).expanduser()
    if path.is_file() and storage_suffix(path) in STORAGE_SUFFIXES:
        raise UserError(_RECORDING.format(path))
    if not path.is_dir():
        raise UserError(f'there is no folder {path}')
    place = path / Path(labels).expanduser() if labels else path
    if not place.exists():
        raise UserError(f'there are no labels at {place}')
    masks = place if labels else path / 'masks'
    if masks.is_dir() and find_images(masks) and not (labels and _has_files(label_files(masks))):
        _no_classes(classes, f'the masks in {masks}')
        return read_mask_folder(path, masks, strict)
    files = label_files(place)
    broken = tuple(_fault(file) for file in files.pop('broken', []))
    if len(files) > 1:
        kinds = '; '.join(f'{kind}: {found[0].relative_to(place)}'
                          for kind, found in sorted(files.items()))
        raise UserError(f'{place} holds labels of several kinds ({kinds}); say which file or '
                        'folder by labels=')
    drives = [] if files or labels else find_drives(path)
    if not files and not drives:
        raise UserError(_nothing_found(path, place, broken))
    if strict and broken:
        raise UserError(broken[0])
    kind, found = next(iter(files.items()), ('masks', drives))
    if kind == 'masks':
        _no_classes(classes, f'the masks in {drives[0]} and beside it')
        data = read_drives(path, drives, strict)
    elif kind == 'coco':
        data = read_coco(path, found, classes, strict)
    elif kind == 'labelme':
        data = read_labelme(path, found, classes, strict)
    else:
        _no_classes(classes, f'the lines in {place}')
        data = (read_tusimple if kind == 'tusimple' else read_culane)(path, found, strict)
    return replace(data, problems=broken + data.problems)


def _no_classes(classes: Sequence[str], labels: str) -> None:
    if classes:
        raise UserError(f'classes can be chosen among those of COCO and labelme; {labels} have '
                        f'none, such as {classes[0]}')


def _fault(file: Path) -> str:
    """Return a sentence why a file is not JSON."""
    try:
        load_json(file)
    except UserError as error:
        return str(error)
    return f'{file} was being written'   # it is whole by now


def _has_files(files: dict[str, list[Path]]) -> bool:
    return bool(set(files) - {'broken'})


def _nothing_found(path: Path, place: Path, broken: tuple[str, ...]) -> str:
    if broken:
        return broken[0]
    if path.name == 'images' and (path.parent / 'masks').is_dir():
        return f'{path} holds only the pictures; name the folder above it, {path.parent}'
    count = len(find_images(path))
    if not count and any(storage_suffix(file) in STORAGE_SUFFIXES for file in find_files(path)):
        return _RECORDING.format(path)
    return (f'{place} holds no labels that can be read ({count} pictures below {path}); known '
            f'are {FORMATS}')

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read a folder of pictures and a folder of PNG masks with the same names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Iterable
from typing import Sequence

from lane_perception.data.image_files import JPEG_SUFFIXES
from lane_perception.data.image_files import composed
from lane_perception.data.image_files import find_images
from lane_perception.data.image_files import picture_stems
from lane_perception.data.samples import DataSet
from lane_perception.data.samples import LabeledImage
from lane_perception.data.samples import MaskFile
from lane_perception.data.samples import with_recordings
from lane_perception.errors import UserError


def read_mask_folder(path: Path, masks: Path, strict: bool = False) -> DataSet:
    """
    Pair pictures and masks by their stems.

    :param path: the data set's folder; pictures lie in its images/, or in itself.
    :param masks: the folder of masks; its inner folders mirror those of the pictures.
    :param strict: a mask without a picture, or two files that could be a picture or its mask, are
        an error, not a problem to list.
    :raises UserError: when nothing pairs up.
    """
    root = path / 'images' if (path / 'images').is_dir() else path
    problems: list[str] = []
    pictures = _single(((stem, file) for stem, file in picture_stems(root)
                        if masks not in file.parents), problems)
    labels = _single(((stem, file) for stem, file in picture_stems(masks)
                      if file.suffix.lower() not in JPEG_SUFFIXES), problems)
    if strict and problems:
        raise UserError(problems[0])
    samples = with_recordings(LabeledImage(stem, file, MaskFile(labels[stem]))
                              for stem, file in pictures.items() if file and labels.get(stem))
    if not samples and problems:
        raise UserError(f'no picture in {root} has a mask in {masks} to itself: {problems[0]}')
    if not samples:
        raise UserError(
            f'no mask in {masks} has the name of a picture in {root} '
            f'({len(labels)} PNG masks, {len(pictures)} pictures); images/NAME.jpg belongs to '
            f'{masks.name}/NAME.png')
    problems += [f'{file} has no picture {root / stem}.*'
                 for stem, file in labels.items() if file and stem not in pictures]
    if strict and problems:
        raise UserError(problems[0])
    unlabeled = tuple(file for stem, file in pictures.items() if file and stem not in labels)
    return DataSet(path, f'pictures and PNG masks ({masks.name}/)', samples, unlabeled,
                   tuple(problems))


def find_drives(path: Path) -> list[Path]:
    """Return the folders in a folder that have masks/ of their own; none under two names."""
    drives: dict[Path, Path] = {}
    for masks in sorted(path.glob('[!.]*/masks'), key=lambda one: (one.parent.is_symlink(), one)):
        if find_images(masks):
            drives.setdefault(masks.parent.resolve(), masks.parent)
    return sorted(drives.values())


def read_drives(path: Path, drives: Sequence[Path], strict: bool = False) -> DataSet:
    """
    Read folders of one folder, each with pictures and masks/ of its own, as one data set.

    :param path: the data set's folder; a sample's stem begins below it.
    :param drives: those folders; each is read as :func:`read_mask_folder` does.
    :raises UserError: when nothing pairs up in one of them.
    """
    found = [read_mask_folder(drive, drive / 'masks', strict) for drive in drives]
    samples = with_recordings(
        replace(sample, stem=composed(
            sample.image_path.relative_to(path).with_suffix('').as_posix()))
        for one in found for sample in one.samples)
    return DataSet(path, f'pictures and PNG masks (masks/ in each of {len(drives)} folders)',
                   samples, tuple(file for one in found for file in one.unlabeled),
                   tuple(problem for one in found for problem in one.problems))


def _single(found: Iterable[tuple[str, Path]], problems: list[str]) -> dict[str, Path | None]:
    """Return the file of each stem; None, and a problem, where there are several."""
    files: dict[str, Path | None] = {}
    for stem, file in found:
        if stem not in files:
            files[stem] = file
            continue
        problems.append(f'{files[stem] or "others"} and {file} are files of one name; all of them '
                        'are left out')
        files[stem] = None
    return files

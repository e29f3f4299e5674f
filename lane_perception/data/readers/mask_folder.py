# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read a folder of pictures and a folder of PNG masks with the same names."""

from __future__ import annotations

from pathlib import Path

from lane_perception.data.image_files import JPEG_SUFFIXES
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
    :param strict: a mask without a picture is an error, not a problem to list.
    :raises UserError: when nothing pairs up.
    """
    root = path / 'images' if (path / 'images').is_dir() else path
    pictures = {stem: file for stem, file in picture_stems(root) if masks not in file.parents}
    labels = {stem: MaskFile(file) for stem, file in picture_stems(masks)
              if file.suffix.lower() not in JPEG_SUFFIXES}
    samples = with_recordings(LabeledImage(stem, file, labels[stem])
                              for stem, file in pictures.items() if stem in labels)
    if not samples:
        raise UserError(
            f'no mask in {masks} has the name of a picture in {root} '
            f'({len(labels)} PNG masks, {len(pictures)} pictures); images/NAME.jpg belongs to '
            f'{masks.name}/NAME.png')
    problems = [f'{label.path} has no picture {root / stem}.*'
                for stem, label in labels.items() if stem not in pictures]
    if strict and problems:
        raise UserError(problems[0])
    unlabeled = tuple(file for stem, file in pictures.items() if stem not in labels)
    return DataSet(path, f'pictures and PNG masks ({masks.name}/)', samples, unlabeled,
                   tuple(problems))

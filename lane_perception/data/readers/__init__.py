# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read labeled pictures, whatever program labeled them."""

from __future__ import annotations

from pathlib import Path

from lane_perception.data.image_files import find_images
from lane_perception.data.readers.mask_folder import read_mask_folder
from lane_perception.data.samples import DataSet
from lane_perception.errors import UserError

__all__ = ['read_dataset']


def read_dataset(path: str | Path, labels: str | Path = '', strict: bool = False) -> DataSet:
    """
    Find out how a folder is labeled and list its samples; no picture is opened yet.

    :param path: the data set's folder.
    :param labels: where its labels are, when there are several kinds: a folder or file, in the
        data set's folder or anywhere.
    :param strict: a label file that cannot be used is an error, not one of the result's problems.
    :raises UserError: when there is nothing that a reader knows.
    """
    path = Path(path).expanduser()
    if not path.is_dir():
        raise UserError(f'there is no folder {path}')
    if labels:
        place = path / Path(labels).expanduser()
        if not place.exists():
            raise UserError(f'there are no labels at {place}')
    else:
        place = path / 'masks'
    if place.is_dir() and find_images(place):
        return read_mask_folder(path, place, strict)
    raise UserError(f'{path} holds no labels that can be read')

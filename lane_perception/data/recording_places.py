# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which places an output recording may take: free ones, and those of an earlier output."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Iterable

from lane_perception.errors import UserError
from lane_perception.yaml_file import load_yaml

STORAGE_SUFFIXES = ('.mcap', '.db3')
# In the custom data of a recording that was written to be replaced by the next of its kind.
OUTPUT_MARK = ('lane_perception', 'output')


def require_place(path: Path, replace: bool) -> None:
    """
    Refuse a place that a recording may not be written to.

    :param path: the folder to become.
    :param replace: whether an output that this package left there gives way.
    :raises UserError: when there is something else.
    """
    path = path.expanduser()
    if not path.exists() or (replace and _is_empty(path)):
        return
    if not replace:
        raise UserError(f'{path} exists already and was not overwritten')
    if not (_holds_only_recording(path) and _is_output(path)):
        raise UserError(f'{path} exists already and does not say that it is an output of this '
                        'package, so it was not overwritten; delete it or give another --out')


def require_apart(source: Path, output: Path) -> None:
    """
    Refuse to read a recording that the output will replace.

    :param source: a recording: a folder or a file in it.
    :param output: the folder of the output recording.
    :raises UserError: when the source is this folder or lies in it.
    """
    read, written = source.expanduser().resolve(), output.expanduser().resolve()
    if written in (read, *read.parents):
        raise UserError(f'{source} would be replaced by the output bag; give another --out')


def require_no_recording(out: Path, read: Iterable[Path] = ()) -> None:
    """
    Refuse a folder for results that is a recording or lies in one.

    A folder that holds metadata.yaml beside files of a recording is one. Without metadata.yaml
    the files lie loose, maybe beside other things; then only a folder that is read is refused.

    :param read: the recordings that are read: folders or files.
    :raises UserError: naming the recording.
    """
    place = out.resolve()
    for folder in (place, *place.parents):
        if _has_metadata(folder) or (
                folder == place and place in [one.resolve() for one in read if one.is_dir()]):
            raise UserError(f'--out {out} is the recording {folder} or lies in it; choose an '
                            '--out outside of it')


def remove_output(path: Path) -> None:
    """Remove an output recording that an earlier run left; anything else is left alone."""
    if _holds_only_recording(path) and _is_output(path):
        shutil.rmtree(path)


def holds_only_answers(path: Path) -> bool:
    """Tell whether a folder's metadata.yaml lists topics of a lane_node's answers alone."""
    try:
        topics = load_yaml(path / 'metadata.yaml')['rosbag2_bagfile_information'][
            'topics_with_message_count']
        names = [topic['topic_metadata']['name'] for topic in topics]
        return bool(names) and all(is_answer(name) for name in names)
    except (UserError, KeyError, TypeError):
        return False


def is_answer(topic: str) -> bool:
    """Tell whether a topic's name is one that a lane_node publishes on, whatever its namespace."""
    return '/lane_perception/' in topic


def storage_suffix(path: Path) -> str:
    """Return a file's suffix, that before .zstd of a compressed one."""
    return Path(path.stem).suffix if path.suffix == '.zstd' else path.suffix


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _has_metadata(folder: Path) -> bool:
    """Tell whether a folder holds files of a recording, and what rosbag2 says of them."""
    return (folder / 'metadata.yaml').is_file() and any(
        storage_suffix(file) in STORAGE_SUFFIXES for file in folder.iterdir())


def _holds_only_recording(path: Path) -> bool:
    """Tell whether a folder holds nothing but a recording's files."""
    return path.is_dir() and all(
        file.name == 'metadata.yaml' or storage_suffix(file) in STORAGE_SUFFIXES
        for file in path.iterdir())


def _is_output(path: Path) -> bool:
    """Tell whether a recording says that it was written to be replaced."""
    key, value = OUTPUT_MARK
    try:
        metadata = load_yaml(path / 'metadata.yaml')
        return metadata['rosbag2_bagfile_information']['custom_data'][key] == value
    except (UserError, KeyError, TypeError):
        return False

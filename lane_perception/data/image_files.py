# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Read pictures and masks from files, and refuse broken ones with a sentence."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import Any
from typing import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.whole_file import whole_file

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
JPEG_SUFFIXES = ('.jpg', '.jpeg')
BACKGROUND = 0
NOT_JUDGED = 127   # what the package writes; any value between 0 and 255 means it
MARKING = 255
JPEG_START = b'\xff\xd8'
_JPEG_SCAN = b'\xff\xda'
_JPEG_END = b'\xff\xd9'
DISKS_OWN = 'lost+found'   # at the root of a disk; only root may read it
_COMPRESSION = 2   # of PNG, 0 to 9: masks come out half as large as at 1, almost as quickly


def find_files(folder: Path) -> list[Path]:
    """
    Return the files below a folder, sorted; what is hidden is left out, and lost+found.

    Links to folders are followed, but for those that lead back to a folder that they lie in. No
    folder is looked through twice, and what lies here itself comes under its own name.

    :raises UserError: naming a folder that may not be read.
    """
    found, seen = [], set()
    waiting = [str(folder)]
    while waiting:
        links = []
        for start in waiting:
            for parent, folders, names in os.walk(start, onerror=_refuse):
                place = os.path.realpath(parent)
                if place in seen:
                    folders.clear()
                    continue
                seen.add(place)
                folders[:] = sorted(name for name in folders
                                    if not name.startswith('.') and name != DISKS_OWN)
                links += [path for path in (os.path.join(parent, name) for name in folders)
                          if os.path.islink(path) and not _is_above(os.path.realpath(path), place)]
                found += [Path(parent, name) for name in names if not name.startswith('.')]
        waiting = links
    return sorted(found)


def _refuse(error: OSError) -> None:
    """Refuse a folder that cannot be listed; one that is not there has no files."""
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise UserError(f'the folder {error.filename} cannot be read: {error.strerror}') from error


def _is_above(folder: str, other: str) -> bool:
    """Tell whether a folder is another one or holds it; both are real paths."""
    return os.path.join(other, '').startswith(os.path.join(folder, ''))


def require_outside(out: Path, data: Path) -> None:
    """
    Refuse a folder for results whose files would mix with a data set's.

    :raises UserError: when it is the data set's folder or lies in it.
    """
    if _is_above(os.path.realpath(data), os.path.realpath(out)):
        raise UserError(f'--out {out} is the data set {data} or lies in it, so that its files '
                        'would be mixed with the labels; choose an --out outside of it')


def find_images(folder: Path) -> list[Path]:
    """Return the picture files below a folder, as :func:`find_files` does."""
    return [file for file in find_files(folder) if file.suffix.lower() in IMAGE_SUFFIXES]


def read_image(path: Path, turned: bool = True) -> NDArray[np.uint8]:
    """
    Return the picture in a file.

    :param turned: as its EXIF orientation says; otherwise in the sensor's rows and columns.
    :returns: (H, W, 3) uint8, BGR.
    :raises UserError: naming the file, when it is missing, cut off or not a picture.
    """
    return _read(path, cv2.IMREAD_COLOR | (0 if turned else cv2.IMREAD_IGNORE_ORIENTATION))


def read_mask(path: Path) -> NDArray[np.uint8]:
    """
    Return the marking mask in a file; see :func:`mask_of`.

    :raises UserError: naming the file, when it is missing, cut off or not a picture.
    """
    return mask_of(_read(path, cv2.IMREAD_UNCHANGED))


def mask_of(stored: NDArray[Any]) -> NDArray[np.uint8]:
    """
    Return the marking mask that a picture means.

    A gray mask keeps its values, but one whose largest value is 1 is read as 0/1, and one of 16
    bits by its high byte. In a colored one every pixel that is not black is a marking.

    :param stored: (H, W) or (H, W, C), of 8 or 16 bits, as it was stored.
    :returns: (H, W) uint8: 0 background, 255 marking, anything between not judged; possibly a
        view of what was stored.
    """
    if stored.ndim == 3:
        colors = stored[:, :, :min(3, stored.shape[2])]
        if (colors == colors[:, :, :1]).all():
            stored = colors[:, :, 0]
        else:
            return np.where(colors.any(axis=2), MARKING, BACKGROUND).astype(np.uint8)
    if stored.dtype.itemsize == 2 and stored.max() > 255:   # in either byte order
        stored = stored >> 8
    stored = np.ascontiguousarray(stored, np.uint8)
    return stored * np.uint8(MARKING) if stored.max() == 1 else stored


def write_image(path: Path, image: NDArray[np.uint8], quality: int = 95) -> None:
    """
    Write a picture or mask under a temporary name and give it its own when it is whole.

    :param path: its suffix says the format.
    :param quality: of JPEG, 1 to 100.
    """
    data = cv2.imencode(path.suffix, image, [cv2.IMWRITE_JPEG_QUALITY, quality,
                                             cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION])[1]
    with whole_file(path) as temporary:
        temporary.write_bytes(data.tobytes())


def decode(data: bytes, flags: int, name: str) -> NDArray[Any]:
    """
    Return the picture in a coded file's bytes.

    :param flags: of cv2.imdecode.
    :param name: what the bytes are, for the sentence.
    :raises UserError: beginning with the name, when it is empty, cut off or not a picture.
    """
    if not data:
        raise UserError(f'{name} is empty')
    # Older OpenCV fills the missing part of a truncated JPEG with gray and says nothing. Within
    # the coded pixels neither marker can occur.
    if data.startswith(JPEG_START) and data.rfind(_JPEG_END) < data.rfind(_JPEG_SCAN):
        raise UserError(f'{name} is cut off')
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise UserError(f'{name} cannot be decoded: {error.err}') from error
    if image is None:
        raise UserError(f'{name} is damaged or not a picture')
    return image


def _read(path: Path, flags: int) -> NDArray[np.uint8]:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(f'{path} does not exist') from error
    except OSError as error:
        raise UserError(f'{path} cannot be read: {error.strerror}') from error
    return decode(data, flags, str(path))


def picture_stems(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the stem (path below root without suffix, with /) of each picture, and its file."""
    for path in find_images(root):
        yield composed(path.relative_to(root).with_suffix('').as_posix()), path


def composed(name: str) -> str:
    """Return a file's name with its accents composed; macOS writes them decomposed."""
    return unicodedata.normalize('NFC', name)

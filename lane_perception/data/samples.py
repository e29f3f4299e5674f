# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Pictures with labels: where they are, how a label becomes a mask."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any
from typing import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.drawing import Point
from lane_perception.data.drawing import draw_line
from lane_perception.data.drawing import fill_polygon
from lane_perception.data.drawing import fill_runs
from lane_perception.data.frame_names import frame_identities
from lane_perception.data.image_files import MARKING
from lane_perception.data.image_files import NOT_JUDGED
from lane_perception.data.image_files import read_image
from lane_perception.data.image_files import read_mask
from lane_perception.errors import UserError

LINE_WIDTH = 0.01   # of the picture's width: a line whose label names no width is drawn so wide


class Label(Protocol):
    """What a label can do."""

    def mask(self, height: int, width: int) -> NDArray[np.uint8]:
        """
        Return the (H, W) uint8 mask: 0 background, 255 marking, between not judged.

        :raises UserError: naming the file, when it is broken or made for another size.
        """


@dataclass(frozen=True)
class MaskFile:
    """A mask as a picture file."""

    path: Path

    def mask(self, height: int, width: int) -> NDArray[np.uint8]:
        """Return the mask in the file; see :class:`Label`."""
        mask = read_mask(self.path)
        if mask.shape != (height, width):
            raise UserError(f'{self.path} is {mask.shape[1]}x{mask.shape[0]}, but its picture is '
                            f'{width}x{height}')
        return mask


@dataclass(frozen=True)
class Shape:
    """
    One drawn thing of a label.

    Coordinates are (u, v) pixels with the origin at the top left corner of the top left pixel,
    whose center is thus (0.5, 0.5), as in COCO, labelme and CVAT.
    """

    kind: str                         # polygon, line or rle
    points: tuple[Point, ...] = ()    # of a polygon or line
    width: float = 0.0                # of a line, pixels; 0 = LINE_WIDTH of the picture's width
    judged: bool = True               # False: the area is left out of loss and figures
    rle: Any = None                   # COCO's run-length encoding: {'size', 'counts'}
    name: str = ''                    # its class in the label file


@dataclass(frozen=True)
class Shapes:
    """A label made of drawn things; none of them is an empty mask."""

    source: Path                      # the label file, for sentences about it
    shapes: tuple[Shape, ...]
    size: tuple[int, int] | None = None  # (height, width) that the file says its picture has

    def mask(self, height: int, width: int) -> NDArray[np.uint8]:
        """Draw the shapes, those that are not judged on top; see :class:`Label`."""
        if self.size not in (None, (height, width)):
            raise UserError(f'{self.source} was made for a picture of {self.size[1]}x'
                            f'{self.size[0]}, but the picture is {width}x{height}')
        mask = np.zeros((height, width), np.uint8)
        for shape in sorted(self.shapes, key=lambda shape: not shape.judged):
            value = MARKING if shape.judged else NOT_JUDGED
            if shape.kind == 'rle':
                self._draw_runs(mask, shape.rle, value)
            elif shape.kind == 'line':
                draw_line(mask, shape.points, shape.width or LINE_WIDTH * width, value)
            else:
                fill_polygon(mask, shape.points, value)
        return mask

    def _draw_runs(self, mask: NDArray[np.uint8], rle: Any, value: int) -> None:
        height, width = mask.shape
        try:
            said_height, said_width = rle['size']
            if (said_height, said_width) != (height, width):
                raise UserError(f'{self.source} holds a run-length mask of {said_width}x'
                                f'{said_height} for a picture of {width}x{height}')
            fill_runs(mask, rle['counts'], value)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f'{self.source} holds a run-length mask that is broken: {error}') from error

    def points_outside(self, height: int, width: int, margin: float = 1.0) -> int:
        """Return how many points lie more than margin pixels outside the picture."""
        return sum(not (-margin <= u <= width + margin and -margin <= v <= height + margin)
                   for shape in self.shapes for u, v in shape.points)


@dataclass(frozen=True)
class LabeledImage:
    """A picture and its label, both still in their files."""

    stem: str            # its name in split files: path without suffix, parts divided by /
    image_path: Path
    label: Label
    recording: str = ''  # the recording that it is from
    time: float = 0.0    # its place in that recording, in the recording's own unit


def with_recordings(samples: Iterable[LabeledImage]) -> tuple[LabeledImage, ...]:
    """Return all samples of a data set by stem, with the recordings and times that these say."""
    samples = sorted(samples, key=lambda sample: sample.stem)
    identities = frame_identities(sample.stem for sample in samples)
    return tuple(replace(sample, recording=recording, time=time) for sample in samples
                 for recording, time in [identities[sample.stem]])


@dataclass(frozen=True)
class DataSet:
    """Labeled pictures that were found in a folder."""

    path: Path
    format: str                          # what was found, for people
    samples: tuple[LabeledImage, ...]    # those with a label, sorted by stem
    unlabeled: tuple[Path, ...] = ()     # pictures without a label
    problems: tuple[str, ...] = ()       # sentences about what could not be used

    def __len__(self) -> int:
        """Return how many labeled pictures there are."""
        return len(self.samples)

    def by_stem(self) -> dict[str, LabeledImage]:
        """Return the samples by stem."""
        return {sample.stem: sample for sample in self.samples}


def load_sample(sample: LabeledImage) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """
    Read a sample's files.

    :returns: the picture (H, W, 3) uint8 BGR, and its mask (H, W) uint8: 0 background, 255
        marking, anything between not judged.
    :raises UserError: naming the file, when one is broken or the two have different sizes.
    """
    image = read_image(sample.image_path)
    return image, sample.label.mask(*image.shape[:2])

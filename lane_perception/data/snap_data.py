# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Snap a whole data set's lines to their tape, and show what that did."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.contact_sheet import contact_sheet
from lane_perception.data.contact_sheet import labeled_tile
from lane_perception.data.image_files import BACKGROUND
from lane_perception.data.image_files import MARKING
from lane_perception.data.image_files import read_image
from lane_perception.data.image_files import read_mask
from lane_perception.data.image_files import write_image
from lane_perception.data.line_tracing import trace_lines
from lane_perception.data.samples import DataSet
from lane_perception.data.samples import LabeledImage
from lane_perception.data.samples import MaskFile
from lane_perception.data.samples import Shapes
from lane_perception.data.snap import SnapSettings
from lane_perception.data.snap import snap_lines
from lane_perception.errors import UserError
from lane_perception.progress import Progress

SNAP = 'snap'     # what stands for it where a place of labels is named
SNAPPED_LINES = 'lines snapped to their tape'   # how the format of snapped labels ends
SHIPPED_MODEL = 'lane_lite'
SHEET_ROWS = 24   # pictures on the sheet, each before and after

Probability = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def snapping_model(model: str = SHIPPED_MODEL) -> Probability | None:
    """
    Return a model's lane probability for :func:`snap_dataset`.

    Where the model cannot be loaded, says so and returns None: colors alone decide then.
    """
    from lane_perception.segmenter import Segmenter
    try:
        return Segmenter.load(model).probability
    except UserError as error:
        print(f'snapping by colors alone: {error}', file=sys.stderr)
        return None


def snap_label(
    sample: LabeledImage, image: NDArray[np.uint8],
    probability: NDArray[np.float32] | None = None, settings: SnapSettings = SnapSettings(),
) -> NDArray[np.uint8]:
    """
    Return a sample's mask with its lines as wide as their tape.

    Lines of a label file are snapped as they were drawn; in a mask, what is drawn is traced back
    to lines first. Polygons and run-length masks, whose extent a person drew, stay as they are,
    and so does what is not judged.

    :param image: the sample's picture, (H, W, 3) uint8, BGR.
    :param probability: (H, W) lane probability of a model.
    :returns: (H, W) uint8: 0, 127, 255.
    :raises UserError: when the label is broken.
    """
    height, width = image.shape[:2]
    if isinstance(sample.label, Shapes):
        areas = replace(sample.label, shapes=tuple(
            shape for shape in sample.label.shapes if shape.kind != 'line' or not shape.judged))
        kept = areas.mask(height, width)
        lines = [np.array(shape.points) for shape in sample.label.shapes
                 if shape.kind == 'line' and shape.judged]
    else:
        drawn = sample.label.mask(height, width)
        kept = np.where(drawn == MARKING, BACKGROUND, drawn)
        lines = trace_lines(drawn == MARKING)
    snapped = snap_lines(image, lines, probability, settings)
    return np.where(kept != BACKGROUND, kept, snapped).astype(np.uint8)


def snap_dataset(
    data: DataSet, out: str | Path, probability: Probability | None = None,
    settings: SnapSettings = SnapSettings(), strict: bool = False,
) -> DataSet:
    """
    Snap every label, and leave sheet.jpg (before and after), masks/ and images/ in a folder.

    The folder is a data set of its own; its images are links to those of the first, or copies
    where the file system knows no links. A mask that is there already, from a run that was
    interrupted, is kept.

    :param out: folder for the results; made when missing.
    :param probability: a model's lane probability for a picture, at any size, such as
        ``Segmenter.probability``; None: the pictures' contrast alone decides.
    :param strict: a broken picture or label ends it; otherwise it is left out, with a sentence
        among the result's problems.
    :returns: the data set with the new masks as labels; its format ends with SNAPPED_LINES where
        a label held lines. How many did is printed.
    :raises UserError: when a sample is broken and strict is set, or none is left.
    """
    masks = Path(out) / 'masks'
    masks.mkdir(parents=True, exist_ok=True)
    shown = set(np.linspace(0, len(data) - 1, min(len(data), SHEET_ROWS)).round().astype(int))
    samples, problems, tiles, with_lines = [], list(data.problems), [], 0
    with Progress('labels snapped') as progress:
        for number, sample in enumerate(progress.each(data.samples, len(data))):
            path = masks / f'{sample.stem}.png'
            try:
                if not path.is_file() or number in shown:
                    image = read_image(sample.image_path)
                    if not path.is_file():
                        snapped = snap_label(sample, image, _at_size(probability, image), settings)
                        path.parent.mkdir(parents=True, exist_ok=True)
                        _link(sample.image_path, Path(out) / 'images' / sample.stem)
                        write_image(path, snapped)
                    if number in shown:
                        snapped = read_mask(path)
                        before = sample.label.mask(*image.shape[:2])
                        tiles += [labeled_tile(image, before, f'drawn: {sample.stem}'),
                                  labeled_tile(image, snapped, f'snapped: {sample.stem}')]
                with_lines += _holds_lines(sample)
            except UserError as error:
                if strict:
                    raise
                problems.append(str(error))
                continue
            samples.append(replace(sample, label=MaskFile(path)))
    if not samples:
        raise UserError(f'no label of {data.path} could be snapped: {problems[0]}')
    if tiles:
        write_image(Path(out) / 'sheet.jpg', contact_sheet(tiles, 4), quality=85)
    if with_lines:
        print(f'lines of {with_lines} of {len(samples)} labels were snapped to their tape; look '
              f'at {out}/sheet.jpg')
    else:
        print(f'no label of {data.path} holds lines: labels={SNAP} changes nothing')
    return replace(data, samples=tuple(samples), problems=tuple(problems),
                   format=f'{data.format}, {SNAPPED_LINES}' if with_lines else data.format)


def _holds_lines(sample: LabeledImage) -> bool:
    """Tell whether a label holds lines, as what is drawn in a mask is taken to be."""
    if isinstance(sample.label, Shapes):
        return any(shape.kind == 'line' and shape.judged for shape in sample.label.shapes)
    return bool((read_mask(sample.label.path) == MARKING).any())


def _link(picture: Path, stem: Path) -> None:
    target = stem.with_name(stem.name + picture.suffix)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(picture.resolve())
    except OSError:
        shutil.copyfile(picture, target)


def _at_size(
    probability: Probability | None, image: NDArray[np.uint8],
) -> NDArray[np.float32] | None:
    if probability is None:
        return None
    found = probability(image)
    return cv2.resize(found, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)

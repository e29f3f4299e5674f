# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Take frames out of a source, label them with a model, and leave them for correction."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from typing import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.contact_sheet import contact_sheet
from lane_perception.data.contact_sheet import labeled_tile
from lane_perception.data.drawing import fill_polygon
from lane_perception.data.extraction.choice import CANDIDATES
from lane_perception.data.extraction.choice import Candidate
from lane_perception.data.extraction.choice import choose
from lane_perception.data.extraction.choice import doubt
from lane_perception.data.extraction.choice import spread_over_time
from lane_perception.data.extraction.frame_sources import FrameSource
from lane_perception.data.extraction.label_writers import COCO_FILE
from lane_perception.data.extraction.label_writers import CocoFile
from lane_perception.data.extraction.label_writers import write_labelme
from lane_perception.data.extraction.outlines import outlines
from lane_perception.data.image_files import write_image
from lane_perception.data.near_duplicates import perceptual_hash
from lane_perception.data.results_folder import REPORT
from lane_perception.data.results_folder import open_results
from lane_perception.errors import UserError
from lane_perception.json_file import write_report
from lane_perception.machine import command_line
from lane_perception.machine import describe_machine
from lane_perception.progress import Progress
from lane_perception.whole_file import errors_about
from lane_perception.whole_file import temporary_beside

CLASS = 'lane'       # what the polygons are called
SHEET_TILES = 48     # frames on the contact sheet
SHEET_COLUMNS = 6
SHEET = 'contact_sheet.jpg'
# In the order in which they take their places: until images/ is there, the folder is free.
RESULTS = (COCO_FILE, SHEET, REPORT, 'images')


class Model(Protocol):
    """What labels the frames; a Segmenter is one."""

    threshold: float

    def probability(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (h, w) lane probability of a picture."""


@contextmanager
def open_folder(out: Path, source: Path) -> Iterator[None]:
    """
    Make the folder for frames and labels, before the source is read; gone if it stays empty.

    :param source: the recording or video.
    :raises UserError: when it holds pictures already, or as
        :func:`lane_perception.data.results_folder.open_results`.
    """
    images = out / 'images'
    if os.path.lexists(images) and (
            images.is_symlink() or not images.is_dir() or any(images.iterdir())):
        raise UserError(f'{images} exists already and is no empty folder; choose another --out')
    with open_results(out, recordings=[source], results=(REPORT, SHEET)):
        yield


def extract(
    source: FrameSource, model: Model, count: int, label_format: str, out: Path,
) -> dict[str, Any]:
    """
    Leave images/ with the chosen frames, their labels, contact_sheet.jpg and report.json.

    They appear when all of them are complete.

    :param count: frames wanted; there may be fewer that differ.
    :param label_format: labelme (a file beside each picture) or coco (one file for CVAT).
    :param out: of :func:`open_folder`.
    :returns: what report.json holds; ``frames`` are in the order in which to correct them.
    :raises UserError: when no frame can be decoded.
    """
    times = source.times()
    numbers = spread_over_time(times, CANDIDATES * count)
    candidates = []
    with Progress('frames looked at') as progress:
        for number, picture in progress.each(source.frames(numbers), len(numbers)):
            candidates.append(Candidate(number, times[number], perceptual_hash(picture),
                                        doubt(model.probability(picture))))
    if not candidates:
        raise UserError(f'no frame can be decoded: {source.problems[-1]}')
    chosen = {one.number: rank for rank, one in enumerate(choose(candidates, count), 1)}
    report = {'format': label_format, 'frames_in_source': len(times),
              'frames_looked_at': len(candidates), 'command': command_line('extract_frames'),
              'machine': describe_machine()}
    doubts = {one.number: one.doubt for one in candidates}
    temporary = temporary_beside(out / 'images')
    try:
        with errors_about(out / 'images'):
            report['frames'] = _write_frames(
                source, model, chosen, doubts, label_format, temporary)
            # Each pass over the source says again what it could not read.
            report['problems'] = list(dict.fromkeys(source.problems))
            write_report(temporary / REPORT, report)
            for name in RESULTS:
                if (temporary / name).exists():
                    (out / name).parent.mkdir(exist_ok=True)
                    os.replace(temporary / name, out / name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return report


def _write_frames(
    source: FrameSource, model: Model, chosen: dict[int, int], doubts: dict[int, float],
    label_format: str, folder: Path,
) -> list[dict[str, Any]]:
    """
    Write images/, the labels and contact_sheet.jpg into a new folder.

    :param chosen: the frames' ranks by their numbers; doubts are by their numbers too.
    :returns: the frames as in report.json.
    """
    times = source.times()
    images = folder / 'images'
    images.mkdir(parents=True)
    coco = CocoFile(CLASS)
    frames, tiles = [], {}
    with Progress('frames written') as progress:
        for number, picture in progress.each(source.frames(chosen), len(chosen)):
            height, width = picture.shape[:2]
            path = images / f'{source.name(number)}.jpg'
            polygons = outlines(model.probability(picture), model.threshold, height, width)
            write_image(path, picture)
            if label_format == 'labelme':
                write_labelme(path, polygons, height, width, CLASS)
            else:
                coco.add(path.name, polygons, height, width)
            frames.append({'rank': chosen[number], 'image': f'images/{path.name}',
                           'number': number, 'time': times[number], 'doubt': doubts[number],
                           'polygons': len(polygons)})
            if chosen[number] <= SHEET_TILES:
                mask = np.zeros((height, width), np.uint8)
                for polygon in polygons:
                    fill_polygon(mask, tuple(polygon), 255)
                tiles[chosen[number]] = labeled_tile(
                    picture, mask, f'{chosen[number]}. {path.stem}')
    if label_format == 'coco':
        coco.write(folder / COCO_FILE)
    write_image(folder / SHEET,
                contact_sheet([tiles[rank] for rank in sorted(tiles)], SHEET_COLUMNS), 85)
    return sorted(frames, key=lambda frame: frame['rank'])

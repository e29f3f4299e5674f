# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write samples of the synthetic world as a data set: images/, masks/ and truth.jsonl."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.frame_names import SYNTHESIZED
from lane_perception.data.image_files import write_image
from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.sampling import LaneTruth
from lane_perception.data.synthetic.sampling import Sample
from lane_perception.data.synthetic.sampling import sample
from lane_perception.data.synthetic.sampling import trackless
from lane_perception.data.synthetic.settings import WorldSettings
from lane_perception.errors import UserError
from lane_perception.whole_file import errors_about
from lane_perception.whole_file import temporary_beside
from lane_perception.worker_pool import worker_pool

SPACING = 5   # every so many points of the center line, two centimetres apart, are written


def write_dataset(out: Path, seed: int, count: int, settings: WorldSettings = WorldSettings(),
                  trackless_share: float = 0.0, processes: int = 1,
                  progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """
    Write a data set of samples 0 to count - 1 of a seed; it appears when it is complete.

    :param out: folder that does not exist yet, or is empty.
    :param trackless_share: share of the samples that show no track, 0 to 1.
    :param processes: how many draw at the same time; the result does not depend on it.
    :param progress: told how many of how many samples are written.
    :raises UserError: when the folder holds something, or is the working directory.
    """
    out = Path(os.path.abspath(out.expanduser()))
    if out == Path.cwd():
        raise UserError(f'{out} is the working directory and cannot be replaced; give the name of '
                        'a new folder')
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f'{out} exists already and was not overwritten')
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(out)
    try:
        with errors_about(out):
            for name in ('images', 'masks'):
                (temporary / name).mkdir(parents=True)
            write = partial(write_sample, temporary, seed, settings, trackless_share)
            with (open(temporary / 'truth.jsonl', 'w', encoding='utf-8') as lines,
                  closing(_in_order(write, count, processes)) as written):
                for done, line in enumerate(written, 1):
                    lines.write(line + '\n')
                    progress(done, count)
            if out.exists():
                out.rmdir()
            os.replace(temporary, out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _in_order(write: Callable[[int], str], count: int, processes: int):
    """Yield what write returns for 0 to count - 1."""
    if processes < 2 or count < 8:
        yield from map(write, range(count))
        return
    with worker_pool(processes) as pool:
        yield from pool.imap(write, range(count), chunksize=4)


def write_sample(folder: Path, seed: int, settings: WorldSettings, trackless_share: float,
                 index: int) -> str:
    """Write one sample's image and mask, and return its line of truth.jsonl."""
    bare = np.random.default_rng([seed, index, 1]).random() < trackless_share
    drawn = (trackless if bare else sample)(seed, index, settings)
    stem = f'{SYNTHESIZED}{index:06d}'   # a recording of its own: another track and camera
    write_image(folder / 'images' / f'{stem}.jpg', drawn.image)
    write_image(folder / 'masks' / f'{stem}.png', drawn.mask)
    return json.dumps({'stem': stem, 'seed': seed, 'index': index, **describe(drawn)})


def describe(drawn: Sample) -> dict[str, Any]:
    """Return what is known about a sample, in the form of truth.jsonl."""
    return {'camera': describe_camera(drawn.camera),
            'floor': (drawn.scene.apron or drawn.scene.floor).kind,
            'tape_colors': [tape.name for tape in drawn.scene.tapes],
            'lane': describe_lane(drawn.truth)}


def describe_camera(camera: Camera) -> dict[str, Any]:
    """Return a camera's lens and mount, and its homography from undistorted pixels to metres."""
    return {**asdict(camera), 'ground_homography': camera.ground_homography().ravel().tolist()}


def describe_lane(truth: LaneTruth | None) -> dict[str, Any] | None:
    """Return the truth about the lane, None without one; lengths in metres, angles in radians."""
    if truth is None:
        return None
    return {'center_line': _rounded(truth.center_line[::SPACING], 4),
            'center_line_px': _rounded(truth.center_line_px[::SPACING], 2),
            'center': None if truth.center is None else _rounded(np.array(truth.center), 2),
            'lateral': round(truth.lateral, 5), 'heading': round(truth.heading, 5),
            'curvature': round(truth.curvature, 5), 'width': round(truth.width, 5),
            'visible': truth.visible, 'pose': asdict(truth.pose)}


def _rounded(values: NDArray, digits: int) -> Any:
    """Return nested lists of numbers; points that the lens cannot see are None."""
    if values.ndim == 2:
        return [None if np.isnan(row).any() else _rounded(row, digits) for row in values]
    return [round(float(value), digits) for value in values]

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The frames by which confidence is measured: with a lane whose centre is known, or with none."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_files import MARKING
from lane_perception.data.image_files import find_images
from lane_perception.data.image_files import read_image
from lane_perception.data.synthetic import drive
from lane_perception.data.synthetic import sample
from lane_perception.data.synthetic import trackless
from lane_perception.data.synthetic.driving import drive_trackless
from lane_perception.errors import UserError
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.simulation.eyes import calibration_of

MARKED = 5e-4         # share of marking pixels below which a frame shows too little to be judged
RATE = 30.0           # frames per second of the drives
PICTURES = {'skimage': 'data', 'sklearn': 'datasets/images'}   # folders in installed packages


@dataclass(frozen=True)
class TrustFrame:
    """A judged frame."""

    image: NDArray[np.uint8]              # (H, W, 3) BGR
    truth: tuple[float, float] | None     # the lane's centre, pixels; None: there is no lane
    stamp: float | None = None            # seconds; None: a picture of its own
    recording: int | str = 0              # frames of another one begin anew
    ground: GroundCalibration | None = None   # exact, where the frame is drawn
    label: NDArray[np.uint8] | None = None    # (H, W) that shows the lane, where no truth is told


def finder_for(frame: TrustFrame, known: str, **more: Any) -> LaneFinder:
    """
    Return a new lane finder for a drawn frame's camera.

    :param known: to it, of the camera: nothing, lens or ground.
    :param more: for the finder.
    """
    if known == 'ground':
        more['ground'] = frame.ground
    elif known == 'lens':
        more['camera'] = NominalCamera.of(frame.ground)
    return LaneFinder(**more)


def tracks(seed: int, count: int) -> Iterator[TrustFrame]:
    """Yield synthetic pictures in which markings and the lane's centre are in view."""
    for index in range(count):
        drawn = sample(seed, index)
        if _shows_lane(drawn.mask, drawn.truth.center):
            yield TrustFrame(drawn.image, drawn.truth.center, recording=index,
                             ground=calibration_of(drawn.camera))


def floors(seed: int, count: int) -> Iterator[TrustFrame]:
    """Yield synthetic pictures without a track."""
    for index in range(count):
        drawn = trackless(seed, index)
        yield TrustFrame(drawn.image, None, recording=index, ground=calibration_of(drawn.camera))


def track_drives(seed: int, drives: int, seconds: float) -> Iterator[TrustFrame]:
    """Yield the judged frames of drives along tracks."""
    for number in range(drives):
        for frame in drive(seed + number, seconds=seconds, rate=RATE):
            if _shows_lane(frame.mask, frame.truth.center):
                yield TrustFrame(frame.image, frame.truth.center, frame.stamp, number,
                                 calibration_of(frame.camera))


def floor_drives(seed: int, drives: int, seconds: float) -> Iterator[TrustFrame]:
    """Yield frames of drives through rooms without a track."""
    for number in range(drives):
        for stamp, camera, image in drive_trackless(seed + number, seconds=seconds, rate=RATE):
            yield TrustFrame(image, None, stamp, number, calibration_of(camera))


def _shows_lane(mask: NDArray[np.uint8], center: tuple[float, float] | None) -> bool:
    return center is not None and float((mask == MARKING).mean()) >= MARKED


def installed_pictures() -> Iterator[TrustFrame]:
    """Yield the pictures that ship with installed packages; none shows a track."""
    for package, folder in PICTURES.items():
        found = importlib.util.find_spec(package)
        if found is None or found.origin is None:
            continue
        for path in find_images(Path(found.origin).parent / folder):
            try:
                yield TrustFrame(read_image(path), None, recording=path.name)
            except UserError:
                continue    # a kind of file that OpenCV does not read


def labeled(data: str, labels: str, rate: float, recorded: bool) -> Iterator[TrustFrame]:
    """
    Yield labelled pictures, whose lane is the one that a lane finder sees in the label.

    :param data: as for evaluate.
    :param labels: which of the folder's labels.
    :param rate: frames per second by which the numbers in names are stamps.
    :param recorded: whether frames of a recording follow each other, else each stands alone.
    """
    from lane_perception.data.readers import read_dataset
    from lane_perception.data.samples import load_sample
    samples = sorted(read_dataset(data, labels).samples,
                     key=lambda one: (one.recording, one.time, one.stem))
    for one in samples:
        image, label = load_sample(one)
        if recorded:
            yield TrustFrame(image, None, one.time / rate, one.recording, label=label)
        else:
            yield TrustFrame(image, None, recording=one.stem, label=label)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The way of a frame without ROS: a picture comes in, a lane goes out.

The node, replay, the simulation and the benchmark all call this one class; evaluate puts the
same two parts together itself, because its variants share a network's pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.known_lens import lens_from_file
from lane_perception.geometry.lane_finder import Lane
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.segmenter import Segmenter
from lane_perception.segmenter import parse_resolution


@dataclass(frozen=True)
class LaneEstimate:
    """What one frame says about the lane."""

    mask: NDArray[np.uint8]      # (H, W), 255 on lane markings, else 0
    lane: Lane                   # the geometry behind the properties below
    timings: dict[str, float] = field(default_factory=dict)
    # seconds: resize, network (the runtime's call alone), threshold, geometry

    @property
    def center(self) -> tuple[float, float] | None:
        """Return the lane centre (u right, v down) in pixels on the look-ahead row, or None."""
        return self.lane.center

    @property
    def offset(self) -> float:
        """Return how far the centre lies left of the image centre, in half widths; or NaN."""
        return self.lane.offset

    @property
    def path(self) -> NDArray[np.float64] | None:
        """Return (N, 2) metres (x forward, y left), empty without a lane; None uncalibrated."""
        return self.lane.path

    @property
    def lateral(self) -> float | None:
        """Return by how many metres the car is left of the centre; None uncalibrated."""
        return self.lane.lateral

    @property
    def heading(self) -> float | None:
        """Return the car's heading against the lane in radians, left positive; or None."""
        return self.lane.heading

    @property
    def confidence(self) -> float:
        """Return how likely the centre is right to 2 % of the width; 0 without a lane."""
        return self.lane.confidence


class LanePipeline:
    """Segmenter and lane finder, one after the other."""

    def __init__(self, segmenter: Segmenter, finder: LaneFinder) -> None:
        """Put a loaded segmenter and a lane finder together."""
        self.segmenter = segmenter
        self.finder = finder
        self._told: NominalCamera | None = None   # by a file of the lens

    @classmethod
    def load(
        cls,
        model: str | Path = 'lane_lite',
        runtime: str = 'auto',
        device: str = 'auto',
        precision: str = 'auto',
        tta: str = 'none',
        threshold: float | None = None,
        ground: str | Path | GroundCalibration | None = None,
        resolution: tuple[int, int] | str | None = None,
        settings: LaneSettings = LaneSettings(),
        camera_info: str | Path | None = None,
    ) -> LanePipeline:
        """
        Load the model and, if given, the ground calibration.

        :param model: a shipped name or a path; ``a,b,c`` is an ensemble.
        :param runtime: auto, torch, onnxruntime or openvino.
        :param device: auto, cpu or cuda:N.
        :param precision: auto, fp32, fp16, bf16 or int8.
        :param tta: test-time augmentation: none, flip or full.
        :param threshold: lane probability, 0 to 1; None takes the model file's own.
        :param ground: a ground calibration or its file; None: no metres.
        :param resolution: (height, width) of the network's input, or "HxW"; None or '': the model
            file's own.
        :param settings: of the lane finder.
        :param camera_info: file of the lens, as camera_calibration writes it (ost.yaml); counts
            where the ground calibration tells no lens, for pictures as the camera gives them (not
            rectified). None: a usual lens.
        :raises UserError: when something cannot be loaded or this machine cannot do it.
        """
        if ground is not None and not isinstance(ground, GroundCalibration):
            ground = GroundCalibration.load(Path(ground).expanduser())
        camera = None
        if camera_info is not None:
            ground, camera = lens_from_file(Path(camera_info).expanduser(), ground)
        if isinstance(resolution, str):
            resolution = parse_resolution(resolution)
        segmenter = Segmenter.load(model, runtime, device, precision, tta, threshold, resolution)
        pipeline = cls(segmenter, LaneFinder(settings, ground, camera=camera))
        pipeline._told = camera
        return pipeline

    def process(self, image: NDArray[np.uint8], stamp: float | None = None) -> LaneEstimate:
        """
        Find the lane in one picture.

        :param image: (H, W, 3) uint8, BGR.
        :param stamp: when it was taken, in seconds; enables tracking over time. None, or not
            finite: no tracking. Either way what pictures have taught of the place, the lane's
            width and, without a calibration, the horizon and the lens, counts for the next ones
            until :meth:`reset`: call that between pictures of different cameras or tracks.
        :returns: the mask at the picture's size, and the lane.
        :raises UserError: when the array is not a colour picture of at least one pixel, or its
            aspect ratio contradicts the ground calibration or the file of the lens.
        """
        if not isinstance(image, np.ndarray):
            raise UserError(f'an image must be an array, not {type(image).__name__}; cv2.imread '
                            'gives None where it cannot read a file')
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise UserError(
                f'an image must be a (height, width, 3) array of uint8, not {image.shape} '
                f'of {image.dtype}')
        size = image.shape[1], image.shape[0]
        if self._told is not None and not self._told.fits(size):
            raise UserError(
                'the lens of camera_info is that of pictures of {}x{} pixels, and these are '
                '{}x{}: another aspect ratio'.format(*self._told.size, *size))
        mask = self.segmenter.mask(image)
        start = perf_counter()
        lane = self.finder.find(mask, stamp, self.segmenter.last_probability)
        timings = {**self.segmenter.timings, 'geometry': perf_counter() - start}
        return LaneEstimate(mask, lane, timings)

    def reset(self) -> None:
        """Forget the track and what was learnt of the place: a new recording begins."""
        self.finder.reset()

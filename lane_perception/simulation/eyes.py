# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the simulated car sees the lane with: its camera, and the ways from there to a lane."""

from __future__ import annotations

from math import radians

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.driving import World
from lane_perception.data.synthetic.scene import Pose
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane import Lane
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lens import Lens
from lane_perception.pipeline import LanePipeline


def car_camera() -> Camera:
    """Return the camera of the simulated car: 640x480, 88 degrees wide, 18 cm up, 22 down."""
    return Camera(640, 480, 330.0, 330.0, 319.5, 239.5, mount_height=0.18, pitch=radians(22.0),
                  mount_forward=0.2)


def calibration_of(camera: Camera) -> GroundCalibration:
    """Return the exact ground calibration of a synthetic camera."""
    lens = Lens.create(camera.matrix, camera.model, camera.coefficients)
    return GroundCalibration(camera.width, camera.height, camera.ground_homography(), 0.0, lens,
                             camera.mount_forward)


def lane_width(world: World) -> float:
    """Return the metres between the middles of the ego lane's two markings."""
    return world.scene.track.ego_lane.width + world.scene.track.tape_width


class PipelineEyes:
    """Sees rendered pictures through the whole pipeline."""

    def __init__(self, pipeline: LanePipeline) -> None:
        """Take a loaded pipeline; its ground calibration must be the camera's."""
        self.pipeline = pipeline

    def __call__(self, world: World, pose: Pose, stamp: float,
                 ) -> tuple[Lane, NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the lane, the picture and the mask from a pose."""
        image = world.picture(pose)
        estimate = self.pipeline.process(image, stamp)
        return estimate.lane, image, estimate.mask


class TrueMaskEyes:
    """Sees the masks that a faultless segmenter would give: what the geometry alone does."""

    def __init__(self, finder: LaneFinder, pictures: bool = False) -> None:
        """
        Take a lane finder.

        :param pictures: render the pictures too, for a video; several times slower.
        """
        self.finder = finder
        self.pictures = pictures

    def __call__(self, world: World, pose: Pose, stamp: float,
                 ) -> tuple[Lane, NDArray[np.uint8] | None, NDArray[np.uint8]]:
        """Return the lane, the picture or None, and the mask from a pose."""
        image = world.picture(pose) if self.pictures else None
        mask = true_mask(world, pose)
        return self.finder.find(mask, stamp), image, mask


def true_mask(world: World, pose: Pose) -> NDArray[np.uint8]:
    """Return the mask that a faultless segmenter would give from a pose."""
    return covered(world.renderer.marking_coverage(world.scene, pose), world.camera)


def covered(coverage: NDArray[np.float32] | None, camera: Camera) -> NDArray[np.uint8]:
    """Return (H, W), 255 where markings cover half of a pixel or more; None covers nothing."""
    if coverage is None:
        return np.zeros((camera.height, camera.width), np.uint8)
    return np.where(coverage >= 0.5, 255, 0).astype(np.uint8)

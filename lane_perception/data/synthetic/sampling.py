# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Draw one labelled picture of the synthetic world from a seed and a number."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.cameras import draw_camera
from lane_perception.data.synthetic.renderer import Renderer
from lane_perception.data.synthetic.renderer import to_base_link
from lane_perception.data.synthetic.renderer import View
from lane_perception.data.synthetic.scene import draw_scene
from lane_perception.data.synthetic.scene import Pose
from lane_perception.data.synthetic.scene import Scene
from lane_perception.data.synthetic.sensor import draw_sensor
from lane_perception.data.synthetic.sensor import Sensor
from lane_perception.data.synthetic.settings import Streams
from lane_perception.data.synthetic.settings import WorldSettings

LOOK_AHEAD = 0.35   # of the image height, from the bottom: the row of the lane's center
TRUTH_AHEAD = 3.0   # metres of center line in the truth
THIN = 1.0          # markings narrower than this many pixels need less coverage to count
UNJUDGED = 0.7      # markings narrower than this many pixels are not judged
NOT_JUDGED = 127
FAINT = 2.5         # grey levels


@dataclass(frozen=True)
class LaneTruth:
    """Where the ego lane is, seen from the car; distances in metres in base_link."""

    center_line: NDArray[np.float64]         # (N, 2) x forward, y left, from beside the car ahead
    center_line_px: NDArray[np.float64]      # (N, 2) pixels; NaN where the lens cannot see
    center: tuple[float, float] | None       # (u, v) where it crosses the look-ahead row
    lateral: float                           # the car is so far left of the lane's center, metres
    heading: float                           # the car points so far left of the lane, radians
    curvature: float                         # of the center line beside the car, 1/m, left +
    width: float                             # of the lane between its markings, metres
    pose: Pose                               # of base_link in the world
    visible: bool                            # whether markings of the lane are in the picture


@dataclass(frozen=True)
class Sample:
    """A picture, its mask, and the truth about the lane."""

    image: NDArray[np.uint8]   # (H, W, 3) blue, green, red
    mask: NDArray[np.uint8]    # (H, W): 255 marking, 0 background, 127 not judged
    truth: LaneTruth | None    # None where there is no track
    camera: Camera
    scene: Scene


def sample(seed: int, index: int, settings: WorldSettings = WorldSettings()) -> Sample:
    """Return sample number index of the world with that seed: always the same bytes."""
    streams = Streams(seed, index)
    camera, sensor_size = draw_camera(streams, settings)
    scene, pose = draw_scene(streams, settings)
    view = Renderer(camera).render(scene, pose)
    sensor = draw_sensor(streams, settings, sensor_size)
    image, gain = sensor.expose(streams['sensor noise'], view.light)
    mask = judge(view, sensor, gain)
    return Sample(image, mask, lane_truth(scene, camera, pose), camera, scene)


def trackless(seed: int, index: int, settings: WorldSettings = WorldSettings()) -> Sample:
    """Return a sample with no track in it, whose mask is empty and whose truth is None."""
    streams = Streams(seed, index)
    camera, sensor_size = draw_camera(streams, settings)
    scene, pose = draw_scene(streams, settings, with_track=False)
    view = Renderer(camera).render(scene, pose)
    sensor = draw_sensor(streams, settings, sensor_size)
    image, _ = sensor.expose(streams['sensor noise'], view.light)
    return Sample(image, np.zeros(image.shape[:2], np.uint8), None, camera, scene)


def judge(view: View, sensor: Sensor | None = None, gain: float = 1.0) -> NDArray[np.uint8]:
    """
    Return the (H, W) mask of a view: 255 marking, 0 background, 127 not judged.

    A pixel is marking where markings cover half of it or more. Far away, where a marking is
    narrower than a pixel, a third suffices, down to UNJUDGED pixels; what is thinner than that
    cannot be told and is not judged.

    :param sensor: with it, markings that its exposure shows less than FAINT grey levels apart from
        the floor (too dark, washed out by glare), or that its caption covers, are not judged.
    :param gain: of the sensor's exposure.
    """
    cover = view.coverage
    mask = np.where(cover >= 0.5, 255, 0).astype(np.uint8)
    width = cv2.boxFilter(cover, -1, (5, 5), normalize=False, borderType=cv2.BORDER_REPLICATE) / 5
    thin = (width < THIN) & (cover > 0.12)
    mask[thin] = NOT_JUDGED
    mask[thin & (width >= UNJUDGED) & (cover >= 0.35)] = 255
    if sensor is None or not mask.any():
        return mask
    rows, columns = np.nonzero(mask)
    factor = np.array(sensor.cast, np.float32) * np.float32(gain)
    shown = view.light[rows, columns] * factor
    bare = (view.light[rows, columns] - view.contrast[rows, columns]) * factor
    apart = np.zeros(mask.shape, np.float32)
    apart[rows, columns] = np.abs(sensor.develop(shown).astype(np.float32)
                                  - sensor.develop(bare)).max(1)
    # What a neighborhood shows on the whole counts, not each grain of the floor.
    known = cv2.blur((mask > 0).astype(np.float32), (7, 7))
    apart = cv2.blur(apart, (7, 7)) / np.maximum(known, 1e-3)
    faint = FAINT + sensor.noise_level(shown.mean()) * 0.15
    mask[(mask > 0) & ((apart < faint) | sensor.hidden(*mask.shape))] = NOT_JUDGED
    return mask


def lane_truth(scene: Scene, camera: Camera, pose: Pose,
               near: float | None = None) -> LaneTruth | None:
    """
    Return the truth about the ego lane from a pose.

    :param near: arc length of the center line near which the car is; None searches all of it.
    """
    if scene.track is None:
        return None
    center = scene.track.center_line()
    s, lateral = center.locate((pose.x, pose.y), near)
    index = int(center.index(s))
    turn = pose.heading - center.headings[index]
    heading = float((turn + np.pi) % (2 * np.pi) - np.pi)
    ahead = center.index(s + np.arange(0, TRUTH_AHEAD, 0.02))
    if not center.closed:
        ahead = np.unique(ahead)
    line = to_base_link(center.points[ahead], pose)
    pixels, _ = camera.project(line)
    point = crossing(pixels, camera)
    inside = ((pixels >= 0) & (pixels < (camera.width, camera.height))).all(1)
    beside = center.index(s + np.arange(-0.05, 0.06, 0.01))
    return LaneTruth(line, pixels, point, float(lateral), heading,
                     float(center.curvatures[beside].mean()),
                     scene.track.ego_lane.width, pose, bool(inside.any()))


def crossing(pixels: NDArray, camera: Camera) -> tuple[float, float] | None:
    """Return where a line of (N, 2) pixels, from near to far, first crosses the look-ahead row."""
    row = (1 - LOOK_AHEAD) * camera.height
    above = pixels[:, 1] < row
    known = ~np.isnan(pixels[:, 1])
    for i in np.flatnonzero(known[:-1] & known[1:] & ~above[:-1] & above[1:]):
        (u0, v0), (u1, v1) = pixels[i], pixels[i + 1]
        u = u0 + (u1 - u0) * (row - v0) / (v1 - v0)
        if 0 <= u < camera.width:
            return float(u), float(row)
    return None

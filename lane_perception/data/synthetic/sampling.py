# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Draw one labelled picture of the synthetic world from a seed and a number."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.cameras import draw_camera
from lane_perception.data.synthetic.judging import shown_mask
from lane_perception.data.synthetic.renderer import Renderer
from lane_perception.data.synthetic.renderer import to_base_link
from lane_perception.data.synthetic.scene import draw_scene
from lane_perception.data.synthetic.scene import Pose
from lane_perception.data.synthetic.scene import Scene
from lane_perception.data.synthetic.sensor import draw_sensor
from lane_perception.data.synthetic.settings import pick
from lane_perception.data.synthetic.settings import Streams
from lane_perception.data.synthetic.settings import WorldSettings
from lane_perception.geometry.lane import LaneSettings

TRUTH_AHEAD = 3.0   # metres of center line in the truth


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
    image, exposure = sensor.expose(streams['sensor noise'], view.light)
    mask = shown_mask(view, sensor, exposure)
    return Sample(image, mask, lane_truth(scene, camera, pose), camera, scene)


def trackless(seed: int, index: int, settings: WorldSettings = WorldSettings()) -> Sample:
    """
    Return a sample with no track in it, whose mask is empty and whose truth is None.

    Mostly a floor with what lies and stands about on it; at times walls and ceiling, a surface
    close by, or a frame that is black, white or of one shade.
    """
    streams = Streams(seed, index)
    random = streams['trackless']
    kind = pick(random, {'floor': 0.66, 'up': 0.16, 'down': 0.08, 'blank': 0.10})
    if settings.pitch is None and kind in ('up', 'down'):
        pitch = random.uniform(-75, -12) if kind == 'up' else random.uniform(55, 90)
        settings = replace(settings, pitch=pitch)
    camera, sensor_size = draw_camera(streams, settings)
    scene, pose = draw_scene(streams, settings, with_track=False)
    light = Renderer(camera).render(scene, pose).light
    sensor = draw_sensor(streams, settings, sensor_size)
    if kind == 'blank':
        light[:] = random.uniform(0.2, 1.0, 3)
        sensor = replace(sensor, mean_grey=random.choice([0.5, 3.0, 60.0, 150.0, 250.0, 254.5]))
    image, _ = sensor.expose(streams['sensor noise'], light)
    return Sample(image, np.zeros(image.shape[:2], np.uint8), None, camera, scene)


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
    row = (1 - LaneSettings.look_ahead) * camera.height
    above = pixels[:, 1] < row
    known = ~np.isnan(pixels[:, 1])
    for i in np.flatnonzero(known[:-1] & known[1:] & ~above[:-1] & above[1:]):
        (u0, v0), (u1, v1) = pixels[i], pixels[i + 1]
        u = u0 + (u1 - u0) * (row - v0) / (v1 - v0)
        if 0 <= u < camera.width:
            return float(u), float(row)
    return None

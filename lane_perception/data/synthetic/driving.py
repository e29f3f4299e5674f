# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Drive through one scene: pictures at a camera's rate, with the truth about each."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.cameras import draw_camera
from lane_perception.data.synthetic.judging import shown_mask
from lane_perception.data.synthetic.renderer import Renderer
from lane_perception.data.synthetic.sampling import lane_truth
from lane_perception.data.synthetic.sampling import LaneTruth
from lane_perception.data.synthetic.scene import draw_drive_scene
from lane_perception.data.synthetic.scene import draw_scene
from lane_perception.data.synthetic.scene import Pose
from lane_perception.data.synthetic.sensor import draw_sensor
from lane_perception.data.synthetic.sensor import Sensor
from lane_perception.data.synthetic.settings import Streams
from lane_perception.data.synthetic.settings import WorldSettings

DRIVE_SIZE = (640, 480)
TRACKLESS_SPEED = 0.5   # metres per second


@dataclass(frozen=True)
class Frame:
    """One picture of a drive."""

    stamp: float               # seconds from the start
    image: NDArray[np.uint8]   # (H, W, 3) blue, green, red
    mask: NDArray[np.uint8]    # (H, W): 255 marking, 0 background, 127 not judged
    truth: LaneTruth
    camera: Camera


class World:
    """One closed track in one room with one camera: what a car can be driven in."""

    def __init__(self, seed: int, settings: WorldSettings = WorldSettings(),
                 camera: Camera | None = None, reverse: bool = False) -> None:
        """
        Make the world of a seed: as on cars that people drive, where settings leave it open.

        :param camera: looks at it; None draws one from the seed.
        :param reverse: the track is to be driven the other way round.
        """
        self.streams = Streams(seed, 0)
        settings = as_usual(self.streams, settings)
        self.scene, self.start = draw_drive_scene(self.streams, settings, reverse)
        drawn, sensor_size = draw_camera(self.streams, settings)
        self.camera = camera or drawn
        if camera is not None:
            sensor_size = (camera.width, camera.height)
        self.sensor: Sensor = draw_sensor(self.streams, settings, sensor_size)
        self.renderer = Renderer(self.camera)
        self.noise = self.streams['sensor noise']

    def look(self, pose: Pose) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the picture and the mask that the camera sees with base_link at the pose."""
        view = self.renderer.render(self.scene, pose)
        image, exposure = self.sensor.expose(self.noise, view.light)
        return image, shown_mask(view, self.sensor, exposure)

    def picture(self, pose: Pose) -> NDArray[np.uint8]:
        """Return the picture alone; the mask would take a tenth of the time more."""
        return self.sensor.expose(self.noise, self.renderer.render(self.scene, pose).light)[0]

    def truth(self, pose: Pose, near: float | None = None) -> LaneTruth:
        """Return the truth about the lane from a pose; near as for :func:`lane_truth`."""
        return lane_truth(self.scene, self.camera, pose, near)


def as_usual(streams: Streams, settings: WorldSettings) -> WorldSettings:
    """Return the settings with what they leave open drawn as on cars that people drive."""
    random = streams['as usual']
    usual = {'size': DRIVE_SIZE, 'camera_height': random.uniform(0.10, 0.25),
             'pitch': random.uniform(12, 28), 'fov': random.uniform(70, 130),
             'exposure': random.uniform(75, 130), 'cast': random.uniform(0.0, 0.25),
             'noise': random.uniform(0.0, 0.2), 'blur': random.uniform(0.3, 1.0),
             'resolution': DRIVE_SIZE[0], 'clutter': random.uniform(0.0, 0.5)}
    for name, value in usual.items():
        if getattr(settings, name) is None:
            settings = replace(settings, **{name: value})
    return settings


def drive(seed: int, speed: float = 0.5, seconds: float = 60.0, rate: float = 30.0,
          settings: WorldSettings = WorldSettings(), reverse: bool = False) -> Iterator[Frame]:
    """
    Yield the frames of a drive round the closed track of a seed.

    The car follows the middle of its lane as a person would, wandering a few centimetres.

    :param speed: metres per second.
    :param seconds: length of the drive.
    :param rate: frames per second.
    """
    world = World(seed, settings, reverse=reverse)
    center = world.scene.track.center_line()
    random = world.streams['driver']
    phases = random.uniform(0, 2 * np.pi, 2)
    sway = random.uniform(0.02, 0.10) * world.scene.track.ego_lane.width
    s = 0.0
    for number in range(int(round(seconds * rate))):
        waves = 2 * np.pi * s / np.array([2.3, 5.7]) + phases
        lateral = sway * np.sin(waves).sum()
        slope = sway * (np.cos(waves) * 2 * np.pi / np.array([2.3, 5.7])).sum()
        yield _frame(world, center, s, lateral, slope, number / rate)
        s += speed / rate


def _frame(world: World, center, s: float, lateral: float, slope: float, stamp: float) -> Frame:
    """Return the picture from a place on the center line, so far left of it and so turned."""
    index = int(center.index(s))
    part = s / 0.01 - round(s / 0.01)
    place = (center.points[index] + center.tangents[index] * part * 0.01
             + center.normals[index] * lateral)
    pose = Pose(float(place[0]), float(place[1]),
                float(center.headings[index] + np.arctan(slope)))
    image, mask = world.look(pose)
    near = s % center.length
    return Frame(stamp, image, mask, world.truth(pose, near), world.camera)


def drive_trackless(
    seed: int, seconds: float, rate: float = 30.0,
) -> Iterator[tuple[float, Camera, NDArray[np.uint8]]]:
    """Yield stamp, camera and picture on a drive straight on through a room without a track."""
    streams = Streams(seed, 0)
    settings = as_usual(streams, WorldSettings())
    camera, sensor_size = draw_camera(streams, settings)
    scene, pose = draw_scene(streams, settings, with_track=False)
    sensor, renderer = draw_sensor(streams, settings, sensor_size), Renderer(camera)
    noise = streams['sensor noise']
    for number in range(int(round(seconds * rate))):
        yield number / rate, camera, sensor.expose(
            noise, renderer.render(scene, pose).light)[0]
        pose = replace(pose, x=pose.x + float(np.cos(pose.heading)) * TRACKLESS_SPEED / rate,
                       y=pose.y + float(np.sin(pose.heading)) * TRACKLESS_SPEED / rate)

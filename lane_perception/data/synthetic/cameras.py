# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Random cameras: lenses, sensors and mounts as they are found on small cars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.camera import EQUIDISTANT
from lane_perception.data.synthetic.camera import focal_length
from lane_perception.data.synthetic.camera import PLUMB_BOB
from lane_perception.data.synthetic.settings import log_uniform
from lane_perception.data.synthetic.settings import pick
from lane_perception.data.synthetic.settings import Streams
from lane_perception.data.synthetic.settings import WorldSettings

SENSORS = {(160, 120): 0.1, (224, 224): 0.03, (320, 180): 0.05, (320, 240): 0.15, (424, 240): 0.05,
           (512, 256): 0.04, (640, 200): 0.03, (640, 360): 0.13, (640, 480): 0.24,
           (800, 600): 0.03, (848, 480): 0.06, (960, 540): 0.04, (1280, 720): 0.05}


def draw_camera(streams: Streams, settings: WorldSettings) -> tuple[Camera, tuple[int, int]]:
    """Return a random camera at the size asked for, and the (width, height) of its real sensor."""
    random = streams['sensor size']
    sensor = pick(random, SENSORS)
    if settings.resolution is not None:
        sensor = (settings.resolution, round(settings.resolution * sensor[1] / sensor[0]))
    camera = _lens(streams['lens'], settings, sensor)
    random = streams['crop']
    if random.random() < 0.25:  # a window cut from a taller image
        camera = replace(camera, cy=camera.cy + random.uniform(-0.22, 0.22) * camera.height)
    camera = replace(camera, cx=camera.cx + random.normal(0, 0.01) * camera.width,
                     cy=camera.cy + random.normal(0, 0.015) * camera.height)
    camera = _mount(streams, settings, camera)
    if settings.size is not None:
        camera = camera.resized(*settings.size)
    return camera, sensor


def _lens(random: np.random.Generator, settings: WorldSettings, sensor: tuple[int, int]) -> Camera:
    """Return a camera with a random lens, looking straight ahead from the origin."""
    wide = random.random() < 0.55
    narrow_view, wide_view = random.uniform(50, 105), random.uniform(85, 170)
    bend, skew = random.uniform(-0.32, 0.03), random.normal(0, 0.0015, 2)
    fisheye_bend = random.normal(0, 0.015, 2)
    if settings.lens is not None:
        wide = settings.lens == EQUIDISTANT
    elif settings.fov is not None:
        wide = settings.fov > 110 or (wide and settings.fov > 80)
    view = settings.fov or (wide_view if wide else narrow_view)
    width, height = sensor
    camera = Camera(width, height, 1.0, 1.0, (width - 1) / 2, (height - 1) / 2)
    if wide:
        camera = replace(camera, model=EQUIDISTANT,
                         coefficients=(float(fisheye_bend[0]), float(fisheye_bend[1]) / 4, 0., 0.))
    else:
        # Scaled so that the lens curve still grows at the image's corners.
        k1 = float(bend) * min(1.0, 1.0 / np.tan(np.deg2rad(view / 2)) ** 2)
        camera = replace(camera, model=PLUMB_BOB,
                         coefficients=(k1, 0.3 * k1 * k1, float(skew[0]), float(skew[1]), 0.0))
    focal = focal_length(camera, np.deg2rad(view / 2))
    return replace(camera, fx=focal, fy=focal)


def _mount(streams: Streams, settings: WorldSettings, camera: Camera) -> Camera:
    """Return the camera on its mount: height, tilt, and how far ahead of the rear axle."""
    random = streams['mount']
    height = log_uniform(random, 0.06, 0.40)
    pitch = random.triangular(-3, 14, 45)
    if pitch < 0:
        pitch = 0.0
    roll = random.normal(0, 1.5) if random.random() < 0.85 else random.uniform(-9, 9)
    yaw = random.normal(0, 1.0)
    forward = random.uniform(0.0, 0.3)
    if settings.camera_height is not None:
        height = settings.camera_height
    if settings.pitch is not None:
        pitch = settings.pitch
    # The floor must fill a fair share of the picture: tilt down or cut less of the bottom off.
    drop = np.rad2deg(np.arctan2(0.2 * camera.height - (camera.cy - camera.height / 2),
                                 camera.fy))
    if settings.pitch is None:
        pitch = min(max(pitch, -drop), 45.0)
    return replace(camera, mount_height=float(height), pitch=float(np.deg2rad(pitch)),
                   roll=float(np.deg2rad(roll)), yaw=float(np.deg2rad(yaw)),
                   mount_forward=float(forward))

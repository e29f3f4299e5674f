# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Frames with exact truth for the geometry: random cameras on random tracks."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.cameras import draw_camera
from lane_perception.data.synthetic.layout import lay_track
from lane_perception.data.synthetic.renderer import Renderer
from lane_perception.data.synthetic.renderer import to_base_link
from lane_perception.data.synthetic.sampling import lane_truth
from lane_perception.data.synthetic.sampling import LaneTruth
from lane_perception.data.synthetic.scene import draw_scene
from lane_perception.data.synthetic.scene import Pose
from lane_perception.data.synthetic.scene import Scene
from lane_perception.data.synthetic.sensor import draw_sensor
from lane_perception.data.synthetic.settings import Streams
from lane_perception.data.synthetic.settings import WorldSettings
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.simulation.eyes import calibration_of
from lane_perception.simulation.eyes import covered

SIZE = (640, 480)
MIN_VISIBLE = 0.25   # metres of one marking of the lane, within SIGHT, that make it visible
SIGHT = 1.5          # metres from the car
INSIDE = 0.4         # lane widths: the car stands in its lane


@dataclass(frozen=True)
class TrackFrame:
    """A picture's true mask, the exact calibration and the truth about the lane."""

    image: NDArray[np.uint8] | None
    mask: NDArray[np.uint8]      # (H, W), 255 on markings
    truth: LaneTruth
    ground: GroundCalibration
    width: float                 # metres between the middles of the lane's markings
    sides: int                   # how many of the lane's markings are visible


def track_frames(
    seed: int, count: int, tidy: bool = True, min_radius: float = 0.5, pictures: bool = False,
) -> Iterator[TrackFrame]:
    """
    Yield frames of random tracks, seen by random cameras from random places in the lane.

    :param tidy: tape lies where the track's plan says; False: also by hand, in straight pieces and
        with parts missing, while the truth stays the plan.
    :param min_radius: of the tightest bend, metres.
    :param pictures: render the pictures too, not the masks alone.
    """
    for index in range(count):
        streams = Streams(seed, index)
        settings = WorldSettings(size=SIZE, min_radius=min_radius)
        camera, sensor_size = draw_camera(streams, settings)
        scene, pose = draw_scene(streams, settings)
        scene, pose = _in_lane(streams, scene, pose, tidy)
        renderer = Renderer(camera)
        image = None
        if pictures:
            view = renderer.render(scene, pose)
            sensor = draw_sensor(streams, settings, sensor_size)
            image, _ = sensor.expose(streams['sensor noise'], view.light)
            mask = covered(view.coverage, camera)
        else:
            mask = covered(renderer.marking_coverage(scene, pose), camera)
        track = scene.track
        width = track.ego_lane.width + track.tape_width
        yield TrackFrame(image, mask, lane_truth(scene, camera, pose), calibration_of(camera),
                         width, _visible_sides(scene, camera, pose, width))


def _in_lane(streams: Streams, scene: Scene, pose: Pose, tidy: bool) -> tuple[Scene, Pose]:
    """Return the scene, its tape laid as planned if tidy, and a place of the car in its lane."""
    track = scene.track
    if tidy:
        track = lay_track(streams['layout'], track.road, track.ego_lane.width, track.tape_width,
                          tidy=True)
    random = streams['place in lane']
    center = track.center_line()
    index = int(center.index(center.locate((pose.x, pose.y))[0]))
    lateral = float(np.clip(random.normal(0.0, 0.18), -INSIDE, INSIDE)) * track.ego_lane.width
    turn = np.radians(random.normal(0.0, 8.0) if random.random() < 0.8
                      else random.uniform(-25.0, 25.0))
    place = center.points[index] + center.normals[index] * lateral
    return (replace(scene, track=track),
            Pose(float(place[0]), float(place[1]), float(center.headings[index] + turn)))


def _visible_sides(scene: Scene, camera: Camera, pose: Pose, width: float) -> int:
    """Return how many of the ego lane's two markings are in the picture, near enough."""
    track = scene.track
    center = track.center_line()
    s, _ = center.locate((pose.x, pose.y))
    sides = 0
    for side in (0.5, -0.5):
        wanted = track.ego_lane.offset + side * width
        length = 0.0
        for marking in track.markings:
            if len(marking.curve.points) != len(track.road.points):
                continue  # of another road, or across this one
            beside = np.median(np.einsum('ij,ij->i', marking.curve.points - track.road.points,
                                         track.road.normals))
            if abs(beside - wanted) > 0.25 * width:
                continue
            laid = np.zeros(len(marking.curve.points), bool)
            for first, last in marking.pieces:
                laid[np.arange(first, last + 1) % len(laid)] = True
            floor = to_base_link(marking.curve.points, pose)
            near = laid & (np.hypot(*floor.T) < SIGHT)
            # Of a closed road, not the far side that comes by.
            away = np.abs(np.arange(len(laid)) * 0.01 - s)
            if center.closed:
                away = np.minimum(away, center.length - away)
            near &= away < 2.0 * SIGHT
            pixels, seen = camera.project(floor[near])
            inside = seen & (pixels >= 0).all(axis=1) & (pixels < SIZE).all(axis=1)
            length = max(length, 0.01 * float(inside.sum()))
        sides += length >= MIN_VISIBLE
    return sides

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What was drawn for a sample of the synthetic world, factor by factor, and bins of it."""

from __future__ import annotations

import numpy as np

from lane_perception.data.synthetic.cameras import draw_camera
from lane_perception.data.synthetic.sampling import Sample
from lane_perception.data.synthetic.sensor import draw_sensor
from lane_perception.data.synthetic.settings import Streams
from lane_perception.data.synthetic.settings import WorldSettings

# Upper edges of the bins of each factor that is a number; the last bin is open.
EDGES = {
    'floor brightness': (0.03, 0.1, 0.3),    # mean reflectance
    'tape width m': (0.015, 0.025, 0.035),
    'lane width m': (0.3, 0.5),
    'bend 1/m': (0.2, 0.8),                  # of the lane beside the car
    'camera height m': (0.1, 0.16, 0.25),
    'pitch deg': (8.0, 16.0, 26.0),
    'field of view deg': (70.0, 95.0, 125.0),   # horizontal
    'mean grey': (25.0, 60.0, 100.0, 140.0),    # of the picture: exposure
    'glare': (0.005, 0.03),                  # share of light mirrored by the floor
    'blur px': (0.7, 1.5, 3.0),              # defocus or a third of the smear, at 640 wide
    'noise': (0.1, 0.5),                     # 1 is strong
    'cast': (0.1, 0.3),                      # natural logarithm of the gains' ratio
    'clutter': (4.5, 10.5),                  # things and decals in the room
    'resolution px': (200, 400, 800),        # width of the sensor
}


def factors(seed: int, index: int, drawn: Sample) -> dict[str, str | float]:
    """
    Return the value of each factor in a sample with a track, drawn with free settings.

    The factors in EDGES are numbers, the others names.
    """
    scene, camera, track = drawn.scene, drawn.camera, drawn.scene.track
    floor = scene.apron or scene.floor    # what lies under the track
    streams = Streams(seed, index)
    sensor = draw_sensor(streams, WorldSettings(), (1, 1))
    tapes = [scene.tapes[number] for number in sorted({one.paint for one in track.markings})]
    tape_light = float(np.mean([tape.color for tape in tapes]))
    floor_light = float(np.mean(floor.color))
    left, right = camera.rays(np.array([[0.0, camera.cy], [camera.width - 1.0, camera.cy]]))
    cosine = float(left @ right / np.linalg.norm(left) / np.linalg.norm(right))
    gains = np.log(sensor.cast)
    return {
        'floor': floor.kind,
        'floor brightness': floor_light,
        'tape': 'dark on a light floor' if tape_light < floor_light else 'light on a dark floor',
        'tape color': tapes[0].name if len(tapes) == 1 else 'several',
        'tape width m': track.tape_width,
        'lane width m': track.ego_lane.width,
        'bend 1/m': abs(drawn.truth.curvature),
        'lens': camera.model,
        'camera height m': camera.mount_height,
        'pitch deg': float(np.rad2deg(camera.pitch)),
        'field of view deg': float(np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0)))),
        'mean grey': float(drawn.image.mean()),
        'glare': floor.gloss * scene.lights.glare,
        'blur px': max(sensor.defocus, sensor.motion / 3.0),
        'noise': sensor.shot_noise / 4e-3,
        'cast': float(gains.max() - gains.min()),
        'clutter': float(len(scene.things) + len(scene.decals)),
        'resolution px': float(draw_camera(streams, WorldSettings())[1][0]),
    }


def bin_of(factor: str, value: str | float) -> str:
    """Return the name of the bin that a factor's value falls into, such as ``8 to 16``."""
    if factor not in EDGES:
        return str(value)
    edges = EDGES[factor]
    at = int(np.searchsorted(edges, value, side='right'))
    if at == 0:
        return f'below {edges[0]:g}'
    if at == len(edges):
        return f'{edges[-1]:g} and more'
    return f'{edges[at - 1]:g} to {edges[at]:g}'


def bins_in_order(factor: str, names: set[str]) -> list[str]:
    """Return the names of a factor's bins that occur, from low to high."""
    if factor not in EDGES:
        return sorted(names)
    edges = EDGES[factor]
    middles = [edges[0] - 1e-6, *edges]
    return [name for name in (bin_of(factor, value) for value in middles) if name in names]

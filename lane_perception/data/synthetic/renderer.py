# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Draw a scene as a camera sees it, in linear light, with the exact coverage by markings."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.painter import Painter
from lane_perception.data.synthetic.painter import thinned
from lane_perception.data.synthetic.scene import Pose
from lane_perception.data.synthetic.scene import Scene
from lane_perception.data.synthetic.track import Marking

SIGHT = 12.0   # metres beyond which markings are not drawn
COARSE = 4     # light varies slowly: it is computed once per so many pixels each way
HORIZON = 60.0  # metres at which the floor ends where there is no wall


@dataclass
class View:
    """What a camera sees of a scene, before its sensor."""

    light: NDArray[np.float32]     # (H, W, 3) linear radiance: blue, green, red
    coverage: NDArray[np.float32]  # (H, W) share of each pixel that shows a marking
    contrast: NDArray[np.float32]  # (H, W, 3) radiance of marking less that of floor


class Renderer:
    """Draws scenes through one camera; the geometry of its pixels is computed once."""

    def __init__(self, camera: Camera) -> None:
        """Work out where each of the camera's pixels meets the floor."""
        self.camera = camera
        self.painter = Painter(camera)
        v, u = np.mgrid[0:camera.height, 0:camera.width].astype(np.float64)
        rays = camera.rays(np.column_stack((u.ravel(), v.ravel())))
        rays = np.nan_to_num(rays).reshape(camera.height, camera.width, 3)
        self.rays = rays.astype(np.float32)
        reach = camera.mount_height / np.maximum(-rays[..., 2], camera.mount_height / HORIZON)
        self.on_floor = rays[..., 2] < -camera.mount_height / HORIZON
        self.x = (rays[..., 0] * reach + camera.mount_forward).astype(np.float32)
        self.y = (rays[..., 1] * reach).astype(np.float32)
        self.footprint = _footprint(self.x, self.y)

    def world(self, pose: Pose, step: int = 1) -> tuple[NDArray[np.float32], ...]:
        """Return the (H, W) world x and y of every step-th pixel's floor point."""
        cosine, sine = np.float32(np.cos(pose.heading)), np.float32(np.sin(pose.heading))
        x, y = self.x[::step, ::step], self.y[::step, ::step]
        return (x * cosine - y * sine + np.float32(pose.x),
                x * sine + y * cosine + np.float32(pose.y))

    def render(self, scene: Scene, pose: Pose) -> View:
        """Return what the camera sees with base_link at the pose."""
        x, y = self.world(pose)
        surface = scene.floor.reflectance(x, y, self.footprint)
        shape = surface.shape[:2]
        gloss = np.full(shape, scene.floor.gloss, np.float32)
        bare = surface.copy()
        coverage = np.zeros(shape, np.float32)
        for number, tape in enumerate(scene.tapes):
            part = self.marking_coverage(scene, pose, number)
            if part is None:
                continue
            cover = part[..., None]
            surface += cover * (np.array(tape.color, np.float32) - surface)
            gloss += part * (np.float32(tape.gloss) - gloss)
            coverage = np.maximum(coverage, part)
        light, glow = self._lighting(scene, pose)
        sky = ~self.on_floor
        radiance = surface * light + gloss[..., None] * glow
        contrast = (surface - bare) * light
        radiance[sky] = np.array(scene.lights.ambient, np.float32) * 0.4
        coverage[sky] = 0
        return View(radiance, coverage, contrast)

    def _lighting(self, scene: Scene, pose: Pose) -> tuple[NDArray, NDArray]:
        """Return the (H, W, 3) light on the floor and the light that it mirrors."""
        x, y = self.world(pose, COARSE)
        rays = self._world_rays(pose, COARSE)
        size = self.painter.size[::-1]
        light = _enlarge(scene.lights.irradiance(x, y), size)
        glow = _enlarge(scene.lights.mirrored(rays, x, y, scene.floor.roughness), size)
        return light, glow

    def _world_rays(self, pose: Pose, step: int) -> NDArray[np.float32]:
        """Return the (H, W, 3) directions of every step-th pixel in world axes."""
        rays = self.rays[::step, ::step].copy()
        cosine, sine = np.float32(np.cos(pose.heading)), np.float32(np.sin(pose.heading))
        x, y = rays[..., 0].copy(), rays[..., 1].copy()
        rays[..., 0] = x * cosine - y * sine
        rays[..., 1] = x * sine + y * cosine
        return rays

    def marking_coverage(self, scene: Scene, pose: Pose,
                         paint: int | None = None) -> NDArray[np.float32] | None:
        """Return the (H, W) coverage by markings of one paint (None: all), or None without any."""
        if scene.track is None:
            return None
        chosen = [m for m in scene.track.markings if paint is None or m.paint == paint]
        if not chosen:
            return None
        self.painter.clear()
        for marking in chosen:
            self._draw_marking(marking, pose)
        return self.painter.coverage()

    def _draw_marking(self, marking: Marking, pose: Pose) -> None:
        """Fill a marking's pieces, as far as they are in sight."""
        points = to_base_link(marking.curve.points, pose)
        distance = np.hypot(points[:, 0], points[:, 1])
        wanted = thinned(distance) & (distance < SIGHT)
        half = marking.width[:, None] / 2
        turn = np.array([[np.cos(pose.heading), -np.sin(pose.heading)],
                         [np.sin(pose.heading), np.cos(pose.heading)]])
        normals = marking.curve.normals @ turn
        left, right = points + normals * half, points - normals * half
        count = len(points)
        for first, last in marking.pieces:
            index = np.arange(first, last + 1) % count
            keep = wanted[index]
            keep[[0, -1]] = distance[index[[0, -1]]] < SIGHT
            if not keep.any():
                continue
            # A piece that leaves the circle of sight and returns falls into several.
            inside = distance[index] < SIGHT
            edges = np.diff(np.concatenate(([0], inside.astype(np.int8), [0])))
            for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)):
                chosen = index[start:stop][keep[start:stop]]
                if len(chosen) >= 2:
                    self.painter.strip(left[chosen], right[chosen])


def to_base_link(points: NDArray, pose: Pose) -> NDArray[np.float64]:
    """Return (N, 2) world points in base_link."""
    cosine, sine = np.cos(pose.heading), np.sin(pose.heading)
    away = points - np.array([pose.x, pose.y])
    return np.column_stack((away[:, 0] * cosine + away[:, 1] * sine,
                            away[:, 1] * cosine - away[:, 0] * sine))


def _footprint(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (H, W) metres of floor that a pixel spans, the mean of both ways."""
    across = np.hypot(np.diff(x, axis=1, append=x[:, -1:]), np.diff(y, axis=1, append=y[:, -1:]))
    along = np.hypot(np.diff(x, axis=0, append=x[-1:]), np.diff(y, axis=0, append=y[-1:]))
    across[:, -1], along[-1] = across[:, -2], along[-2]
    return np.sqrt(across * along).clip(1e-5, 10).astype(np.float32)


def _enlarge(field: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a field taken at every COARSE-th pixel, filled in between, at (width, height)."""
    width, height = size
    u = np.arange(width, dtype=np.float32) / COARSE
    v = np.arange(height, dtype=np.float32) / COARSE
    map_u, map_v = np.meshgrid(u, v)
    return cv2.remap(field, map_u, map_v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

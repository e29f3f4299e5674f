# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Draw a scene as a camera sees it, in linear light, with the exact coverage by markings."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.synthetic.camera import Camera
from lane_perception.data.synthetic.carbody import mount_parts
from lane_perception.data.synthetic.painter import Painter
from lane_perception.data.synthetic.painter import thinned
from lane_perception.data.synthetic.scene import Pose
from lane_perception.data.synthetic.scene import Scene
from lane_perception.data.synthetic.scene import Tape
from lane_perception.data.synthetic.textures import Points
from lane_perception.data.synthetic.track import Marking

SIGHT = 12.0   # metres beyond which markings are not drawn
BLOCK = 64     # pixels of tape that are looked up together
CREASE_SIGHT = 2.5  # metres beyond which folds of tape are not drawn
COARSE = 4     # light varies slowly: it is computed once per so many pixels each way
HORIZON = 60.0  # metres at which the floor ends where there is no wall


@dataclass
class View:
    """What a camera sees of a scene, before its sensor."""

    light: NDArray[np.float32]     # (H, W, 3) linear radiance: blue, green, red
    coverage: NDArray[np.float32]  # (H, W) share of each pixel that shows a marking
    contrast: NDArray[np.float32]  # (H, W, 3) radiance that markings add to the bare floor's


class Renderer:
    """Draws scenes through one camera; the geometry of its pixels is computed once."""

    def __init__(self, camera: Camera) -> None:
        """Work out where each of the camera's pixels meets the floor."""
        self.camera = camera
        self.painter = Painter(camera)
        self.blind = camera.blind()
        # Rays bend slowly: between every COARSE-th pixel, lines are right to 0.02 pixels.
        height, width = self.painter.size
        v, u = np.mgrid[0:height + COARSE:COARSE, 0:width + COARSE:COARSE].astype(np.float64)
        rays = camera.rays(np.column_stack((u.ravel(), v.ravel())), extend=True)
        rays = rays.reshape(*u.shape, 3).astype(np.float32)
        self.rays = _enlarge(rays, (width, height), 0, slice(0, height))
        reach = camera.mount_height / np.maximum(-self.rays[..., 2],
                                                 np.float32(camera.mount_height / HORIZON))
        self.x = self.rays[..., 0] * reach + np.float32(camera.mount_forward)
        self.y = self.rays[..., 1] * reach
        self.footprint = _footprint(self.x, self.y)

    def world(self, pose: Pose, step: int = 1) -> tuple[NDArray[np.float32], ...]:
        """Return the (H, W) world x and y of every step-th pixel's floor point."""
        cosine, sine = np.float32(np.cos(pose.heading)), np.float32(np.sin(pose.heading))
        x, y = self.x[::step, ::step], self.y[::step, ::step]
        return (x * cosine - y * sine + np.float32(pose.x),
                x * sine + y * cosine + np.float32(pose.y))

    def render(self, scene: Scene, pose: Pose) -> View:
        """Return what the camera sees with base_link at the pose."""
        origin = self._origin(pose)
        rays = self._world_rays(pose, 1)
        height, along, wall = scene.room.trace(origin, rays)
        floor_share = _below_zero(height)
        rows = np.flatnonzero((floor_share > 0).any(1))
        shape = floor_share.shape
        radiance = np.zeros((*shape, 3), np.float32)
        coverage = np.zeros(shape, np.float32)
        contrast = np.zeros((*shape, 3), np.float32)
        if rows.size:
            part = slice(rows[0], shape[0])
            radiance[part], coverage[part], contrast[part] = self._floor(scene, pose, part)
        laid = coverage.copy()
        last = np.flatnonzero((floor_share < 1).any(1))
        if last.size:
            part = slice(0, last[-1] + 1)
            beyond = scene.room.radiance(height[part], along[part], wall[part])
            share = floor_share[part][..., None]
            radiance[part] = beyond + share * (radiance[part] - beyond)
            coverage *= floor_share
        self._stand(scene, pose, radiance, coverage)
        mount_parts(scene.parts, self.painter, radiance, coverage)
        if self.blind is not None:
            radiance[self.blind], coverage[self.blind] = 0.001, 0
        contrast *= (coverage / np.maximum(laid, 1e-6))[..., None]
        return View(radiance, coverage, contrast)

    def _floor(self, scene: Scene, pose: Pose, rows: slice) -> tuple[NDArray, NDArray, NDArray]:
        """Return radiance, coverage by markings and their contrast, of some rows of floor."""
        x, y = (c[rows] for c in self.world(pose))
        points = Points(x, y, self.footprint[rows])
        surface = scene.floor.reflectance(points)
        gloss = np.full(x.shape, scene.floor.gloss, np.float32)
        if scene.apron is not None:
            share = np.zeros(x.shape, np.float32)
            part, cover = self._patch(scene.apron_shape, pose, rows)
            share[part] = cover
            surface += share[..., None] * (scene.apron.reflectance(points) - surface)
            gloss += share * np.float32(scene.apron.gloss - scene.floor.gloss)
        self._lay(scene, pose, rows, surface, gloss, over=False)
        coverage = np.zeros(x.shape, np.float32)
        bare = surface.copy() if scene.track is not None else surface
        for number, tape in enumerate(scene.tapes):
            part = self.marking_coverage(scene, pose, number)
            if part is None:
                continue
            part = part[rows]
            creased = self._creases(scene, pose, number)
            creased = None if creased is None else creased[rows]
            self._tape(tape, x, y, self.footprint[rows], part, surface, gloss, creased)
            coverage = np.maximum(coverage, part)
        change = surface - bare
        hidden = self._lay(scene, pose, rows, surface, gloss, over=True)
        if hidden is not None:
            coverage *= 1 - hidden
            change *= (1 - hidden)[..., None]
        light, glow = self._lighting(scene, pose, rows)
        self._shade(scene, pose, rows, light)
        return surface * light + gloss[..., None] * glow, coverage, change * light

    @staticmethod
    def _tape(tape: Tape, x: NDArray, y: NDArray, footprint: NDArray, cover: NDArray,
              surface: NDArray, gloss: NDArray, creased: NDArray | None) -> None:
        """Lay tape over a surface, in place."""
        flat = np.flatnonzero(cover)
        if flat.size == 0:
            return
        # Only the covered pixels, in blocks of near ones.
        flat = np.append(flat, np.repeat(flat[-1], -flat.size % BLOCK)).reshape(-1, BLOCK)
        value = tape.texture.sample(Points(x.ravel()[flat], y.ravel()[flat],
                                           footprint.ravel()[flat])).ravel()
        flat = flat.ravel()
        color = np.exp(value[:, None] * np.array(tape.texture.strength, np.float32))
        color *= np.array(tape.color, np.float32)
        if creased is not None:
            color *= 1 - np.float32(tape.creases) * creased.ravel()[flat, None]
        bare = surface.reshape(-1, 3)[flat]
        if tape.sheerness:
            own = np.ascontiguousarray(surface[..., 1])
            ratio = own.ravel()[flat] / np.maximum(cv2.blur(own, (9, 9)).ravel()[flat], 1e-3)
            color *= (ratio ** np.float32(tape.sheerness))[:, None]
        share = cover.ravel()[flat]
        if tape.wear:
            worn = np.clip((value - np.float32(0.7 - 0.8 * tape.wear)) * 4, 0, 1)
            share = share * (1 - np.float32(0.85 * tape.wear) * worn)
        surface.reshape(-1, 3)[flat] = bare + share[:, None] * (color - bare)
        shine = gloss.reshape(-1)
        shine[flat] += share * (np.float32(tape.gloss) - shine[flat])

    def _lay(self, scene: Scene, pose: Pose, rows: slice, surface: NDArray, gloss: NDArray,
             over: bool) -> NDArray | None:
        """Lay decals on a surface, in place; return what they hide, or None."""
        hidden = None
        for decal in scene.decals:
            if decal.over != over:
                continue
            part, share = self._patch(decal.polygons, pose, rows)
            if share.size == 0:
                continue
            share = share * np.float32(decal.opacity)
            target = surface[part]
            target += share[..., None] * (np.array(decal.color, np.float32) - target)
            gloss[part] += share * (np.float32(decal.gloss) - gloss[part])
            if over:
                hidden = np.zeros(gloss.shape, np.float32) if hidden is None else hidden
                hidden[part] = np.maximum(hidden[part], share)
        return hidden

    def _patch(self, polygons: tuple[NDArray, ...], pose: Pose, rows: slice, rim: int = 0
               ) -> tuple[tuple[slice, slice], NDArray[np.float32]]:
        """
        Return where, in some rows, (N, 2) world polygons on the floor lie, and the coverage there.

        :param rim: pixels of nothing to leave round about.
        """
        self.painter.clear()
        sizes = [len(polygon) for polygon in polygons]
        points = to_base_link(np.concatenate(polygons), pose)
        self.painter.polygons(points, sizes)
        left, top, right, bottom = self.painter.box
        if right > left and bottom > top:
            height, width = self.painter.size
            self.painter.box = [max(left - rim, 0), max(top - rim, rows.start),
                                min(right + rim, width), min(bottom + rim, height)]
        (high, wide), share = self.painter.patch()
        self.painter.box[1] = min(top, self.painter.box[1])
        if share.size == 0:
            return (high, wide), share
        return (slice(high.start - rows.start, high.stop - rows.start), wide), share

    def _shade(self, scene: Scene, pose: Pose, rows: slice, light: NDArray) -> None:
        """Throw shadows and sunlight on some rows of floor, in place."""
        scale = self.camera.width / 640
        for shade in scene.shades:
            sigma = shade.softness * scale
            part, share = self._patch(shade.polygons, pose, rows, int(3 * sigma) + 1)
            if share.size == 0:
                continue
            if sigma > 0.3:
                share = cv2.GaussianBlur(share, (0, 0), sigma)
            light[part] *= 1 + share[..., None] * (np.array(shade.light, np.float32) - 1)

    def _stand(self, scene: Scene, pose: Pose, radiance: NDArray, coverage: NDArray) -> None:
        """Draw the things that stand on the floor, far ones first, in place."""
        origin = self._origin(pose)
        eye = origin[:2]
        away = [float(np.hypot(*(np.array(thing.place) - eye))) for thing in scene.things]
        base = np.array(scene.lights.ambient, np.float32) + np.float32(0.25)
        for index in np.argsort(away)[::-1]:
            thing = scene.things[index]
            seen = [face for face in thing.faces if face.faces(origin)]
            faces = sorted(seen, key=lambda face: -float(np.hypot(
                *(face.corners[:, :2].mean(0) - eye)) - 0.01 * face.corners[:, 2].mean()))
            if not faces:
                continue
            corners = np.concatenate([face.corners for face in faces])
            corners = np.column_stack((to_base_link(corners[:, :2], pose), corners[:, 2]))
            outlines = self.painter.outlines(corners, [len(face.corners) for face in faces])
            for face, outline in zip(faces, outlines):
                self.painter.clear()
                self.painter.image_polygon(outline)
                part, share = self.painter.patch()
                if share.size == 0:
                    continue
                color = np.array(face.color, np.float32) * base * np.float32(face.shade)
                fall = np.linspace(1.15, 0.75, share.shape[0], dtype=np.float32)[:, None, None]
                target = radiance[part]
                target += share[..., None] * (color * fall - target)
                coverage[part] *= 1 - share

    def _lighting(self, scene: Scene, pose: Pose, rows: slice) -> tuple[NDArray, NDArray]:
        """Return the (H, W, 3) light on some rows of floor, and the light that they mirror."""
        x, y = self.world(pose, COARSE)
        rays = self._world_rays(pose, COARSE)
        first = rows.start // COARSE
        x, y, rays = x[first:], y[first:], rays[first:]
        floor = scene.apron or scene.floor
        light = scene.lights.irradiance(x, y)
        glow = scene.lights.mirrored(rays, x, y, floor.roughness)
        if max(floor.gloss, scene.floor.gloss) > 0.01:
            origin = self._origin(pose) * np.array([1, 1, -1])
            mirror = scene.room.radiance(*scene.room.trace(origin, rays * np.array(
                [1, 1, -1], np.float32)), finest=2)
            sigma = 1 + 12 * floor.roughness
            mirror = cv2.GaussianBlur(mirror, (0, 0), sigmaX=sigma * 0.5, sigmaY=sigma)
            graze = np.clip(1 + rays[..., 2:], 0, 1) ** 5
            glow += mirror * (1 + 8 * graze)
        height, width = self.painter.size
        return (_enlarge(light, (width, height), first, rows),
                _enlarge(glow, (width, height), first, rows))

    def _origin(self, pose: Pose) -> NDArray[np.float64]:
        """Return the optical centre in the world, (3,) metres."""
        ahead = self.camera.mount_forward
        return np.array([pose.x + ahead * np.cos(pose.heading),
                         pose.y + ahead * np.sin(pose.heading), self.camera.mount_height])

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

    def _creases(self, scene: Scene, pose: Pose, paint: int) -> NDArray[np.float32] | None:
        """Return the (H, W) coverage by folds and laps in tape of one paint, or None."""
        chosen = [replace(m, pieces=m.creases) for m in scene.track.markings
                  if m.paint == paint and len(m.creases)]
        if not chosen:
            return None
        self.painter.clear()
        for marking in chosen:
            self._draw_marking(marking, pose, CREASE_SIGHT)
        return self.painter.coverage()

    def _draw_marking(self, marking: Marking, pose: Pose, sight: float = SIGHT) -> None:
        """Fill a marking's pieces, as far as they are in sight: so many metres."""
        points = to_base_link(marking.curve.points, pose)
        distance = np.hypot(points[:, 0], points[:, 1])
        inside = distance < sight
        wanted = thinned(distance) & inside
        count = len(points)
        place = np.full(count, -1)  # of each point among those that are drawn
        runs = []
        for first, last in marking.pieces:
            index = np.arange(first, last + 1) % count
            # A piece that leaves the circle of sight and returns falls into several.
            edges = np.diff(np.concatenate(([0], inside[index].astype(np.int8), [0])))
            for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)):
                run = index[start:stop]
                keep = wanted[run]
                keep[[0, -1]] = True
                runs.append(run[keep])
                place[runs[-1]] = 0
        if not runs:
            return
        drawn = np.flatnonzero(place == 0)
        place[drawn] = np.arange(len(drawn))
        turn = np.array([[np.cos(pose.heading), -np.sin(pose.heading)],
                         [np.sin(pose.heading), np.cos(pose.heading)]])
        side = (marking.curve.normals[drawn] @ turn) * (marking.width[drawn, None] / 2)
        self.painter.strip(points[drawn] + side, points[drawn] - side,
                           [place[run] for run in runs])


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


def _below_zero(height: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (H, W) share of each pixel where a height, linear about it, is below zero."""
    slope = np.abs(np.diff(height, axis=0, append=height[-1:]))
    slope[-1] = slope[-2]
    return np.clip(np.float32(0.5) - height / np.maximum(slope, 1e-6), 0, 1)


def _enlarge(field: NDArray[np.float32], size: tuple[int, int], first: int,
             rows: slice) -> NDArray[np.float32]:
    """Return some rows of a field that is known at every COARSE-th pixel from row `first` on."""
    width, height = size
    u = np.arange(width, dtype=np.float32) / COARSE
    v = np.arange(rows.start, height, dtype=np.float32) / COARSE - first
    map_u, map_v = np.meshgrid(u, v)
    return cv2.remap(field, map_u, map_v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

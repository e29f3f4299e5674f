# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Show what the node said about a recording: a picture of six frames and a video."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.data.contact_sheet import contact_sheet
from lane_perception.data.image_files import write_image
from lane_perception.evaluation.video import Video
from lane_perception.geometry.lane import Lane
from lane_perception.geometry.lane import offset_of
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.overlay import draw_overlay
from lane_perception.ros.demo_score import Pair

COLUMNS, ROWS = 3, 2
TILE_WIDTH = 640   # pixels
SAME = 0.02        # of the width: centres no further apart are those of one lane


class Pictures:
    """Draws every frame into a video and six of them into a picture: a context manager."""

    def __init__(self, folder: Path, frames: int) -> None:
        """
        Begin.

        :param folder: gets overlay.mp4 and frames.png.
        :param frames: how many came back; the six are spread evenly over them.
        """
        self._folder = folder
        wanted = np.linspace(0, max(frames - 1, 0), COLUMNS * ROWS + 2).round()[1:-1]
        self._wanted = [int(number) for number in wanted]
        self._count = 0
        self._tiles: list[NDArray[np.uint8]] = []
        self._finder = LaneFinder()
        self._video = Video(folder / 'overlay.mp4')

    def __enter__(self) -> Pictures:
        """Return the pictures."""
        return self

    def __exit__(self, kind: Any, *error: Any) -> None:
        """Write the files, or leave nothing of them after an error."""
        self._video.__exit__(kind, *error)
        if kind is None and self._tiles:
            self._write_tiles()

    def add(self, pair: Pair) -> None:
        """Draw a frame; one that the node dropped is left out of the video."""
        if pair.mask is None:
            return
        lane = self._finder.find(pair.mask, pair.stamp_ns / 1e9)
        drawn = draw_overlay(pair.image, pair.mask, as_told(lane, pair))
        self._video.add(drawn, pair.stamp_ns / 1e9)
        self._tiles += [_tile(drawn)] * self._wanted.count(self._count)
        self._count += 1

    def _write_tiles(self) -> None:
        sheet = contact_sheet(self._tiles[:COLUMNS * ROWS], COLUMNS, gap=0)
        write_image(self._folder / 'frames.png', sheet)


def as_told(lane: Lane, pair: Pair) -> Lane:
    """
    Return the lane that the mask shows with the node's centre and offset, and no confidence.

    The lines are those of a second look at the mask; they are left out where the node, which has
    the network's probabilities too, saw another lane.
    """
    if pair.center is None:
        return Lane(markings=lane.markings)
    width = pair.image.shape[1]
    same = lane.center is not None and abs(lane.center[0] - pair.center[0]) <= SAME * width
    return dataclasses.replace(
        lane, center=pair.center, offset=offset_of(pair.center[0], width), confidence=0.0,
        center_line=lane.center_line if same else None)


def _tile(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height = round(image.shape[0] * TILE_WIDTH / image.shape[1])
    return cv2.resize(image, (TILE_WIDTH, height), interpolation=cv2.INTER_AREA)

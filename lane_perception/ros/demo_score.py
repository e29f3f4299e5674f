# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Score the demo's output bag against the recording that was played."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Callable
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recordings import RecordingReader
from lane_perception.evaluation.center_error import CenterScore
from lane_perception.evaluation.line_f1 import LineScore
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.evaluation.metrics import fit_to_label
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.ros.images import ImageError
from lane_perception.ros.images import to_bgr
from lane_perception.ros.images import to_mono

LOOK_AHEAD = 300  # messages of one topic that wait for their frame; the recordings are in order


@dataclass(frozen=True)
class Pair:
    """A frame that was played, and what belongs to its stamp."""

    stamp_ns: int
    image: NDArray[np.uint8]          # (H, W, 3) BGR
    mask: NDArray[np.uint8] | None    # the node's, None where the frame was dropped
    center: tuple[float, float] | None   # the node's, None without a lane
    truth: NDArray[np.uint8] | None   # (h, w) uint8, None where the recording has none
    true_center: tuple[float, float] | None   # (u, v) in the frame's pixels


class ByStamp:
    """A topic's messages, found by header stamp while its recording is read once."""

    def __init__(self, path: Path, topic: str | None) -> None:
        """Open the recording; None, and a topic that it lacks, have no message."""
        reader = RecordingReader(path)
        self._messages = reader.frames(topic) if topic in reader.topics() else iter(())
        self._waiting: dict[int, Any] = {}

    def get(self, stamp_ns: int) -> Any:
        """Return the message of that stamp, or None; stamps are asked for in order."""
        while stamp_ns not in self._waiting and len(self._waiting) < LOOK_AHEAD:
            following = next(self._messages, None)
            if following is None:
                break
            self._waiting[following[0]] = following[2]
        if len(self._waiting) >= LOOK_AHEAD and stamp_ns not in self._waiting:
            self._waiting.pop(next(iter(self._waiting)))
        return self._waiting.pop(stamp_ns, None)


def pairs(
    bag: Path, topic: str, truth_topic: str | None, output_bag: Path, prefix: str,
    center_topic: str | None = None,
) -> Iterator[Pair]:
    """
    Yield the frames of a recording with what the output bag and the truth hold for each.

    :param prefix: the lane_node's full name.
    :param center_topic: the recording's true lane centres (geometry_msgs/PointStamped); without
        it they are what the lane finder sees in the true mask.
    """
    masks = ByStamp(output_bag, f'{prefix}/mask')
    centers = ByStamp(output_bag, f'{prefix}/center')
    truths = ByStamp(bag, truth_topic)
    true_centers = ByStamp(bag, center_topic)
    finder = LaneFinder()
    with RecordingReader(bag) as reader:
        for stamp_ns, _, message in reader.frames(topic):
            mask, center = masks.get(stamp_ns), centers.get(stamp_ns)
            truth, true_center = truths.get(stamp_ns), true_centers.get(stamp_ns)
            try:
                image = to_bgr(message)
            except ImageError:
                continue  # the node has dropped it too
            truth = None if truth is None else to_mono(truth)
            if true_center is not None:
                true_point = _point(true_center)
            elif truth is not None:
                true_point = _scaled(finder.find(truth).center, image.shape[1] / truth.shape[1])
            else:
                true_point = None
            yield Pair(stamp_ns, image, None if mask is None else to_mono(mask),
                       _point(center), truth, true_point)


def score(
    frames: Iterator[Pair], look: Callable[[Pair], None] = lambda pair: None,
) -> dict[str, Any]:
    """
    Return DESIGN's figures over the frames that came back; without truth only lane_found.

    :param look: called with each frame, in order: one reading of the recordings serves pictures
        too.
    """
    segmentation, lines, centers = SegmentationScore(), LineScore(), CenterScore()
    size = None
    for pair in frames:
        look(pair)
        if pair.mask is None:
            continue
        centers.add(pair.center, pair.true_center, judged=pair.truth is not None)
        if pair.truth is not None:
            mask = fit_to_label(pair.mask, pair.truth)
            segmentation.add(mask, pair.truth)
            lines.add(mask, pair.truth)
            size = pair.truth.shape
    figures: dict[str, Any] = {'frames_scored': len(segmentation)}
    if len(segmentation):
        figures |= {**segmentation.result(), **lines.result(), 'label_size': list(size)}
    return {**figures, **centers.result()}


def _point(message: Any) -> tuple[float, float] | None:
    """Return a PointStamped's pixels; None for no message and for NaN, which means no lane."""
    if message is None or math.isnan(message.point.x):
        return None
    return float(message.point.x), float(message.point.y)


def _scaled(
    center: tuple[float, float] | None, scale: float,
) -> tuple[float, float] | None:
    """Return a pixel position in a picture that is larger by a factor."""
    return center and tuple((value + 0.5) * scale - 0.5 for value in center)

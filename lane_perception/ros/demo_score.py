# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Score the demo's output bag against the recording that was played."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Callable
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.recordings import NANOSECONDS
from lane_perception.data.recordings import RecordingReader
from lane_perception.evaluation.center_error import CenterScore
from lane_perception.evaluation.label_lane import LabelLane
from lane_perception.evaluation.line_f1 import LineScore
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.evaluation.metrics import fit_to_label
from lane_perception.evaluation.recorded_lens import RecordedLens
from lane_perception.evaluation.truth import CenterTopic
from lane_perception.evaluation.truth import MaskTopic
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.ros.images import ImageError
from lane_perception.ros.images import to_bgr


@dataclass(frozen=True)
class Pair:
    """A frame that was played, and what belongs to its stamp."""

    stamp_ns: int
    image: NDArray[np.uint8]          # (H, W, 3) BGR
    mask: NDArray[np.uint8] | None    # the node's, None where the frame was dropped
    center: tuple[float, float] | None   # the node's, None without a lane
    truth: NDArray[np.uint8] | None   # (h, w) uint8, None where the recording has none
    true_center: tuple[float, float] | None   # (u, v) in the frame's pixels


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
    masks = MaskTopic(output_bag, f'{prefix}/mask')
    centers = CenterTopic(output_bag, f'{prefix}/center')
    truths = MaskTopic(bag, truth_topic) if truth_topic else None
    true_centers = CenterTopic(bag, center_topic) if center_topic else None
    finder = LaneFinder()   # as the node's, for what it knew of the place
    true_lane = LabelLane(finder)
    with ExitStack() as stack:
        reader = stack.enter_context(RecordingReader(bag))
        lens = RecordedLens(reader, topic)
        for topic_read in filter(None, (masks, centers, truths, true_centers)):
            stack.callback(topic_read.close)
        for frame in reader.received(topic):
            if frame.message is None:
                continue
            try:
                image = to_bgr(frame.message)
            except ImageError:
                continue  # the node has dropped it too
            stamp_ns, size = frame.stamp_ns, image.shape[:2]
            # The output bag is logged at the frames' stamps.
            answered = frame._replace(log_time_ns=stamp_ns)
            mask = masks.label(answered, size)
            center = centers.at(answered)[1]
            truth = truths and truths.label(frame, size)
            judged, true_center = (true_centers.at(frame) if true_centers else (False, None))
            if not judged and truth is not None and mask is not None:
                finder = lens.suited(finder, image)
                finder.find(fit_to_label(mask, image[:, :, 0]), stamp_ns / NANOSECONDS)
                true_center = true_lane.center_in(image, truth, finder.place.as_it_lies())
            yield Pair(stamp_ns, image, mask, center, truth, true_center)


def score(
    frames: Iterator[Pair], look: Callable[[Pair], None] = lambda pair: None,
) -> dict[str, Any]:
    """
    Return the figures over the frames that came back; without truth only lane_found.

    :param look: called with each frame, in order: one reading of the recordings serves pictures
        too.
    """
    segmentation, lines, centers = SegmentationScore(), LineScore(), CenterScore()
    size = None
    for pair in frames:
        look(pair)
        if pair.mask is None:
            continue
        judged = False
        if pair.truth is not None:
            mask = fit_to_label(pair.mask, pair.truth)
            judged = bool(segmentation.add(mask, pair.truth).any())
            if judged:
                lines.add(mask, pair.truth)
                size = pair.truth.shape
        centers.add(pair.center, pair.true_center, judged)
    figures: dict[str, Any] = {'frames_scored': len(segmentation)}
    if len(segmentation):
        figures |= {**segmentation.result(), **lines.result(), 'label_size': list(size)}
    return {**figures, **centers.result()}

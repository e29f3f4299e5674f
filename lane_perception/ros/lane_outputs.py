# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a lane_node publishes for one frame; `replay` writes the same into a recording."""

from __future__ import annotations

from typing import Any
from typing import Callable
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.pipeline import LaneEstimate
from lane_perception.ros import messages
from lane_perception.ros.images import compressed_message
from lane_perception.ros.images import mask_message
from lane_perception.ros.message_classes import message_class
from lane_perception.ros.serialized import NANOSECONDS

NODE_NAME = '/lane_perception'
IN_METERS = ('path', 'pose', 'markers')   # only with a ground calibration
OUTPUT_TYPES = {
    'mask': 'sensor_msgs/msg/Image',
    'center': 'geometry_msgs/msg/PointStamped',
    'offset': 'std_msgs/msg/Float32',
    'path': 'nav_msgs/msg/Path',
    'pose': 'geometry_msgs/msg/PoseWithCovarianceStamped',
    'markers': 'visualization_msgs/msg/MarkerArray',
    'overlay/compressed': 'sensor_msgs/msg/CompressedImage',
}


def output_types(ground: GroundCalibration | None) -> dict[str, str]:
    """Return the topics, without the node's name, and their message types."""
    return {name: kind for name, kind in OUTPUT_TYPES.items()
            if ground is not None or name not in IN_METERS}


def header_of(stamp_ns: int, frame_id: str) -> Any:
    """Return a std_msgs/Header with a stamp in nanoseconds."""
    seconds, nanoseconds = divmod(stamp_ns, NANOSECONDS)
    stamp = message_class('builtin_interfaces/msg/Time')(sec=seconds, nanosec=nanoseconds)
    return message_class('std_msgs/msg/Header')(stamp=stamp, frame_id=frame_id)


def output_messages(
    estimate: LaneEstimate, header: Any, ground: GroundCalibration | None, base_frame: str,
    overlay: Callable[[], NDArray[np.uint8]], wanted: Callable[[str], bool] = lambda topic: True,
) -> Iterator[tuple[str, Any]]:
    """
    Yield topic, without the node's name, and message of everything about one frame, in order.

    :param header: the frame's own.
    :param base_frame: of what is in metres.
    :param overlay: returns the picture for people, (H, W, 3) uint8 BGR.
    :param wanted: whether anybody looks at a topic for people: markers, overlay/compressed.
    """
    lane = estimate.lane
    yield 'mask', mask_message(estimate.mask, header)
    yield 'center', messages.center_message(lane, header)
    yield 'offset', messages.offset_message(lane)
    if ground is not None:
        yield 'path', messages.path_message(lane, header.stamp, base_frame)
        if lane.lateral is not None:
            yield 'pose', messages.pose_message(lane, header.stamp)
        if wanted('markers'):
            size = (estimate.mask.shape[1], estimate.mask.shape[0])
            yield 'markers', messages.markers_message(lane, header.stamp, base_frame, ground, size)
    if wanted('overlay/compressed'):
        yield 'overlay/compressed', compressed_message(overlay(), header)

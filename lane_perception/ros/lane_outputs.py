# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a lane_node publishes for one frame, as messages to be written into a recording."""

from __future__ import annotations

from typing import Any
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.pipeline import LaneEstimate
from lane_perception.ros import messages
from lane_perception.ros.images import compressed_message
from lane_perception.ros.images import mask_message
from lane_perception.ros.message_classes import message_class

NODE_NAME = '/lane_perception'
IN_PIXELS = {
    'mask': 'sensor_msgs/msg/Image',
    'center': 'geometry_msgs/msg/PointStamped',
    'offset': 'std_msgs/msg/Float32',
    'overlay/compressed': 'sensor_msgs/msg/CompressedImage',
}
IN_METERS = {   # only with a ground calibration
    'path': 'nav_msgs/msg/Path',
    'pose': 'geometry_msgs/msg/PoseWithCovarianceStamped',
    'markers': 'visualization_msgs/msg/MarkerArray',
}


def output_types(ground: GroundCalibration | None) -> dict[str, str]:
    """Return the topics, without the node's name, and their message types."""
    return {**IN_PIXELS, **(IN_METERS if ground is not None else {})}


def output_messages(
    estimate: LaneEstimate, stamp_ns: int, frame_id: str, ground: GroundCalibration | None,
    base_frame: str, overlay: NDArray[np.uint8],
) -> Iterator[tuple[str, Any]]:
    """
    Yield topic, without the node's name, and message of everything about one frame.

    :param stamp_ns: the frame's header stamp, nanoseconds.
    :param frame_id: the frame's own.
    :param base_frame: of what is in metres.
    :param overlay: the picture for people, (H, W, 3) uint8 BGR.
    """
    lane = estimate.lane
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    stamp = message_class('builtin_interfaces/msg/Time')(sec=seconds, nanosec=nanoseconds)
    header = message_class('std_msgs/msg/Header')(stamp=stamp, frame_id=frame_id)
    yield 'mask', mask_message(estimate.mask, header)
    yield 'center', messages.center_message(lane, header)
    yield 'offset', messages.offset_message(lane)
    if ground is not None:
        yield 'path', messages.path_message(lane, stamp, base_frame)
        if lane.lateral is not None:
            yield 'pose', messages.pose_message(lane, stamp)
        size = (estimate.mask.shape[1], estimate.mask.shape[0])
        yield 'markers', messages.markers_message(lane, stamp, base_frame, ground, size)
    yield 'overlay/compressed', compressed_message(overlay, header)

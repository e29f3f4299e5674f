# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Quality of service: what is asked of the camera, and what to do when it offers another."""

from __future__ import annotations

from typing import Any
from typing import Hashable
from typing import Iterable
from typing import Mapping

from rclpy.qos import HistoryPolicy
from rclpy.qos import QoSProfile
from rclpy.qos import ReliabilityPolicy
from rclpy.subscription import Subscription

from lane_perception.geometry.camera_info import info_topic_of
from lane_perception.ros.lane_outputs import OUTPUT_TYPES
from lane_perception.ros.parameters import Value

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

__all__ = ['LossCounter', 'NUMBERED', 'OUTPUT_QOS', 'SubscriptionEventCallbacks',
           'answered_twice', 'explain_silence', 'incompatible_reliability', 'input_qos',
           'outputs_of_lane_nodes', 'several_publishers', 'unheard_lens']

# Whether a subscription's callback may take the message's number too: not in Humble.
NUMBERED = hasattr(Subscription, 'CallbackType')
# A reliable publisher suits subscribers of either kind (RViz asks for reliable by default).
OUTPUT_QOS = QoSProfile(
    depth=5, history=HistoryPolicy.KEEP_LAST, reliability=ReliabilityPolicy.RELIABLE)
# Of pictures, and what image_transport is to be for them.
_KINDS = {'sensor_msgs/msg/Image': 'raw', 'sensor_msgs/msg/CompressedImage': 'compressed'}
_INPUTS = {'raw': 'image', 'compressed': 'image/compressed'}   # of the node, by image_transport
_RELIABILITY = {
    'best_effort': ReliabilityPolicy.BEST_EFFORT,
    'reliable': ReliabilityPolicy.RELIABLE,
}


def input_qos(values: Mapping[str, Value]) -> QoSProfile:
    """Return the camera subscription's profile from the parameters qos.*."""
    return QoSProfile(
        depth=values['qos.depth'], history=HistoryPolicy.KEEP_LAST,
        reliability=_RELIABILITY[values['qos.reliability']])


def explain_silence(
    node: Any, topic: str, message_type: type, reliability: str,
) -> str:
    """
    Say why nothing arrives on a topic, as far as the graph shows it, and what to do.

    :param node: an rclpy node.
    :param topic: fully resolved name.
    :param message_type: of the subscription.
    :param reliability: of the subscription: best_effort or reliable.
    """
    wanted = f'sensor_msgs/msg/{message_type.__name__}'
    publishers = node.get_publishers_info_by_topic(topic)
    if not publishers:
        return f'nothing publishes {topic}; {_where_pictures_are(node, topic, _KINDS[wanted])}'
    others = [one.topic_type for one in publishers if one.topic_type != wanted]
    if len(others) == len(publishers):
        kind = _KINDS.get(others[0])
        return (f'{topic} carries {others[0]}, and this node listens for {wanted}; '
                + (f'set image_transport to {kind} or ' if kind else '') + 'remap the input')
    if reliability == 'reliable' and all(
            one.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT for one in publishers):
        return incompatible_reliability(topic)
    return (f'{topic} has a publisher, but no frame arrived for a second; is the camera '
            'streaming (ros2 topic hz)? Raw images that vanish need the Fast DDS profile in the '
            "camera's process too (docs/node.md)")


def _where_pictures_are(node: Any, topic: str, transport: str) -> str:
    """Say what to do when nobody publishes the input, and name topics that carry pictures."""
    topics = sorted(node.get_topic_names_and_types())
    no_cameras = outputs_of_lane_nodes(name for name, _ in topics)
    found = {name: _KINDS[types[0]] for name, types in topics
             if types[0] in _KINDS and name not in no_cameras and node.count_publishers(name)}
    remap = f'remap {_INPUTS[transport]} to'
    other = topic.removesuffix('/compressed') if topic.endswith('/compressed') \
        else f'{topic}/compressed'
    if other in found and found[other] == transport:
        return (f'but {other} is published: {remap} it (for a launch file: image:= without '
                '/compressed)')
    if other in found:
        return f'but {other} is published: set image_transport to {found[other]}'
    alike = [name for name, kind in found.items() if kind == transport]
    if alike:
        return f'pictures are on {", ".join(alike)}: {remap} its topic'
    if found:
        kind, = set(found.values())
        return (f'pictures are on {", ".join(found)}: set image_transport to {kind} and remap '
                f'{_INPUTS[kind]} to its topic')
    return f'start the camera, or {remap} its topic (ros2 topic list)'


def unheard_lens(node: Any, pictures: str, lens: str) -> str:
    """
    Say that the camera's lens is published beside its pictures, and not where the node listens.

    :param node: an rclpy node.
    :param pictures: fully resolved name of their topic.
    :param lens: the same of the CameraInfo that the node listens for.
    :returns: nothing where somebody publishes that, or nobody the other.
    """
    beside = info_topic_of(pictures)
    if beside == lens or node.count_publishers(lens) or not node.count_publishers(beside):
        return ''
    return (f'{beside} is published and not heard, and it may tell the lens: remap camera_info to '
            'it')


def outputs_of_lane_nodes(topics: Iterable[str]) -> set[str]:
    """Return those of the topics that lane_nodes publish, whatever the nodes are called."""
    names = set(topics)
    nodes = {name.removesuffix('offset') for name in names if name.endswith('/offset')}
    return names & {node + output for node in nodes if node + 'center' in names
                    for output in OUTPUT_TYPES}


def incompatible_reliability(topic: str) -> str:
    """Say what to do when the camera is best effort and the node asks for reliable."""
    return (f'the publisher of {topic} offers best effort, and this node asks for reliable, so no '
            'frame can arrive; start the node with qos.reliability:=best_effort')


def several_publishers(topic: str, count: int) -> str:
    """Say that more than one camera sends on the topic, and what to do."""
    return (f'{count} publishers on {topic}, and the lane jumps between their pictures: end or '
            f'remap all but one (ros2 topic info -v {topic})')


def answered_twice(topic: str, count: int) -> str:
    """Say that somebody else publishes this node's output, and what to do."""
    return (f'{count} publishers on {topic}: a second lane_node of this name, or the player of a '
            'recording that holds it; end that, or give this node another name or namespace')


class LossCounter:
    """Counts frames that were published and never arrived, by each publisher's own numbering."""

    RESTART = 1000           # a larger jump is another publisher, not a loss

    def __init__(self) -> None:
        """Start before the first frame."""
        self._last: dict[Hashable, int] = {}   # by publisher

    def lost_before(self, number: int | None, publisher: Hashable = None) -> int:
        """
        Return how many frames are missing between a publisher's last one and this.

        :param number: publication_sequence_number of rclpy's message info; None where the
            middleware does not number. A smaller one than before, or one that is far ahead, is of
            another publisher and counts as none lost.
        :param publisher: tells the one that sent the frame from another.
        """
        if number is None:
            return 0
        gap = number - self._last.get(publisher, number - 1) - 1
        self._last[publisher] = number
        return gap if 0 < gap < self.RESTART else 0

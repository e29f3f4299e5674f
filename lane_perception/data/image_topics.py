# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Choose a recording's topic of camera pictures among all that it has."""

from __future__ import annotations

from lane_perception.data.recordings import IMAGE_TYPES
from lane_perception.data.recordings import RecordingReader
from lane_perception.data.recordings import Topic
from lane_perception.errors import UserError
from lane_perception.ros.images import image_kind
from lane_perception.ros.images import is_picture


def choose_images(
    reader: RecordingReader, topic: str | None, truth_topic: str | None = None,
    option: str = '--topic',
) -> Topic:
    """
    Return the topic of the frames.

    Without a name it is the first of camera pictures that are neither masks by their name nor
    what a lane_node published; where there are several, the reader's ``problems`` say so.

    :param topic: its name, or None.
    :param truth_topic: of the true masks, which is never chosen.
    :param option: by which the user names a topic.
    :raises UserError: when there is none, or it holds no picture.
    """
    if topic is not None:
        found = reader.require(topic, IMAGE_TYPES)
        if found.count == 0:
            raise UserError(f'{topic} in {reader.path} holds no message')
        return found
    topics = reader.topics()
    names = [one.name for one in topics.values()
             if one.message_type in IMAGE_TYPES and one.count
             and one.name != truth_topic and not _is_output(one.name)]
    others = {name: kind for name in names if (kind := _other_kind(reader, topics[name]))}
    chosen, *rest = [name for name in names if name not in others] or [None]
    if chosen is None:
        listed = ', '.join(f'{name} ({others[name]})' if name in others else name
                           for name in topics) or 'none'
        besides = f' besides --truth-topic {truth_topic}' if truth_topic in topics else ''
        raise UserError(f'{reader.path} has no topic with pictures{besides}; its topics: '
                        f'{listed}; {option} names one all the same')
    if rest:
        reader.problems.append(f'the frames are those on {chosen}; there are pictures on '
                               f'{", ".join(rest)} too, for which give {option}')
    return topics[chosen]


def _is_output(name: str) -> bool:
    """Tell whether a topic's name is one of masks or of what a lane_node publishes."""
    return ('mask' in name.lower() or name.endswith('/overlay/compressed')
            or '/lane_perception/' in name)


def _other_kind(reader: RecordingReader, topic: Topic) -> str:
    """Return the encoding of a topic whose first message is no camera picture, else ''."""
    for raw in reader.messages([topic.name]):
        try:
            message = reader.deserialize(raw.data, topic.message_type)
        except ValueError:
            continue
        return '' if is_picture(message) else image_kind(message) or 'without an encoding'
    return ''

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Choose a recording's topic of camera pictures among all that it has."""

from __future__ import annotations

from typing import Any

from lane_perception.data.recording_places import is_answer
from lane_perception.data.recordings import IMAGE_TYPES
from lane_perception.data.recordings import RecordingReader
from lane_perception.data.recordings import Topic
from lane_perception.errors import UserError
from lane_perception.ros.images import image_kind
from lane_perception.ros.images import is_distances
from lane_perception.ros.images import why_no_picture


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
    others = {name: message for name in names
              if (message := _no_picture(reader, topics[name])) is not None}
    chosen, *rest = [name for name in names if name not in others] or [None]
    if chosen is None:
        besides = f' besides --truth-topic {truth_topic}' if truth_topic in topics else ''
        raise UserError(_why_none(reader, others, besides, option))
    if rest:
        reader.problems.append(f'the frames are those on {chosen}; there are pictures on '
                               f'{", ".join(rest)} too, for which give {option}')
    return topics[chosen]


def _is_output(name: str) -> bool:
    """Tell whether a topic's name is one of masks or of what a lane_node publishes."""
    return ('mask' in name.lower() or name.endswith('/overlay/compressed')
            or is_answer(name))


def _no_picture(reader: RecordingReader, topic: Topic) -> Any | None:
    """Return the first message of a topic where it is no camera picture, else None."""
    for raw in reader.messages([topic.name]):
        try:
            message = reader.deserialize(raw.data, topic.message_type)
        except ValueError:
            continue
        return message if why_no_picture(message) else None
    return None


def _why_none(reader: RecordingReader, others: dict[str, Any], besides: str, option: str) -> str:
    """
    Return a sentence why a recording has no topic with pictures.

    :param others: the first message of each topic that might be of a camera's pictures.
    :param besides: follows what the recording lacks.
    """
    topics = reader.topics()
    for name, message in others.items():
        if not is_distances(message):
            return (f'{name} in {reader.path} holds no picture that can be read: '
                    f'{why_no_picture(message)}')
    notes = {name: image_kind(message) for name, message in others.items()}
    silent = [one for one in topics.values() if one.message_type in IMAGE_TYPES and not one.count
              and not _is_output(one.name)]
    if silent and not others and not besides:
        named = ', '.join(f'{one.name} ({one.message_type})' for one in silent)
        return f'{reader.path} holds no message on {named}'
    notes |= {one.name: 'no message' for one in silent}
    listed = ', '.join(f'{name} ({notes[name]})' if name in notes else name
                       for name in topics) or 'none'
    return (f'{reader.path} has no topic with pictures{besides}; its topics: {listed}; {option} '
            'names one all the same')

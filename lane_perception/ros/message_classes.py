# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Message classes with ROS and without it, so that a lane becomes messages in one place only.

With ROS they are ROS's own. Without it they are made from the definitions that rosbags carries,
with the same fields and defaults, which suffices to write recordings.
"""

from __future__ import annotations

import importlib
import importlib.util
from array import array
from functools import lru_cache
from typing import Any

import numpy as np

from lane_perception.data.recording_files import import_rosbags

_ARRAY_CODES = {'uint8': 'B', 'int8': 'b', 'uint16': 'H', 'int16': 'h', 'uint32': 'I',
                'int32': 'i', 'uint64': 'Q', 'int64': 'q', 'float32': 'f', 'float64': 'd'}
# Defaults in message definitions that are not zero; rosbags does not keep them.
_DEFAULTS = {'geometry_msgs/msg/Quaternion': {'w': 1.0}}


def has_ros() -> bool:
    """Tell whether ROS's Python message packages can be imported."""
    return importlib.util.find_spec('rclpy') is not None


@lru_cache(maxsize=None)
def message_class(message_type: str) -> Any:
    """
    Return the class of a message type, such as ``sensor_msgs/msg/Image``.

    Its instances take fields by keyword; a field that is not given has ROS's default.
    """
    package, _, name = message_type.split('/')
    if has_ros():
        return getattr(importlib.import_module(f'{package}.msg'), name)
    return _StandIn(message_type)


def serialize(message: Any) -> bytes:
    """
    Return the CDR bytes of a message made by :func:`message_class`.

    The same message always gives the same bytes: ROS's serializer leaves in the gaps between
    fields what lay in memory, so that it passes through rosbags', which fills them with zeros.
    """
    message_type = getattr(message, '__msgtype__', None)
    if message_type is None:
        from rclpy.serialization import serialize_message
        kind = type(message)
        message_type = f'{kind.__module__.split(".")[0]}/msg/{kind.__name__}'
        message = _store().deserialize_cdr(serialize_message(message), message_type)
    else:
        message = _with_numpy(message)
    return bytes(_store().serialize_cdr(message, message_type))


@lru_cache(maxsize=None)
def _store() -> Any:
    typesys = import_rosbags().typesys
    return typesys.get_typestore(typesys.Stores.LATEST)


class _StandIn:
    """Calls like a ROS message class; constants are attributes."""

    def __init__(self, message_type: str) -> None:
        self._type = message_type
        self._class = _store().types[message_type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._class, name)

    def __call__(self, **given: Any) -> Any:
        _, fields = _store().fielddefs[self._type]
        unknown = set(given) - {name for name, _ in fields}
        if unknown:
            raise TypeError(f'{self._type} has no field {", ".join(sorted(unknown))}')
        return self._class(*(given.get(name, _default(kind)) for name, kind in fields))


def _default(kind: Any) -> Any:
    node, detail = kind
    if node.name == 'BASE':
        return {'string': '', 'bool': False}.get(
            detail[0], 0.0 if detail[0].startswith('float') else 0)
    if node.name == 'NAME':
        return message_class(detail)(**_DEFAULTS.get(detail, {}))
    element, count = detail
    if node.name == 'ARRAY':
        return np.array([_default(element) for _ in range(count)])
    if element[0].name == 'BASE' and element[1][0] in _ARRAY_CODES:
        return array(_ARRAY_CODES[element[1][0]])   # as in ROS's own classes
    return []


def _with_numpy(message: Any) -> Any:
    """Turn sequences of numbers, also in messages within, into the arrays that rosbags wants."""
    for name, (node, detail) in _store().fielddefs[message.__msgtype__][1]:
        value = getattr(message, name)
        if isinstance(value, array):
            setattr(message, name, np.frombuffer(value, value.typecode) if value
                    else np.zeros(0, value.typecode))
        elif node.name == 'NAME':
            _with_numpy(value)
        elif node.name == 'SEQUENCE' and isinstance(value, list):
            for one in value:
                if hasattr(one, '__msgtype__'):
                    _with_numpy(one)
    return message

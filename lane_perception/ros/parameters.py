# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The node's parameters: one table, from which they are declared, checked and documented."""

from __future__ import annotations

import dataclasses
import difflib
import math
from contextlib import suppress
from pathlib import Path
from typing import Any
from typing import Iterable
from typing import Iterator
from typing import Mapping
from typing import Sequence
from typing import Union

from lane_perception.errors import UserError
from lane_perception.geometry.lane import LaneSettings
from lane_perception.geometry.lane import RANGES
from lane_perception.runtimes import PRECISIONS
from lane_perception.runtimes import RUNTIMES
from lane_perception.segmenter import parse_resolution
from lane_perception.segmenter import TTA
from lane_perception.yaml_file import load_yaml

Value = Union[str, bool, int, float]


@dataclasses.dataclass(frozen=True)
class ParameterSpecification:
    """One parameter of the node."""

    name: str
    default: Value
    description: str                  # one line, without the unit
    unit: str = ''
    minimum: float | None = None      # of a number, inclusive
    maximum: float | None = None
    choices: tuple[str, ...] = ()     # of a string; empty: any
    live: bool = False                # may change while the node runs

    @property
    def summary(self) -> str:
        """Return description, unit and choices in one line."""
        unit = f' [{self.unit}]' if self.unit else ''
        choices = f': {", ".join(self.choices)}' if self.choices else ''
        return f'{self.description}{unit}{choices}'


def _of_lane(name: str, description: str, unit: str = '') -> ParameterSpecification:
    """Return a lane setting as a parameter."""
    return ParameterSpecification(
        name, getattr(LaneSettings(), name), description, unit, *RANGES[name], live=True)


PARAMETERS = (
    ParameterSpecification(
        'model', 'lane_lite', 'shipped model name or file; a,b,c is an ensemble'),
    ParameterSpecification(
        'autostart', True, 'configure and activate at start; false leaves that to a manager'),
    ParameterSpecification(
        'runtime', 'auto', 'what runs the network', choices=('auto', *RUNTIMES)),
    ParameterSpecification('device', 'auto', 'auto, cpu or cuda:N'),
    ParameterSpecification(
        'precision', 'auto', 'arithmetic of the network', choices=('auto', *PRECISIONS)),
    ParameterSpecification(
        'resolution', '', "of the network's input, HEIGHTxWIDTH in multiples of 32; "
        "empty: the model's own", unit='px'),
    ParameterSpecification(
        'tta', 'none', 'test-time augmentation', choices=TTA, live=True),
    ParameterSpecification(
        'threshold', 0.0, "lane probability of a marking; 0 is the model file's own",
        minimum=0.0, maximum=0.99, live=True),
    ParameterSpecification(
        'image_transport', 'raw', 'kind of the input', choices=('raw', 'compressed')),
    ParameterSpecification(
        'qos.reliability', 'best_effort', 'asked of the camera',
        choices=('best_effort', 'reliable')),
    ParameterSpecification(
        'qos.depth', 1, 'length of the input queue; more than 1 only adds age', unit='frames',
        minimum=1, maximum=100),
    ParameterSpecification(
        'max_rate', 0.0, 'frames that are processed at most; 0 is no limit', unit='Hz',
        minimum=0.0, maximum=1000.0, live=True),
    _of_lane('look_ahead', 'row of the center, from the bottom of the image',
             'fraction of its height'),
    _of_lane('look_ahead_m',
             'distance of the center with a ground calibration; 0 takes look_ahead', 'm'),
    _of_lane('lane_width',
             "between the markings' middles, with a ground calibration only; 0 learns it", 'm'),
    ParameterSpecification(
        'ground_calibration', '', 'file from calibrate_ground; empty: no metres'),
    ParameterSpecification('base_frame', 'base_link', 'frame of the path and the markers'),
    _of_lane('max_gap_s', 'the lane is kept for so long without a sighting', 's'),
    _of_lane('min_confidence', 'a lane less likely to be right is none, unless it is held; 0 '
             'keeps all'),
)
NAMES = tuple(specification.name for specification in PARAMETERS)
USE_SIM_TIME = ParameterSpecification(
    'use_sim_time', False, 'take the time from /clock, as a recording gives it')
OF_RCLPY = ('use_sim_time', 'start_type_description_service')   # switches of every node


def value_of(specification: ParameterSpecification, text: str) -> Value:
    """
    Return what a launch argument's text is as the parameter's value: 1 is 1.0 for a number.

    :raises UserError: where it is of another type; ranges and choices are left to the node.
    """
    kind = type(specification.default)
    if kind is str:
        return text
    with suppress(KeyError, ValueError):
        value = {'true': True, 'false': False}[text.lower()] if kind is bool else kind(text)
        if math.isfinite(value):
            return value
    raise UserError(f'{_refusal(specification)}, and not "{text}"')


@dataclasses.dataclass(frozen=True)
class LiveSettings:
    """What may change between two frames."""

    tta: str
    threshold: float | None   # None: the model file's own
    max_rate: float           # Hz; 0: no limit
    lane: LaneSettings

    @classmethod
    def from_values(cls, values: Mapping[str, Value]) -> LiveSettings:
        """Return the settings that the parameters mean."""
        lane = {field.name: values[field.name] for field in dataclasses.fields(LaneSettings)}
        return cls(tta=values['tta'], threshold=values['threshold'] or None,
                   max_rate=values['max_rate'], lane=LaneSettings(**lane))


def check_values(values: Mapping[str, Value]) -> None:
    """
    Check what no range expresses.

    :param values: of all parameters, by name.
    :raises UserError: when a value is not among its choices, or two contradict each other.
    """
    for specification in PARAMETERS:
        value = values[specification.name]
        if specification.choices and value not in specification.choices:
            raise UserError(f'{specification.name} "{value}" is not known; '
                            f'use one of {", ".join(specification.choices)}')
    parse_resolution(values['resolution'])
    if values['look_ahead_m'] and not values['ground_calibration']:
        raise UserError('look_ahead_m needs a ground calibration; set ground_calibration to a '
                        'file from calibrate_ground, or use look_ahead')
    if not values['base_frame']:
        raise UserError('base_frame is empty; it names the frame of the path, mostly base_link')
    if values['base_frame'].startswith('/'):
        raise UserError(f'base_frame "{values["base_frame"]}" begins with /, which tf and RViz '
                        f'refuse; write {values["base_frame"].lstrip("/") or "base_link"}')


def without_effect(values: Mapping[str, Value]) -> list[str]:
    """Return a sentence for each value that is allowed and does nothing beside the others."""
    if values['lane_width'] and not values['ground_calibration']:
        return ['lane_width does nothing without a ground calibration; set ground_calibration to '
                'a file from calibrate_ground']
    return []


def refuse_unknown(given: Iterable[str], arguments: Sequence[str] = ()) -> list[str]:
    """
    Refuse a name that was meant for this node, and that it does not have.

    :param given: names of the node's overrides, as rclpy gives them.
    :param arguments: the process's. A name that only a section for many nodes holds, such as /**
        of a parameter file for the whole car, may be another node's.
    :returns: a sentence for each unknown name that may be another node's.
    :raises UserError: for the others: they are set with -p, or in a section for this node.
    """
    unknown = [name for name in given if name not in (*NAMES, *OF_RCLPY)
               and not name.startswith('qos_overrides.')]
    certain = _names_for_one_node(arguments) if unknown else set()
    wrong = [_suggestion(name) for name in unknown if name in certain]
    if wrong:
        raise UserError('; '.join(wrong))
    return [_suggestion(name) for name in unknown]


def files_of_others(given: Iterable[str], arguments: Sequence[str]) -> list[str]:
    """
    Return a sentence for each parameter file that sets nothing of this node.

    :param given: names of the node's overrides, as rclpy gives them.
    :param arguments: the process's.
    """
    given = set(given)
    return [f'{path} sets nothing of this node: it is for {", ".join(map(str, values))}; let it '
            'begin with /**, or with the name of the node (lane_perception)'
            for path, values in _files(arguments)
            if (names := {name for _, name in _names_in(values)}) and not names & given]


def _suggestion(name: str) -> str:
    near = difflib.get_close_matches(name, (*NAMES, *OF_RCLPY), 1)
    hint = f'; did you mean "{near[0]}"?' if near else ''
    return f'there is no parameter "{name}"{hint}'


def _names_for_one_node(arguments: Sequence[str]) -> set[str]:
    """Return the names that ROS arguments set with -p, or in files only in one node's section."""
    by_hand, in_files = set(), {True: set(), False: set()}   # files: whether below a wildcard
    for option, value in zip(arguments, arguments[1:]):
        if option in ('-p', '--param'):
            by_hand.add(value.partition(':=')[0].rpartition(':')[2])
    for _, values in _files(arguments):
        for wildcard, name in _names_in(values):
            in_files[wildcard].add(name)
    return by_hand | (in_files[False] - in_files[True])


def _files(arguments: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield path and content of each parameter file that ROS arguments name."""
    for option, path in zip(arguments, arguments[1:]):
        if option == '--params-file':
            # rcl has read it before, and takes what PyYAML does not, such as 2026-02-30.
            with suppress(UserError):
                yield path, load_yaml(Path(path))


def _names_in(section: Any, wildcard: bool = False) -> Iterator[tuple[bool, str]]:
    """Yield (whether below a wildcard, dotted name) of all parameters of a parameter file."""
    for key, value in section.items() if isinstance(section, dict) else ():
        if key == 'ros__parameters':
            yield from ((wildcard, name) for name in _dotted(value))
        else:
            yield from _names_in(value, wildcard or '*' in str(key))


def _dotted(values: Any, prefix: str = '') -> Iterator[str]:
    for key, value in values.items() if isinstance(values, dict) else ():
        if isinstance(value, dict):
            yield from _dotted(value, f'{prefix}{key}.')
        else:
            yield f'{prefix}{key}'


def declare(node: Any) -> dict[str, Value]:
    """
    Declare all parameters on an rclpy node.

    :returns: their values, with what the command line and the parameter file set.
    :raises UserError: for a value of another type or out of range.
    """
    from rclpy.exceptions import InvalidParameterTypeException
    from rclpy.exceptions import InvalidParameterValueException
    values = {}
    for specification in PARAMETERS:
        try:
            parameter = node.declare_parameter(
                specification.name, specification.default, _descriptor(specification))
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            raise UserError(_refusal(specification)) from error
        values[specification.name] = parameter.value
    return values


def refusal_of_rclpys(error: Exception) -> str:
    """Say what rclpy's complaint about one of its own parameters, which are switches, means."""
    name = next((name for name in OF_RCLPY if name in str(error)), OF_RCLPY[0])
    return f'parameter {name} must be true or false, such as false'


def _refusal(specification: ParameterSpecification) -> str:
    kind = {str: 'a text', bool: 'true or false', int: 'a whole number',
            float: 'a number with a decimal point'}[type(specification.default)]
    limits = ''
    if specification.minimum is not None:
        limits = f' from {specification.minimum} to {specification.maximum}'
    return f'parameter {specification.name} must be {kind}{limits}, ' \
           f'such as {str(specification.default).lower() or chr(34) * 2}'


def _descriptor(specification: ParameterSpecification) -> Any:
    from rcl_interfaces.msg import FloatingPointRange
    from rcl_interfaces.msg import IntegerRange
    from rcl_interfaces.msg import ParameterDescriptor
    descriptor = ParameterDescriptor(
        description=specification.summary, read_only=not specification.live)
    if specification.minimum is not None:
        limits = dict(from_value=specification.minimum, to_value=specification.maximum)
        if isinstance(specification.default, float):
            descriptor.floating_point_range = [FloatingPointRange(**limits)]
        else:
            descriptor.integer_range = [IntegerRange(**limits)]
    return descriptor

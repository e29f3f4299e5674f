# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Start ROS in this process; what keeps it from starting becomes one sentence."""

from __future__ import annotations

from typing import Any
from typing import Sequence

from lane_perception.errors import UserError


def initialize(
    arguments: Sequence[str] = (), context: Any = None, domain_id: int | None = None,
) -> None:
    """
    Initialise rclpy; signals stay with whoever handles them now.

    :param arguments: what the user gave, with --ros-args; the program's name is not among them.
    :param context: an rclpy Context; None: the default one.
    :param domain_id: None: that of ROS_DOMAIN_ID.
    :raises UserError: for a mistake in the arguments, and where no log can be written.
    """
    import rclpy
    from rclpy.signals import SignalHandlerOptions
    try:
        rclpy.init(args=['lane_perception', *arguments], context=context, domain_id=domain_id,
                   signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:   # rclpy's RCLError and UnknownROSArgsError
        # The rest names lines of rcl's own source.
        sentence = str(error).removeprefix('failed to initialize rcl: ').partition(', at /')[0]
        sentence = ' '.join(sentence.split())
        if 'logging' in sentence:
            raise UserError(f'{sentence} (ROS_LOG_DIR, or ~/.ros/log)') from error
        if not arguments:
            raise UserError(f'ROS does not start: {sentence}') from error
        raise UserError(f'ROS arguments: {sentence}; a parameter is -p NAME:=VALUE, a topic '
                        '-r NAME:=TOPIC, a file --params-file FILE, all after --ros-args'
                        ) from error

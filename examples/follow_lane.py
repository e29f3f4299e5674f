#!/usr/bin/env python3
# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Drive by the lane: from ~/offset to a velocity command, and stop when there is no lane.

    python3 examples/follow_lane.py --ros-args -r offset:=/lane_perception/offset -p speed:=0.3

Parameters: speed (0.3 m/s while there is a lane), gain (1.2 rad/s of turning for an offset of 1)
and turn_limit (1.5 rad/s).

The car stops at once when the offset is NaN (the node sees no lane) or beyond what an offset can
be, and 0.2 s after the last message when nothing comes any more (a camera that was unplugged, a
node that ended), with the next of its 20 commands a second. The node holds a lane that it no
longer sees for max_gap_s (0.5 s), so that the wheels stop within 0.6 s of covering the lens.
Ctrl-C and SIGTERM stop the car, too; where this program is killed, only the base can, by a
time-out of its own for commands. Begin with the wheels off the floor: docs/first_drive.md.
"""

import math
import signal
import sys
import threading
import time

import rclpy
from geometry_msgs.msg import Twist
from rcl_interfaces.msg import FloatingPointRange
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.clock import Clock
from rclpy.clock import ClockType
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.exceptions import InvalidParameterValueException
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Float32

SILENCE = 0.2   # seconds without a message after which the car is stopped
PERIOD = 0.05   # seconds between two commands
LARGEST = 1.5   # offset; lane_node's lie between -1 and 1, so what is beyond is none of its


class FollowLane(Node):
    """Publishes geometry_msgs/Twist on cmd_vel at 20 Hz."""

    def __init__(self) -> None:
        super().__init__('follow_lane')
        positive = ParameterDescriptor(
            floating_point_range=[FloatingPointRange(from_value=0.0, to_value=20.0)])
        self.declare_parameter('speed', 0.3, positive)       # m/s while there is a lane
        self.declare_parameter('gain', 1.2, positive)        # rad/s of turning for an offset of 1
        self.declare_parameter('turn_limit', 1.5, positive)  # rad/s
        self._offset = math.nan
        self._heard = None
        self._commands = self.create_publisher(Twist, 'cmd_vel', 1)
        self.create_subscription(Float32, 'offset', self._on_offset, 1)
        # A steady clock: one that is set back or stands still must not keep the car going.
        self.create_timer(PERIOD, self._drive, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _on_offset(self, message: Float32) -> None:
        self._offset = message.data
        self._heard = time.monotonic()
        if not self._sees_lane():
            self._drive()  # do not wait for the timer to stop

    def _drive(self) -> None:
        command = Twist()
        if self._sees_lane():
            limit = self.get_parameter('turn_limit').value
            turn = self.get_parameter('gain').value * self._offset  # both are positive to the left
            command.linear.x = self.get_parameter('speed').value
            command.angular.z = max(-limit, min(limit, turn))
        self._commands.publish(command)

    def stop(self) -> None:
        """Tell the car to stand still."""
        self._commands.publish(Twist())

    def _sees_lane(self) -> bool:
        if self._heard is None or not abs(self._offset) <= LARGEST:   # NaN is not, either
            return False
        return time.monotonic() - self._heard < SILENCE


def main() -> None:
    """Run until Ctrl-C or SIGTERM, then stop the car."""
    if {'-h', '--help'} & set(sys.argv[1:]):
        print(__doc__.strip())
        return
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    # Without rclpy's handlers, which shut ROS down at once: the last command must still go out.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = FollowLane()
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        rclpy.try_shutdown()
        print(f'follow_lane: {error}; numbers have a point (2.0, not 2) and are 0 to 20',
              file=sys.stderr)
        sys.exit(2)
    try:
        while not ended.is_set():
            rclpy.spin_once(node, timeout_sec=PERIOD)
    finally:
        node.stop()
        time.sleep(0.1)  # what is published leaves before the node does
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == '__main__':
    main()

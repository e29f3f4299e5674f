# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Play a recording's pictures into lane_node, on its clock, and record what comes out."""

import os
import sys

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.actions import ExecuteProcess
from launch.actions import IncludeLaunchDescription
from launch.actions import OpaqueFunction
from launch.actions import RegisterEventHandler
from launch.actions import Shutdown
from launch.actions import TimerAction
from launch.event_handlers import OnProcessExit
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from lane_perception.geometry.camera_info import info_topic_of
from lane_perception.ros.launch_arguments import refuse_unknown

PACKAGE = 'lane_perception'
OUTPUTS = ('mask', 'center', 'offset', 'path', 'pose', 'markers', 'overlay/compressed')
LAST_FRAME_S = 2.0  # seconds that the node and the recorder get after the last frame


def generate_launch_description():
    """Return the description; ``ros2 launch lane_perception FILE --show-args`` lists all."""
    share = get_package_share_directory(PACKAGE)
    arguments = (
        ('rate', '1.0', 'of the playback, against real time'),
        ('delay', '3.0', 'seconds before the first frame, in which the node gets ready'),
        ('record', '', 'folder of a new bag for the outputs; empty: none'),
    )
    description = LaunchDescription([
        DeclareLaunchArgument('bag', description='recording (rosbag2) to play'),
        *(DeclareLaunchArgument(name, default_value=default, description=description)
          for name, default, description in arguments),
        # Its arguments (image, model, ...) are declared there and may be given here as well.
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(
                os.path.join(share, 'launch', 'lane_perception.launch.py')),
            launch_arguments=[('use_sim_time', 'true')]),
        OpaqueFunction(function=play_and_record),
    ])
    names = {argument.name for argument in description.get_launch_arguments()}
    return LaunchDescription([
        OpaqueFunction(function=lambda context: refuse_unknown(__file__, names, sys.argv)),
        description,
    ])


def play_and_record(context):
    """Return the player, the recorder where asked for, and the end of it all."""
    def value(name):
        return LaunchConfiguration(name).perform(context)
    # Declared in the other launch file, like model.
    space = context.launch_configurations.get('namespace', '').strip('/')
    space = f'/{space}' if space else ''

    def resolved(topic):
        return topic if topic.startswith('/') else f'{space}/{topic}'
    image = resolved(context.launch_configurations.get('image', 'image'))
    camera_info = context.launch_configurations.get('camera_info', '')
    # Nothing else that a drive's recording holds: commands, lanes that an earlier node told.
    topics = [image, f'{image}/compressed',
              resolved(camera_info) if camera_info else info_topic_of(image)]
    player = ExecuteProcess(
        cmd=['ros2', 'bag', 'play', os.path.expanduser(value('bag')), '--clock', '100',
             '--rate', value('rate'), '--delay', value('delay'), '--topics', *topics],
        output='screen')
    end = TimerAction(period=LAST_FRAME_S, actions=[Shutdown(reason='the recording has ended')])
    actions = [player, RegisterEventHandler(OnProcessExit(target_action=player, on_exit=[end]))]
    if value('record'):
        # Humble takes topics in this place only; later releases take them here too.
        actions.insert(0, ExecuteProcess(
            cmd=['ros2', 'bag', 'record', '--use-sim-time', '-o',
                 os.path.expanduser(value('record')),
                 *(f'{space}/{PACKAGE}/{output}' for output in OUTPUTS)],
            output='screen'))
    return actions

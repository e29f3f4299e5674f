# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Start lane_node, and a camera driver where asked for one."""

import os
import sys

from ament_index_python.packages import PackageNotFoundError
from ament_index_python.packages import get_package_prefix
from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.actions import OpaqueFunction
from launch.actions import SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from lane_perception.geometry.camera_info import info_topic_of
from lane_perception.ros.launch_arguments import refuse_unknown
from lane_perception.ros.parameters import PARAMETERS
from lane_perception.ros.parameters import USE_SIM_TIME
from lane_perception.ros.parameters import value_of
from lane_perception.ros.shared_memory import set_profile

PACKAGE = 'lane_perception'
DRIVERS = {'v4l2_camera': 'v4l2_camera_node', 'usb_cam': 'usb_cam_node_exe'}


def generate_launch_description():
    """Return the description; ``ros2 launch lane_perception FILE --show-args`` lists all."""
    share = get_package_share_directory(PACKAGE)
    arguments = (
        ('image', 'image', 'topic of the camera, without /compressed'),
        ('camera_info', '',
         "topic of the camera's lens model, optional; empty: camera_info beside the image"),
        ('namespace', '', 'of the node, for two cameras on one car'),
        ('camera', 'none', 'also start this driver: v4l2_camera, usb_cam or none'),
        ('camera_params', '', "that driver's parameter file; empty: none"),
        ('use_sim_time', 'false', USE_SIM_TIME.description),
        ('params_file', os.path.join(share, 'config', 'lane_perception.yaml'),
         "the node's parameter file; the arguments below are the node's parameters, and those "
         'that are not empty win over it'),
    )
    names = {*(name for name, _, _ in arguments), *(one.name for one in PARAMETERS)}
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=description)
          for name, default, description in arguments),
        *(DeclareLaunchArgument(one.name, default_value='', description=one.summary)
          for one in PARAMETERS),
        OpaqueFunction(function=lambda context: refuse_unknown(__file__, names, sys.argv)),
        *shared_memory(),
        OpaqueFunction(function=start_nodes),
    ])


def shared_memory():
    """Give every process started here shared memory that holds raw images, unless it has some."""
    environment = dict(os.environ)
    set_profile(environment)
    return [SetEnvironmentVariable(name, value) for name, value in environment.items()
            if name not in os.environ]


def start_nodes(context):
    """Return the node, and the camera's driver."""
    def value(name):
        return LaunchConfiguration(name).perform(context)

    def file(name):
        path = os.path.expanduser(value(name))   # no shell expands what is after :=
        if path and not os.path.isfile(path):
            raise RuntimeError(f'{name}:={path} is no file')
        return path
    # Typed, or launch would take the model 1 for a number and the lane_width 1 for an integer.
    given = {one.name: ParameterValue(value_of(one, value(one.name)), value_type=type(one.default))
             for one in PARAMETERS if value(one.name)}
    sim_time = {'use_sim_time': value_of(USE_SIM_TIME, value('use_sim_time'))}
    image = value('image')
    camera_info = value('camera_info') or info_topic_of(image)
    return [
        Node(
            package=PACKAGE,
            executable='lane_node',
            name=PACKAGE,
            namespace=value('namespace'),
            output='screen',
            parameters=[file('params_file'), sim_time, given],
            remappings=[('image', image), ('image/compressed', f'{image}/compressed'),
                        ('camera_info', camera_info)],
        ),
        *camera_driver(value('camera'), value('namespace'), image, camera_info,
                       [path for path in [file('camera_params')] if path]),
    ]


def camera_driver(driver, namespace, image, camera_info, files):
    """Return the driver's node in a list, an empty list for none."""
    if driver == 'none':
        return []
    if driver not in DRIVERS:
        raise RuntimeError(f'camera:={driver} is not known; use v4l2_camera, usb_cam or none')
    try:
        get_package_prefix(driver)
    except PackageNotFoundError as error:
        apt_name = driver.replace('_', '-')
        raise RuntimeError(f'camera:={driver} is not installed; '
                           f'sudo apt install ros-$ROS_DISTRO-{apt_name}') from error
    return [Node(package=driver, executable=DRIVERS[driver], namespace=namespace, output='screen',
                 parameters=files,
                 remappings=[('image_raw', image), ('image_raw/compressed', f'{image}/compressed'),
                             ('camera_info', camera_info)])]

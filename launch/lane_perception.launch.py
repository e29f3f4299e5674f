# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Start lane_node, and a camera driver where asked for one."""

import os

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

from lane_perception.ros.shared_memory import set_profile

PACKAGE = 'lane_perception'
# Arguments that win over the parameter file when they are given.
PARAMETERS = ('image_transport', 'model', 'runtime', 'resolution', 'tta', 'ground_calibration')
DRIVERS = {'v4l2_camera': 'v4l2_camera_node', 'usb_cam': 'usb_cam_node_exe'}


def generate_launch_description():
    """Return the description; ``ros2 launch lane_perception FILE --show-args`` lists all."""
    share = get_package_share_directory(PACKAGE)
    empty = 'as the parameter file says'
    arguments = (
        ('image', 'image', 'topic of the camera, without /compressed'),
        ('camera_info', 'camera_info', "topic of the camera's lens model, optional"),
        ('image_transport', '', f'raw or compressed; empty: {empty}'),
        ('model', '', f'shipped model name or file; a,b,c is an ensemble; empty: {empty}'),
        ('runtime', '', f'auto, onnxruntime, openvino or torch; empty: {empty}'),
        ('resolution', '', "of the network's input, HEIGHTxWIDTH in multiples of 32, smaller is "
         f'quicker; empty: {empty}'),
        ('tta', '', f'test-time augmentation: none, flip or full; empty: {empty}'),
        ('ground_calibration', '', f'file from calibrate_ground; empty: {empty}'),
        ('params_file', os.path.join(share, 'config', 'lane_perception.yaml'),
         'file with all other parameters'),
        ('namespace', '', 'of the node, for two cameras on one car'),
        ('camera', 'none', 'also start this driver: v4l2_camera, usb_cam or none'),
        ('use_sim_time', 'false', 'take the time from /clock, as a recording gives it'),
    )
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=description)
          for name, default, description in arguments),
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
    given = {name: ParameterValue(value(name), value_type=str)
             for name in PARAMETERS if value(name)}
    sim_time = {'use_sim_time': value('use_sim_time').lower() in ('true', '1')}
    image, camera_info = value('image'), value('camera_info')
    return [
        Node(
            package=PACKAGE,
            executable='lane_node',
            name=PACKAGE,
            namespace=value('namespace'),
            output='screen',
            parameters=[value('params_file'), sim_time, given],
            remappings=[('image', image), ('image/compressed', f'{image}/compressed'),
                        ('camera_info', camera_info)],
        ),
        *camera_driver(value('camera'), value('namespace'), image, camera_info),
    ]


def camera_driver(driver, namespace, image, camera_info):
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
                 remappings=[('image_raw', image), ('image_raw/compressed', f'{image}/compressed'),
                             ('camera_info', camera_info)])]

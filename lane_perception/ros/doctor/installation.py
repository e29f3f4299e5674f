# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Python, numpy against cv_bridge, OpenCV, ROS, the inference runtimes.

Nothing but the standard library is imported before its own check: it may be what is missing.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
import sys
from typing import Iterator

from lane_perception.machine import package_version
from lane_perception.package_files import find_package_file
from lane_perception.ros.doctor.finding import BROKEN
from lane_perception.ros.doctor.finding import DOUBTFUL
from lane_perception.ros.doctor.finding import Finding
from lane_perception.ros.doctor.finding import first_line
from lane_perception.ros.doctor.finding import GOOD
from lane_perception.ros.doctor.finding import not_looked_at
from lane_perception.ros.shared_memory import OLD_DISTRIBUTIONS
from lane_perception.ros.shared_memory import PROFILE
from lane_perception.ros.shared_memory import ROOM_BYTES
from lane_perception.ros.shared_memory import room_bytes
from lane_perception.ros.shared_memory import VARIABLES

PYTHONS = ((3, 10), (3, 12))  # the first and the last that is tested
# cv_bridge breaks in native code when numpy does not fit, so it is tried in another process.
TRY_CV_BRIDGE = (
    'import numpy, cv_bridge; '
    'b = cv_bridge.CvBridge(); '
    'm = b.cv2_to_imgmsg(numpy.zeros((2, 2, 3), numpy.uint8), "bgr8"); '
    'assert b.imgmsg_to_cv2(m, "bgr8").shape == (2, 2, 3)')


def installation() -> Iterator[Finding]:
    """Yield what is to be said about the installation."""
    yield python()
    yield from ros()
    yield from numpy_and_cv_bridge()
    yield opencv()
    yield from runtimes()
    yield from shared_memory()


def python() -> Finding:
    """Say whether this Python is one that is tested."""
    version = platform.python_version()
    text = f'Python {version} ({sys.executable})'
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return Finding(GOOD, text)
    return Finding(DOUBTFUL, f'{text} is not tested', 'use Python 3.10, 3.11 or 3.12')


def ros() -> Iterator[Finding]:
    """Say whether rclpy can be imported and which middleware it uses."""
    try:
        import rclpy
    except ImportError as error:
        yield Finding(BROKEN, f'rclpy cannot be imported: {error}',
                      'source /opt/ros/$ROS_DISTRO/setup.bash before this environment is used '
                      '(made with --system-site-packages), or run make venv')
        return
    where = os.environ.get('ROS_DISTRO', 'no ROS_DISTRO: wheels from PyPI')
    yield Finding(GOOD, f'rclpy ({where}) with {rclpy.get_rmw_implementation_identifier()}, '
                        f'domain {os.environ.get("ROS_DOMAIN_ID", "0")}')


def numpy_and_cv_bridge() -> Iterator[Finding]:
    """Say whether cv_bridge works with this numpy."""
    try:
        import numpy
    except ImportError as error:
        yield Finding(BROKEN, f'numpy cannot be imported: {first_line(error)}',
                      'pip install "numpy<2"')
        return
    text = f'numpy {numpy.__version__}'
    if importlib.util.find_spec('cv_bridge') is None:
        yield Finding(DOUBTFUL, f'{text}; cv_bridge is not installed: only 16-bit colour images '
                                'need it', 'sudo apt install ros-$ROS_DISTRO-cv-bridge')
        return
    run = subprocess.run([sys.executable, '-c', TRY_CV_BRIDGE], capture_output=True, text=True)
    if run.returncode == 0:
        yield Finding(GOOD, f'{text} and cv_bridge work together')
        return
    last = (run.stderr.strip().splitlines() or ['it crashed'])[-1]
    yield Finding(BROKEN, f'{text} and cv_bridge do not work together: {last}',
                  'pip install "numpy<2" "opencv-python<4.12"')


def opencv() -> Finding:
    """Say which OpenCV is used, and whether two of them are installed over each other."""
    wheels = [name for name in ('opencv-python', 'opencv-python-headless',
                                'opencv-contrib-python') if package_version(name)]
    if len(wheels) > 1:
        return Finding(BROKEN, f'{" and ".join(wheels)} are installed over each other',
                       f'pip uninstall -y {" ".join(wheels)}; pip install "{wheels[0]}<4.12"')
    try:
        import cv2
    except ImportError as error:
        if error.name == 'numpy':   # a new OpenCV would not help
            return not_looked_at('OpenCV', error)
        return Finding(BROKEN, f'OpenCV cannot be imported: {first_line(error)}',
                       f'{f"pip uninstall -y {wheels[0]}; " if wheels else ""}'
                       'pip install "opencv-python-headless<4.12"')
    source = wheels[0] if wheels else 'from the system'
    return Finding(GOOD, f'OpenCV {cv2.__version__} ({source})')


def runtimes() -> Iterator[Finding]:
    """Say which inference runtimes are there and what they can run on."""
    if package_version('onnxruntime') and package_version('onnxruntime-gpu'):
        yield Finding(BROKEN, 'onnxruntime and onnxruntime-gpu are installed over each other',
                      'pip uninstall -y onnxruntime onnxruntime-gpu; then install one of them: '
                      'onnxruntime-gpu with an NVIDIA GPU, else onnxruntime')
    try:
        from lane_perception.runtimes import INSTALL
        from lane_perception.runtimes import installed_runtimes
    except ImportError as error:
        yield not_looked_at('the runtimes', error)
        return
    found = installed_runtimes()
    for name in found:
        yield _runtime(name)
    if set(found) <= {'torch'}:
        cure = INSTALL['openvino' if platform.machine() == 'x86_64' else 'onnxruntime']
        yield Finding(BROKEN if not found else DOUBTFUL, 'no runtime for ONNX files', cure)


def _runtime(name: str) -> Finding:
    try:
        return Finding(GOOD, f'runtime {name} {_describe(name)}')
    except ImportError as error:
        return Finding(BROKEN, f'runtime {name} cannot be imported: {first_line(error)}',
                       f'pip install --force-reinstall {name}')


def _describe(runtime: str) -> str:
    if runtime == 'openvino':
        from lane_perception.runtimes.openvino_runtime import shared_core
        abilities = shared_core().get_property('CPU', 'OPTIMIZATION_CAPABILITIES')
        kinds = ', '.join(kind for kind in ('fp32', 'bf16', 'int8') if kind.upper() in abilities)
        return f'{package_version("openvino")}: cpu ({kinds})'
    if runtime == 'onnxruntime':
        from lane_perception.runtimes.onnxruntime_runtime import built_for_cuda
        version = package_version('onnxruntime') or package_version('onnxruntime-gpu')
        return f'{version}: cpu{" and cuda" if built_for_cuda() else ""}'
    # Importing torch takes seconds; its devices are told when a model is run with it.
    return f'{package_version("torch")}: for training and .safetensors files'


def shared_memory() -> Iterator[Finding]:
    """Say whether raw images fit through Fast DDS's shared memory in this shell's processes."""
    room = room_bytes()
    if room < ROOM_BYTES:
        yield Finding(
            DOUBTFUL, f'only {room >> 20} MB of shared memory are free in /dev/shm: raw images of '
                      '640x480 and more get lost',
            'in a container: docker run --shm-size=512m (or --ipc=host); else remove what killed '
            'processes left (rm /dev/shm/fastdds_*), or use image_transport:=compressed')
    for name in VARIABLES:
        if os.environ.get(name):
            yield Finding(GOOD, f'Fast DDS profile: {os.environ[name]}')
            return
    old = os.environ.get('ROS_DISTRO') in OLD_DISTRIBUTIONS
    yield Finding(
        DOUBTFUL, 'this shell has no Fast DDS profile: a camera started from it loses raw images '
                  'of 640x480 and more (lane_node and the launch files set one for themselves)',
        f'before starting the camera: export {VARIABLES[old]}={find_package_file(PROFILE)}')

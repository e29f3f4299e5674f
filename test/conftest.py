# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Fixtures that all tests share: real data, a ROS domain of one's own, a tiny model."""

import os
from pathlib import Path

from lane_perception.ros.own_domain import own_domain
from lane_perception.ros.shared_memory import set_profile
import numpy as np
import pytest

CHECKOUT = Path(__file__).resolve().parent.parent

# Fast DDS reads it once in a process, at the first test that talks over DDS.
set_profile(publishes_images=True)


@pytest.fixture(scope='session')
def shared_data():
    """Return the folder of real camera data beside the checkout, or skip."""
    folder = Path(os.environ.get('LANE_PERCEPTION_DATA', CHECKOUT.parent / 'shared' / 'data'))
    if not (folder / 'seame_cam_a').is_dir():
        pytest.skip(f'no real camera data at {folder}; set LANE_PERCEPTION_DATA')
    return folder


@pytest.fixture
def ros_domain(monkeypatch):
    """Put this test, and the processes it starts, into a ROS domain of its own on this machine."""
    with own_domain() as domain:
        monkeypatch.setenv('ROS_DOMAIN_ID', str(domain))
        monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        monkeypatch.setenv('ROS_LOCALHOST_ONLY', '1')
        yield domain


@pytest.fixture(scope='session')
def bright_model(tmp_path_factory):
    """Return an ONNX model file that calls bright pixels markings: small, exact, quick."""
    from bright_model import write_bright_model
    path = tmp_path_factory.mktemp('models') / 'bright.onnx'
    write_bright_model(path)
    return path


@pytest.fixture
def track_image():
    """Return a (480, 640, 3) BGR picture of two white lines that converge on dark floor."""
    return draw_track()


def draw_track(height=480, width=640, shift=0.0):
    """Draw two bright lines; shift moves both to the right, in pixels at 640 wide."""
    import cv2
    image = np.full((height, width, 3), 30, np.uint8)
    scale_x, scale_y = width / 640, height / 480
    for bottom, top in ((80, 270), (560, 370)):
        start = (int((bottom + shift) * scale_x), height - 1)
        end = (int((top + shift) * scale_x), int(200 * scale_y))
        cv2.line(image, start, end, (245, 245, 245), max(2, int(14 * scale_x)), cv2.LINE_AA)
    return image

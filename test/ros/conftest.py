# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Fixtures over real DDS."""

import importlib.util
from contextlib import ExitStack

from lane_perception.ros.own_domain import own_domain
import pytest

# Without ROS, what talks to a node over DDS is not even collected.
collect_ignore_glob = [] if importlib.util.find_spec('rclpy') else ['test_node_*.py']


@pytest.fixture(scope='module')
def make_desk(tmp_path_factory):
    """Return a function that makes desks, each in a domain of its own, until the module ends."""
    from ros_desk import Desk
    with ExitStack() as until_the_end:
        def make():
            domain = until_the_end.enter_context(own_domain())
            desk = Desk(domain, tmp_path_factory.mktemp('desk'))
            until_the_end.callback(desk.close)
            return desk
        yield make


@pytest.fixture
def desk(make_desk):
    """Return a desk in a domain of its own; what it started is ended afterwards."""
    desk = make_desk()
    yield desk
    desk.close()


@pytest.fixture(scope='session')
def small_model(tmp_path_factory):
    """Return a model file that calls bright pixels markings in pictures of 96x64."""
    from bright_model import write_bright_model
    path = tmp_path_factory.mktemp('models') / 'small.onnx'
    write_bright_model(path, height=64, width=96, name='small')
    return path

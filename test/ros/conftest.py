# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Fixtures over real DDS."""

import importlib.util
import itertools
import os

import pytest

# Without ROS, what talks to a node over DDS is not even collected.
collect_ignore_glob = [] if importlib.util.find_spec('rclpy') else ['test_node_*.py']
_domains = itertools.count()


@pytest.fixture(scope='module')
def make_desk(tmp_path_factory, worker_number):
    """Return a function that makes desks, each in a domain of its own, until the module ends."""
    from ros_desk import Desk
    desks = []

    def make():
        domain = 1 + (os.getpid() * 13 + worker_number * 37 + next(_domains)) % 100
        desks.append(Desk(domain, tmp_path_factory.mktemp('desk')))
        return desks[-1]
    yield make
    for desk in desks:
        desk.close()


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

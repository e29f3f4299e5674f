# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The world that a car is driven in."""

import pytest

from lane_perception.data.synthetic.decals import road_span
from lane_perception.data.synthetic.driving import World


@pytest.mark.parametrize('reverse', [False, True])
@pytest.mark.parametrize('seed', [1100011, 1100013, 1920005, 2100000, 2100003, 2100008])
def test_no_wall_stands_on_the_road(seed, reverse):
    scene = World(seed, reverse=reverse).scene
    road = scene.track.road
    for side in road_span(scene.track):
        assert scene.room.inside(road.points + side * road.normals).all()

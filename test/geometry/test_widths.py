# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is expected of the lane's width: before anything is known, and while it changes."""

import numpy as np
import pytest
from drawn_floor import arc
from drawn_floor import draw
from drawn_floor import everywhere
from drawn_floor import view

from lane_perception.geometry.lane_finder import LaneFinder


def narrowing(ground, ahead, right=everywhere):
    """Draw a lane of 0.6 m that gets 0.35 m wide from some metres ahead on, within 0.8 m."""
    s, points, normals = arc()
    half = np.interp(s, (ahead, ahead + 0.8), (0.3, 0.175))[:, None]
    return draw(ground, [(s, points, normals, half, everywhere),
                         *([(s, points, normals, -half, right)] if right else [])])


def test_a_lane_that_gets_narrower_is_followed_by_both_of_its_sides_and_then_by_one():
    ground = view(focal=330.0)
    finder = LaneFinder(ground=ground)
    lanes = [finder.find(narrowing(ground, 2.5 - number / 24.0), number / 12.0)
             for number in range(92)]
    assert max(abs(lane.lateral) for lane in lanes) < 0.08
    assert max(abs(lane.lateral) for lane in lanes[80:]) < 0.01
    assert lanes[-1].width == pytest.approx(0.35, abs=0.01)
    alone = [finder.find(narrowing(ground, -2.0, right=None), (92 + number) / 12.0)
             for number in range(12)]
    assert max(abs(lane.lateral) for lane in alone) < 0.02


def test_two_markings_make_a_lane_where_nobody_knows_how_wide_it_is():
    camera = view(focal=320.0, mount_height=0.1, pitch=12.0)
    s, points, normals = arc(start=0.0)
    road = draw(camera, [(s, points, normals, -0.185, everywhere),
                         (s, points, normals, 0.185, lambda s: (s > 0.75) & (s < 0.95))], 0.05)
    lane = LaneFinder().find(road)
    assert len(lane.left) and len(lane.right)
    assert lane.offset == pytest.approx(0.0, abs=0.1)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Marks become chains: what is linked, and which end comes first."""

import numpy as np
import pytest

from lane_perception.geometry.chains import link
from lane_perception.geometry.marks import Marks


def marks(*lines):
    """Return the marks of (N, 2) floor points of several lines."""
    points = np.concatenate(lines)
    return Marks(points, np.zeros_like(points), np.full(len(points), 0.002),
                 np.full(len(points), 5),
                 np.tile((0.0, 0.02), (len(points), 1)), np.zeros(len(points), bool))


def circle(radius, first, last, middle=(0.0, 0.0), spacing=0.03):
    """Return points of a circle from one angle in degrees to another."""
    angle = np.radians(np.linspace(first, last, int(
        abs(last - first) * np.pi / 180.0 * radius / spacing)))
    return radius * np.column_stack((np.cos(angle), np.sin(angle))) + middle


def test_a_chain_begins_at_the_end_nearer_to_the_car():
    outer_side = circle(0.95, -52.0, -5.0, middle=(0.24, -0.05))
    chains = link(marks(outer_side))
    assert len(chains) == 1
    np.testing.assert_allclose(chains.marks.ground[0], outer_side[0])


@pytest.mark.parametrize('gap', [0.03, 0.05])
def test_two_lines_side_by_side_are_two_chains(gap):
    x = np.arange(0.2, 1.2, 0.035)
    lines = [np.column_stack((x, np.full(len(x), y))) for y in (0.2, 0.2 + gap)]
    chains = link(marks(*lines))
    assert len(chains) == 2
    assert np.abs(chains.tangent[:, 1]).max() < 0.01
    for number in range(2):
        # The ends have fewer neighbours on their own line than on the other.
        assert len(chains.marks.ground[chains.members(number)]) >= len(x) - 2


def test_a_double_marking_is_laid_onto_its_middle():
    x = np.arange(0.2, 1.2, 0.035)
    lines = [np.column_stack((x, np.full(len(x), y))) for y in (0.18, 0.22, -0.2)]
    chains = link(marks(*lines))
    sides = np.sort([chains.marks.ground[chains.members(number), 1].mean()
                     for number in range(len(chains))])
    np.testing.assert_allclose(sides, (-0.2, 0.2, 0.2), atol=1e-6)
    assert np.nanmax(np.abs(np.abs(chains.gap) - 0.2)) == pytest.approx(0.2, abs=1e-6)


def test_a_scrap_beside_a_line_does_not_make_it_a_double_marking():
    x = np.arange(0.2, 1.2, 0.035)
    line = np.column_stack((x, np.full(len(x), 0.2)))
    chains = link(marks(line, line[10:14] + (0.0, 0.05)))
    longest = chains.marks.ground[chains.members(int(np.argmax(np.bincount(chains.chain))))]
    np.testing.assert_allclose(longest[:, 1], 0.2, atol=1e-9)

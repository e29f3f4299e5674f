# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Skeleton recall asks for whole lines: their middles count, however wide they are."""

import pytest

torch = pytest.importorskip('torch')

from lane_perception.training.losses import LOSSES  # noqa: E402
from lane_perception.training.losses.skeleton_recall import middles  # noqa: E402

SURE = 8.0   # logit


def lines():
    """Return the target of a line of 16 pixels' width and one of 2, each 60 long."""
    target = torch.zeros(1, 1, 64, 64)
    target[..., 2:62, 8:24] = 1
    target[..., 2:62, 44:46] = 1
    return target


def added(logits, target, judged):
    """Return what skeleton recall adds to bce_dice."""
    return float(LOSSES['skeleton_recall'](logits, target, judged)
                 - LOSSES['bce_dice'](logits, target, judged))


def answer(target, *missed):
    """Return logits of the right answer, but for columns of it that are missed."""
    logits = (target * 2 - 1) * SURE
    for columns in missed:
        logits[..., columns] = -SURE
    return logits


def test_the_middle_of_a_line_is_a_strip_within_it():
    middle = middles(lines())
    row = middle[0, 0, 32]
    assert row[8:24].sum() == 5 and row[14:18].sum() == 4, 'thinned, and two pixels on each side'
    assert row[44:46].sum() == 2 and row.sum() == 7, 'not beyond the marking'
    assert (middles(lines() * 0.4) == 0).all() and (middles(torch.zeros(2, 1, 8, 8)) == 0).all()


def test_a_missed_line_costs_by_its_middle_and_missed_edges_nothing():
    target = lines()
    judged = torch.ones_like(target)
    right = added(answer(target), target, judged)
    wide, thin = (added(answer(target, columns), target, judged)
                  for columns in (slice(8, 24), slice(44, 46)))
    assert right == pytest.approx(0, abs=0.001)
    assert wide + thin == pytest.approx(1, abs=0.01)
    assert 0.25 < thin < wide, 'of the pixels, the thin line has a ninth'
    edges = added(answer(target, slice(8, 11), slice(21, 24)), target, judged)
    assert edges == pytest.approx(right, abs=0.001)


def test_what_is_not_judged_and_what_is_false_count_nothing():
    target = lines()
    judged = torch.ones_like(target)
    judged[..., 40:] = 0
    missed = answer(target, slice(44, 46))
    assert added(missed, target, judged) == pytest.approx(0, abs=0.001)
    judged[...] = 0
    assert added(missed, target, judged) == 0
    judged[...] = 1
    everywhere = torch.full_like(target, SURE)
    assert added(everywhere, target, judged) == pytest.approx(0, abs=0.001)


def test_a_missed_line_pulls_its_probability_up():
    target = lines()
    logits = torch.full_like(target, -1.0, requires_grad=True)
    judged = torch.ones_like(target)
    (LOSSES['skeleton_recall'](logits, target, judged)
     - LOSSES['bce_dice'](logits, target, judged)).backward()
    assert (logits.grad[..., 44:46][middles(target)[..., 44:46] > 0] < 0).all()
    assert (logits.grad[middles(target) == 0] == 0).all()

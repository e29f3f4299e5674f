# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Both chains of augmentation run and are told apart."""

import re

import pytest

pytest.importorskip('torchvision')

from lane_perception.training import augmentation_cost  # noqa: E402


def test_both_chains_are_timed(monkeypatch, capsys):
    monkeypatch.setattr(augmentation_cost, 'ROUNDS', 2)
    assert augmentation_cost.main() == 0
    figures = [float(number) for number in re.findall(r'([\d.]+) ms', capsys.readouterr().out)]
    assert len(figures) == 2 and all(figure > 0 for figure in figures)

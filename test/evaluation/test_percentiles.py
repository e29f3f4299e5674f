# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Percentiles of one set of values, and of several together."""

import numpy as np
import pytest

from lane_perception.evaluation.percentiles import histogram
from lane_perception.evaluation.percentiles import joint_percentiles
from lane_perception.evaluation.percentiles import percentiles


def test_percentiles_are_those_of_the_values():
    values = [float(value) for value in range(101)]
    assert percentiles(values) == {'p50': 50.0, 'p90': 90.0, 'p99': pytest.approx(99.0)}
    assert percentiles([1.23456], 3, (5,)) == {'p5': 1.235}
    assert percentiles([]) == joint_percentiles([]) == {'p50': None, 'p90': None, 'p99': None}


def test_several_sets_have_the_percentiles_of_all_their_values_to_a_hundredth():
    random = np.random.default_rng(0)
    sets = [random.lognormal(mean, 0.4, 500) for mean in (0.0, 2.0, 5.0)]
    found = joint_percentiles([histogram(values) for values in sets], (1, 50, 90, 99))
    for name, value in found.items():
        assert value == pytest.approx(np.percentile(
            np.concatenate(sets), int(name[1:]), method='inverted_cdf'), rel=0.0101)
    assert joint_percentiles([histogram([0.0])])['p50'] == pytest.approx(0.1, rel=0.02)

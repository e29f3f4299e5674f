# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Hold the recipe lite's throughput against a plain PyTorch loop in the same run."""

from __future__ import annotations

import dataclasses
from typing import Any

from lane_perception.benchmark.pictures import labelled_pictures
from lane_perception.benchmark.settings import BenchmarkSettings

RECIPE = 'lite'


def measure(settings: BenchmarkSettings) -> dict[str, Any]:
    """Return images a second of both, their ratio, and the share of time spent waiting."""
    from lane_perception.training.recipe import load_recipe
    from lane_perception.training.throughput import measure_throughput
    recipe = load_recipe(RECIPE)
    settings.progress(f'training: recipe {RECIPE} in turns with a plain loop')
    found = measure_throughput(recipe, labelled_pictures())
    return {
        'recipe': RECIPE,
        'architecture': recipe.architecture,
        'input': [recipe.input_height, recipe.input_width],
        **{name: round(value, 4) if isinstance(value, float) else value
           for name, value in dataclasses.asdict(found).items()},
        'ratio': round(found.training / found.plain, 4),
    }

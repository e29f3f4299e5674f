# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
What the benchmark verb measures, one part per module.

A part is a module with ``measure(settings: BenchmarkSettings) -> dict``, ready for JSON; the names
of the parts, in their order, are PARTS. Parts that time several things against each other do so in
one run, in turns (timing.interleave), and give medians, p99 and ratios.
"""

PARTS = ('network', 'stages', 'node', 'growth', 'training', 'geometry')

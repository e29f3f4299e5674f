# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From a mask of markings to the lane; pixels to metres; tracking over time."""

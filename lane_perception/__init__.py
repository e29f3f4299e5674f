# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Find the lane of a small camera car: segmentation, geometry, training and evaluation."""

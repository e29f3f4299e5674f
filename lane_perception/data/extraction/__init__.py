# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From a recording or a video to labeled frames worth correcting."""

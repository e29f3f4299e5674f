# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The part that talks to ROS 2."""

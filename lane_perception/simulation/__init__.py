# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The car in the synthetic world: closed-loop driving."""

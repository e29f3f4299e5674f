# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Network definitions and the table that names them."""

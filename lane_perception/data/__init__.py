# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Label formats, splits, audits, recordings, synthetic tracks."""

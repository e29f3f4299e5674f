# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the verb doctor looks at: the installation, the model, the topics."""

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A model that tests of evaluate and replay share."""

import pytest
from bright_model import write_bright_model


@pytest.fixture(scope='session')
def model(tmp_path_factory):
    """Return a model file that calls bright pixels markings, for pictures of 160x128."""
    path = tmp_path_factory.mktemp('model') / 'bright.onnx'
    write_bright_model(path, 128, 160)
    return path

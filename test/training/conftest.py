# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A small network that learned eight pictures, for all tests of training and export."""

import json

import pytest
from labeled_folder import QUICK
from labeled_folder import write_folder


@pytest.fixture(scope='session')
def overfitted(tmp_path_factory):
    """Return the folder of a run that learned eight pictures by heart, and its data."""
    pytest.importorskip('lightning')
    from lane_perception.training.session import start
    place = tmp_path_factory.mktemp('overfit')
    data = write_folder(place / 'data', 24, distinct=8)
    stems = [f'frame_{number:05d}' for number in range(24)]
    (data / 'split.json').write_text(json.dumps(
        {'train': stems[:8], 'val': stems[8:16], 'test': stems[16:]}))
    run = start(str(data), 'lite', [*QUICK, 'augmentation=0', 'epochs=3', 'passes=90',
                                    'batch_size=8', 'learning_rate=5e-3', 'ema_decay=0.9',
                                    'warmup_steps=5'], str(place / 'run'))
    return run, data

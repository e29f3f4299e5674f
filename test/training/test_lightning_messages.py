# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a run says: the scores, and no advertisements."""

import logging
import re
import subprocess
import sys
import warnings

import pytest
from labeled_folder import QUICK
from labeled_folder import write_folder

pytest.importorskip('lightning')

from lane_perception.training.lightning_messages import without_noise  # noqa: E402


def test_a_run_says_its_scores_and_nothing_that_asks_nothing_of_a_user(tmp_path):
    data = write_folder(tmp_path / 'data', 6)
    run = subprocess.run(
        [sys.executable, '-m', 'lane_perception.cli.train', '--data', str(data), '--out',
         str(tmp_path / 'run'), *QUICK, 'epochs=2', 'batch_size=2'],
        capture_output=True, text=True, timeout=280)
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    assert 'val_lane_iou=' in said and 'lane IoU' in said
    assert 'Epoch 1/2' in said and re.search(r'Epoch 2/2, \d\d:\d\d left: ', said)
    assert re.search(r'Epoch 2/2, 00:00 left: 100%[^\r\n]* 2/2 \[', said)
    assert 'Epoch 0' not in said
    for noise in ('litlogger', 'deprecated', 'log_every_n_steps', 'weights_only', 'v_num',
                  'num_workers', 'Warning'):
        assert noise not in said


def test_other_messages_and_warnings_come_through():
    seen = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())
    log = logging.getLogger('lightning.pytorch.utilities.rank_zero')
    log.addHandler(handler)
    try:
        with without_noise(), warnings.catch_warnings(record=True) as warned:
            log.info('GPU available: False')
            log.warning('Tip: buy a car')
            warnings.warn('the loss is not finite')
    finally:
        log.removeHandler(handler)
    assert seen == ['GPU available: False', 'Tip: buy a car']
    assert [str(one.message) for one in warned] == ['the loss is not finite']
    assert not log.filters

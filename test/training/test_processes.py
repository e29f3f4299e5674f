# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Two processes that share a run train as one does."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from labeled_folder import QUICK
from labeled_folder import write_folder

torch = pytest.importorskip('torch')
pytest.importorskip('lightning')

from lane_perception.errors import UserError  # noqa: E402
from lane_perception.model_file import read_safetensors  # noqa: E402
from lane_perception.training.batches import EpochOrder  # noqa: E402
from lane_perception.training.session import start  # noqa: E402

TORCHRUN = [sys.executable, '-m', 'torch.distributed.run', '--standalone',
            '--nproc-per-node', '2']


def run(*arguments):
    done = subprocess.run([*TORCHRUN, *map(str, arguments)], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def test_the_gradient_of_every_loss_is_that_of_the_whole_batch(tmp_path):
    import shared_gradient
    script = Path(shared_gradient.__file__)
    run(script, tmp_path / 'gradients.pt')
    for name, gradient in torch.load(tmp_path / 'gradients.pt').items():
        alone = shared_gradient.gradients()[name]
        assert torch.allclose(gradient, alone, rtol=1e-4, atol=1e-7), name


def test_each_batch_is_shared_out_whole():
    parts = [list(EpochOrder(10, 4, 0, 2, (number, 2))) for number in range(2)]
    whole = list(EpochOrder(10, 4, 0, 2))
    assert [sorted(a + b) for a, b in zip(*parts)] == [sorted(batch) for batch in whole]
    with pytest.raises(UserError, match='multiple of 3'):
        EpochOrder(10, 4, 0, 2, (0, 3))


def losses(folder):
    with (folder / 'progress.csv').open() as file:
        return [float(row['loss']) for row in csv.DictReader(file)]


def test_a_shared_run_ends_where_a_run_alone_does_and_goes_on_after_a_stop(tmp_path):
    # Batch normalization sees each process's part only, so equality is within a tolerance.
    data = write_folder(tmp_path / 'data', 10)
    settings = [*QUICK, 'epochs=4', 'passes=4', 'batch_size=4', 'warmup_steps=2',
                'augmentation=0', 'learning_rate=3e-3']
    alone = start(str(data), 'lite', settings, str(tmp_path / 'alone'))
    shared = tmp_path / 'shared'
    run('-m', 'lane_perception.cli.train', '--data', data, '--recipe', 'lite', '--out', shared,
        *settings)
    assert losses(shared) == pytest.approx(losses(alone), rel=0.05)
    assert losses(alone)[0] > 1.2 * losses(alone)[-1], 'nothing was learned, so nothing compared'
    weights = [read_safetensors(one / 'model.safetensors')[0] for one in (alone, shared)]
    head = [one['head.bias'] for one in weights]
    assert np.allclose(*head, atol=0.02)
    assert (shared / 'model.onnx').is_file() and (shared / 'report.json').is_file()
    run('-m', 'lane_perception.cli.train', '--resume', shared)
    assert len(losses(shared)) == 4

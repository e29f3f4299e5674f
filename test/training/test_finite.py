# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A run whose numbers are no longer finite ends in a sentence and writes none of them."""

from types import SimpleNamespace

import pytest
from labeled_folder import QUICK
from labeled_folder import write_folder

torch = pytest.importorskip('torch')
pytest.importorskip('lightning')

from lane_perception.cli.train import main  # noqa: E402
from lane_perception.errors import UserError  # noqa: E402
from lane_perception.training.finite import FiniteLoss  # noqa: E402
from lane_perception.training.lane_training import LaneTraining  # noqa: E402

SHORT = [*QUICK, 'epochs=3', 'batch_size=3']
FINITE, ASTRAY = ({'loss': torch.tensor(value)} for value in (1.0, float('nan')))


@pytest.fixture
def arguments(tmp_path):
    """Return the arguments of a short run, in tmp_path / 'run'."""
    data = write_folder(tmp_path / 'data', 8)
    return ['--data', str(data), '--out', str(tmp_path / 'run'), *SHORT]


def files(tmp_path):
    return {path.name for path in (tmp_path / 'run').iterdir()}


def test_a_learning_rate_that_is_too_high_ends_the_run(arguments, tmp_path, capsys):
    high = ['learning_rate=1e8', 'gradient_clip=0', 'ema_decay=0', 'warmup_steps=0']
    assert main([*arguments, *high]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert 'is no longer finite' in said and ' epoch 0' in said and 'learning_rate' in said
    assert not files(tmp_path) & {'model.safetensors', 'model.onnx', 'last.ckpt'}
    assert main([*arguments, 'epochs=1']) == 0


@pytest.mark.parametrize('decay', ['ema_decay=0', 'ema_decay=0.9'])
def test_what_the_last_good_epoch_wrote_is_kept(arguments, tmp_path, monkeypatch, capsys, decay):
    step = LaneTraining.training_step

    def astray(module, batch, index):
        loss = step(module, batch, index)
        return loss * float('nan') if (module.current_epoch, index) == (1, 1) else loss
    monkeypatch.setattr(LaneTraining, 'training_step', astray)
    assert main([*arguments, decay]) == 2
    assert 'in epoch 1, batch 1;' in capsys.readouterr().err
    assert torch.load(tmp_path / 'run' / 'last.ckpt', weights_only=True)['epoch'] == 0
    assert {'model.safetensors', 'progress.csv'} <= files(tmp_path)


def test_weights_that_went_astray_in_an_epochs_last_step_are_not_written(
        arguments, tmp_path, monkeypatch, capsys):
    def spoil(module):
        next(module.network.parameters()).data[:] = float('nan')
    monkeypatch.setattr(LaneTraining, 'on_validation_epoch_start', spoil)
    assert main([*arguments, 'ema_decay=0']) == 2
    assert 'a weight is no longer finite (NaN or infinite) after epoch 0' in (
        capsys.readouterr().err)
    assert not files(tmp_path) & {'model.safetensors', 'last.ckpt'}


def test_under_fp16_single_steps_may_be_skipped_but_not_an_epoch_of_them():
    run = SimpleNamespace(current_epoch=5)
    watch = FiniteLoss('fp16')
    watch.on_train_epoch_start(run, None)
    for index, loss in enumerate((ASTRAY, FINITE, ASTRAY)):
        watch.on_train_batch_end(run, None, loss, None, index)
    watch.on_train_epoch_end(run, None)
    watch.on_train_epoch_start(run, None)
    watch.on_train_batch_end(run, None, ASTRAY, None, 0)
    with pytest.raises(UserError, match='in all of epoch 5'):
        watch.on_train_epoch_end(run, None)


@pytest.mark.parametrize('precision', ['fp32', 'bf16'])
def test_otherwise_the_first_step_of_the_kind_ends_the_run(precision):
    with pytest.raises(UserError, match='in epoch 5, batch 7'):
        FiniteLoss(precision).on_train_batch_end(
            SimpleNamespace(current_epoch=5), None, ASTRAY, None, 7)

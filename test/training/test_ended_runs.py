# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A run that has ended stays ended: --resume makes what it lacks and changes nothing else."""

import json

import pytest
from labeled_folder import QUICK
from labeled_folder import write_folder

pytest.importorskip('lightning')
pytest.importorskip('openvino')

from lane_perception.cli.train import main  # noqa: E402
from lane_perception.runtimes.openvino_runtime import OpenvinoRuntime  # noqa: E402
from lane_perception.training import session  # noqa: E402
from lane_perception.training.schedule import Schedule  # noqa: E402

TRAINED = ('model.safetensors', 'last.ckpt', 'progress.csv', 'validation.json')


def begin(place, *changes):
    """Train a run and return its folder."""
    data = write_folder(place / 'data', 8)
    assert main(['--data', str(data), '--out', str(place / 'run'), *QUICK, 'batch_size=3',
                 *changes]) == 0
    return place / 'run'


def begin_with_time(place, monkeypatch):
    """Train a run whose time is over in its second epoch."""
    clock = iter(range(100))
    with monkeypatch.context() as patch:
        patch.setattr(Schedule, 'elapsed', property(lambda schedule: 20.0 * next(clock)))
        return begin(place, 'epochs=9', 'max_minutes=1')


def begin_with_patience(place, monkeypatch):
    """Train a run that gets no better after its first epoch."""
    return begin(place, 'epochs=9', 'patience=1', 'learning_rate=1e-12')


def begin_with_epochs(place, monkeypatch):
    """Train a run to the end of its epochs."""
    return begin(place, 'epochs=1')


@pytest.mark.parametrize('begin', [begin_with_time, begin_with_patience, begin_with_epochs])
def test_resuming_a_run_that_has_ended_trains_nothing(tmp_path, monkeypatch, capsys, begin):
    run = begin(tmp_path, monkeypatch)
    before = {name: (run / name).read_bytes() for name in TRAINED}
    assert len(before['progress.csv'].splitlines()) < 1 + 9
    made = {name: (run / name).stat().st_mtime_ns for name in ('model.onnx', 'report.json')}
    capsys.readouterr()
    assert main(['--resume', str(run)]) == 0
    said = capsys.readouterr().out
    assert 'has ended' in said and 'nothing was missing' in said and f'initial={run}' in said
    assert {name: (run / name).read_bytes() for name in TRAINED} == before
    assert {name: (run / name).stat().st_mtime_ns for name in made} == made


def test_resuming_a_run_that_has_ended_makes_what_it_lacks(tmp_path, capsys):
    run = begin_with_epochs(tmp_path, None)
    whole = (run / 'model.onnx').read_bytes()
    (run / 'model.onnx').unlink()
    (run / 'report.json').unlink()
    capsys.readouterr()
    assert main(['--resume', str(run)]) == 0
    assert 'model.onnx and report.json was missing' in capsys.readouterr().out
    assert (run / 'model.onnx').read_bytes() == whole
    assert json.loads((run / 'report.json').read_text())['training']['epochs']


@pytest.mark.parametrize('error', [
    MemoryError(), RuntimeError('Exception from src/core/tensor.cpp:\nstd::bad_alloc')])
@pytest.mark.parametrize('place', ['report', 'first picture'])
def test_memory_that_suffices_for_training_alone_is_one_sentence(
        tmp_path, monkeypatch, capsys, error, place):
    def fail(*arguments):
        raise error
    data = write_folder(tmp_path / 'data', 8)
    run = tmp_path / 'run'
    with monkeypatch.context() as patch:
        if place == 'report':
            patch.setattr(session, 'report_run', fail)
        else:
            patch.setattr(OpenvinoRuntime, 'run', fail)
        assert main(['--data', str(data), '--out', str(run), *QUICK, 'epochs=1']) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert 'model.safetensors is trained, but memory' in said and f'--resume {run}' in said
    assert main(['--resume', str(run)]) == 0
    assert '; report.json was missing' in capsys.readouterr().out


def test_a_run_does_not_go_on_with_another_network(tmp_path, capsys):
    run = begin(tmp_path, 'epochs=1')
    settings = json.loads((run / 'run.json').read_text())
    settings['recipe'].update(epochs=2, architecture='lane_dense_small')
    (run / 'run.json').write_text(json.dumps(settings))
    assert main(['--resume', str(run)]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert 'last.ckpt is of another network than the lane_dense_small of run.json' in said

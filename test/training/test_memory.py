# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Memory that does not suffice ends in a sentence, or in a batch that fits."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest
from labeled_folder import QUICK
from labeled_folder import write_folder

pytest.importorskip('lightning')

from lane_perception.cli.train import main  # noqa: E402
from lane_perception.training import session  # noqa: E402
from lane_perception.training.memory import SmallerBatch  # noqa: E402
from lane_perception.training.memory import advice  # noqa: E402
from lane_perception.training.memory import smaller  # noqa: E402
from lane_perception.training.recipe import Recipe  # noqa: E402

# Room for 2 GB beyond what the interpreter with its libraries has taken.
LIMITED = '''
import resource, sys
from lane_perception.cli.train import main
import lane_perception.training.session
import scipy.spatial, skimage.morphology   # of the score at the end
taken = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + 2_000_000_000,) * 2)
sys.exit(main(sys.argv[1:]))
'''


def _train(data, run, *arguments):
    changes = [change for change in QUICK if not change.startswith('input_')]
    return subprocess.run(
        [sys.executable, '-c', LIMITED, '--data', os.path.relpath(data), '--out', str(run),
         *arguments, *changes, 'input_width=640', 'input_height=384', 'batch_size=64', 'epochs=1'],
        capture_output=True, text=True, timeout=280)


@pytest.mark.skipif(sys.platform != 'linux', reason='limits memory as Linux does')
def test_too_large_a_batch_ends_with_settings_that_would_fit(tmp_path):
    data = write_folder(tmp_path / 'data', 66)
    ended = _train(data, tmp_path / 'run')
    assert ended.returncode == 2, ended.stderr[-2000:]
    last = ended.stderr.strip().splitlines()[-1]
    assert 'batch_size=32 accumulation=2' in last and '--fit-memory' in last
    assert 'Traceback' not in ended.stderr


@pytest.mark.skipif(sys.platform != 'linux', reason='limits memory as Linux does')
def test_fit_memory_goes_on_with_a_batch_that_fits(tmp_path):
    data = write_folder(tmp_path / 'data', 66)
    ended = _train(data, tmp_path / 'run', '--fit-memory')
    assert ended.returncode == 0, ended.stderr[-2000:]
    settings = json.loads((tmp_path / 'run' / 'run.json').read_text())
    assert settings['data'] == str(data), 'to be resumed from any working directory'
    recipe = settings['recipe']
    assert recipe['batch_size'] < 64
    assert recipe['batch_size'] * recipe['accumulation'] == 64
    assert (tmp_path / 'run' / 'model.onnx').is_file()
    assert 'Traceback' not in ended.stderr


def test_a_batch_that_fits_not_is_written_down_half_as_large(tmp_path, monkeypatch):
    def train(*arguments):
        raise MemoryError
    monkeypatch.setattr(session, 'train', train)
    with pytest.raises(SmallerBatch):
        session._train_within_memory(Recipe(batch_size=8), None, tmp_path, 'synthetic:1', False,
                                     fit_memory=True, goes_on=False)
    recipe = session.read_settings(tmp_path)[1]
    assert (recipe.batch_size, recipe.accumulation) == (4, 2 * Recipe().accumulation)


def test_fit_memory_tries_batches_in_one_process_only(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv('WORLD_SIZE', '2')
    assert main(['--data', 'synthetic:1', '--out', str(tmp_path / 'run'), '--fit-memory']) == 2
    assert 'choose a batch_size' in capfd.readouterr().err
    assert not (tmp_path / 'run').exists()


def test_a_smaller_batch_keeps_the_pictures_of_a_step_until_there_is_none():
    recipe = Recipe(batch_size=6, accumulation=2)
    assert (smaller(recipe).batch_size, smaller(recipe).accumulation) == (3, 4)
    single = dataclasses.replace(recipe, batch_size=1)
    assert smaller(single) is None
    assert 'input_width' in advice(single)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Training for real: it learns, repeats, goes on after a kill, and leaves files that load."""

import html
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from labeled_folder import QUICK
from labeled_folder import write_folder

torch = pytest.importorskip('torch')
pytest.importorskip('lightning')

from lane_perception.cli.train import main  # noqa: E402
from lane_perception.errors import UserError  # noqa: E402
from lane_perception.model_file import read_safetensors  # noqa: E402
from lane_perception.runtimes import read_card  # noqa: E402
from lane_perception.segmenter import Segmenter  # noqa: E402
from lane_perception.training.recipe import load_recipe  # noqa: E402
from lane_perception.training.run import _for_card  # noqa: E402
from lane_perception.training.session import resume  # noqa: E402
from lane_perception.training.session import start  # noqa: E402


def test_eight_pictures_are_learned_by_heart(overfitted):
    report = json.loads((overfitted[0] / 'report.json').read_text())
    assert report['lane_iou'] > 0.95


def test_the_report_tells_the_command_that_made_the_run(overfitted):
    run, _ = overfitted
    command = json.loads((run / 'report.json').read_text())['command']
    assert command.startswith('ros2 run lane_perception train ')
    assert command in html.unescape((run / 'report.html').read_text())


def test_a_run_leaves_what_the_node_and_people_need(overfitted):
    run, _ = overfitted
    for name in ('model.safetensors', 'model.onnx', 'split.json', 'report.json', 'progress.csv',
                 'last.ckpt'):
        assert (run / name).stat().st_size > 0, name
    assert list((run / 'tensorboard').glob('events*'))
    rows = (run / 'progress.csv').read_text().splitlines()
    assert len(rows) == 1 + 3
    for name in ('model.safetensors', 'model.onnx'):
        card = read_card(run / name)
        assert (card.architecture, card.input_width) == ('lane_dense_tiny', 160)
        assert 0.1 <= card.threshold <= 0.9
        assert str(run.parent) not in card.to_json()


def test_the_card_tells_the_settings_but_no_place_of_this_machine():
    recipe = load_recipe('lite', ['initial=/home/me/first.safetensors', 'cache=/data/world2',
                                  'split=/home/me/split.json'])
    told = _for_card(recipe)
    assert (told['initial'], told['cache'], told['split']) == (
        'first.safetensors', '', 'split.json')
    assert told['epochs'] == recipe.epochs


def test_the_model_holds_the_averaged_weights_that_were_validated(tmp_path):
    data = write_folder(tmp_path / 'data', 12)
    start(str(data), 'lite', [*QUICK, 'epochs=1', 'ema_decay=0.9', 'learning_rate=0.01'],
          str(tmp_path / 'run'))
    kept, _ = read_safetensors(tmp_path / 'run' / 'model.safetensors')
    checkpoint = torch.load(tmp_path / 'run' / 'last.ckpt', weights_only=True)
    average, newest = (
        {name.removeprefix('network.'): value for name, value in checkpoint[key].items()}
        for key in ('state_dict', 'current_model_state'))
    assert all((kept[name] == average[name].numpy()).all() for name in kept)
    assert any((kept[name] != newest[name].numpy()).any() for name in kept)


@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
def test_the_exported_file_says_what_torch_says(overfitted, runtime, track_image):
    pytest.importorskip(runtime)
    from lane_perception.runtimes import open_runtime
    run, _ = overfitted
    expected = open_runtime(run / 'model.safetensors', 'torch', 'cpu', 'fp32')
    exported = open_runtime(run / 'model.onnx', runtime, 'cpu', 'fp32')
    rng = np.random.default_rng(0)
    for shape in ((1, 96, 160, 3), (2, 64, 128, 3)):  # batch, height and width are dynamic
        images = rng.integers(0, 256, shape, dtype=np.uint8)
        assert np.abs(exported.run(images) - expected.run(images)).max() < 1e-3


def test_edges_lie_where_they_are_to_a_fraction_of_a_pixel(overfitted):
    # At twice the network's input size, an answer shifted by one pixel of it would show.
    run, data = overfitted
    import cv2
    segmenter = Segmenter.load(run / 'model.onnx')
    image = cv2.imread(str(data / 'images' / 'frame_00003.png'))
    mask = cv2.imread(str(data / 'masks' / 'frame_00003.png'), cv2.IMREAD_GRAYSCALE)
    large = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    label = cv2.resize(mask, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    answer = segmenter.mask(large)
    moved = [np.roll(answer, shift, axis=1) for shift in (-1, 0, 1)]
    overlaps = [((one > 0) & (label > 0)).sum() / ((one > 0) | (label > 0)).sum() for one in moved]
    assert max(overlaps) == overlaps[1] > 0.9


def _settings():
    return [*QUICK, 'epochs=4', 'batch_size=3', 'warmup_steps=2']


def test_a_killed_run_goes_on_to_the_same_weights_bit_for_bit(tmp_path):
    data = write_folder(tmp_path / 'data', 11)
    whole = start(str(data), 'lite', _settings(), str(tmp_path / 'whole'))
    killed = tmp_path / 'killed'
    code = ('from lane_perception.training.session import start; import sys; '
            'start(sys.argv[1], "lite", sys.argv[3:], sys.argv[2])')
    process = subprocess.Popen(
        [sys.executable, '-c', code, str(data), str(killed), *_settings()],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while not (killed / 'last.ckpt').is_file() and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = len((killed / 'progress.csv').read_text().splitlines()) - 1
    resume(str(killed))
    assert 1 <= done < 4, 'the kill came too late to test anything'
    for name, expected in read_safetensors(whole / 'model.safetensors')[0].items():
        assert np.array_equal(read_safetensors(killed / 'model.safetensors')[0][name], expected)
    states = [torch.load(run / 'last.ckpt', weights_only=False) for run in (whole, killed)]
    for name, expected in states[0]['current_model_state'].items():
        assert torch.equal(states[1]['current_model_state'][name], expected), name
    rows = [(run / 'progress.csv').read_text().splitlines() for run in (whole, killed)]
    losses = [[row.split(',')[-6:] for row in one] for one in rows]
    assert losses[0] == losses[1]


def test_a_broken_picture_is_named_and_skipped_or_ends_a_strict_run(tmp_path, capfd):
    data = write_folder(tmp_path / 'data', 8)
    broken = data / 'images' / 'frame_00002.png'
    broken.write_bytes(broken.read_bytes()[:200])
    quick = [*QUICK, 'epochs=1', 'batch_size=3']
    start(str(data), 'lite', quick, str(tmp_path / 'run'))
    assert 'frame_00002.png' in capfd.readouterr().err
    with pytest.raises(UserError, match='frame_00002.png'):
        start(str(data), 'lite', quick, str(tmp_path / 'strict'), strict=True)


@pytest.mark.parametrize('workers', [0, 1])
def test_a_data_set_of_which_nothing_can_be_used_is_one_sentence(tmp_path, workers):
    data = write_folder(tmp_path / 'data', 5)
    for mask in (data / 'masks').iterdir():
        mask.write_bytes(mask.read_bytes()[:40])
    with pytest.raises(UserError, match=r'^none of the 3 samples can be used; .*\.png') as raised:
        start(str(data), 'lite', [*QUICK, 'epochs=1', f'workers={workers}'], str(tmp_path / 'run'))
    assert '\n' not in str(raised.value)


def test_a_run_is_refused_where_one_lies_or_none_can_go_on(tmp_path):
    data = write_folder(tmp_path / 'data', 5)
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'run.json').write_text('{}')
    (tmp_path / 'run' / 'last.ckpt').write_bytes(b'of an epoch')
    with pytest.raises(UserError, match='--resume'):
        start(str(data), 'lite', QUICK, str(tmp_path / 'run'))
    with pytest.raises(UserError, match='damaged'):
        resume(str(tmp_path / 'run'))
    with pytest.raises(UserError, match='holds no run'):
        resume(str(tmp_path / 'nothing'))
    with pytest.raises(UserError, match='not a folder'):
        start(str(tmp_path / 'nothing'), 'lite', QUICK, str(tmp_path / 'new'))
    with pytest.raises(UserError, match='kept for validation'):
        start('synthetic:1000000', 'pretrain', [], str(tmp_path / 'new'))


def test_a_damaged_checkpoint_is_one_sentence_and_status_two(overfitted, tmp_path, capsys):
    run = tmp_path / 'run'
    shutil.copytree(overfitted[0], run)
    whole = (run / 'last.ckpt').read_bytes()
    torch.save({'epoch': 3}, tmp_path / 'other')
    for content in (whole[:len(whole) // 2], b'garbage', (tmp_path / 'other').read_bytes()):
        (run / 'last.ckpt').write_bytes(content)
        assert main(['--resume', str(run)]) == 2
        printed = capsys.readouterr().err.strip().splitlines()
        assert f'{run}/last.ckpt is damaged' in printed[-1] and 'initial=' in printed[-1]


class Nasty:
    """What a checkpoint that runs code holds."""

    def __reduce__(self):
        return print, ('the checkpoint ran code',)


def test_a_checkpoint_runs_no_code(overfitted, tmp_path, capfd):
    run = tmp_path / 'run'
    shutil.copytree(overfitted[0], run)
    state = torch.load(run / 'last.ckpt', weights_only=True)
    torch.save({**state, 'epoch': Nasty()}, run / 'last.ckpt')
    with pytest.raises(UserError, match='last.ckpt is damaged'):
        resume(str(run))
    assert 'ran code' not in capfd.readouterr().out


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one_alone(
        overfitted, tmp_path, monkeypatch):
    import lightning
    run = tmp_path / 'run'
    shutil.copytree(overfitted[0], run)
    before = (run / 'last.ckpt').read_bytes()
    settings = json.loads((run / 'run.json').read_text())
    settings['recipe']['epochs'] = 4
    settings['recipe']['passes'] = 1
    (run / 'run.json').write_text(json.dumps(settings))

    def full_disk(trainer, path, *arguments, **more):
        path.write_bytes(b'half of it')
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr(lightning.Trainer, 'save_checkpoint', full_disk)
    with pytest.raises(OSError, match='No space'):
        resume(str(run))
    assert (run / 'last.ckpt').read_bytes() == before
    assert not [path for path in run.iterdir() if 'tmp' in path.name]


def test_starting_from_a_model_of_another_architecture_is_refused(tmp_path, overfitted):
    data = write_folder(tmp_path / 'data', 5)
    changes = [*QUICK, f'initial={overfitted[0]}', 'architecture=lane_dense_small']
    with pytest.raises(UserError, match='architecture=lane_dense_tiny'):
        start(str(data), 'lite', changes, str(tmp_path / 'run'))


@pytest.mark.parametrize('name, sentence', [
    ('model.onnx', 'model.onnx cannot be trained further; give the .safetensors'),
    ('last.ckpt', 'last.ckpt is a checkpoint of torch; make a model of it with: export')])
def test_starting_from_a_file_without_trainable_weights_says_what_is_needed(
        tmp_path, overfitted, name, sentence):
    data = write_folder(tmp_path / 'data', 5)
    with pytest.raises(UserError, match=sentence):
        start(str(data), 'lite', [*QUICK, f'initial={overfitted[0] / name}'],
              str(tmp_path / 'run'))


@pytest.mark.skipif(not shutil.which('g++'), reason='there is no C++ compiler')
def test_a_compiled_network_learns_alike_and_leaves_the_same_file(tmp_path):
    from torch._dynamo.utils import counters  # what was compiled so far
    data = write_folder(tmp_path / 'data', 24, distinct=8)
    losses = []
    counters['frames'].clear()
    for compiled in ('false', 'true'):
        run = start(str(data), 'lite', [*QUICK, 'epochs=1', f'compile={compiled}'],
                    str(tmp_path / compiled))
        header, row = (run / 'progress.csv').read_text().splitlines()
        losses.append(float(dict(zip(header.split(','), row.split(',')))['loss']))
    assert counters['frames']['ok'] >= 1
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
    plain, compiled = (read_safetensors(tmp_path / name / 'model.safetensors')[0]
                       for name in ('false', 'true'))
    assert list(plain) == list(compiled)


def test_compiling_without_a_compiler_is_refused_in_a_sentence(tmp_path, monkeypatch):
    data = write_folder(tmp_path / 'data', 24, distinct=8)
    monkeypatch.setenv('PATH', '')
    with pytest.raises(UserError, match=r'compile=true needs a C\+\+ compiler'):
        start(str(data), 'lite', [*QUICK, 'compile=true'], str(tmp_path / 'run'))

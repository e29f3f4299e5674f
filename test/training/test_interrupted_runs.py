# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Runs that ended early: what a new start takes over, and what --resume goes on with."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from labeled_folder import QUICK
from labeled_folder import write_folder

pytest.importorskip('lightning')

from lane_perception.cli.train import main  # noqa: E402
from lane_perception.errors import UserError  # noqa: E402
from lane_perception.training import run as run_module  # noqa: E402
from lane_perception.training import session  # noqa: E402
from lane_perception.training.recipe import load_recipe  # noqa: E402
from lane_perception.training.run import choose_precision  # noqa: E402
from lane_perception.training.session import resume  # noqa: E402
from lane_perception.training.session import start  # noqa: E402

SHORT = [*QUICK, 'epochs=1', 'batch_size=3']

# The verb as a shell starts it; jobs in a shell's background lack the handler of Ctrl-C.
VERB = '''
import faulthandler, signal, sys
faulthandler.register(signal.SIGUSR1)   # to see where one hangs
from lane_perception.cli.train import main
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
'''


@pytest.fixture
def data(tmp_path):
    """Return a small labeled data set."""
    return write_folder(tmp_path / 'data', 6)


@pytest.fixture
def run(overfitted, tmp_path):
    """Return a copy of a run that ended, with an epoch more to do."""
    folder = tmp_path / 'run'
    shutil.copytree(overfitted[0], folder)
    settings = json.loads((folder / 'run.json').read_text())
    settings['recipe'].update(epochs=4, passes=1)
    (folder / 'run.json').write_text(json.dumps(settings))
    return folder


def refusal(capsys, *arguments):
    """Return the last line that the verb says when it refuses its arguments."""
    assert main([*map(str, arguments)]) == 2
    said = capsys.readouterr().err
    assert 'Traceback' not in said
    return said.strip().splitlines()[-1]


@pytest.mark.parametrize('typo', [
    'labels=nothing', 'initial=nix', 'architecture=nix', 'architecture=lane_dense_small',
    'split=nothing.json', pytest.param('precision=fp16', marks=pytest.mark.skipif(
        run_module.torch.cuda.is_available(), reason='there is a GPU'))])
def test_the_corrected_command_is_taken_where_a_mistaken_one_failed(
        overfitted, data, tmp_path, capsys, typo):
    out = tmp_path / 'run'
    arguments = ['--data', data, '--recipe', 'lite', '--out', out, *SHORT]
    initial = [f'initial={overfitted[0]}'] if 'small' in typo else []
    assert '--resume' not in refusal(capsys, *arguments, *initial, typo)
    assert main([*map(str, arguments)]) == 0
    assert '--resume' in refusal(capsys, *arguments)


def test_without_tensorboard_one_sentence_says_so_and_nothing_is_begun(
        data, tmp_path, monkeypatch, capsys):
    from lightning.fabric.loggers import tensorboard
    for name in ('_TENSORBOARD_AVAILABLE', '_TENSORBOARDX_AVAILABLE'):
        monkeypatch.setattr(tensorboard, name, False)
    said = refusal(capsys, '--data', data, '--out', tmp_path / 'run', *SHORT)
    assert 'training needs tensorboard' in said
    assert not (tmp_path / 'run').exists()


def fail_in_the_first_epoch(data, out, monkeypatch, *changes):
    """Begin a run that memory does not suffice for."""
    def train(*arguments):
        raise MemoryError
    with monkeypatch.context() as patch, pytest.raises(UserError, match='batch_size=1'):
        patch.setattr(session, 'train', train)
        start(str(data), 'lite', [*SHORT, *changes], str(out))


def parts(file):
    split = json.loads(file.read_text())
    return [split[part] for part in ('train', 'val', 'test')]


def test_a_new_start_divides_the_data_anew_after_one_that_reached_no_checkpoint(
        data, tmp_path, monkeypatch):
    out = tmp_path / 'run'
    fail_in_the_first_epoch(data, out, monkeypatch)
    other = tmp_path / 'other.json'
    stems = [f'frame_{number:05d}' for number in range(6)]
    other.write_text(json.dumps({'train': stems[2:], 'val': stems[:2], 'test': []}))
    start(str(data), 'lite', [*SHORT, f'split={other}'], str(out))
    assert parts(out / 'split.json') == parts(other)


@pytest.mark.parametrize('changes', [[], ['split=run/split.json']])
def test_a_split_that_a_person_put_there_outlives_a_start_that_failed(
        data, tmp_path, monkeypatch, changes):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / 'run'
    out.mkdir()
    stems = [f'frame_{number:05d}' for number in range(6)]
    own = json.dumps({'train': stems[1:], 'val': stems[:1], 'test': []})
    (out / 'split.json').write_text(own)
    fail_in_the_first_epoch(data, out, monkeypatch, *changes)
    start(str(data), 'lite', [*SHORT, *changes], str(out))
    assert (out / 'split.json').read_text() == own


def audited(data, out, *changes):
    """Audit a data set that has no split of its own."""
    (data / 'split.json').unlink()
    assert main(['--audit', '--data', str(data), '--out', str(out), *changes]) in (0, 2)
    return out / 'split.json'


def test_a_split_that_is_named_counts_before_that_of_an_audit(data, tmp_path, capsys):
    out = tmp_path / 'run'
    kept = audited(data, out)
    other = tmp_path / 'other.json'
    stems = [f'frame_{number:05d}' for number in range(6)]
    other.write_text(json.dumps({'train': stems[4:], 'val': stems[1:4]}))
    assert parts(kept) != parts_of(stems[4:], stems[1:4])
    start(str(data), 'lite', [*SHORT, f'split={other}'], str(out))
    assert parts(kept) == parts_of(stems[4:], stems[1:4])
    said = capsys.readouterr().out
    assert f'{kept}, of an audit, gives way to split={other}' in said
    assert ('training on 2 of 6 labeled pictures; 3 are for validation, 0 for the test; '
            f'in no part of {other}: 1\n') in said
    # What a run has trained on stays, whatever becomes of the file that was named.
    other.write_text(json.dumps({'train': stems[:4], 'val': stems[4:]}))
    resume(str(out))
    assert parts(kept) == parts_of(stems[4:], stems[1:4])
    assert 'takes no --data' in refusal(capsys, '--resume', out, f'split={other}')


def parts_of(train, val, test=()):
    return [list(train), list(val), list(test)]


def test_pictures_that_came_after_the_audit_are_told(data, tmp_path, capsys):
    kept = audited(data, tmp_path / 'run')
    for folder in ('images', 'masks'):
        shutil.copy(data / folder / 'frame_00000.png', data / folder / 'frame_00008.png')
    start(str(data), 'lite', SHORT, str(tmp_path / 'run'))
    train, val, test = map(len, parts(kept))
    assert (f'training on {train} of 7 labeled pictures; {val} are for validation, {test} for the '
            f'test; in no part of {kept}: 1 (train --audit divides the data anew)\n'
            ) in capsys.readouterr().out


def test_what_lies_beside_the_cuts_is_not_told_as_new(tmp_path, capsys):
    data = write_folder(tmp_path / 'data', 40)
    kept = audited(data, tmp_path / 'run')
    train, val, test = map(len, parts(kept))
    beside = 40 - train - val - test
    start(str(data), 'lite', SHORT, str(tmp_path / 'run'))
    assert beside > 0
    assert (f'training on {train} of 40 labeled pictures; {val} are for validation, {test} for '
            f'the test; left out beside the cuts: {beside}\n') in capsys.readouterr().out


@pytest.mark.parametrize('out', ['data', 'data/run', 'link/run'])
@pytest.mark.parametrize('mode', [[], ['--audit']])
def test_a_run_in_the_data_set_is_refused(data, tmp_path, capsys, out, mode):
    (tmp_path / 'link').symlink_to(data)
    before = sorted(data.rglob('*'))
    said = refusal(capsys, *mode, '--data', data, '--out', tmp_path / out, *SHORT)
    assert f'--out {tmp_path / out} is the data set {data} or lies in it' in said
    assert sorted(data.rglob('*')) == before


def test_a_split_that_names_what_was_deleted_is_refused_with_the_way_out(data, tmp_path, capsys):
    (data / 'split.json').unlink()
    out = tmp_path / 'run'
    main(['--audit', '--data', str(data), '--out', str(out)])
    for part in ('images', 'masks'):
        (data / part / 'frame_00001.png').unlink()
    capsys.readouterr()
    begin = ['--data', str(data), '--out', str(out), *SHORT]
    assert f'names frame_00001, which {data} does not have; delete {out}/split.json' in refusal(
        capsys, *begin)
    (out / 'split.json').unlink()
    assert main(begin) == 0
    (data / 'images/frame_00002.png').unlink()
    (data / 'masks/frame_00002.png').unlink()
    assert 'begin a new run with another --out' in refusal(capsys, '--resume', out)


def test_labels_that_were_snapped_are_not_taken_over_unseen(data, tmp_path, monkeypatch):
    out = tmp_path / 'run'
    fail_in_the_first_epoch(data, out, monkeypatch)
    (out / 'snapped').mkdir()
    with pytest.raises(UserError, match='delete .*snapped'):
        start(str(data), 'lite', [*SHORT, 'labels=snap'], str(out))


def test_a_run_that_was_stopped_in_its_first_epoch_can_be_resumed(data, tmp_path, monkeypatch):
    out = tmp_path / 'run'
    fail_in_the_first_epoch(data, out, monkeypatch)
    resume(str(out))
    assert (out / 'model.onnx').is_file()


def has_an_epoch(process, out):
    return (out / 'last.ckpt').is_file()


def starts_its_loader(process, out):
    try:
        return any('spawn_main' in ' '.join(child.cmdline())
                   for child in psutil.Process(process.pid).children())
    except psutil.Error:   # one that has just ended
        return False


@contextmanager
def training(data, out, ready=has_an_epoch):
    """Start the verb in a process group of its own; yield it when it is ready."""
    process = subprocess.Popen(
        [sys.executable, '-c', VERB, '--data', str(data), '--out', str(out), *QUICK, 'workers=1',
         'epochs=500', 'batch_size=3'], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while not ready(process, out) and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def end_of(process):
    """Return what a process says on stderr until it ends."""
    try:
        return process.communicate(timeout=60)[1]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGUSR1)
        time.sleep(1)
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail(f'it hangs: {process.communicate()[1]}')


@pytest.mark.parametrize('number, status', [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize('kill, ready', [
    (os.kill, has_an_epoch), (os.killpg, has_an_epoch), (os.killpg, starts_its_loader)])
def test_a_stopped_run_says_how_to_go_on(data, tmp_path, number, status, kill, ready):
    out = tmp_path / 'run'
    with training(data, out, ready) as process:
        kill(process.pid, number)
        said = end_of(process)
    assert process.returncode == status
    assert f'go on with train --resume {out}' in said
    assert 'Traceback' not in said and 'KeyboardInterrupt' not in said


def test_a_second_train_in_the_same_folder_is_refused(data, tmp_path, capsys):
    out = tmp_path / 'run'
    with training(data, out):
        assert 'another train' in refusal(capsys, '--resume', out)
        assert 'another train' in refusal(
            capsys, '--data', data, '--recipe', 'lite', '--out', out, *SHORT)


@pytest.mark.parametrize('content', [
    b'\xff\xfe{}', b'{"data": "x", "recipe": []}', b'{"data": 5, "recipe": {}}', b'[]',
    b'{"data": "x", "recipe": {}, "split": 3}',
    b'{"data": "x", "recipe": {}, "split": {"sha256": 3, "made": true}}'])
def test_damaged_settings_are_one_sentence(run, capsys, content):
    (run / 'run.json').write_bytes(content)
    assert 'run.json is damaged' in refusal(capsys, '--resume', run)


@pytest.mark.parametrize('spoil', [
    lambda text: text.replace(',', ';').encode(),
    lambda text: text.replace('.', ',').encode(),
    lambda text: text.replace('epoch', 'Epoche').encode(),
    lambda text: text.encode('utf-16'),
    lambda text: text.replace('0.', 'about ').encode()])
def test_a_table_of_progress_that_a_spreadsheet_spoilt_is_told_before_training(
        run, capsys, spoil):
    whole = (run / 'progress.csv').read_text()
    (run / 'progress.csv').write_bytes(spoil(whole))
    before = (run / 'last.ckpt').read_bytes()
    assert 'progress.csv is not as the run wrote it' in refusal(capsys, '--resume', run)
    assert (run / 'last.ckpt').read_bytes() == before
    (run / 'progress.csv').write_text(whole)
    resume(str(run))
    assert len((run / 'progress.csv').read_text().splitlines()) == 1 + 4


def change_split(folder):
    split = json.loads((folder / 'split.json').read_text())
    split['train'], split['val'] = split['val'], split['train']
    (folder / 'split.json').write_text(json.dumps(split))


def test_a_run_does_not_go_on_by_another_split(run, capsys):
    written = (run / 'split.json').read_text()
    change_split(run)
    assert 'split.json is not the split' in refusal(capsys, '--resume', run)
    (run / 'split.json').unlink()
    assert 'split.json is not the split' in refusal(capsys, '--resume', run)
    (run / 'split.json').write_text(json.dumps({**json.loads(written), 'how': 'in other words'}))
    resume(str(run))


def test_a_run_of_a_version_that_kept_no_hash_goes_on(run):
    settings = json.loads((run / 'run.json').read_text())
    del settings['split']
    (run / 'run.json').write_text(json.dumps(settings))
    change_split(run)
    resume(str(run))
    assert json.loads((run / 'run.json').read_text())['split']['sha256']


def test_paths_in_the_settings_count_in_every_working_directory(
        overfitted, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(overfitted[0], tmp_path / 'first')
    shutil.copy(data / 'split.json', tmp_path / 'own.json')
    start('data', 'lite', [*SHORT, 'initial=first', 'cache=drawn', 'labels=masks',
                           'split=own.json'], 'run')
    settings = json.loads((tmp_path / 'run' / 'run.json').read_text())
    recipe = settings['recipe']
    assert (settings['data'], recipe['initial'], recipe['cache'], recipe['split']) == tuple(
        str(tmp_path / name) for name in ('data', 'first', 'drawn', 'own.json'))
    assert recipe['labels'] == 'masks'
    (tmp_path / 'elsewhere').mkdir()
    monkeypatch.chdir(tmp_path / 'elsewhere')
    (tmp_path / 'run' / 'last.ckpt').unlink()   # so initial= is read again
    resume('../run')


def test_data_may_lie_in_the_home_folder(data, tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    start('~/data/', 'lite', SHORT, str(tmp_path / 'run'))
    settings = json.loads((tmp_path / 'run' / 'run.json').read_text())
    assert settings['data'] == str(data)


def test_names_that_are_no_paths_stay_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = load_recipe('lite', ['initial=lane_lite', 'split=folders', 'labels=snap', 'cache='])
    assert session._with_whole_paths(recipe) == recipe
    Path('folders').mkdir()
    assert session._with_whole_paths(recipe).split == 'folders'


@pytest.mark.skipif(run_module.torch.cuda.is_available(), reason='there is a GPU')
@pytest.mark.parametrize('instructions, precision', [
    (['avx2', 'avx512f'], 'fp32'), ([], 'fp32'), (['avx2', 'avx512_bf16'], 'fp32'),
    (['avx2', 'amx_bf16', 'amx_int8'], 'bf16'), (['bf16', 'i8mm'], 'fp32')])
def test_bf16_is_chosen_where_it_suits_the_processor(monkeypatch, instructions, precision):
    monkeypatch.setattr('lane_perception.runtimes.precision.instructions', lambda: instructions)
    assert choose_precision('auto') == precision
    assert choose_precision('fp32') == 'fp32'

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What replay leaves replaces nothing of the user's, and a full disk ends it in one sentence."""

import errno
import json
import os
import threading

import pytest
from recordings_on_disk import TOPIC
from recordings_on_disk import TRUTH
from recordings_on_disk import write_ground
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader
from lane_perception.evaluation.replay import replay
from lane_perception.evaluation.replay import ReplaySettings


def test_the_source_is_never_replaced_by_the_output(tmp_path, model, capsys):
    bag = write_recording(tmp_path / 'bag', count=2)
    for source in (bag, bag / 'bag.mcap'):
        assert main([str(source), '--model', str(model), '--out', str(tmp_path)]) == 2
        assert 'would be replaced' in capsys.readouterr().err
    with RecordingReader(bag) as reader:
        assert reader.topics()[TOPIC].count == 2


def test_a_drive_of_ones_own_is_never_replaced_by_the_output(tmp_path, model, capsys):
    write_recording(tmp_path / 'bag', count=3)
    source = write_recording(tmp_path / 'drive', count=2)
    assert main([str(source), '--model', str(model), '--out', str(tmp_path)]) == 2
    assert f'{tmp_path / "bag"} exists already' in capsys.readouterr().err
    with RecordingReader(tmp_path / 'bag') as reader:
        assert reader.topics()[TOPIC].count == 3
    assert main([str(source), '--model', str(model), '--out', str(tmp_path), '--no-bag']) == 0


def test_an_earlier_output_is_replaced(tmp_path, model):
    for count in (3, 2):
        source = write_recording(tmp_path / f'drive{count}', count=count)
        assert main([str(source), '--model', str(model), '--out', str(tmp_path / 'out')]) == 0
    with RecordingReader(tmp_path / 'out' / 'bag') as reader:
        assert reader.topics()['/lane_perception/mask'].count == 2


def test_a_disk_that_is_full_ends_every_stage_and_is_said_in_a_sentence(
        tmp_path, model, capsys, monkeypatch):
    bag = write_recording(tmp_path / 'drive', count=60)
    write, written = RecordingWriter.write_serialized, []

    def until_full(*arguments):
        written.append(arguments)
        if len(written) > 20:
            raise OSError(errno.ENOSPC, 'No space left on device', str(tmp_path / 'out' / 'bag'))
        write(*arguments)
    monkeypatch.setattr(RecordingWriter, 'write_serialized', until_full)
    before = set(threading.enumerate())
    assert main([str(bag), '--model', str(model), '--no-video', '--out',
                 str(tmp_path / 'out')]) == 2
    assert set(threading.enumerate()) <= before
    assert capsys.readouterr().err.splitlines()[-1].endswith(
        f'No space left on device: {tmp_path / "out" / "bag"}')
    assert not (tmp_path / 'out').exists()


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize('place', ['run', 'drive', 'drive/out', 'labels', 'labels/out'])
def test_results_are_kept_out_of_runs_recordings_and_labels(place, tmp_path, model, capsys):
    bag = write_recording(tmp_path / 'drive', count=2)
    for folder in ('run', 'labels'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'run' / 'run.json').write_text('{}')
    before = sorted(tmp_path.rglob('*'))
    assert main([str(bag), '--model', str(model), '--no-bag', '--labels',
                 str(tmp_path / 'labels'), '--out', str(tmp_path / place)]) == 2
    said, = capsys.readouterr().err.strip().splitlines()
    assert str(tmp_path / place.split('/')[0]) in said and 'choose an' in said
    assert sorted(tmp_path.rglob('*')) == before


def test_no_recording_of_several_is_written_into_a_run(tmp_path, model, capsys):
    for name in 'ab':
        write_recording(tmp_path / 'bags' / name, count=2)
    (tmp_path / 'out' / 'b').mkdir(parents=True)
    (tmp_path / 'out' / 'b' / 'run.json').write_text('{}')
    assert main([str(tmp_path / 'bags'), '--model', str(model), '--out',
                 str(tmp_path / 'out')]) == 2
    assert 'b holds a training run' in capsys.readouterr().err
    assert names(tmp_path / 'out') == {'b'} and names(tmp_path / 'out' / 'b') == {'run.json'}


def test_beside_a_loose_file_of_a_recording_results_may_lie(tmp_path, model, capsys):
    bag = write_recording(tmp_path / 'drive', count=2)
    file = (bag / 'drive.mcap').rename(tmp_path / 'drive.mcap')
    for out in (tmp_path, tmp_path / 'out'):
        assert main([str(file), '--model', str(model), '--no-video', '--out', str(out)]) == 0
        assert (out / 'report.json').is_file()
    assert main([str(tmp_path), '--model', str(model), '--out', str(tmp_path)]) == 2
    assert f'{tmp_path} is the recording' in capsys.readouterr().err


def test_what_an_earlier_replay_left_and_this_one_does_not_is_removed(tmp_path, model):
    bag, out = write_recording(tmp_path / 'drive', count=2), tmp_path / 'out'
    reports = {'report.json', 'report.html'}
    for more, left in (([], {'overlay.mp4', 'bag'}), (['--no-video'], {'bag'}),
                       ([], {'overlay.mp4', 'bag'}), (['--no-bag'], {'overlay.mp4'}),
                       ([], {'overlay.mp4', 'bag'}), (['--no-bag', '--no-video'], set())):
        assert main([str(bag), '--model', str(model), '--out', str(out), *more]) == 0
        assert names(out) == reports | left
        assert ('overlay.mp4' in left) == ('overlay.mp4' in (out / 'report.html').read_text())


def test_several_recordings_leave_nothing_of_an_earlier_one_beside_their_report(tmp_path, model):
    bags = [str(write_recording(tmp_path / name, count=2)) for name in ('a', 'b', 'bag')]
    out = tmp_path / 'out'
    assert main([bags[0], '--model', str(model), '--out', str(out)]) == 0
    for chosen in (['a', 'b'], ['a', 'bag']):
        assert main([*(str(tmp_path / name) for name in chosen), '--model', str(model),
                     '--out', str(out)]) == 0
        assert 'overlay.mp4' not in names(out) and set(chosen) <= names(out)
        assert ('bag' in names(out)) == ('bag' in chosen)
    assert (out / 'bag' / 'overlay.mp4').is_file()


def test_a_drive_of_ones_own_called_bag_stays_without_an_output_bag(tmp_path, model):
    write_recording(tmp_path / 'out' / 'bag', count=3)
    source = write_recording(tmp_path / 'drive', count=2)
    assert main([str(source), '--model', str(model), '--no-bag', '--out',
                 str(tmp_path / 'out')]) == 0
    with RecordingReader(tmp_path / 'out' / 'bag') as reader:
        assert reader.topics()[TOPIC].count == 3


def test_a_replay_that_is_broken_off_leaves_an_earlier_one_whole(tmp_path, model):
    bag, out = write_recording(tmp_path / 'drive', count=20), tmp_path / 'out'
    assert main([str(bag), '--model', str(model), '--out', str(out)]) == 0
    files = {file: file.read_bytes() for file in out.rglob('*') if file.is_file()}

    def stop(done, total):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        replay(ReplaySettings(bag, out, model=str(model), video=False), stop)
    assert {file: file.read_bytes() for file in out.rglob('*') if file.is_file()} == files


@pytest.mark.parametrize('options, ground, sentence', [
    (['--label-rate', '30'], False, '--label-rate has no effect without --labels'),
    (['--lane-width', '0.4'], False, '--lane-width has no effect without --ground'),
    (['--lane-width', '0.4'], True, None),
    (['--base-frame', 'car'], False, '--base-frame has no effect without --ground'),
    (['--base-frame', 'car', '--no-bag'], True, '--base-frame has no effect with --no-bag'),
    (['--base-frame', 'car'], True, None),
    (['--look-ahead', '0.3'], True, None),
    (['--look-ahead', '0.3', '--look-ahead-m', '0.5'], True,
     '--look-ahead has no effect beside --look-ahead-m'),
    (['--workers', '2'], False, '--workers has no effect with one recording'),
])
def test_an_option_without_effect_is_said(options, ground, sentence, tmp_path, model, capsys):
    bag = write_recording(tmp_path / 'drive', count=2)
    more = ['--ground', write_ground(tmp_path / 'g.yaml')] if ground else []
    assert main([str(bag), '--model', str(model), '--no-video', '--out', str(tmp_path / 'out'),
                 *map(str, more), *options]) == 0
    assert capsys.readouterr().err == (f'replay: note: {sentence}\n' if sentence else '')


def test_a_recording_that_is_given_twice_counts_once_and_is_said(
        tmp_path, model, capsys, monkeypatch):
    bag = write_recording(tmp_path / 'drive', count=2)
    monkeypatch.chdir(tmp_path)
    places = [str(bag), 'drive', os.path.join('drive', '..', 'drive')]
    assert main([*places, '--truth-topic', TRUTH, '--model', str(model), '--no-video', '--out',
                 'out']) == 0
    assert capsys.readouterr().err.splitlines() == [
        f'replay: note: the recording {place} was given more than once and counts once'
        for place in places[1:]]
    assert json.loads((tmp_path / 'out' / 'report.json').read_text())['images'] == 2

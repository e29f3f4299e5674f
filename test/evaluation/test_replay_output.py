# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What replay leaves replaces nothing of the user's, and a full disk ends it in one sentence."""

import errno
import threading

from recordings_on_disk import TOPIC
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import RecordingReader


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
    assert not list((tmp_path / 'out').iterdir())

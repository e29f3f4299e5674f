# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What every verb does with signals, with what the machine lacks, and with its options."""

import argparse
import errno
import os
import signal
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path

import pytest

from lane_perception import cli
from lane_perception.command import VerbParser
from lane_perception.command import note_unused
from lane_perception.command import run_main
from lane_perception.errors import UserError

# A verb that has something to put away, which takes a while.
VERB = """
import signal, sys, time
from lane_perception.command import run_main

signal.signal(signal.SIGINT, signal.default_int_handler)   # jobs in a shell's background lack it


def body(argv):
    try:
        print('working', flush=True)
        time.sleep(60)
    finally:
        time.sleep(0.5)
        print('tidy', flush=True)


sys.exit(run_main(body, []))
"""


@pytest.mark.parametrize('number, status', [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_lets_the_verb_put_away_what_it_had(number, status):
    process = subprocess.Popen([sys.executable, '-c', VERB], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'working\n'
    process.send_signal(number)
    output, error = process.communicate(timeout=30)
    assert (process.returncode, output) == (status, 'tidy\n')
    assert 'Traceback' not in error


def test_sigterm_is_as_before_when_the_verb_has_ended():
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    during = []
    assert run_main(lambda argv: during.append(signal.getsignal(signal.SIGTERM)) or 0) == 0
    assert callable(during[0])
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_handler_of_the_verbs_own_stays():
    def own(number, frame):
        pass

    def body(argv):
        signal.signal(signal.SIGTERM, own)
        return 0
    try:
        assert run_main(body) == 0
        assert signal.getsignal(signal.SIGTERM) is own
        run_main(lambda argv: os.kill(os.getpid(), signal.SIGTERM) or 0)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@pytest.mark.parametrize(('error', 'sentence'), [
    (OSError(errno.ENOSPC, 'No space left on device'), 'No space left on device'),
    (OSError(errno.ENOSPC, 'No space left on device', 'out/bag'),
     'No space left on device: out/bag'),
    (ModuleNotFoundError("No module named 'yaml'", name='yaml'),
     'needs the Python package yaml, which is not installed; run doctor'),
])
def test_what_the_machine_lacks_is_said_in_one_sentence(capsys, monkeypatch, error, sentence):
    def body(argv):
        raise error
    monkeypatch.setattr(sys, 'argv', ['/usr/bin/synthesize'])
    assert run_main(body) == 2
    assert capsys.readouterr().err == f'synthesize: {sentence}\n'


def test_an_error_of_no_disk_and_no_file_is_a_defect():
    def body(argv):
        raise OSError('a parser met something')
    with pytest.raises(OSError, match='met something'):
        run_main(body)


@pytest.mark.parametrize('name', ['lane_perception.nowhere', None])
def test_a_missing_module_of_our_own_is_a_defect(name):
    def body(argv):
        raise ModuleNotFoundError('no module', name=name)
    with pytest.raises(ModuleNotFoundError):
        run_main(body)


def test_it_runs_in_any_thread():
    status = []
    thread = threading.Thread(target=lambda: status.append(run_main(lambda argv: 7)))
    thread.start()
    thread.join()
    assert status == [7]


def test_options_without_effect_are_told(capsys):
    parser = argparse.ArgumentParser(prog='replay')
    parser.add_argument('-r', '--label-rate', type=float)
    parser.add_argument('--class', dest='classes', action='append', default=[])
    note_unused(parser, parser.parse_args([]), ['label_rate', 'classes'], 'without --labels')
    assert capsys.readouterr().err == ''
    given = parser.parse_args(['-r', '30', '--class', 'lane'])
    note_unused(parser, given, ['label_rate', 'classes'], 'without --labels')
    assert capsys.readouterr().err.splitlines() == [
        'replay: note: --label-rate has no effect without --labels',
        'replay: note: --class has no effect without --labels']


@pytest.mark.parametrize('parse', ['parse_args', 'parse_intermixed_args'])
def test_an_option_of_one_value_is_not_given_twice(parse):
    parser = VerbParser(prog='replay')
    parser.add_argument('bags', nargs='*')
    truth = parser.add_argument_group('truth')
    truth.add_argument('-l', '--labels', default='')
    parser.add_argument('--frame', type=int, default=0)
    parser.add_argument('--data')
    parser.add_argument('--class', dest='classes', action='append')
    parser.add_argument('--raw', action='store_true')
    for _ in range(2):   # a parser may be used again
        given = getattr(parser, parse)(['a', 'b', '--labels', 'x', '--frame', '3', '--raw',
                                        '--raw', '--class', 'lane', '--class', 'line'])
        assert vars(given) == {'bags': ['a', 'b'], 'labels': 'x', 'frame': 3, 'data': None,
                               'classes': ['lane', 'line'], 'raw': True}
    for twice, sentence in (
            (['--frame', '0', '--frame=3'], '--frame is given twice; give it once'),
            (['-l', 'a', '--labels', 'b'], '--labels is given twice; give one folder with all'),
            (['--data', 'a', 'bag', '--data', 'b'], '--data is given twice; put both folders into '
                                                    'one, beside each other')):
        with pytest.raises(UserError, match=sentence):
            getattr(parser, parse)(twice)


def test_every_verb_with_options_refuses_one_that_is_given_twice():
    for path in sorted(Path(cli.__file__).parent.glob('[!_]*.py')):
        if path.stem == 'lane_node':   # whose arguments are ROS's
            continue
        verb = import_module(f'lane_perception.cli.{path.stem}')
        assert isinstance(verb.build_parser(), VerbParser), path.stem

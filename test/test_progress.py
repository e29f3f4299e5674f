# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Progress is one line of a terminal, and a few whole lines of a file, none of a short work."""

import io
import re

import pytest

from lane_perception import progress as module
from lane_perception.progress import Progress


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self):
        """Return True."""
        return True


@pytest.fixture
def clock(monkeypatch):
    """Return a list whose one number is the time."""
    now = [100.0]
    monkeypatch.setattr(module, 'monotonic', lambda: now[0])
    return now


def work(clock, count, seconds):
    """Do a work of so many parts in so many seconds."""
    with Progress('images scored') as progress:
        for done in range(1, count + 1):
            clock[0] += seconds / count
            progress(done, count)


def test_a_terminal_has_one_line_that_changes_a_few_times_a_second(clock, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr('sys.stderr', terminal)
    work(clock, 1000, 10)
    said = terminal.getvalue()
    assert said.count('\n') == 1 and said.endswith('\n')
    begun, *shown = said.rstrip('\n').split('\r')
    assert begun == '' and 35 <= len(shown) <= 41
    assert re.fullmatch(r'images scored: 2\d of 1000, 100.0/s, 10 s left', shown[0])
    assert shown[-1].rstrip() == 'images scored: 1000 of 1000, in 10 s'
    for before, after in zip(shown, shown[1:]):
        assert len(after) >= len(before.rstrip()), 'nothing of the longer text stays'


@pytest.mark.parametrize('seconds, lines', [(9, 0), (15, 2), (3600, 11)])
def test_a_file_gets_a_few_whole_lines(clock, capsys, seconds, lines):
    work(clock, 10_000, seconds)
    said = capsys.readouterr().err
    assert '\r' not in said and len(said.splitlines()) == pytest.approx(lines, abs=lines > 2)
    assert not lines or said.splitlines()[-1].startswith('images scored: 10000 of 10000, in ')


def test_where_a_work_stopped_is_told_before_why(clock, capsys):
    with pytest.raises(RuntimeError), Progress('labels snapped') as progress:
        for item in progress.each('abcde', 5):
            clock[0] += 300
            if item == 'd':
                raise RuntimeError
    *lines, last = capsys.readouterr().err.splitlines()
    assert last == 'labels snapped: 3 of 5, in 20 min'
    assert lines[0] == 'labels snapped: 1 of 5, 0.0/s, 20 min left'


def test_a_work_that_did_nothing_says_nothing(capsys):
    with Progress('frames replayed') as progress:
        assert list(progress.each([], 0)) == []
    assert capsys.readouterr().err == ''


def test_more_than_was_foretold_has_no_time_left(clock, capsys):
    with Progress('frames replayed') as progress:
        clock[0] += 20
        progress(3, 0)
    assert capsys.readouterr().err.splitlines() == [
        'frames replayed: 3 of 0, 0.1/s', 'frames replayed: 3 of 0, in 20 s']

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Settings of the form key=value may stand anywhere among the options."""

import pytest

from lane_perception.benchmark import ablation
from lane_perception.cli import synthesize
from lane_perception.cli import train
from lane_perception.command import run_main

VERBS = [
    (train.body, ['epochs=1', '--out', 'run', 'batch_size=4', '--audit', 'seed=1'],
     'say --data DIR and --out RUN with --audit'),
    (synthesize.body, ['size=64x48', '--out', 'set', 'pitch=30', '--count', '0', 'fov=90'],
     '--count 0 should be at least 1'),
    (ablation.body, ['epochs=1', '--seeds', '0', 'batch_size=4', '--steps', '0', 'seed=1'],
     '--steps 0 should be 1 or more')]


@pytest.mark.parametrize('verb, arguments, sentence', VERBS)
def test_settings_in_several_places_are_all_taken(verb, arguments, sentence, capsys):
    assert run_main(verb, arguments) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize('verb, arguments, sentence', VERBS)
def test_an_unknown_option_is_still_refused(verb, arguments, sentence, capsys):
    with pytest.raises(SystemExit) as refused:
        run_main(verb, [*arguments, '--nothing'])
    assert refused.value.code == 2
    said = capsys.readouterr().err
    assert 'usage:' in said and 'unrecognized arguments: --nothing' in said

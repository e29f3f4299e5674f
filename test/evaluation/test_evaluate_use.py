# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""evaluate says at once what it was asked in vain, and leaves nothing of an earlier run."""

import json
import shutil
import sys

import cv2
import pytest
from bright_model import write_bright_model
from conftest import draw_track

from lane_perception.cli.evaluate import main
from lane_perception.data.image_files import write_image
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.evaluation import data_set

STEMS = [f'frame_{index:03d}' for index in range(10)]


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Return a data set of 10 pictures."""
    folder = tmp_path_factory.mktemp('data')
    for index, stem in enumerate(STEMS):
        image = draw_track(96, 128, shift=4 * index)
        for part, picture in (('images', image), ('masks', cv2.inRange(image[:, :, 0], 160, 255))):
            (folder / part).mkdir(exist_ok=True)
            write_image(folder / part / f'{stem}.png', picture)
    return folder


@pytest.fixture
def scored(monkeypatch):
    """Return a list that grows with each picture that is scored."""
    pictures, add = [], data_set._add
    monkeypatch.setattr(data_set, '_add', lambda *given: pictures.append(1) or add(*given))
    return pictures


def evaluate(data, model, out, *more):
    return main(['--data', str(data), '--model', str(model), '--out', str(out), *map(str, more)])


@pytest.mark.parametrize(('out', 'sentence'), [
    ('file', 'is a file'), ('run', 'holds a training run'), ('data/scores', 'outside of it'),
    ('/proc/scores', 'cannot be written to'),
])
def test_a_folder_that_cannot_take_results_is_refused_before_the_work(
        data, model, tmp_path, capsys, scored, out, sentence):
    (tmp_path / 'file').write_text('mine')
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'run.json').write_text('{}')
    (tmp_path / 'data').symlink_to(data)
    assert evaluate(tmp_path / 'data', model, tmp_path / out) == 2
    assert sentence in capsys.readouterr().err and not scored
    assert (tmp_path / 'file').read_text() == 'mine' and not (data / 'scores').exists()


def leave_earlier_results(out):
    """Leave what an earlier evaluate and an earlier replay do."""
    out.mkdir()
    for name in ('report.html', 'worst.jpg', 'overlay.mp4', 'my_notes.txt'):
        (out / name).write_text('earlier')
    (out / 'report.json').write_text(json.dumps({'command': '', 'machine': {}}))
    with RecordingWriter(out / 'bag', replace=True):
        pass


def test_nothing_is_left_of_an_earlier_run(data, model, tmp_path):
    out = tmp_path / 'out'
    leave_earlier_results(out)
    assert evaluate(data, model, out, '--worst', '0') == 0
    assert sorted(path.name for path in out.iterdir()) == [
        'my_notes.txt', 'report.html', 'report.json']
    assert '<video' not in (out / 'report.html').read_text()


def test_an_earlier_page_goes_where_no_new_one_can_be_made(data, model, tmp_path, monkeypatch):
    out = tmp_path / 'out'
    leave_earlier_results(out)
    monkeypatch.setitem(sys.modules, 'jinja2', None)
    assert evaluate(data, model, out) == 0
    assert (out / 'worst.jpg').is_file() and not (out / 'report.html').exists()


def test_a_recording_of_the_users_own_and_results_of_a_refused_run_stay(data, model, tmp_path):
    out = tmp_path / 'out'
    leave_earlier_results(out)
    shutil.rmtree(out / 'bag')
    with RecordingWriter(out / 'bag'):
        pass
    assert evaluate(data, model, out, '--threshold', '2') == 2
    assert (out / 'overlay.mp4').read_text() == 'earlier'
    assert evaluate(data, model, out) == 0
    assert (out / 'bag' / 'metadata.yaml').is_file() and not (out / 'overlay.mp4').exists()


@pytest.mark.parametrize('name', ['report.json', 'report.html', 'worst.jpg', 'overlay.mp4'])
def test_a_file_that_no_report_is_beside_is_neither_removed_nor_replaced(
        data, model, tmp_path, capsys, scored, name):
    (tmp_path / name).write_text('mine')
    assert evaluate(data, model, tmp_path) == 2
    assert f'{tmp_path / name} exists already' in capsys.readouterr().err and not scored
    assert (tmp_path / name).read_text() == 'mine'


def test_a_recording_takes_no_scores(data, model, tmp_path, capsys, scored):
    with RecordingWriter(tmp_path / 'drive'):
        pass
    before = sorted(tmp_path.rglob('*'))
    for out in ('drive', 'drive/scores'):
        assert evaluate(data, model, tmp_path / out) == 2
        assert f'is the recording {tmp_path}/drive or lies in it' in capsys.readouterr().err
    assert sorted(tmp_path.rglob('*')) == before and not scored


def test_a_folder_for_scores_of_no_data_set_is_not_left_behind(model, tmp_path):
    (tmp_path / 'no_labels').mkdir()
    assert evaluate(tmp_path / 'no_labels', model, tmp_path / 'new' / 'scores') == 2
    assert [path.name for path in tmp_path.iterdir()] == ['no_labels']


def write_run(folder, data, **parts):
    """Write what a training run leaves that evaluate looks at; return the folder."""
    folder.mkdir()
    write_bright_model(folder / 'model.onnx', 96, 128)
    (folder / 'run.json').write_text(json.dumps({'data': str(data)}))
    (folder / 'split.json').write_text(json.dumps(parts))
    return folder


def problems(out):
    return json.loads((out / 'report.json').read_text())['problems']


def test_pictures_of_the_training_are_told_of(data, tmp_path, capsys):
    run = write_run(tmp_path / 'run', data, train=STEMS[:7], val=STEMS[7:9], test=STEMS[9:])
    out = tmp_path / 'out'
    note = (f'{run} was trained on 7 of these 10 pictures, and 2 chose its weights; '
            f'--split {run}/split.json scores the 1 that it never saw')
    assert evaluate(data, f'{run},{run}/model.onnx', out, '--model', run) == 0
    assert problems(out) == [note] and f'note: {note}\n' in capsys.readouterr().out
    assert note in (out / 'report.html').read_text()
    assert evaluate(data, run, out, '--split', run / 'split.json') == 0
    assert problems(out) == []
    assert evaluate(data, run, out, '--split', run / 'split.json', '--part', 'train') == 0
    assert problems(out) == []
    (data.parent / 'moved').symlink_to(data)   # the same folder by another name
    assert evaluate(data.parent / 'moved', run, out) == 0
    assert problems(out) == [note]


def test_a_training_that_kept_nothing_back_has_no_way_out(data, tmp_path):
    run = write_run(tmp_path / 'run', data, train=STEMS[:8], val=STEMS[8:])
    assert evaluate(data, run, tmp_path / 'out') == 0
    assert problems(tmp_path / 'out') == [
        f'{run} was trained on 8 of these 10 pictures, and 2 chose its weights; it kept none back '
        'for a test']


def test_a_training_on_snapped_labels_is_told_of_with_them_too(data, tmp_path):
    run = write_run(tmp_path / 'run', data, train=STEMS[:7], val=STEMS[7:9], test=STEMS[9:])
    shutil.copytree(data, run / 'snapped')
    for place in (data, run / 'snapped'):
        assert evaluate(place, run, tmp_path / 'out') == 0
        assert 'was trained on 7 of these 10' in problems(tmp_path / 'out')[0]


def test_a_training_on_other_data_is_none_on_these(data, tmp_path):
    (tmp_path / 'other').mkdir()
    parts = {'train': STEMS[:7], 'val': STEMS[7:]}
    same_names = write_run(tmp_path / 'run', tmp_path / 'other', **parts)
    other_names = write_run(tmp_path / 'run2', tmp_path / 'gone', train=['a', *STEMS[:7]],
                            val=STEMS[7:])
    broken = write_run(tmp_path / 'run3', data, **parts)
    (broken / 'run.json').write_text('[')
    for run in (same_names, other_names, broken):
        assert evaluate(data, run, tmp_path / 'out') == 0
        assert problems(tmp_path / 'out') == []


@pytest.mark.parametrize(('arguments', 'note'), [
    (['--count', '5'], '--count has no effect with a folder'),
    (['--part', 'all', '--split', 'SPLIT'], '--split has no effect with --part all'),
    (['--allow', '0.1'], '--allow has no effect without --baseline'),
])
def test_an_option_without_effect_is_told(data, model, tmp_path, capsys, arguments, note):
    assert evaluate(data, model, tmp_path / 'out', *arguments) == 0
    assert capsys.readouterr().err.splitlines()[0] == f'evaluate: note: {note}'


def test_options_of_a_folder_have_no_effect_with_the_synthetic_world(model, tmp_path, capsys):
    assert evaluate('synthetic:1000007', model, tmp_path / 'out', '--count', '2', '--labels', 'x',
                    '--split', 'x', '--part', 'val') == 0
    assert capsys.readouterr().err.splitlines()[:3] == [
        f'evaluate: note: --{name} has no effect with synthetic:SEED'
        for name in ('labels', 'split', 'part')]


@pytest.mark.parametrize(('option', 'good', 'bad', 'sentence'), [
    ('--runtime', 'auto', 'tensorrt', 'runtime "tensorrt" is not known; use one of auto, '),
    ('--precision', 'auto', 'fp8', 'precision "fp8" is not known; use one of auto, fp32, '),
    ('--resolution', '96x128', '300x640', '300x640 (height x width) is not made of multiples'),
    ('--resolution', '96x128', '64', 'should be HEIGHTxWIDTH'),
])
def test_a_typing_mistake_in_a_repeated_option_is_refused(
        data, model, tmp_path, capsys, scored, option, good, bad, sentence):
    assert evaluate(data, model, tmp_path / 'out', option, good, option, bad) == 2
    assert sentence in capsys.readouterr().err and not scored


def test_a_folder_as_baseline_leads_to_the_report_in_it(data, model, tmp_path, capsys):
    baseline = tmp_path / 'before'
    baseline.mkdir()
    assert evaluate(data, model, tmp_path / 'out', '--baseline', baseline) == 2
    assert 'is a folder; give the report.json of an evaluation' in capsys.readouterr().err
    (baseline / 'report.json').write_text('{}')
    assert evaluate(data, model, tmp_path / 'out', '--baseline', baseline) == 2
    assert f'is a folder; give {baseline}/report.json' in capsys.readouterr().err


def test_a_recording_is_for_replay(model, tmp_path, capsys):
    with RecordingWriter(tmp_path / 'drives' / 'monday'):
        pass
    file, = (tmp_path / 'drives' / 'monday').glob('*.mcap')
    for place in (tmp_path / 'drives', file.parent, file):
        assert evaluate(place, model, tmp_path / 'out') == 2
        sentence, = capsys.readouterr().err.splitlines()
        assert f'{place} is a recording' in sentence and 'is scored by replay' in sentence


def test_a_resolution_that_stands_where_the_models_lies_is_told(data, model, tmp_path, capsys):
    assert evaluate(data, model, tmp_path / 'out', '--resolution', '160x128') == 0
    assert ('evaluate: note: --resolution is HEIGHTxWIDTH; 160x128 is taller than wide, and '
            'bright takes 128x160') in capsys.readouterr().err
    for text in ('64x96', '64x64'):
        assert evaluate(data, model, tmp_path / 'out', '--resolution', text) == 0
        assert 'HEIGHTxWIDTH' not in capsys.readouterr().err

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Many recordings in one run: one table, failures named, work that was done not done again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import cv2
import pytest
from bright_model import write_bright_model
from recordings_on_disk import TOPIC
from recordings_on_disk import TRUTH
from recordings_on_disk import track
from recordings_on_disk import write_ground
from recordings_on_disk import write_recording

from lane_perception.cli.replay import main
from lane_perception.data.image_files import write_image
from lane_perception.evaluation import recording_runs
from lane_perception.evaluation.recording_runs import find_recordings
from lane_perception.evaluation.recording_runs import recording_names
from lane_perception.evaluation.replay import ReplaySettings
from lane_perception.errors import UserError


@pytest.fixture
def bags(tmp_path):
    """Return a folder of two recordings and one that cannot be read."""
    folder = tmp_path / 'bags'
    write_recording(folder / 'monday' / 'drive', count=6)
    write_recording(folder / 'tuesday', count=10, blank=[3])
    (folder / 'broken').mkdir()
    (folder / 'broken' / 'broken.mcap').write_bytes(b'nothing')
    return folder


def run(places, model, out, *arguments):
    status = main([*map(str, places), '--truth-topic', TRUTH, '--model', str(model),
                   '--no-video', '--out', str(out), *map(str, arguments)])
    return status, json.loads((out / 'report.json').read_text())


def test_a_folder_of_recordings_gives_one_table_and_names_what_failed(
        bags, model, tmp_path, capsys):
    status, report = run([bags], model, tmp_path / 'out')
    assert status == 1
    assert set(report['recordings']) == {'broken', 'drive', 'tuesday'}
    assert 'magic' in report['recordings']['broken']['error']
    data = {'recordings': 3, 'failed': 1, 'images': 16, 'topic': TOPIC, 'truth_topic': TRUTH}
    assert data.items() <= report['data'].items()
    for name in ('drive', 'tuesday'):
        alone = json.loads((tmp_path / 'out' / name / 'report.json').read_text())
        assert alone['lane_iou'] == report['recordings'][name]['lane_iou']
        assert (tmp_path / 'out' / name / 'bag' / 'metadata.yaml').is_file()
        assert (tmp_path / 'out' / name / 'report.html').is_file()
    assert (tmp_path / 'out' / 'report.html').is_file()
    assert 'broken' in capsys.readouterr().out


def test_a_run_goes_on_where_it_stopped(bags, model, tmp_path, capsys):
    run([bags], model, tmp_path / 'out')
    kept = (tmp_path / 'out' / 'tuesday' / 'report.json').stat().st_mtime_ns
    (tmp_path / 'out' / 'drive' / 'report.json').unlink()
    capsys.readouterr()
    _, report = run([bags], model, tmp_path / 'out')
    said = capsys.readouterr().err
    assert 'tuesday: done before' in said and 'drive: done before' not in said
    assert (tmp_path / 'out' / 'tuesday' / 'report.json').stat().st_mtime_ns == kept
    assert report['images'] == 16
    run([bags], model, tmp_path / 'out', '--threshold', '0.7')
    assert 'done before' not in capsys.readouterr().err, 'other settings are other work'


def test_a_report_does_not_vouch_for_what_a_broken_off_replay_put_beside_it(
        bags, model, tmp_path, capsys):
    run([bags], model, tmp_path / 'out')
    bag, report = (tmp_path / 'out' / 'drive' / name for name in ('bag/bag.mcap', 'report.json'))
    os.utime(bag, ns=(report.stat().st_mtime_ns + 1,) * 2)
    capsys.readouterr()
    run([bags], model, tmp_path / 'out')
    said = capsys.readouterr().err
    assert 'tuesday: done before' in said and 'drive: done before' not in said


@pytest.mark.parametrize('gone', ['bag', 'bag/bag.mcap', 'overlay.mp4'])
def test_a_recording_whose_outputs_are_gone_is_done_again(model, tmp_path, capsys, gone):
    for name in ('a', 'b'):
        write_recording(tmp_path / 'bags' / name, count=2)

    def done_before(*arguments):
        assert main([str(tmp_path / 'bags'), '--model', str(model), *arguments,
                     '--out', str(tmp_path / 'out')]) == 0
        said = capsys.readouterr().err
        return {name for name in ('a', 'b') if f'{name}: done before' in said}
    assert done_before() == set()
    output = tmp_path / 'out' / 'a' / gone
    if output.is_dir():
        shutil.rmtree(output)
    else:
        output.unlink()
    assert done_before() == {'b'}
    assert output.exists()
    assert done_before() == {'a', 'b'}
    assert done_before('--no-bag', '--no-video') == set()
    assert done_before('--no-bag', '--no-video') == {'a', 'b'}, 'nothing else was asked for'


def later(path):
    """Give a file the time of a later writing, its size as it was."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def test_labels_a_recording_or_a_model_that_changed_are_done_again(tmp_path, capsys):
    for name in ('m', 'm_int8'):
        write_bright_model(tmp_path / f'{name}.onnx', 128, 160,
                           precision='int8' if name == 'm_int8' else 'fp32')
    for name in ('a', 'b'):
        write_recording(tmp_path / 'bags' / name, count=2)
    label = tmp_path / 'labels' / 'deep' / 'frame_0.png'
    label.parent.mkdir(parents=True)
    write_image(label, track(0)[1])

    def done_before():
        main([str(tmp_path / 'bags'), '--labels', str(label.parent), '--no-video', '--no-bag',
              '--model', str(tmp_path / 'm.onnx'), '--precision', 'int8',
              '--out', str(tmp_path / 'out')])
        said = capsys.readouterr().err
        return {name for name in ('a', 'b') if f'{name}: done before' in said}
    assert done_before() == set()
    assert done_before() == {'a', 'b'}
    later(label)
    assert done_before() == set()
    later(next((tmp_path / 'bags' / 'a').glob('*.mcap')))
    assert done_before() == {'b'}
    later(tmp_path / 'm.onnx')
    assert done_before() == {'a', 'b'}, 'this file was not run'
    write_bright_model(tmp_path / 'm.onnx', 128, 160, threshold=0.6)
    write_bright_model(tmp_path / 'm_int8.onnx', 128, 160, precision='int8', threshold=0.6)
    assert done_before() == set()


def test_classes_are_chosen_told_and_other_classes_are_other_work(tmp_path, model, capsys):
    for name in ('a', 'b'):
        write_recording(tmp_path / 'bags' / name, count=2)
    labels = tmp_path / 'labels'
    labels.mkdir()
    write_image(labels / 'frame_0.png', track(0)[0])
    shapes = [{'label': label, 'shape_type': 'rectangle', 'points': [[left, 0], [left + 9, 99]]}
              for left, label in enumerate(('lane', 'stop line', 'car'))]
    (labels / 'frame_0.json').write_text(json.dumps({'shapes': shapes}))

    def told(*arguments):
        main([str(tmp_path / 'bags'), '--labels', str(labels), '--no-video', '--no-bag',
              '--model', str(model), '--out', str(tmp_path / 'out'), *arguments])
        report = json.loads((tmp_path / 'out' / 'report.json').read_text())
        return report['data']['format'], 'a: done before' in capsys.readouterr().err
    everything = 'labelme (markings: car 1, lane 1, stop line 1)'
    chosen = 'labelme (markings: lane 1, stop line 1; left out: car 1)'
    assert told() == (everything, False)
    assert told() == (everything, True)
    assert told('--class', 'lane,stop line') == (chosen, False)
    assert told('--class', 'lane', '--class', 'stop line') == (chosen, True)


def test_classes_without_labels_are_refused(model, tmp_path, capsys):
    assert main([str(tmp_path), '--model', str(model), '--class', 'lane',
                 '--out', str(tmp_path / 'out')]) == 2
    assert '--class chooses among the classes of the labels' in capsys.readouterr().err


def test_whatever_goes_wrong_in_one_recording_is_named_and_the_rest_goes_on(
        bags, model, tmp_path, monkeypatch):
    replay = recording_runs.replay

    def failing(settings, progress):
        if settings.bag.name == 'drive':
            raise ZeroDivisionError('nothing to divide by')
        return replay(settings, progress)
    monkeypatch.setattr(recording_runs, 'replay', failing)
    status, report = run([bags / 'monday', bags / 'tuesday'], model, tmp_path / 'out')
    assert status == 1
    assert report['recordings']['drive'] == {'error': 'ZeroDivisionError: nothing to divide by'}
    assert report['recordings']['tuesday']['images'] == 10


def test_two_workers_on_a_dask_cluster_say_the_same_as_one(bags, model, tmp_path):
    pytest.importorskip('distributed', reason='pip install distributed')
    _, one = run([bags], model, tmp_path / 'one')
    _, two = run([bags], model, tmp_path / 'two', '--workers', 2)
    for report in (one, two):
        del report['machine'], report['command']
        for entry in (report, *report['recordings'].values()):
            for key in ('latency_ms', 'replay_s', 'frames_per_second', 'fingerprint'):
                entry.pop(key, None)
            entry.get('totals', {}).pop('latencies_ms', None)
    assert one == two


def test_a_scheduler_that_does_not_answer_is_named(bags, model, tmp_path, capsys, monkeypatch):
    pytest.importorskip('distributed', reason='pip install distributed')
    assert main([str(bags), '--model', str(model), '--out', str(tmp_path / 'out'),
                 '--scheduler', 'tcp://127.0.0.1:9']) == 2
    assert 'tcp://127.0.0.1:9' in capsys.readouterr().err.strip().splitlines()[-1]


def test_recordings_of_one_name_on_a_shared_scheduler_are_told_apart(tmp_path, monkeypatch):
    distributed = pytest.importorskip('distributed', reason='pip install distributed')
    monkeypatch.setattr(recording_runs, '_work', lambda task: {'threshold': task.threshold})

    def replayed(scheduler, threshold):
        return recording_runs._run(
            {'a': ReplaySettings(tmp_path / 'a', tmp_path, threshold=threshold)}, scheduler, 1)
    with distributed.LocalCluster(n_workers=1, processes=False,
                                  dashboard_address=None) as cluster:
        first = replayed(cluster.scheduler_address, 0.3)
        assert next(first) == ('a', {'threshold': 0.3})
        second = list(replayed(cluster.scheduler_address, 0.7))   # while the first is not over
        first.close()
    assert second == [('a', {'threshold': 0.7})]


def test_one_worker_leaves_the_callers_threads_alone(tmp_path):
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        settings = ReplaySettings(tmp_path / 'none', tmp_path / 'out')
        assert 'error' in dict(recording_runs._run({'a': settings}, None, 1))['a']
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)


@pytest.fixture
def relative(bags, tmp_path):
    """Return arguments whose paths, the model's too, hold in tmp_path alone."""
    write_bright_model(tmp_path / 'm.onnx', 128, 160)
    write_ground(tmp_path / 'ground.yaml')
    (tmp_path / 'labels').mkdir()
    write_image(tmp_path / 'labels' / 'frame_0.png', track(0)[1])
    (tmp_path / 'elsewhere').mkdir()
    return ['bags/monday', 'bags/tuesday', '--labels', 'labels', '--ground', 'ground.yaml',
            '--model', 'm.onnx,lane_lite', '--no-video', '--no-bag', '--out', 'out']


def test_a_worker_with_another_working_directory_finds_everything(
        relative, tmp_path, monkeypatch):
    distributed = pytest.importorskip('distributed', reason='pip install distributed')
    monkeypatch.chdir(tmp_path)
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=True,
                                  dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            client.run(os.chdir, str(tmp_path / 'elsewhere'))
        assert main([*relative, '--scheduler', cluster.scheduler_address]) == 0
    report = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert report['model'] == 'm.onnx,lane_lite', 'as it was asked for'
    assert report['recordings']['tuesday']['images_judged'] == 1
    assert not list((tmp_path / 'elsewhere').iterdir())


def test_a_model_is_found_below_a_folder_with_a_comma_in_its_name(relative, tmp_path, monkeypatch):
    (tmp_path / 'a,b').mkdir()
    for name in ('bags', 'm.onnx', 'labels', 'ground.yaml'):
        (tmp_path / 'a,b' / name).symlink_to(tmp_path / name)
    monkeypatch.chdir(tmp_path / 'a,b')
    assert main(relative) == 0


def test_work_done_is_known_from_another_working_directory(
        relative, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(relative)
    monkeypatch.chdir(tmp_path / 'elsewhere')
    main([f'../{one}' if (tmp_path / one).exists() else one.replace('m.onnx', '../m.onnx')
          for one in relative])
    said = capsys.readouterr().err
    assert 'drive: done before' in said and 'tuesday: done before' in said


# The verb as a shell starts it; Dask's processes import the file that they are started from.
VERB = '''
import signal, sys
from lane_perception.cli.replay import main
if __name__ == '__main__':
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
'''


def test_ctrl_c_ends_all_processes_without_a_traceback(tmp_path, model):
    pytest.importorskip('distributed')
    for name in 'abcdef':   # so short that a worker ends, if it is not killed before
        write_recording(tmp_path / 'bags' / name, count=120)
    (tmp_path / 'verb.py').write_text(VERB)
    process = subprocess.Popen(
        [sys.executable, tmp_path / 'verb.py', tmp_path / 'bags', '--model', model, '--no-bag',
         '--workers', '2', '--out', tmp_path / 'out'],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / 'out' / 'c').is_dir() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)   # as a terminal does
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and said.endswith('verb: interrupted\n')
    assert 'Traceback' not in said


def test_recordings_are_found_in_folders_of_folders_and_get_names_of_their_own(tmp_path):
    for place in ('a/drive', 'b/drive', 'b/other'):
        write_recording(tmp_path / place, count=1)
    found = find_recordings([tmp_path])
    assert [bag.relative_to(tmp_path).as_posix() for bag in found] == [
        'a/drive', 'b/drive', 'b/other']
    assert recording_names(found) == ['drive', 'drive_2', 'other']
    with pytest.raises(UserError, match='no recording'):
        find_recordings([tmp_path / 'nowhere'])
    files = [tmp_path / place / 'drive.mcap' for place in ('a/drive', 'b/drive')]
    assert all(file.is_file() for file in files)
    assert recording_names(files) == ['drive', 'drive_2']


def test_a_loose_file_hides_no_recording_beside_it(tmp_path, model, capsys):
    bags = tmp_path / 'bags'
    for place in ('drive', 'later/drive', 'test'):
        write_recording(bags / place, count=1)
    (bags / 'test' / 'test.mcap').rename(bags / 'test.mcap')
    (bags / 'test' / 'metadata.yaml').unlink()
    (bags / 'test').rmdir()
    assert find_recordings([bags]) == [bags, bags / 'drive', bags / 'later' / 'drive']
    for again in (False, True):
        status, report = run([bags], model, bags / 'out')
        assert status == 0
        assert {name: one['images'] for name, one in report['recordings'].items()} == {
            'bags': 1, 'drive': 1, 'drive_2': 1}
        assert capsys.readouterr().err.count('done before') == 3 * again


@pytest.mark.parametrize('suffix', ['', '.zstd'])
def test_the_parts_of_a_recording_without_its_metadata_are_one(tmp_path, suffix):
    for part in range(2):
        (tmp_path / 'split').mkdir(exist_ok=True)
        (tmp_path / 'split' / f'split_{part}.mcap{suffix}').touch()
    assert find_recordings([tmp_path]) == [tmp_path / 'split']


def test_a_folder_called_like_a_file_is_a_recording_of_its_own(tmp_path):
    for place in ('a.mcap', 'b.mcap'):
        write_recording(tmp_path / place, count=1)
    assert find_recordings([tmp_path]) == [tmp_path / 'a.mcap', tmp_path / 'b.mcap']


def test_what_an_earlier_run_left_in_the_same_folder_is_no_recording(tmp_path):
    for place in ('lap1', 'out/lap1/bag'):
        write_recording(tmp_path / place, count=1)
    assert find_recordings([tmp_path], tmp_path / 'out') == [tmp_path / 'lap1']
    with pytest.raises(UserError, match=f'{tmp_path} lie in {tmp_path}.*give another --out'):
        find_recordings([tmp_path], tmp_path)
    alone = tmp_path / 'out' / 'lap1' / 'bag'
    assert find_recordings([alone], tmp_path / 'out') == [alone], 'asked for by name'

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""evaluate scores what the pipeline says, every variant in one pass, and compares with before."""

import json
import os
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
from bright_model import write_bright_model
from conftest import draw_track

from lane_perception.cli.evaluate import main
from lane_perception.data.image_files import write_image
from lane_perception.evaluation.data_sources import open_source
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.evaluation.variants import Bench
from lane_perception.evaluation.variants import SharedRuntime
from lane_perception.evaluation.variants import Variant
from lane_perception.pipeline import LanePipeline


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Return a data set of 24 drawn tracks whose labels are a little off."""
    folder = tmp_path_factory.mktemp('data')
    (folder / 'images').mkdir()
    (folder / 'masks').mkdir()
    for index in range(24):
        image = draw_track(120, 160, shift=40 * np.sin(index))
        label = cv2.inRange(np.roll(image[:, :, 0], index % 3, axis=1), 160, 255)
        label[:10] = 127
        write_image(folder / 'images' / f'frame_{index:03d}.png', image)
        write_image(folder / 'masks' / f'frame_{index:03d}.png', label)
    return folder


@pytest.fixture
def model(tmp_path):
    path = tmp_path / 'bright.onnx'
    write_bright_model(path, 128, 160)
    return path


def run(data, out, *arguments):
    status = main(['--data', str(data), '--out', str(out), *map(str, arguments)])
    return status, json.loads((out / 'report.json').read_text())


def test_the_figures_are_those_of_the_pipelines_masks(data, model, tmp_path):
    status, report = run(data, tmp_path / 'out', '--model', model)
    assert status == 0
    pipeline, score = LanePipeline.load(model), SegmentationScore()
    for labeled in open_source(str(data)).images():
        score.add(pipeline.process(labeled.image).mask, labeled.label)
    for key, value in score.result().items():
        assert report[key] == pytest.approx(value, abs=1e-8)
    assert 0.3 < report['lane_iou'] < 0.99
    assert report['images_judged'] == 24
    assert report['data']['part'] == 'all'
    assert report['label_sizes'] == ['160x120']
    assert set(report['latency_ms']) == {'p50', 'p90', 'p99'}
    assert report['center_mae_px'] < 8
    assert report['lane_found'] == 1.0


def test_two_runs_give_the_same_report_but_for_times(data, model, tmp_path):
    first, second = (run(data, tmp_path / name, '--model', model)[1] for name in 'ab')
    for report in (first, second):
        del report['latency_ms'], report['machine'], report['command']
    assert json.dumps(first) == json.dumps(second)


def test_the_stored_threshold_is_a_point_of_the_curve(data, model, tmp_path):
    _, report = run(data, tmp_path / 'out', '--model', model)
    curve = report['threshold_curve']
    assert curve['stored']['threshold'] == report['threshold'] == 0.5
    assert curve['stored']['lane_iou'] == pytest.approx(report['lane_iou'], abs=1e-6)
    assert curve['stored']['recall'] == pytest.approx(report['recall'], abs=1e-6)
    assert curve['best']['f1'] >= curve['stored']['f1']
    assert curve['recall'] == sorted(curve['recall'], reverse=True)
    assert 0 < curve['average_precision'] <= 1


def test_variants_are_combined_and_each_says_what_differs(data, model, tmp_path):
    _, report = run(data, tmp_path / 'out', '--model', model, '--postprocess', 'none',
                    '--postprocess', 'opening', '--tta', 'none', '--tta', 'flip')
    names = [report['name'], *(entry['name'] for entry in report['variants'])]
    assert len(set(names)) == 4
    assert report['variant']['tta'] == 'none' and report['variant']['postprocess'] == 'none'
    opened = next(entry for entry in report['variants']
                  if entry['variant']['postprocess'] == 'opening'
                  and entry['variant']['tta'] == 'none')
    assert opened['lane_iou'] != report['lane_iou']


def test_an_ensemble_of_a_model_with_itself_scores_as_the_model(data, model, tmp_path):
    _, report = run(data, tmp_path / 'out', '--model', model, '--model', f'{model},{model}')
    assert report['variants'][0]['lane_iou'] == pytest.approx(report['lane_iou'], abs=1e-9)


def test_the_network_runs_once_an_image_for_all_that_need_the_answer(model):
    bench = Bench()
    calls = []
    segmenters = [bench.segmenter(Variant(str(model))),
                  bench.segmenter(Variant(str(model), postprocess='closing')),
                  bench.segmenter(Variant(f'{model},{model}'))]
    shared = segmenters[0].runtimes[0]
    assert isinstance(shared, SharedRuntime)
    inner = shared._runtime.run
    shared._runtime.run = lambda images: calls.append(1) or inner(images)
    for count in (1, 2):
        bench.new_image()
        masks = [bench.timed_mask(one, draw_track(shift=50 * count))[0] for one in segmenters]
        assert len(calls) == count
        assert (masks[0] == masks[1]).all() and (masks[0] == masks[2]).all()


def test_a_variant_that_this_machine_cannot_do_is_reported_and_the_rest_goes_on(
        data, model, tmp_path):
    _, report = run(data, tmp_path / 'out', '--model', model, '--precision', 'fp32',
                    '--precision', 'int8')
    assert 'int8' in report['variants'][0]['error']
    assert report['lane_iou'] > 0


def test_another_resolution_is_another_variant(data, model, tmp_path):
    _, report = run(data, tmp_path / 'out', '--model', model, '--resolution', '64x64')
    assert report['variant']['resolution'] == '64x64'
    _, own = run(data, tmp_path / 'own', '--model', model)
    assert own['lane_iou'] != report['lane_iou']


def test_intervals_hold_the_figures_and_are_drawn_over_blocks(data, model, tmp_path):
    _, report = run(data, tmp_path / 'out', '--model', model)
    drawn = report['bootstrap']
    assert drawn['blocks'] == 5 and drawn['block_images'] == 5
    for metric in ('lane_iou', 'line_f1', 'miou_per_image', 'center_mae_px'):
        low, high = drawn['interval'][metric]
        assert low <= report[metric] <= high
        assert high - low < 0.5 * max(report[metric], 2)


def test_what_one_recording_teaches_of_its_place_does_not_judge_the_next(model, tmp_path):
    track = draw_track(120, 160)
    left = cv2.inRange(track[:, :, 0], 160, 255)
    left[:, 80:] = 0
    steep = np.roll(track, 40, axis=0)   # as from a camera that looks up
    steep[:40] = 30
    steep_label = cv2.inRange(steep[:, :, 0], 160, 255)
    errors = []
    for before in (0, 10):
        folder = tmp_path / str(before)
        frames = [(f'a/{number}', steep, steep_label) for number in range(before)]
        for name, image, label in [*frames, ('b/0', track, left)]:
            for part, picture in (('images', image), ('masks', label)):
                (folder / part / name).parent.mkdir(parents=True, exist_ok=True)
                write_image(folder / part / f'{name}.png', picture)
        _, report = run(folder, tmp_path / f'out_{before}', '--model', model)
        errors.append(report['image_scores'][-1]['center_error_px'])
    assert errors[0] == errors[1] is not None


def test_a_worse_result_than_the_baseline_exits_3_and_chance_is_told_apart(
        data, model, tmp_path, capsys):
    _, before = run(data, tmp_path / 'before', '--model', model)
    baseline = tmp_path / 'before' / 'report.json'
    status, same = run(data, tmp_path / 'same', '--model', model, '--baseline', baseline)
    assert status == 0
    assert {one['verdict'] for one in same['comparison']['metrics'].values()} == {'equal'}
    status, worse = run(data, tmp_path / 'worse', '--model', model, '--threshold', '0.995',
                        '--baseline', baseline)
    assert status == 3
    change = worse['comparison']['metrics']['lane_iou']
    assert change['verdict'] == 'worse'
    assert change['interval'][0] <= change['change'] <= change['interval'][1] < 0
    assert 'lane_iou' in capsys.readouterr().err
    status, _ = run(data, tmp_path / 'allowed', '--model', model, '--threshold', '0.995',
                    '--baseline', baseline, '--allow', '1')
    assert status == 0


def test_a_baseline_over_other_images_is_refused(data, model, tmp_path, capsys):
    run(data, tmp_path / 'before', '--model', model)
    split = tmp_path / 'half.json'
    split.write_text(json.dumps({
        'train': ['frame_000'], 'val': ['frame_001'], 'test': ['frame_005', 'frame_006']}))
    status = main(['--data', str(data), '--model', str(model), '--split', str(split),
                   '--baseline', str(tmp_path / 'before' / 'report.json'),
                   '--out', str(tmp_path / 'out')])
    assert status == 2
    assert '2 in common' in capsys.readouterr().err


@pytest.mark.parametrize('value', [0, 127, 255])
def test_a_baseline_against_other_labels_is_refused(data, model, tmp_path, capsys, value):
    run(data, tmp_path / 'before', '--model', model)
    shutil.copytree(data, tmp_path / 'data')
    mask = tmp_path / 'data' / 'masks' / 'frame_003.png'
    label = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
    label[60:62] = value    # less, not judged or more
    write_image(mask, label)
    assert main(['--data', str(tmp_path / 'data'), '--model', str(model), '--allow', '1',
                 '--baseline', str(tmp_path / 'before' / 'report.json'),
                 '--out', str(tmp_path / 'out')]) == 2
    assert '1 of 24 images differ, such as frame_003' in capsys.readouterr().err


@pytest.mark.parametrize('way', ['same path', 'link'])
def test_a_baseline_that_the_run_would_overwrite_is_refused(data, model, tmp_path, capsys, way):
    out = tmp_path / 'out'
    run(data, out, '--model', model)
    before = (out / 'report.json').read_text()
    baseline = out / 'report.json'
    if way == 'link':
        baseline = tmp_path / 'baseline.json'
        baseline.symlink_to(out / 'report.json')
    for _ in range(2):
        capsys.readouterr()
        assert main(['--data', str(data), '--model', str(model), '--threshold', '0.995',
                     '--baseline', str(baseline), '--out', str(out)]) == 2
        sentence, = capsys.readouterr().err.splitlines()
        assert 'would overwrite the baseline' in sentence
    assert (out / 'report.json').read_text() == before


@pytest.mark.parametrize('value', ['NaN', '-Infinity', '"0.5"'])
def test_a_baseline_whose_figures_are_no_numbers_is_refused(data, model, tmp_path, capsys, value):
    _, before = run(data, tmp_path / 'before', '--model', model)
    baseline = tmp_path / 'baseline.json'
    baseline.write_text(json.dumps({**before, 'lane_iou': 12345.5}).replace('12345.5', value))
    assert main(['--data', str(data), '--model', str(model), '--baseline', str(baseline),
                 '--out', str(tmp_path / 'out')]) == 2
    assert 'the baseline holds a lane_iou that is no number' in capsys.readouterr().err


def test_a_picture_of_one_pixel_is_scored_with_the_rest(tmp_path, model):
    for name in ('images', 'masks'):
        (tmp_path / 'data' / name).mkdir(parents=True)
    image = draw_track(120, 160)
    for stem, picture in (('a_0', image), ('a_1', np.full((1, 1, 3), 255, np.uint8))):
        write_image(tmp_path / f'data/images/{stem}.png', picture)
        write_image(tmp_path / f'data/masks/{stem}.png', cv2.inRange(picture[:, :, 0], 160, 255))
    status, report = run(tmp_path / 'data', tmp_path / 'out', '--model', model)
    assert status == 0 and report['images_judged'] == 2 and report['problems'] == []
    assert sum(report['image_scores'][1]['confusion']) == 1
    assert (tmp_path / 'out/report.html').is_file() and (tmp_path / 'out/worst.jpg').is_file()


def test_labels_without_any_judged_pixel_are_refused(data, model, tmp_path, capsys):
    shutil.copytree(data, tmp_path / 'data')
    for mask in (tmp_path / 'data' / 'masks').iterdir():
        write_image(mask, np.full((120, 160), 127, np.uint8))
    assert main(['--data', str(tmp_path / 'data'), '--model', str(model),
                 '--out', str(tmp_path / 'out')]) == 2
    assert 'has a pixel that is judged' in capsys.readouterr().err


def test_names_that_are_no_utf_8_come_into_every_report(data, model, tmp_path):
    """As a zip from Windows leaves them on Linux; printed and written where UTF-8 is strict."""
    for folder in ('images', 'masks'):
        (tmp_path / 'data' / folder).mkdir(parents=True)
        for number in range(2):
            content = (data / folder / f'frame_{number:03d}.png').read_bytes()
            (tmp_path / 'data' / folder / f'gr\udcfcn_{number}.png').write_bytes(content)
    (tmp_path / 'data/images/gr\udcfcn_1.png').write_bytes(b'broken')
    out = tmp_path / 'out'
    command = [sys.executable, '-m', 'lane_perception.cli.evaluate', '--data',
               str(tmp_path / 'data'), '--model', str(model), '--out']
    for more in ([str(out)], [str(tmp_path / 'again'), '--baseline', str(out / 'report.json')]):
        done = subprocess.run(command + more, capture_output=True, encoding='utf-8',
                              env={**os.environ, 'PYTHONIOENCODING': 'utf-8:strict'})
        assert done.returncode == 0, done.stderr
        assert 'gr\\udcfcn_1.png is damaged' in done.stdout
    report = json.loads((out / 'report.json').read_bytes().decode('utf-8'))
    assert [one['name'] for one in report['image_scores']] == ['gr\udcfcn_0']
    assert 'gr\\udcfcn_0' in (out / 'report.html').read_bytes().decode('utf-8')


def test_a_broken_image_is_named_and_the_rest_is_scored(data, model, tmp_path):
    broken = tmp_path / 'data'
    shutil.copytree(data, broken)
    (broken / 'images' / 'frame_003.png').write_bytes(b'no picture')
    _, report = run(broken, tmp_path / 'out', '--model', model)
    assert report['images'] == 23
    assert 'frame_003' in report['problems'][0]


@pytest.mark.parametrize(('arguments', 'sentence'), [
    (['--data', '/nowhere'], 'there is no folder'),
    (['--data', 'synthetic:x'], 'SEED'),
    (['--data', 'synthetic:²'], 'SEED is a whole number'),
    (['--resolution', '100'], 'HEIGHTxWIDTH'),
    (['--resolution', '100x100'], 'multiples'),
    (['--model', 'nonsense'], 'no model named'),
    (['--baseline', '/nowhere.json'], 'no baseline'),
    (['--threshold', '2'], 'between 0 and 1'),
    (['--allow', 'nan'], '--allow nan should be a number, 0 or more'),
    (['--allow', 'inf'], '--allow inf should be'),
    (['--allow', '-0.1'], '--allow -0.1 should be'),
])
def test_bad_use_gives_one_sentence_and_status_2(
        data, model, tmp_path, capsys, arguments, sentence):
    given = ['--out', str(tmp_path / 'out')]
    for option, value in (('--data', data), ('--model', model)):
        given += [option, str(value)] * (option not in arguments)
    assert main(given + arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert sentence in error


def test_classes_are_parted_by_commas(model, tmp_path, capsys):
    (tmp_path / 'data').mkdir()
    write_image(tmp_path / 'data' / 'a.png', np.zeros((96, 128, 3), np.uint8))
    shapes = [{'label': label, 'shape_type': 'rectangle', 'points': [[left, 0], [left + 9, 96]]}
              for left, label in ((9, 'lane'), (50, 'stop line'), (90, 'car'))]
    (tmp_path / 'data' / 'a.json').write_text(json.dumps({'shapes': shapes}))
    _, report = run(tmp_path / 'data', tmp_path / 'out', '--model', model,
                    '--class', 'lane, stop line')
    assert report['data']['format'] == 'labelme (markings: lane 1, stop line 1; left out: car 1)'
    assert main(['--data', 'synthetic:1', '--class', 'lane', '--model', str(model),
                 '--out', str(tmp_path / 'out')]) == 2
    assert 'has no classes' in capsys.readouterr().err


def test_the_synthetic_world_is_a_data_set(model, tmp_path):
    _, report = run('synthetic:1000007', tmp_path / 'out', '--model', model, '--count', '2')
    assert report['images'] == 2
    assert report['data']['format'] == 'synthetic world'

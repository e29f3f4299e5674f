# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The benchmark verb measures, writes JSON, and prints one block."""

import importlib.util
import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml

from lane_perception.benchmark.block import shareable_block
from lane_perception.benchmark.model_page import FILES
from lane_perception.benchmark.model_page import model_page
from lane_perception.benchmark.node import ProcessWatch
from lane_perception.benchmark.page import MODEL_PAGE
from lane_perception.benchmark.page import PAGE
from lane_perception.benchmark.page import load_results
from lane_perception.benchmark.page import page
from lane_perception.benchmark.page import PARTS
from lane_perception.benchmark.page import OTHERS
from lane_perception.benchmark.page import RESULTS
from lane_perception.benchmark.peak_memory import run_apart
from lane_perception.benchmark.recording import write_frames
from lane_perception.benchmark.tune import choose
from lane_perception.cli.benchmark import main
from lane_perception.data.recordings import RecordingReader
from lane_perception.errors import UserError


def test_stages_are_measured_written_and_shared(tmp_path, bright_model, capsys):
    out = tmp_path / 'stages.json'
    assert main(['--only', 'stages', '--model', str(bright_model), '--rounds', '3',
                 '--budget', '1', '--out', str(out)]) == 0
    results = json.loads(out.read_text())
    assert results['machine']['cores'] == len(os.sched_getaffinity(0))
    assert results['command'].startswith('ros2 run lane_perception benchmark')
    for size in ('640x480', '1280x720'):
        stages = results['stages'][size]['stages']
        parts = sum(stages[name]['p50'] for name in ('resize', 'network', 'threshold', 'geometry'))
        assert 0.3 * stages['process']['p50'] < parts < 1.1 * stages['process']['p99']
        assert 0 < stages['not_network']['p50'] < 1e6
    block = capsys.readouterr().out
    assert '640x480' in block and results['machine']['processor'] in block


def test_network_part_gives_each_combination_its_time_and_accuracy(
        tmp_path, bright_model, monkeypatch):
    monkeypatch.setattr('lane_perception.benchmark.network.BASELINES', ())
    monkeypatch.setattr('lane_perception.benchmark.pictures.IMAGES', 3)
    out = tmp_path / 'network.json'
    assert main(['--only', 'network', '--model', str(bright_model), '--rounds', '3',
                 '--budget', '1', '--out', str(out)]) == 0
    part = json.loads(out.read_text())['network']
    assert part['reference'] is None
    names = set(part['subjects'])
    assert {'process 640x480', 'process 640x480 tta flip', 'process 640x480 tta full',
            'process 640x480 ensemble of three', 'process 1280x720'} <= names
    assert part['subjects']['process 640x480']['times_plain'] == 1
    networks = [name for name in names if name.startswith('network ')]
    assert networks
    for name in networks:
        assert part['subjects'][name]['ms']['p50'] > 0
        assert 0 <= part['subjects'][name]['lane_iou'] <= 1
    assert 'fp16' in ' '.join(part['unavailable']) or 'torch fp16' in ' '.join(names)
    assert all(sentence for sentence in part['unavailable'].values())


def test_tune_writes_a_parameter_file_of_what_runs_here(
        tmp_path, bright_model, monkeypatch, capsys):
    monkeypatch.setattr('lane_perception.benchmark.pictures.IMAGES', 3)
    path = tmp_path / 'tuned.yaml'
    assert main(['--tune', str(path), '--model', str(bright_model), '--rounds', '3',
                 '--budget', '1', '--only', 'node']) == 0
    assert '--only has no effect with --tune' in capsys.readouterr().err
    parameters = yaml.safe_load(path.read_text())['/**']['ros__parameters']
    assert set(parameters) == {'runtime', 'precision'}
    assert parameters['runtime'] in ('openvino', 'onnxruntime')


def test_a_car_without_the_packages_of_recordings_is_measured(
        tmp_path, bright_model, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name, *rest: (
        None if name in ('skimage', 'rosbags', 'lightning') else find(name, *rest)))
    monkeypatch.setattr('lane_perception.benchmark.pictures.IMAGES', 3)
    monkeypatch.setattr('lane_perception.cli.benchmark.PARTS', ('stages', 'node', 'growth'))
    shared = ['--model', str(bright_model), '--rounds', '3', '--budget', '1']
    assert main(['--tune', str(tmp_path / 'tuned.yaml'), *shared]) == 0
    assert main([*shared, '--out', str(tmp_path / 'all.json')]) == 0
    assert 'growth' not in json.loads((tmp_path / 'all.json').read_text())
    told = capsys.readouterr()
    assert 'without the part growth: rosbags is not installed' in told.err
    assert 'stages, microseconds' in told.out
    assert main(['--only', 'growth', *shared, '--out', str(tmp_path / 'growth.json')]) == 2
    assert 'needs rosbags, which is not installed: pip install rosbags' in capsys.readouterr().err


def test_a_part_that_fails_leaves_the_others_their_block(
        tmp_path, bright_model, monkeypatch, capsys):
    def fail(settings):
        raise UserError('the disk is full')
    monkeypatch.setattr('lane_perception.benchmark.growth.measure', fail)
    shared = ['--model', str(bright_model), '--rounds', '3', '--budget', '1', '--out',
              str(tmp_path / 'some.json'), '--only', 'growth']
    assert main([*shared, '--only', 'stages']) == 2
    told = capsys.readouterr()
    assert 'without the part growth: the disk is full' in told.err
    assert 'stages, microseconds' in told.out
    assert main(shared) == 2
    assert capsys.readouterr().err.count('the disk is full') == 1


def test_tuning_never_gives_up_more_than_the_tolerance_of_lane_iou():
    measured = {'openvino fp32': {'ms': 10.0, 'lane_iou': 0.800},
                'openvino bf16': {'ms': 3.0, 'lane_iou': 0.797},
                'openvino int8': {'ms': 2.0, 'lane_iou': 0.790}}
    assert choose(measured) == 'openvino bf16'
    measured['openvino int8']['lane_iou'] = 0.7955
    assert choose(measured) == 'openvino int8'


@pytest.mark.parametrize('arguments, sentence', [
    (['--model', 'no_such_model'], 'no_such_model'),
    (['--rounds', '0'], '--rounds 0'),
    (['--node-seconds', '-1'], '--node-seconds -1'),
    (['--budget', 'nan'], '--budget nan'),
    (['--budget', 'inf'], '--budget inf'),
])
def test_bad_use_is_one_sentence_and_status_2(tmp_path, capsys, arguments, sentence):
    assert main([*arguments, '--out', str(tmp_path / 'out.json')]) == 2
    error = capsys.readouterr().err.strip()
    assert sentence in error and len(error.splitlines()) == 1


@pytest.mark.parametrize('option', ['--out', '--tune'])
@pytest.mark.parametrize('path, sentence', [
    ('folder', 'is a folder'), ('file/results', 'cannot be written'),
    ('/proc/results', 'cannot be written')])
def test_what_cannot_be_written_is_told_before_anything_is_measured(
        tmp_path, bright_model, monkeypatch, capsys, option, path, sentence):
    def measure(*arguments):
        raise AssertionError('it was measured first')
    monkeypatch.setattr('lane_perception.benchmark.stages.measure', measure)
    monkeypatch.setattr('lane_perception.benchmark.tune.tune', measure)
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'file').write_text('')
    monkeypatch.chdir(tmp_path)
    assert main(['--only', 'stages', '--model', str(bright_model), option, path]) == 2
    said = capsys.readouterr().err.strip()
    assert f'{option} {path} {sentence}' in said and len(said.splitlines()) == 1


def test_a_process_is_watched():
    process = subprocess.Popen([sys.executable, '-c', 'while True: pass'])
    watch = ProcessWatch()
    try:
        watch.start(process.pid)
        start = time.monotonic()
        time.sleep(1.2)
        watch.stop()
    finally:
        process.kill()
        process.wait()
    figures = watch.figures(start, time.monotonic())
    assert 5 < figures['cpu_percent'] <= 120
    assert 1 < figures['rss_mib'] < 200


def test_written_frames_have_stamps_of_their_own(tmp_path):
    bag = write_frames(tmp_path / 'bag', '/image', (48, 64), 'raw', 5)
    with RecordingReader(bag) as reader:
        frames = list(reader.frames('/image'))
    assert len({stamp for stamp, _, _ in frames}) == 5
    assert {(message.height, message.width) for _, _, message in frames} == {(48, 64)}


def test_growth_is_measured_up_to_a_replay_of_its_own(
        tmp_path, bright_model, monkeypatch, capsys):
    monkeypatch.setattr('lane_perception.benchmark.growth.SIZES',
                        {'QVGA': (240, 320), '4K': (2160, 3840)})
    monkeypatch.setattr('lane_perception.benchmark.growth.BATCHES', (1, 2))
    monkeypatch.setattr('lane_perception.benchmark.growth.LENGTHS', (5,))
    monkeypatch.setattr('lane_perception.benchmark.growth.RECORDINGS', (2,))
    out = tmp_path / 'growth.json'
    assert main(['--only', 'growth', '--model', str(bright_model), '--rounds', '3',
                 '--budget', '1', '--out', str(out)]) == 0
    results = json.loads(out.read_text())
    part = results['growth']
    assert set(part['image_size']) == {'QVGA 320x240', '4K 3840x2160'}
    assert part['batch']['2']['p50'] > 0
    for replayed in (part['bag_length']['5'], part['recordings']['2']):
        assert replayed['seconds'] > 0
    for key in ('image_size', 'batch', 'bag_length', 'recordings'):
        assert all(entry['peak_mib'] > 50 for entry in part[key].values())
    small, large = (entry['peak_mib'] for entry in part['image_size'].values())
    assert small < large
    block = capsys.readouterr().out
    assert 'QVGA 320x240' in block and f'({large:.0f} MiB)' in block
    assert 'replay: 5 frames' in block
    text = page({'growth': results})
    assert text.count('| peak MiB |') == 4 and f'| {large} |' in text


def test_growth_without_memory_is_drawn_without_it():
    results = load_results(['growth'], RESULTS / 'avx2')['growth']
    for key in ('image_size', 'batch', 'bag_length', 'recordings'):
        for entry in results['growth'][key].values():
            entry.pop('peak_mib', None)
    text = page({'growth': results})
    for name, entry in results['growth']['image_size'].items():
        assert f"| {name} | {entry['p50']:.2f} | {entry['p99']:.2f} |\n" in text
    for name, entry in results['growth']['bag_length'].items():
        assert f"| {name} | {entry['seconds']} |\n" in text
    assert 'peak' not in text.lower()
    assert 'MiB' not in shareable_block(results)


def test_the_peak_memory_is_that_of_the_command_alone():
    held = np.ones(40_000_000)   # 305 MiB of the process that measures
    small, large = (run_apart([sys.executable, '-c', f'bytearray({size} << 20)'])
                    for size in (1, 200))
    assert held.nbytes > 100 << 20 > small['peak_mib'] * (1 << 20)
    assert 200 < large['peak_mib'] < 250
    assert small['seconds'] < 20


def test_a_command_that_fails_is_told_with_what_it_said():
    with pytest.raises(UserError, match='no such thing'):
        run_apart([sys.executable, '-c', 'raise SystemExit("no such thing")'])


def test_the_block_tells_training_and_geometry_as_they_were_measured():
    training, geometry = (json.loads((RESULTS / f'{part}.json').read_text())
                          for part in ('training', 'geometry'))
    block = shareable_block({'machine': training['machine'], 'geometry': geometry,
                             'training': training['training']})
    assert f"{training['training']['ratio']:.3f} of a plain loop's" in block
    for case, drives in geometry['loop']['summary'].items():
        assert f'closed loop, {case}' in block and f"{drives['drives']} drives" in block


def test_the_node_is_measured_over_dds(tmp_path, ros_domain, bright_model, monkeypatch):
    pytest.importorskip('rclpy')
    monkeypatch.setattr('lane_perception.benchmark.node.RATES', (20.0,))
    monkeypatch.setattr('lane_perception.benchmark.node.SIZES', ((480, 640),))
    monkeypatch.setattr('lane_perception.benchmark.node.SPECIAL', (('32x64',),))
    monkeypatch.setattr('lane_perception.benchmark.node.SMALLER', '32x64')
    monkeypatch.setattr('lane_perception.benchmark.node.SPECIAL_INPUT', ((480, 640), 'raw', 20.0))
    out = tmp_path / 'node.json'
    assert main(['--only', 'node', '--model', str(bright_model), '--node-seconds', '2',
                 '--out', str(out)]) == 0
    runs = json.loads(out.read_text())['node']['runs']
    assert set(runs) == {'640x480 raw 20 Hz', '640x480 jpeg 20 Hz', '640x480 raw 20 Hz, 32x64'}
    for run in runs.values():
        assert run['frames_sent'] == 40
        assert run['frames_received'] > 0
        assert run['frames_sent'] == run['frames_received'] + run['frames_dropped']
        assert run['rss_mib'] > 50 and run['first_mask_s'] > run['start_s'] > 0


def test_the_page_is_written_from_the_results():
    results = load_results()
    if not results:
        pytest.skip('nothing was measured yet')
    assert PAGE.read_text() == page(results, {
        other: load_results(PARTS, RESULTS / other) for other in OTHERS}), \
        'run: python -m lane_perception.benchmark.page'


def test_the_page_says_that_tta_and_the_ensemble_were_timed_with_one_runtime():
    text = page(load_results(['network']))
    assert '| process 640x480 tta flip |' in text
    assert 'TTA and the ensemble were timed with `auto` only' in text


def test_the_models_page_is_written_from_the_results():
    results = load_results(FILES)
    if not results:
        pytest.skip('nothing was measured yet')
    assert MODEL_PAGE.read_text() == model_page(results), \
        'run: python -m lane_perception.benchmark.page'
    if 'candidates' in results:
        assert (MODEL_PAGE.parent / 'images' / 'candidates.svg').is_file()


def test_the_models_page_tells_weak_bins_and_false_lanes():
    row = {'images': 20, 'lane_iou': 0.5, 'line_f1': 0.79, 'line_f1_at_2_percent': 0.9}
    curve = {'area': 0.1, 'best': 0.05, 'random': 0.4}
    text = model_page({
        'stress': {'command': 'stress', 'seed': 1, 'pinned': False,
                   'factors': {'none': {'all': row}}, 'line_f1_below_0.80': ['noise: 1']},
        'confidence': {'command': 'confidence', 'installed_pictures': {
            'frames': 29, 'frames_with_lane': 0, 'lane_found': None, 'center_right': None,
            'false_lanes': 1 / 29, 'risk_coverage': curve, 'calibration_error': 0.1}}})
    assert 'pictures or more: noise: 1.' in text and '| 20 | 0.500 | 0.790 | 0.900 |' in text
    assert '| 29 | 0 |  |  | 3.4% |' in text
    assert '`stress`' in text and '`confidence`' in text

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Runs of large recipes are counted and scored where the clock stopped them."""

import json

import pytest
from labeled_folder import write_folder

pytest.importorskip('lightning')

from lane_perception.benchmark import ablation_page  # noqa: E402
from lane_perception.benchmark.ablation_sets import deal  # noqa: E402
from lane_perception.benchmark.ablation_sets import drawn_by_hand  # noqa: E402
from lane_perception.benchmark.large_page import large_lines  # noqa: E402
from lane_perception.benchmark.large_recipes import body  # noqa: E402
from lane_perception.cli.train import main as train  # noqa: E402
from lane_perception.errors import UserError  # noqa: E402

TINY = ['architecture=lane_dense_tiny', 'pretrained=false', 'input_width=160', 'input_height=96',
        'warmup_steps=1', 'workers=0', 'threads=1', 'epochs=2', 'batch_size=4']


def test_a_run_is_counted_scored_and_put_on_the_page(tmp_path, capsys):
    data, run = write_folder(tmp_path / 'drive', 24), tmp_path / 'baseline'
    trained, _ = deal(drawn_by_hand(data), 'blocks', 1.0, tmp_path / 'split.json')
    assert train(['--data', str(data), '--recipe', 'baseline', '--out', str(run), *TINY,
                  'passes=2', f'split={tmp_path / "split.json"}']) == 0
    body([str(data), str(tmp_path / 'large_recipes.json'), str(run)])
    found = json.loads((tmp_path / 'large_recipes.json').read_text())
    one = found['runs'][0]
    assert one['recipe'] == 'baseline' and one['epochs'] == one['epochs_of_the_recipe'] == 4
    assert one['steps'] == 2 * -(-2 * trained // 4)
    scores = json.loads((run / 'report.json').read_text())
    assert one['scored']['labels']['lane_iou'] == pytest.approx(scores['lane_iou'], abs=1e-4)
    assert one['scored']['labels']['images'] == scores['data']['images']
    assert str(tmp_path) not in json.dumps(found)
    (tmp_path / 'ablation').mkdir()
    ablation_page.write_page(tmp_path / 'page.md', tmp_path / 'ablation')
    lines = (tmp_path / 'page.md').read_text().splitlines()
    line, = (line for line in lines if line.startswith('| baseline | '))
    assert f' | 0 | {one["steps"]} | 4 of 4 |' in line
    with pytest.raises(UserError, match='no epoch of a run ended there'):
        body([str(data), str(tmp_path / 'large_recipes.json'), str(tmp_path)])
    with pytest.raises(UserError, match='usage'):
        body([])


def test_runs_that_differ_by_the_seed_are_an_ensemble_too(tmp_path, capsys):
    data = write_folder(tmp_path / 'drive', 24)
    deal(drawn_by_hand(data), 'blocks', 1.0, tmp_path / 'split.json')
    runs = [tmp_path / f'baseline-{seed}' for seed in range(3)]
    for seed, run in enumerate(runs):
        assert train(['--data', str(data), '--recipe', 'baseline', '--out', str(run), *TINY,
                      'epochs=1', f'seed={seed}', f'split={tmp_path / "split.json"}']) == 0
    body([str(data), str(tmp_path / 'large_recipes_of_seeds.json'), *map(str, runs)])
    found = json.loads((tmp_path / 'large_recipes_of_seeds.json').read_text())
    group, = found['together']
    assert group['runs'] == [run.name for run in runs]
    assert group['ensemble']['labels']['images'] == found['runs'][0]['scored']['labels']['images']
    assert {way: len(scores) for way, scores in group['tta'].items()} == {'flip': 3, 'full': 3}
    (tmp_path / 'ablation').mkdir()
    ablation_page.write_page(tmp_path / 'page.md', tmp_path / 'ablation')
    gain = (group['ensemble']['labels']['miou_per_image']
            - sum(one['scored']['labels']['miou_per_image'] for one in found['runs']) / 3)
    assert f'- together, on labels: {gain:+.3f} against' in (tmp_path / 'page.md').read_text()


def test_the_final_report_tells_of_plain_runs_on_a_gpu():
    scored = {'labels': {'miou_per_image': 0.6, 'lane_iou': 0.3}}
    run = {'recipe': 'optimized', 'changed': {'epochs': 10}, 'epochs': 40,
           'epochs_of_the_recipe': 100, 'trained_on': 'drive', 'scored': scored}
    other = {**run, 'scored': {'labels': {'miou_per_image': 0.7, 'lane_iou': 0.5}}}
    smaller = {**run, 'changed': {'input_width': 320}}
    measured = [{'machine': {'gpu': 'a GPU'}, 'runs': [run, other, smaller]},
                {'machine': {'gpu': ''}, 'runs': [run]}]
    assert list(large_lines(measured)) == [
        '| here, optimized: DeepLabV3, 40 of 100 epochs, mean of 2 seeds, scored on drive, labels '
        '| 0.6500 | 0.4000 |']

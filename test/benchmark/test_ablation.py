# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The ablation measures what its table says, keeps what it has, and writes a page from it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from labeled_folder import write_folder

pytest.importorskip('lightning')

from lane_perception.benchmark import ablation  # noqa: E402
from lane_perception.benchmark import ablation_page  # noqa: E402
from lane_perception.benchmark import ablation_sets  # noqa: E402
from lane_perception.benchmark.ablation_rows import ROWS  # noqa: E402
from lane_perception.benchmark.ablation_rows import find_rows  # noqa: E402
from lane_perception.errors import UserError  # noqa: E402
from lane_perception.training.recipe import load_recipe  # noqa: E402

ROOT = Path(__file__).parents[2]
TINY = ['architecture=lane_dense_tiny', 'initial=', 'input_width=160', 'input_height=96']


@pytest.fixture(scope='module')
def measured(tmp_path_factory):
    """Return the figures of two rows after a few steps on a drive written here, and its place."""
    place = tmp_path_factory.mktemp('ablation')
    data = write_folder(place / 'drive', 24)
    (data / 'masks_careful').mkdir()
    for number in (3, 19, 22, 23):   # in training, validation and test
        name = f'frame_{number:05d}.png'
        shutil.copyfile(data / 'masks' / name, data / 'masks_careful' / name)
    arguments = ['--data', str(data), '--out', str(place / 'out'), '--work', str(place / 'work'),
                 '--rows', 'threshold,labels_used', '--steps', '8', '--frames', '0', *TINY]
    assert ablation.body(arguments) == 0
    return place, arguments


def test_each_row_leaves_its_figures_on_frames_that_were_held_back(measured):
    place, _ = measured
    assert sorted(file.name for file in (place / 'out').iterdir()) == [
        'labels_used.drive.json', 'threshold.drive.json']
    result = json.loads((place / 'out' / 'labels_used.drive.json').read_text())
    assert [way['name'] for way in result['ways']] == ['100 %', '50 %', '25 %', '10 %']
    assert {run['steps'] for way in result['ways'] for run in way['runs']} == {8}
    for way in result['ways']:
        figures = way['runs'][0]['figures']
        assert figures['careful']['images'] == 2 < figures['labels']['images']
        assert 0 <= figures['labels']['line_f1'] <= figures['labels']['line_f1_at_2'] <= 1
    deals = [json.loads(file.read_text()) for file in (place / 'work').rglob('deal.json')]
    assert sorted(len(deal['train']) for deal in deals) == [1, 4, 7, 14]
    assert len({tuple(deal['test']) for deal in deals}) == 1
    assert not any(set(deal['test']) & {*deal['train'], *deal['val']} for deal in deals)
    assert str(place) not in json.dumps(result)


def test_ways_that_differ_after_training_share_a_network(measured):
    place, _ = measured
    threshold = json.loads((place / 'out' / 'threshold.drive.json').read_text())
    costs = {run['training_cpu_s'] for way in threshold['ways'] for run in way['runs']}
    assert len(costs) == 1 and len(list((place / 'work').rglob('done.json'))) == 4


def test_rows_that_are_done_are_kept_and_others_measured(measured, capsys):
    place, arguments = measured
    before = (place / 'out' / 'threshold.drive.json').stat().st_mtime_ns
    (place / 'out' / 'labels_used.drive.json').unlink()
    ablation.body(arguments)
    said = capsys.readouterr().out
    assert 'threshold on drive: kept' in said and 'labels_used on drive: kept' not in said
    assert (place / 'out' / 'threshold.drive.json').stat().st_mtime_ns == before
    assert (place / 'out' / 'labels_used.drive.json').is_file()
    figures = place / 'out' / 'threshold.drive.json'
    row, = find_rows(['threshold'])
    assert ablation.is_done(figures, row, 8, [0], 24)
    for steps, seeds, frames in ((9, [0], 24), (8, [0, 1], 24), (8, [0], 25)):
        assert not ablation.is_done(figures, row, steps, seeds, frames)
    assert not ablation.is_done(figures, replace(row, ways=row.ways[:1]), 8, [0], 24)


def test_a_network_of_other_data_or_of_more_frames_is_another(tmp_path):
    def folder(data):
        label_set = ablation_sets.drawn_by_hand(data)
        return ablation.Ablation(label_set, tmp_path, 8, [0])._folder(ROWS[0].ways[0], 0)
    here, there = (write_folder(tmp_path / place / 'drive', 3) for place in 'ab')
    before = folder(here)
    assert before == folder(here) != folder(there)
    for part in ('images', 'masks'):
        shutil.copyfile(here / part / 'frame_00000.png', here / part / 'frame_00003.png')
    assert folder(here) != before


def test_the_page_shows_what_was_measured_and_says_what_was_not(measured):
    place, _ = measured
    page = place / 'docs' / 'ablation.md'
    ablation.body(['--page', str(page), '--out', str(place / 'out')])
    text = page.read_text()
    result = json.loads((place / 'out' / 'threshold.drive.json').read_text())
    swept, fixed = (way['runs'][0]['figures']['labels'] for way in result['ways'])
    gain = fixed['miou_per_image'] - swept['miou_per_image']
    assert f'fixed at 0.5 against swept on drive, labels: {gain:+.3f}' in text
    assert 'not run: `ensemble`' in text and '0.6945' in text
    assert '<svg' in (page.parent / 'images' / 'ablation.svg').read_text()


def test_the_page_in_docs_is_what_the_figures_say(tmp_path):
    ablation_page.write_page(tmp_path / 'ablation.md', ROOT / 'benchmark/results/ablation')
    assert (tmp_path / 'ablation.md').read_text() == (ROOT / 'docs/ablation.md').read_text()


def test_averages_that_were_none_are_told_as_long_as_they_are_not_measured_anew(measured):
    result = json.loads((measured[0] / 'out' / 'threshold.drive.json').read_text())
    for row, date, told in (('ema', '2026-11-25', True), ('ema', '2026-11-28', False),
                            ('threshold', '2026-11-25', False)):
        page = ablation_page.page([{**result, 'row': row, 'machine': {'date': date}}])
        assert ('both ways hold newest weights' in page) == told


def test_a_gain_within_twice_the_spread_is_called_chance(measured):
    place, _ = measured
    result = json.loads((place / 'out' / 'threshold.drive.json').read_text())
    for way, values in zip(result['ways'], ((0.60, 0.61, 0.62), (0.63, 0.60, 0.66))):
        run = way['runs'][0]
        run['figures'] = {'labels': run['figures']['labels']}
        way['runs'] = [json.loads(json.dumps(run)) for _ in values]
        for one, value in zip(way['runs'], values):
            one['figures']['labels']['miou_per_image'] = value
    assert ('+0.020 (+0.030, -0.010, +0.040), not told apart from chance (spread 0.050)'
            in ablation_page.page([result]))
    for run in result['ways'][1]['runs']:
        run['figures']['labels']['miou_per_image'] += 0.1
    assert ('+0.120 (+0.130, +0.090, +0.140), more than twice the spread of 0.050'
            in ablation_page.page([result]))


def test_a_row_measured_again_stands_beside_the_first(measured, tmp_path):
    place, _ = measured
    for folder, shift in (('ablation', 0.0), ('ablation_again', 0.25)):
        result = json.loads((place / 'out' / 'threshold.drive.json').read_text())
        for way in result['ways']:
            way['runs'][0]['figures']['labels']['miou_per_image'] = 0.5 + shift
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'threshold.drive.json').write_text(json.dumps(result))
    ablation_page.write_page(tmp_path / 'page.md', tmp_path / 'ablation')
    text = (tmp_path / 'page.md').read_text()
    assert '| threshold | drive, labels | swept | 0.5000 | 0.7500 | unknown |' in text


def test_random_frames_are_as_many_as_those_of_the_blocks(tmp_path):
    label_set = ablation_sets.drawn_by_hand(write_folder(tmp_path / 'drive', 40))
    deals = {}
    for how in ('blocks', 'random'):
        ablation_sets.deal(label_set, how, 1.0, tmp_path / how)
        deals[how] = json.loads((tmp_path / how).read_text())
    for part in ('train', 'val', 'test'):
        assert len(deals['blocks'][part]) == len(deals['random'][part])
    assert max(deals['blocks']['train']) < min(deals['blocks']['test'])
    assert max(deals['random']['train']) > min(deals['random']['test'])


def test_the_synthetic_set_is_two_drives_with_exact_labels(tmp_path):
    label_set = ablation_sets.exact(tmp_path, 2, 1)
    assert [one.name for one in label_set.scored] == ['same drive', 'another track']
    for folder, count in (('drive', 2), ('other_track', 1)):
        assert len(list((tmp_path / folder / 'masks').glob('*.png'))) == count


def test_every_way_is_a_recipe_and_unknown_rows_are_refused():
    for row in ROWS:
        for way in row.ways:
            load_recipe('lite', [*ablation.BASE, *way.settings])
    assert [row.name for row in find_rows(['tta', 'budget'])] == ['budget', 'tta']
    with pytest.raises(UserError, match='no row "tt"'):
        find_rows(['tt'])
    with pytest.raises(UserError, match='whole numbers'):
        ablation.body(['--seeds', 'a'])

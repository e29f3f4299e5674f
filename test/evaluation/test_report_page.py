# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The report works from a file in a browser: pictures load, filters filter, nothing complains."""

import json
import re
import shutil

import pytest
from recordings_on_disk import TRUTH
from recordings_on_disk import track
from recordings_on_disk import write_recording

from lane_perception.cli.evaluate import main as evaluate
from lane_perception.cli.replay import main as replay
from lane_perception.data.image_files import write_image
from lane_perception.evaluation import report_page

pytest.importorskip('tornado', reason='the browser is driven with tornado: pip install tornado')
from browser import Page  # noqa: E402
from browser import find_browser  # noqa: E402

needs_browser = pytest.mark.skipif(find_browser() is None, reason='no Chromium is installed')
SIZES = {'desktop': dict(width=1280, height=900), 'phone': dict(width=390, height=844,
                                                                mobile=True)}


@pytest.fixture(scope='module')
def replayed(tmp_path_factory, model):
    """Return the folder of a replay with frames that fail in different ways."""
    folder = tmp_path_factory.mktemp('replay')
    bag = write_recording(folder / '<b>drive & co', count=30, blank=range(16, 30))
    assert replay([str(bag), '--truth-topic', TRUTH, '--model', str(model),
                   '--out', str(folder / 'out')]) == 0
    return folder / 'out'


@pytest.fixture(scope='module')
def evaluated(tmp_path_factory, model):
    """Return the folder of an evaluation of two variants."""
    folder = tmp_path_factory.mktemp('evaluate')
    for name in ('images', 'masks'):
        (folder / 'data' / name).mkdir(parents=True)
    for index in range(30):   # more than the worst, so that there are best ones
        image, label = track(index)
        write_image(folder / 'data' / 'images' / f'{index:03d}.png', image)
        write_image(folder / 'data' / 'masks' / f'{index:03d}.png', label)
    assert evaluate(['--data', str(folder / 'data'), '--model', str(model), '--tta', 'none',
                     '--tta', 'flip', '--out', str(folder / 'out')]) == 0
    return folder / 'out'


@needs_browser
@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('folder', ['replayed', 'evaluated'])
def test_the_page_shows_everything_without_a_complaint(request, folder, size):
    out = request.getfixturevalue(folder)
    with Page((out / 'report.html').as_uri(), **SIZES[size]) as page:
        page.wait('[...document.querySelectorAll(".plot")].every((p) => '
                  'p.querySelector(".main-svg"))')
        page.run('document.querySelectorAll("img").forEach((i) => { i.loading = "eager"; })')
        page.wait('[...document.querySelectorAll(".exhibit img")].every((i) => '
                  'i.complete && i.naturalWidth > 0)')
        assert page.run('document.querySelectorAll(".exhibit img").length') >= 16
        assert page.run('document.querySelectorAll("#figures tbody tr").length') > 10
        assert page.run('document.documentElement.scrollWidth') <= SIZES[size]['width']
        top = page.run('document.getElementById("verdict").getBoundingClientRect().top')
        assert top < 250, 'the verdict comes first'
        assert page.errors == []
        beside = [(out / name).as_uri() for name in ('report.html', 'overlay.mp4')]
        assert all(one in beside or one.startswith('data:') for one in page.requests)


@needs_browser
def test_a_filter_leaves_only_pictures_of_its_kind(replayed):
    with Page((replayed / 'report.html').as_uri()) as page:
        shown = ('[...document.querySelectorAll(".exhibit")].filter((e) => e.offsetHeight)'
                 '.map((e) => e.dataset.kinds)')
        everything = page.run(shown)
        kinds = {kind for one in everything for kind in one.split('|')}
        assert {'no lane', 'missed marking'} <= kinds
        for kind in sorted(kinds - {''}):
            page.run(f'document.querySelector("[data-kind=\'{kind}\']").click()')
            left = page.run(shown)
            assert left == [one for one in everything if kind in one.split('|')]
            assert 0 < len(left)
        page.run('document.querySelector("[data-kind=\'\']").click()')
        assert page.run(shown) == everything


@needs_browser
@pytest.mark.parametrize('size', SIZES)
def test_the_best_stand_last_and_have_a_filter_of_their_own(evaluated, size):
    with Page((evaluated / 'report.html').as_uri(), **SIZES[size]) as page:
        shown = ('[...document.querySelectorAll(".exhibit")].filter((e) => e.offsetHeight)'
                 '.map((e) => e.id)')
        everything = page.run(shown)
        assert len(set(everything)) == len(everything) == 30
        button = 'document.querySelector("[data-kind=\'best\']")'
        assert page.run(f'{button}.innerText') == 'best (6)'
        page.run(f'{button}.click()')
        assert page.run(shown) == everything[-6:]
        assert page.run('document.querySelectorAll(".exhibit .best").length') == 6
        scores = json.loads((evaluated / 'report.json').read_text())['image_scores']
        best = [scores[int(one.split('-')[1])]['line_f1'] for one in everything[-6:]]
        assert min(best) >= sorted(one['line_f1'] for one in scores)[-6]
        assert page.run('document.documentElement.scrollWidth') <= SIZES[size]['width']


@needs_browser
def test_a_short_recording_shows_what_went_well_too(replayed):
    with Page((replayed / 'report.html').as_uri()) as page:
        best = page.run('[...document.querySelectorAll(".exhibit[data-kinds=\'best\']")]'
                        '.map((e) => +e.id.split("-")[1])')
        assert best and max(best) < 16, 'those that are not blank'


def test_a_page_that_shows_all_its_pictures_calls_none_the_best(model, tmp_path):
    assert evaluate(['--data', 'synthetic:1000005', '--count', '3', '--model', str(model),
                     '--out', str(tmp_path / 'out')]) == 0
    text = (tmp_path / 'out' / 'report.html').read_text()
    assert 'Pictures, the worst first</h2>' in text and 'data-kind="best"' not in text


@needs_browser
def test_a_picture_is_enlarged_by_a_click_and_closed_by_another(replayed):
    with Page((replayed / 'report.html').as_uri(), **SIZES['phone']) as page:
        assert not page.run('document.getElementById("large").open')
        page.run('document.querySelector(".enlarge").click()')
        assert page.run('document.getElementById("large").open')
        assert page.run('document.querySelector("#large img").naturalWidth') == 160
        assert page.run('document.querySelector("#large img").clientWidth') == 390
        page.run('document.querySelector("#large img").click()')
        assert not page.run('document.getElementById("large").open')


@needs_browser
def test_a_bad_stretch_leads_to_its_place_in_the_video_which_plays(replayed):
    with Page((replayed / 'report.html').as_uri()) as page:
        page.run('document.querySelector("#stretches a").click()')
        page.wait('document.getElementById("video").readyState >= 2')
        assert page.run('document.getElementById("video").currentTime') > 0.5
        page.run('document.getElementById("video").play()')
        assert page.run('document.getElementById("video").error') is None
        assert page.errors == []


@needs_browser
def test_a_page_that_came_without_its_video_shows_no_player(replayed, tmp_path):
    shutil.copy(replayed / 'report.html', tmp_path)
    with Page((tmp_path / 'report.html').as_uri(), **SIZES['phone']) as page:
        page.wait('document.getElementById("video").offsetHeight === 0')
        assert 'overlay.mp4' in page.run('document.querySelector("#video + .note").innerText')
        assert page.run('document.querySelectorAll("a[href=\'#video\']").length') == 0
        assert 'bad frames' in page.run('document.getElementById("stretches").innerText')


@needs_browser
@pytest.mark.parametrize('folder', ['replayed', 'evaluated'])
def test_a_phone_shows_below_each_figure_how_it_is_counted(request, folder):
    out = request.getfixturevalue(folder)
    with Page((out / 'report.html').as_uri(), **SIZES['phone']) as page:
        rows = page.run('''[...document.querySelectorAll("#figures tbody tr")].map((row) => {
            const value = row.querySelector(".number").getBoundingClientRect();
            const how = row.querySelector(".how").getBoundingClientRect();
            return [how.left, how.right, how.height, how.top - value.bottom]; })''')
        assert len(rows) > 10
        for left, right, height, below in rows:
            assert 0 <= left < right <= 390 and height > 10 and below >= 0
        assert page.run('''(() => { const wide = document.querySelector("#figures").parentElement;
            return wide.scrollWidth - wide.clientWidth; })()''') == 0


def test_the_page_needs_no_other_file_but_the_video(replayed):
    text = (replayed / 'report.html').read_text()
    page = re.sub(r'<script>.*?</script>', '', text, flags=re.DOTALL)
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert {one for one in addresses if not one.startswith(('data:', '#'))} == {'overlay.mp4'}


def test_error_pictures_are_explained_where_there_are_any(replayed, model, tmp_path):
    bag = write_recording(tmp_path / 'drive', count=3, truth=False)
    assert replay([str(bag), '--model', str(model), '--no-video', '--no-bag',
                   '--out', str(tmp_path / 'out')]) == 0
    legend = 'In the error pictures:'
    without, with_labels = ((out / 'report.html').read_text() for out in (
        tmp_path / 'out', replayed))
    assert legend in with_labels and legend not in without
    assert 'In the predictions:' in without and 'true centre' in with_labels


def test_names_from_a_users_disk_are_text_not_markup(replayed):
    text = (replayed / 'report.html').read_text()
    assert '&lt;b&gt;drive &amp; co' in text
    assert '<b>drive' not in text


def test_a_name_in_a_plot_cannot_end_its_script():
    value = {'name': '</script><!--<script>&amp;'}
    text = report_page._json(value)
    assert not set(text) & set('<>&') and json.loads(text) == value


def test_a_video_of_an_earlier_run_is_not_shown(model, tmp_path):
    bag = write_recording(tmp_path / 'drive', count=3)
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'overlay.mp4').write_text('earlier')
    (tmp_path / 'out' / 'report.json').write_text('{"command": "replay", "machine": {}}')
    assert replay([str(bag), '--model', str(model), '--no-video', '--no-bag',
                   '--out', str(tmp_path / 'out')]) == 0
    assert '<video' not in (tmp_path / 'out' / 'report.html').read_text()

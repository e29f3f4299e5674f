# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The audit finds what is wrong with a data set, and leakage above all."""

import json

import cv2
import numpy as np
import pytest

from lane_perception.data.audit import audit_dataset
from lane_perception.data.audit import describe
from lane_perception.data.contact_sheet import labeled_tile
from lane_perception.data.near_duplicates import ALIKE
from lane_perception.data.near_duplicates import distances
from lane_perception.data.near_duplicates import nearest
from lane_perception.data.near_duplicates import perceptual_hash
from lane_perception.errors import UserError


def scene(seed, height=96, width=128):
    """Return a picture of soft blobs, unlike that of any other seed, and a mask."""
    noise = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    image = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    mask = np.zeros((height, width), np.uint8)
    mask[:, 20:30] = 255
    return image, mask


def write(folder, name, image, mask):
    for part, suffix, picture in (('images', '.jpg', image), ('masks', '.png', mask)):
        (folder / part).mkdir(exist_ok=True)
        if picture is not None:
            cv2.imwrite(str(folder / part / f'{name}{suffix}'), picture)


@pytest.fixture
def clean(tmp_path):
    """Return a data set of 24 different pictures."""
    folder = tmp_path / 'data'
    folder.mkdir()
    for number in range(24):
        write(folder, f'lap_{number:03d}', *scene(number))
    return folder


def test_a_clean_data_set_passes(clean, tmp_path):
    report = audit_dataset(clean, tmp_path / 'out')
    assert report['failures'] == [] and report['near_duplicates_across'] == []
    assert report['labeled'] == 24 and report['unlabeled'] == 0
    assert report['sizes'] == {'128x96': 24} and report['recordings'] == {'lap': 24}
    assert report['marking_share']['median'] == pytest.approx(10 / 128)
    assert json.loads((tmp_path / 'out/report.json').read_text()) == report
    split = json.loads((tmp_path / 'out/split.json').read_text())
    assert {part: len(split[part]) for part in ('train', 'val', 'test')} == report['split']
    assert 'FAILED' not in describe(report)


@pytest.mark.parametrize('change', [
    lambda image: image,
    lambda image: cv2.convertScaleAbs(image, alpha=0.7),
    lambda image: cv2.imdecode(cv2.imencode('.jpg', image, [1, 40])[1], cv2.IMREAD_COLOR),
    lambda image: cv2.GaussianBlur(image, (0, 0), 1.5),
], ids=['copy', 'darker', 'another JPEG quality', 'blurred'])
def test_a_planted_copy_across_the_split_is_found(clean, tmp_path, change):
    image, mask = scene(2)
    write(clean, 'lap_022', change(image), mask)
    report = audit_dataset(clean, tmp_path / 'out')
    pair, = report['near_duplicates_across']
    assert (pair['a'], pair['b'], pair['part_a'], pair['part_b']) == (
        'lap_002', 'lap_022', 'train', 'test')
    assert 'lap_002 (train) and lap_022 (test)' in report['failures'][0]
    assert 'FAILED' in describe(report)


def test_a_copy_within_a_part_is_counted_but_allowed(clean, tmp_path):
    write(clean, 'lap_003', *scene(2))
    report = audit_dataset(clean, tmp_path / 'out')
    assert report['failures'] == [] and report['images_with_near_duplicates'] == 2


def test_a_split_given_by_hand_is_the_one_that_is_audited(clean, tmp_path):
    write(clean, 'lap_003', *scene(2))
    split = {'train': ['lap_002'], 'val': ['lap_003'], 'test': []}
    (clean / 'split.json').write_text(json.dumps(split))
    report = audit_dataset(clean, tmp_path / 'out')
    assert len(report['near_duplicates_across']) == 1


def test_a_smaller_copy_is_found_too(clean, tmp_path):
    image, mask = scene(2)
    write(clean, 'lap_022', cv2.resize(image, (64, 48)), cv2.resize(mask, (64, 48)))
    report = audit_dataset(clean, tmp_path / 'out')
    assert len(report['near_duplicates_across']) == 1
    assert report['sizes'] == {'128x96': 23, '64x48': 1}


def test_everything_odd_is_named(clean, tmp_path):
    image, mask = scene(100)
    write(clean, 'lap_004', image, mask * 0)
    write(clean, 'lap_005', scene(101)[0], np.full_like(mask, 255))
    write(clean, 'lap_006', scene(102)[0], np.full_like(mask, 127))
    write(clean, 'lap_007', scene(103)[0], cv2.GaussianBlur(mask, (0, 0), 3))
    write(clean, 'lap_008', scene(104)[0], mask[:50])
    write(clean, 'lap_900', scene(105)[0], None)
    (clean / 'images/lap_009.jpg').write_bytes(b'broken')
    (clean / 'images/lap_010.jpg').unlink()
    report = audit_dataset(clean, tmp_path / 'out')
    assert report['empty_masks'] == ['lap_004'] and report['full_masks'] == ['lap_005']
    assert report['unjudged_masks'] == ['lap_006']
    assert report['masks_of_many_levels'] == ['lap_007']
    assert 'lap_008.png is 128x50, but its picture is 128x96' in report['broken'][0]
    assert 'lap_009.jpg is damaged' in report['broken'][1]
    assert report['unlabeled_images'] == ['images/lap_900.jpg']
    assert 'lap_010.png has no picture' in report['problems'][0]
    text = describe(report)
    for name in ('lap_004', 'lap_005', 'lap_006', 'lap_007', 'lap_008', 'lap_009', 'lap_900',
                 'lap_010'):
        assert name in text
    assert not report['failures']


@pytest.mark.parametrize('bits, dark', [(10, True), (12, True), (14, True), (16, False)])
def test_pictures_of_fewer_bits_in_files_of_16_are_told_to_be_nearly_black(
        clean, tmp_path, bits, dark):
    for path in sorted((clean / 'images').iterdir())[:2]:
        image = cv2.normalize(cv2.imread(str(path)), None, 0, 255, cv2.NORM_MINMAX)
        cv2.imwrite(str(path.with_suffix('.png')), image.astype(np.uint16) << (bits - 8))
        path.unlink()
    report = audit_dataset(clean, tmp_path / 'out')
    assert report['dark_images'] == ['lap_000', 'lap_001'] * dark and not report['failures']
    assert ('2 pictures are nearly black' in describe(report)) == dark


def test_sentences_that_differ_in_their_files_alone_are_printed_once(clean, tmp_path):
    for number in range(12):
        (clean / f'images/lap_{number:03d}.jpg').unlink()
    write(clean, 'lap_012', scene(12)[0], scene(12, 48, 64)[1])
    write(clean, 'lap_013', scene(13)[0], scene(13, 40, 60)[1])
    (clean / 'images/lap_014.jpg').write_bytes(b'broken')
    report = audit_dataset(clean, tmp_path / 'out')
    assert len(report['problems']) == 12 and len(report['broken']) == 3
    said = describe(report)
    line, = (line for line in said.splitlines() if 'entries of labels' in line)
    assert line == (f'12 entries of labels cannot be used: {report["problems"][0]} '
                    '(and 11 more like it)')
    line, = (line for line in said.splitlines() if 'labels are broken' in line)
    assert line == (f'3 pictures or labels are broken: {report["broken"][0]} '
                    f'(and 1 more like it), {report["broken"][2]}')


def test_points_outside_the_picture_are_counted(tmp_path):
    data = tmp_path / 'data'
    data.mkdir()
    for number in range(3):
        cv2.imwrite(str(data / f'a_{number}.jpg'), scene(number)[0])
        shape = {'label': 'lane', 'shape_type': 'linestrip',
                 'points': [[-40, 20], [60, 20], [60, 200 if number else 90]]}
        (data / f'a_{number}.json').write_text(json.dumps({'shapes': [shape]}))
    report = audit_dataset(data, tmp_path / 'out')
    assert report['points_outside'] == {'a_0': 1, 'a_1': 2, 'a_2': 2}


def test_too_few_pictures_fail_because_there_is_no_split(tmp_path):
    (tmp_path / 'data').mkdir()
    write(tmp_path / 'data', 'lap_1', *scene(1))
    report = audit_dataset(tmp_path / 'data', tmp_path / 'out')
    assert 'too few to split' in report['failures'][0]


def test_masks_that_all_have_another_size_are_a_failure(clean, tmp_path):
    for number, mask in enumerate(sorted((clean / 'masks').iterdir())):
        cv2.imwrite(str(mask), scene(number, 48, 64)[1])
    report = audit_dataset(clean, tmp_path / 'out')
    assert len(report['broken']) == 24
    assert 'none of the 24 labeled pictures can be used' in report['failures'][0]
    assert 'lap_000.png is 64x48, but its picture is 128x96' in report['failures'][0]


def test_contact_sheet_shows_pictures_with_their_markings(clean, tmp_path):
    audit_dataset(clean, tmp_path / 'out')
    sheet = cv2.imread(str(tmp_path / 'out/contact_sheet.jpg'))
    assert sheet.shape[1] == 6 * 324 and sheet.shape[0] > 4 * 200
    red = (sheet[..., 2] > 120) & (sheet[..., 1] < 200)
    plain = cv2.resize(scene(0)[0], (320, 240), interpolation=cv2.INTER_AREA)
    tinted = sheet[18:258, 55:70].astype(int)
    assert (tinted[..., 2] - plain[:, 55:70, 2] > -90).all() and red.any()
    # Beside the marking the picture is as it was, within JPEG's loss.
    assert np.abs(sheet[18:258, 100:300].astype(int) - plain[:, 100:300]).mean() < 4


def test_pictures_whose_names_are_no_utf_8_are_audited(clean, tmp_path):
    """As a zip from Windows leaves them on Linux."""
    for path in sorted(clean.glob('*/*')):
        path.rename(path.with_name(path.name.replace('lap', 'gr\udcfcn')))
    (clean / 'images/gr\udcfcn_023.jpg').write_bytes(b'broken')
    report = audit_dataset(clean, tmp_path / 'out')
    assert report['labeled'] == 24 and not report['failures']
    for name in ('report.json', 'split.json'):
        json.loads((tmp_path / 'out' / name).read_text(encoding='utf-8'))
    assert json.loads((tmp_path / 'out/report.json').read_text()) == report
    assert (tmp_path / 'out/contact_sheet.jpg').is_file()
    assert 'gr\\udcfcn_023.jpg is damaged' in describe(report).encode('utf-8').decode('utf-8')


def test_a_caption_is_drawn_with_a_question_mark_for_what_is_no_ascii():
    image, mask = scene(1)
    expected = labeled_tile(image, mask, 'test: gr?n_1')
    for letter in ('\u00fc', '\udcfc', '\u20ac', '\n'):
        assert (labeled_tile(image, mask, f'test: gr{letter}n_1') == expected).all()


def test_a_folder_that_holds_a_run_is_refused_and_stays_as_it_is(clean, tmp_path):
    run = tmp_path / 'run'
    run.mkdir()
    for name in ('run.json', 'report.json', 'split.json'):
        (run / name).write_text('"of the run"')
    with pytest.raises(UserError, match='run holds a training run.*choose another --out'):
        audit_dataset(clean, run)
    assert {path.name: path.read_text() for path in run.iterdir()} == dict.fromkeys(
        ('run.json', 'report.json', 'split.json'), '"of the run"')


def test_nearest_leaves_a_picture_itself_out():
    hashes = np.array([perceptual_hash(scene(seed)[0]) for seed in (1, 2, 1, 3)])
    numbers, bits = nearest(hashes)
    assert numbers[0] == 2 and numbers[2] == 0 and bits[0] == bits[2] == 0
    assert bits[1] > ALIKE and bits[3] > ALIKE
    assert (distances(hashes, hashes) == (hashes[:, None] != hashes[None]).sum(axis=2)).all()


def test_the_real_recording_splits_without_leakage(shared_data, tmp_path):
    report = audit_dataset(shared_data / 'seame_cam_a', tmp_path)
    assert report['failures'] == [] and report['labeled'] == 221


def test_dealing_real_frames_at_random_is_found_to_leak(shared_data, tmp_path):
    stems = sorted(path.stem for path in (shared_data / 'seame_cam_a/masks').glob('*.png'))
    np.random.default_rng(0).shuffle(stems)
    split = {'train': stems[:150], 'val': stems[150:180], 'test': stems[180:]}
    (tmp_path / 'random.json').write_text(json.dumps(split))
    report = audit_dataset(shared_data / 'seame_cam_a', tmp_path / 'out',
                           split=str(tmp_path / 'random.json'))
    assert len(report['near_duplicates_across']) > 10

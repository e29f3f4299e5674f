# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Lines get the extent of their tape; dashes stay apart."""

import json

import cv2
import numpy as np
import pytest

from lane_perception.data.drawing import draw_line
from lane_perception.data.drawing import fill_polygon
from lane_perception.data.line_tracing import trace_lines
from lane_perception.data.readers import read_dataset
from lane_perception.data.samples import load_sample
from lane_perception.data.snap import snap_lines
from lane_perception.data.snap_data import snap_dataset

HEIGHT, WIDTH = 240, 428
NEAR_LEFT = ((90, 240), (110, 240), (212, 90), (209, 90))   # a tape that runs away from the car
MIDDLE_LEFT = [[100, 240], [210.5, 90]]
WHITE, YELLOW, DARK = (205, 205, 200), (40, 160, 190), (50, 52, 48)


def picture(truth, color=WHITE, floor=DARK, seed=0):
    image = np.full((HEIGHT, WIDTH, 3), floor, np.float32)
    image[truth == 255] = color
    image = cv2.GaussianBlur(image, (0, 0), 0.8)
    noise = np.random.default_rng(seed).normal(0, 5, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def tape(*polygons):
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    for polygon in polygons:
        fill_polygon(truth, polygon, 255)
    return truth


def iou(found, truth, where=None):
    found, truth = found == 255, truth == 255
    if where is not None:
        found, truth = found & where, truth & where
    return (found & truth).sum() / (found | truth).sum()


@pytest.mark.parametrize('color, floor', [(WHITE, DARK), (YELLOW, DARK), ((40, 40, 40), WHITE)],
                         ids=['white', 'yellow', 'black on a light floor'])
def test_a_line_becomes_as_wide_as_its_tape(color, floor):
    truth = tape(NEAR_LEFT)
    snapped = snap_lines(picture(truth, color, floor), [np.array(MIDDLE_LEFT)])
    assert iou(snapped, truth) > 0.93


@pytest.mark.parametrize('aside', [-5, -3, 3, 5])
def test_a_line_drawn_beside_the_middle_finds_the_tape(aside):
    truth = tape(NEAR_LEFT)
    line = np.array(MIDDLE_LEFT) + (aside, 0)
    assert iou(snap_lines(picture(truth), [line]), truth) > 0.88


def test_no_shift_of_a_pixel_would_fit_better():
    truth = tape(NEAR_LEFT, ((428, 180), (428, 196), (250, 110), (250, 107)))
    lines = [np.array(MIDDLE_LEFT), np.array([[428.0, 188], [250, 108.5]])]
    snapped = snap_lines(picture(truth), lines)
    scores = {(dx, dy): iou(np.roll(snapped, (dy, dx), (0, 1)), truth)
              for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    assert max(scores, key=scores.get) == (0, 0)


def test_gaps_between_dashes_stay_open():
    dashes = [((100, top + 24), (112, top + 24), (112, top), (100, top))
              for top in range(10, 230, 48)]
    truth = tape(*dashes)
    snapped = snap_lines(picture(truth), [np.array([[106.0, 0], [106, 240]])])
    assert iou(snapped, truth) > 0.85
    middles_of_gaps = [top + 36 for top in range(10, 190, 48)]
    assert (snapped[middles_of_gaps] != 255).all()


def test_a_neighboring_tape_is_left_alone():
    truth = tape(((100, 240), (110, 240), (110, 0), (100, 0)))
    both = np.maximum(truth, tape(((122, 240), (132, 240), (132, 0), (122, 0))))
    snapped = snap_lines(picture(both), [np.array([[104.0, 239], [104, 1]])])
    assert iou(snapped, truth) > 0.9


def test_a_lighter_strip_of_floor_beside_a_tape_is_not_taken_into_it():
    truth = tape(((100, 240), (112, 240), (112, 0), (100, 0)))
    image = picture(truth)
    image[:, 113:124] = 130
    assert iou(snap_lines(image, [np.array([[108.0, 239], [108, 1]])]), truth) > 0.9


def test_a_tape_is_followed_to_the_border_where_the_line_ended_before_it():
    truth = tape(NEAR_LEFT)
    line = np.array([[107.0, 230], [210.5, 90]])
    assert iou(snap_lines(picture(truth), [line]), truth) > 0.93


def test_bare_floor_beneath_a_line_gives_no_marking_worth_the_name():
    truth = tape(NEAR_LEFT)
    lines = [np.array(MIDDLE_LEFT), np.array([[300.0, 235], [400, 235]])]
    snapped = snap_lines(picture(truth), lines)
    drawn = np.zeros_like(truth)
    draw_line(drawn, ((300, 235), (400, 235)), 4, 255)
    assert (snapped[:, 290:] == 255).sum() < 0.5 * (drawn > 0).sum()


def test_a_model_decides_where_colors_cannot():
    truth = tape(((100, 240), (110, 240), (110, 0), (100, 0)))
    image = picture(truth, color=DARK)
    line = [np.array([[106.0, 239], [106, 1]])]
    probability = cv2.GaussianBlur((truth / 255).astype(np.float32), (0, 0), 1.0)
    assert iou(snap_lines(image, line, probability), truth) > 0.85
    assert iou(snap_lines(image, line), truth) < 0.5


def test_no_line_gives_an_empty_mask():
    assert not snap_lines(picture(tape(NEAR_LEFT)), []).any()


def test_lines_in_a_mask_are_traced_back():
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    draw_line(mask, ((50, 20), (50, 200)), 8, 255)
    draw_line(mask, ((100, 120), (400, 120)), 8, 255)
    upright, level = sorted(trace_lines(mask > 0), key=lambda line: np.ptp(line[:, 0]))
    assert np.abs(upright[:, 0] - 50).max() < 1.5 and np.abs(level[:, 1] - 120).max() < 1.5
    assert sorted((upright[0, 1], upright[-1, 1])) == pytest.approx([18, 202], abs=4)
    assert len(trace_lines(mask < 0)) == 0


def test_a_traced_line_runs_in_the_middle_of_what_was_drawn():
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    draw_line(mask, ((50.5, 20), (50.5, 200)), 7, 255)
    line, = trace_lines(mask > 0)
    assert np.abs(line[20:-20] - (50.5, 0))[:, 0].max() < 0.25


def test_lines_that_cross_are_traced_piece_by_piece():
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    draw_line(mask, ((100, 20), (100, 200)), 7, 255)
    draw_line(mask, ((20, 110), (180, 110)), 7, 255)
    lines = trace_lines(mask > 0)
    assert len(lines) == 4
    for line in lines:
        assert min(np.ptp(line[:, 0]), np.ptp(line[:, 1])) < 4


def write_line_labels(folder):
    truth = tape(NEAR_LEFT)
    for number in range(3):
        cv2.imwrite(str(folder / f'a_{number}.png'), picture(truth, seed=number))
        shapes = [
            {'label': 'lane', 'shape_type': 'linestrip', 'points': MIDDLE_LEFT},
            {'label': 'stop', 'shape_type': 'rectangle', 'points': [[300, 20], [340, 30]]},
            {'label': 'ignore', 'shape_type': 'rectangle', 'points': [[150, 90], [250, 120]]}]
        (folder / f'a_{number}.json').write_text(json.dumps({'shapes': shapes}))
    return truth


def test_a_data_set_is_snapped_and_shown(tmp_path):
    truth = write_line_labels(tmp_path)
    data = snap_dataset(read_dataset(tmp_path), tmp_path / 'out')
    assert 'snapped' in data.format and len(data) == 3
    for sample in data.samples:
        _, mask = load_sample(sample)
        assert (mask[20:30, 300:340] == 255).all(), 'a drawn area stays'
        assert (mask[90:120, 150:250] == 127).all(), 'what is not judged stays'
        below = np.arange(HEIGHT)[:, None] > 120
        assert iou(mask, truth, np.broadcast_to(below, mask.shape)) > 0.93
    again = read_dataset(tmp_path / 'out')
    assert [sample.stem for sample in again.samples] == [sample.stem for sample in data.samples]
    assert (load_sample(again.samples[0])[1] == load_sample(data.samples[0])[1]).all()
    sheet = cv2.imread(str(tmp_path / 'out/sheet.jpg'))
    assert sheet.shape[1] == 4 * 324


def test_the_labels_that_hold_lines_are_counted(tmp_path, capsys):
    write_line_labels(tmp_path)
    for stem, shapes in (('a_0', [
            {'label': 'lane', 'shape_type': 'rectangle', 'points': [[300, 20], [340, 30]]},
            {'label': 'ignore', 'shape_type': 'linestrip', 'points': MIDDLE_LEFT}]), ('a_1', [])):
        (tmp_path / f'{stem}.json').write_text(json.dumps({'shapes': shapes}))
    found = read_dataset(tmp_path)
    for _ in range(2):   # the second time as an interrupted run goes on
        data = snap_dataset(found, tmp_path / 'out')
        assert 'lines of 1 of 3 labels were snapped' in capsys.readouterr().out
        assert data.format.endswith(', lines snapped to their tape')


def test_labels_that_hold_no_line_are_said_to_be_as_they_were(tmp_path, capsys):
    write_line_labels(tmp_path)
    polygon = {'label': 'lane', 'shape_type': 'polygon', 'points': NEAR_LEFT}
    for number in range(3):
        (tmp_path / f'a_{number}.json').write_text(json.dumps({'shapes': [polygon][:number]}))
    found = read_dataset(tmp_path)
    data = snap_dataset(found, tmp_path / 'out')
    said = capsys.readouterr().out
    assert 'holds lines: labels=snap changes nothing' in said and 'were snapped' not in said
    assert data.format == found.format
    for before, after in zip(found.samples, data.samples):
        assert (load_sample(before)[1] == load_sample(after)[1]).all()


def test_of_masks_those_that_mark_something_hold_lines(tmp_path, capsys):
    for folder in ('images', 'masks'):
        (tmp_path / folder).mkdir()
    for name, truth in (('a', tape(NEAR_LEFT)), ('b', tape())):
        cv2.imwrite(str(tmp_path / f'images/{name}.png'), picture(truth))
        cv2.imwrite(str(tmp_path / f'masks/{name}.png'), truth)
    snap_dataset(read_dataset(tmp_path), tmp_path / 'out')
    assert 'lines of 1 of 2 labels were snapped' in capsys.readouterr().out


def test_a_mask_of_a_run_that_was_interrupted_is_kept_and_shown(tmp_path):
    truth, data = write_line_labels(tmp_path), read_dataset(tmp_path)
    snap_dataset(data, tmp_path / 'out')
    cv2.imwrite(str(tmp_path / 'out/masks/a_2.png'), 255 - truth)
    snapped = snap_dataset(data, tmp_path / 'out')
    assert (load_sample(snapped.samples[2])[1] == 255 - truth).all()
    sheet = cv2.imread(str(tmp_path / 'out/sheet.jpg')).astype(int)
    drawn, kept = (sheet[-200:, left:left + 320] for left in (0, 324))
    assert (kept[..., 2] - kept[..., 0]).mean() > 2 * (drawn[..., 2] - drawn[..., 0]).mean()


def test_a_broken_sample_is_left_out_or_ends_it(tmp_path):
    write_line_labels(tmp_path)
    (tmp_path / 'a_1.png').write_bytes(b'broken')
    data = snap_dataset(read_dataset(tmp_path), tmp_path / 'out')
    assert [sample.stem for sample in data.samples] == ['a_0', 'a_2']
    assert 'a_1.png is damaged' in data.problems[0]
    with pytest.raises(Exception, match='a_1.png is damaged'):
        snap_dataset(read_dataset(tmp_path), tmp_path / 'out', strict=True)


def test_real_polylines_come_near_the_tape(shared_data):
    data = shared_data / 'seame_cam_a'
    counts = np.zeros(2)
    for path in sorted((data / 'masks_careful').glob('*.png'))[::10]:
        image = cv2.imread(str(data / 'images' / f'{path.stem}.jpg'))
        drawn = cv2.imread(str(data / 'masks' / path.name), cv2.IMREAD_GRAYSCALE)
        careful = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        snapped = snap_lines(image, trace_lines(drawn > 0))
        # The careful masks lie a pixel to the right of and below the tape in the pictures.
        careful = np.roll(careful, (-1, -1), (0, 1))
        away = cv2.distanceTransform(255 - drawn, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        judged = (away < 0.03 * drawn.shape[1]) & (careful != 127) & (snapped != 127)
        found, tape = (snapped == 255) & judged, (careful == 255) & judged
        counts += (found & tape).sum(), (found | tape).sum()
    assert counts[0] / counts[1] > 0.88

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Fit the confidence and measure it."""

import json

import numpy as np
import pytest

from conftest import draw_track

from lane_perception.benchmark.confidence import main
from lane_perception.benchmark.confidence import score
from lane_perception.benchmark.confidence_fit import fit
from lane_perception.benchmark.confidence_fit import fit_logistic
from lane_perception.benchmark.confidence_fit import Sightings
from lane_perception.benchmark.trust_frames import floor_drives
from lane_perception.benchmark.trust_frames import installed_pictures
from lane_perception.benchmark.trust_frames import track_drives
from lane_perception.benchmark.trust_frames import TrustFrame
from lane_perception.errors import UserError
from lane_perception.geometry.confidence import Evidence
from lane_perception.geometry.confidence import Judgement
from lane_perception.json_file import write_json
from lane_perception.pipeline import LanePipeline


def sightings(seed, odds, sigma, frames=400, seen=300):
    """Return sightings whose log odds say whether there is a lane, and sigma how right."""
    random = np.random.default_rng(seed)
    logs = random.normal(sigma, 1.0, seen)
    right = random.random(seen) < 1.0 / (1.0 + np.exp(2.0 * (logs + 4.0)))
    evidence = [Evidence(random.normal(), float(random.random() < 0.5),
                         random.normal(odds, 1.0), random.normal(), random.normal(),
                         log, *np.abs(random.normal(size=3)))
                for log in logs]
    return Sightings(frames, evidence, right.tolist() if odds > 0 else [False] * seen)


def test_the_logistic_function_is_found_again():
    random = np.random.default_rng(0)
    values = random.normal(3.0, 2.0, (20_000, 2))
    likely = 1.0 / (1.0 + np.exp(-(0.5 - 0.8 * values[:, 0] + 0.3 * values[:, 1])))
    found = fit_logistic(values, random.random(20_000) < likely)
    assert found == pytest.approx([0.5, -0.8, 0.3], abs=0.08)


def test_the_fit_keeps_false_lanes_below_what_is_allowed_and_finds_most_lanes(tmp_path):
    tracks, floors = sightings(1, 2.0, -4.0), sightings(2, -1.0, -2.0, frames=1000)
    content = fit(tracks, floors, 0.02)
    assert 0.018 <= content['fitted_on']['false_lanes'] <= 0.02, 'of all frames without a lane'
    assert 0.5 < content['fitted_on']['lane_found'] <= 0.75
    path = tmp_path / 'confidence.json'
    write_json(path, content)
    judgement = Judgement.read(path)
    told = sum(judgement(one) is not None for one in floors.evidence)
    assert told / floors.frames <= 0.02
    # What is said to be likely happens as often.
    new = sightings(3, 2.0, -4.0, seen=4000)
    answers = [(judgement(one), right) for one, right in zip(new.evidence, new.right)]
    said, happened = np.array([answer for answer in answers if answer[0] is not None]).T
    assert said.mean() == pytest.approx(happened.mean(), abs=0.05)
    high = said > 0.7
    assert happened[high].mean() > 0.65 and happened[~high].mean() < happened[high].mean() - 0.2


def test_without_false_lanes_allowed_none_passes():
    content = fit(sightings(1, 2.0, -4.0), sightings(2, -1.0, -2.0), 0.0)
    assert content['fitted_on']['false_lanes'] == 0.0


def test_too_few_sightings_are_refused():
    with pytest.raises(UserError, match='the fit needs 20 of each'):
        fit(sightings(1, 2.0, -4.0, seen=19), sightings(2, -1.0, -2.0), 0.02)


def test_figures_are_written_for_every_kind_of_frame(bright_model, tmp_path):
    out = tmp_path / 'confidence.json'
    assert main(['--model', str(bright_model), '--count', '3', '--drives', '0',
                 '--out', str(out)]) == 0
    report = json.loads(out.read_text())
    assert report['alone']['frames'] > 3
    assert report['alone']['frames'] - report['alone']['frames_with_lane'] == 3
    assert report['installed_pictures']['frames_with_lane'] == 0


def test_drives_have_stamps_and_move():
    for frames in (list(floor_drives(7, 2, 0.1)), list(track_drives(7, 2, 0.1))):
        assert {frame.recording for frame in frames} == {0, 1}
        first, second = frames[:2]
        assert 0 < second.stamp - first.stamp < 0.05
        assert (first.image != second.image).any()


def test_installed_pictures_are_found_without_their_packages_being_imported():
    pytest.importorskip('skimage')
    frames = list(installed_pictures())
    assert len(frames) >= 15
    assert all(frame.truth is None and frame.image.ndim == 3 for frame in frames)


def test_a_label_is_read_with_what_the_judged_finder_knows(bright_model):
    image = draw_track()
    label = (image[:, :, 0] > 128).astype(np.uint8) * np.uint8(255)
    moved = np.roll(label, 100, axis=1)
    moved[:, :100] = 0
    frames = [TrustFrame(image, None, recording=number, label=one)
              for number, one in enumerate((label, moved, np.zeros_like(label)))]
    figures = score(LanePipeline.load(bright_model), [frames])
    # The empty label says nothing; in the one that was moved the lane lies elsewhere.
    assert (figures['frames'], figures['lane_found'], figures['center_right']) == (2, 1.0, 0.5)

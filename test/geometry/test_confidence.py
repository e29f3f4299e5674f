# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Whether a sighting is a lane, and how likely it is right."""

import json
import math

import pytest
from drawn_floor import lane_mask
from drawn_floor import sure
from drawn_floor import view

from lane_perception.geometry.confidence import Evidence
from lane_perception.geometry.confidence import FILES
from lane_perception.geometry.confidence import Judgement
from lane_perception.geometry.confidence import Logistic
from lane_perception.geometry.confidence import PRESENT
from lane_perception.geometry.confidence import RIGHT
from lane_perception.geometry.confidence import shipped
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.geometry.nominal_view import NominalCamera

GROUND = view(focal=330.0, forward=0.1)
CAMERA = NominalCamera.usual((GROUND.image_width, GROUND.image_height))
LANE = lane_mask(GROUND)


def evidence_for(mask, chance=0.9, **given):
    """Return what the judge is shown, once."""
    shown = []
    LaneFinder(judge=lambda one: shown.append(one) or 1.0, **given).find(mask, None, sure(chance))
    return shown[-1]


def test_the_judge_decides_and_gives_the_confidence():
    assert LaneFinder(judge=lambda one: None).find(LANE, None, sure(0.9)).center is None
    lane = LaneFinder(judge=lambda one: 0.42).find(LANE, None, sure(0.9))
    assert lane.center is not None and lane.confidence == 0.42


def test_a_mask_alone_is_judged_by_the_rule():
    def never(one):
        raise AssertionError('no probability, no judge')
    assert LaneFinder(judge=never).find(LANE).confidence > 0.8


def test_a_lane_below_min_confidence_is_none():
    below, at = (LaneFinder(LaneSettings(min_confidence=0.5), judge=lambda one: chance).find(
        LANE, None, sure(0.9)) for chance in (0.49, 0.5))
    assert below.center is None and at.center is not None


def test_what_is_held_is_never_surer_than_what_was_seen():
    finder = LaneFinder(judge=lambda one: 0.2)
    for number in range(5):
        finder.find(LANE, number / 30, sure(0.9))
    held = finder.find(0 * LANE, 5 / 30, sure(0.0))
    assert held.held and 0.0 < held.confidence < 0.2


def test_the_evidence_is_that_of_the_picture():
    both = evidence_for(LANE, 0.8)
    assert both.both == 1.0
    assert both.logit_marks == pytest.approx(math.log(4.0), rel=1e-5)
    assert 0.0 <= both.beside < 0.1
    assert both.log_chains == pytest.approx(math.log(2.0)) and both.bend < 0.1
    assert both.log_sigma < math.log(0.02), 'both sides in view: the centre is known to 2 %'
    one_side = evidence_for(lane_mask(GROUND, left=None), 0.8)
    assert one_side.both == 0.0 and one_side.log_length < both.log_length
    assert one_side.log_sigma > both.log_sigma + 1.0, 'nobody knows the width'


def test_a_known_width_makes_one_side_surer():
    mask = lane_mask(GROUND, left=None)
    unknown = evidence_for(mask, ground=GROUND)
    known = evidence_for(mask, ground=GROUND, settings=LaneSettings(lane_width=0.4))
    assert known.log_sigma < unknown.log_sigma - 1.0


def test_the_centre_is_less_sure_further_ahead():
    near, far = (evidence_for(LANE, ground=GROUND, settings=LaneSettings(look_ahead_m=ahead))
                 for ahead in (0.5, 2.4))
    # In metres it grows, in pixels perspective works against it.
    scale = 0.5 / 2.4
    assert math.exp(far.log_sigma) > math.exp(near.log_sigma) * scale


def test_a_logistic_function_is_what_its_weights_say():
    function = Logistic(1.0, {'both': 2.0, 'log_sigma': -1.0})
    evidence = Evidence(log_length=5.0, both=1.0, logit_marks=7.0, logit_trust=0.0,
                        odd_tape=0.0, log_sigma=-2.0, beside=3.0, log_chains=1.0, bend=0.5)
    assert function(evidence) == pytest.approx(1.0 / (1.0 + math.exp(-5.0)))


def test_below_the_least_there_is_no_lane():
    evidence = Evidence(0.0, 1.0, 0.0, 0.0, 0.0, -3.0, 0.0, 0.7, 0.0)
    present, right = Logistic(0.0, {}), Logistic(1.0, {})
    assert Judgement(present, right, 0.51)(evidence) is None
    assert Judgement(present, right, 0.5)(evidence) == pytest.approx(0.731, abs=1e-3)


@pytest.mark.parametrize('known', FILES)
def test_the_shipped_judgement_says_what_one_would_expect(known):
    judgement = shipped(known)
    assert set(judgement.present.weights) == set(PRESENT)
    assert set(judgement.right.weights) == set(RIGHT)
    assert 0.0 < judgement.least_present < 1.0
    assert judgement.present.weights['both'] > 0 and judgement.right.weights['log_sigma'] < 0
    assert judgement.present.weights['logit_marks'] > 0
    assert judgement.present.weights['odd_tape'] < 0
    assert judgement.right.weights['beside'] < 0
    # Without a calibration nobody knows well where the car stands.
    assert judgement.present.weights['beside'] < 0 or known != 'ground'
    command = json.loads(FILES[known].read_text())['command']
    assert 'benchmark.confidence --fit' in command
    assert (f'--known {known}' in command) == (known != 'nothing')
    given = {'ground': {'ground': GROUND}, 'lens': {'camera': CAMERA}, 'nothing': {}}[known]
    assert judgement(evidence_for(LANE, 0.99, **given)) > 0.5
    assert judgement(evidence_for(lane_mask(GROUND, left=None), 0.51, **given)) is None


def test_what_is_known_of_the_camera_chooses_the_judgement():
    for known, given in (('ground', {'ground': GROUND}), ('lens', {'camera': CAMERA}),
                         ('nothing', {}), ('ground', {'ground': GROUND, 'camera': CAMERA})):
        assert LaneFinder(**given)._judge is shipped(known)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The lane of a label: what a right mask shows, with the knowledge that the judged one had."""

import sys
import threading

import numpy as np
import pytest

from lane_perception.benchmark.track_frames import track_frames
from lane_perception.evaluation.label_lane import LabelLane
from lane_perception.geometry.lane_finder import LaneFinder


@pytest.fixture(scope='module')
def masks():
    return [frame.mask for frame in track_frames(4_300_000, 16)]


def test_against_a_label_like_the_mask_no_center_is_off(masks):
    """Pictures of unlike cameras, so that what the finder guesses of the horizon jumps about."""
    finder = LaneFinder()
    true_lane = LabelLane(finder)
    pairs = []
    for mask in masks:
        center = finder.find(mask).center
        image = np.zeros((*mask.shape, 3), np.uint8)
        pairs.append((center, true_lane.center_in(image, mask, finder.place.as_it_lies())))
    told = [(center, true_center) for center, true_center in pairs if center and true_center]
    assert len(told) >= 5
    assert [center is None for center, _ in pairs] == [true is None for _, true in pairs]
    assert np.allclose(*np.array(told).transpose(1, 0, 2), atol=1.0)


def test_labels_teach_the_finder_that_is_judged_nothing(masks):
    alone, judged = LaneFinder(), LaneFinder()
    true_lane = LabelLane(judged)
    for mask, label in zip(masks, masks[1:]):
        centers = alone.find(mask).center, judged.find(mask).center
        assert centers[0] == centers[1]
        true_lane.find(label, judged.place.as_it_lies())


def test_a_label_of_another_size_is_read_in_the_pixels_of_its_picture(masks):
    finder = LaneFinder()
    center = finder.find(masks[1]).center
    image = np.zeros((*masks[1].shape, 3), np.uint8)
    twice = masks[1].repeat(2, 0).repeat(2, 1)
    true_center = LabelLane(finder).center_in(image, twice, finder.place.as_it_lies())
    assert np.allclose(center, true_center, atol=1.0)


def test_labels_are_read_while_the_next_picture_is(masks):
    """As in a replay: label and mask side by side, on the same floor."""
    finder = LaneFinder()
    finder.find(masks[0])
    place = finder.place.as_it_lies()
    readers = {
        'label': lambda mask: len(place.read(mask).marks),
        'mask': lambda mask: len(finder.place.read(mask).marks),
    }
    alone = [readers['label'](mask) for mask in masks]
    beside: dict[str, list[int]] = {}

    def read(name):
        beside[name] = [readers[name](mask) for _ in range(20) for mask in masks]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=read, args=(name,)) for name in readers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert beside == {name: 20 * alone for name in readers}

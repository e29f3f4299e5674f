# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The truth in label files says what of it cannot be used."""

from labels_on_disk import labelme
from labels_on_disk import line
from labels_on_disk import write_json
from labels_on_disk import write_picture

from lane_perception.evaluation.truth import LabelFolder


def test_a_broken_label_is_named_among_what_could_not_be_used(tmp_path):
    for number in range(2):
        write_picture(tmp_path / f'frame_{number}.jpg')
    write_json(tmp_path / 'frame_0.json', labelme(line([0, 5], [90, 5]), name='frame_0.jpg'))
    write_json(tmp_path / 'frame_1.json', labelme(
        line([0, 5], [float('nan'), 5]), name='frame_1.jpg'))
    labels = LabelFolder(tmp_path)
    assert labels.label(0, 0, 0, (60, 100)).any()
    assert labels.label(1, 1, 1, (60, 100)) is None
    problem, = labels.close()
    assert 'frame_1.json: shape 0 is broken' in problem

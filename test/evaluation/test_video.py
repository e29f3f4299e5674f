# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Videos are VP9 in MP4, run as the stamps do, and appear only when complete."""

import cv2
import numpy as np
import pytest

from lane_perception.evaluation.video import RATE
from lane_perception.evaluation.video import Video


def picture(value, size=(90, 160)):
    return np.full((*size, 3), value, np.uint8)


def decoded(path):
    """Return the codec's name and the frames, (H, W, 3) each."""
    capture = cv2.VideoCapture(str(path))
    codec = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, 'little').decode()
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(RATE)
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    return codec, frames


def test_pictures_come_back_in_vp9_at_the_times_of_their_stamps(tmp_path):
    path = tmp_path / 'a.mp4'
    with Video(path) as video:
        places = [video.add(picture(value), 100 + stamp)
                  for value, stamp in ((40, 0.0), (90, 0.1), (140, 0.5), (190, 1.0))]
        assert not path.exists()
    codec, frames = decoded(path)
    assert codec.lower() in ('vp09', 'vp90')
    assert places == pytest.approx([0, 0.1, 0.5, 1.0])
    expected = [40] + [90] * 4 + [140] * 5 + [190]
    assert [frame.mean() for frame in frames] == pytest.approx(expected, abs=6)
    assert [file.name for file in tmp_path.iterdir()] == ['a.mp4']


def test_of_several_pictures_in_one_period_the_last_is_shown(tmp_path):
    with Video(tmp_path / 'a.mp4') as video:
        for index in range(31):
            video.add(picture(40 + 5 * index), index / 30)
    frames = decoded(tmp_path / 'a.mp4')[1]
    assert len(frames) == 11
    assert (np.diff([frame.mean() for frame in frames]) > 5).all()


def test_pauses_are_shortened_and_backward_stamps_still_go_forward(tmp_path):
    with Video(tmp_path / 'a.mp4') as video:
        places = [video.add(picture(9), stamp) for stamp in (5.0, 500.0, 499.0, 499.0, 499.5)]
    assert places == pytest.approx([0, 2.0, 2.1, 2.2, 2.7])


def test_odd_and_mixed_sizes_are_fitted_to_the_first_pictures_even_size(tmp_path):
    with Video(tmp_path / 'a.mp4') as video:
        video.add(picture(9, (91, 161)), 0.0)
        video.add(picture(9, (30, 30)), 0.1)
    assert {pixels.shape for pixels in decoded(tmp_path / 'a.mp4')[1]} == {(90, 160, 3)}


def test_nothing_is_left_of_a_video_that_failed_or_is_empty(tmp_path):
    with pytest.raises(RuntimeError):
        with Video(tmp_path / 'a.mp4') as video:
            video.add(picture(9), 0.0)
            raise RuntimeError
    with Video(tmp_path / 'b.mp4'):
        pass
    assert not list(tmp_path.iterdir())

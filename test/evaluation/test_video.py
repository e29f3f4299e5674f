# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Videos are VP9 in MP4, run as the stamps do, and appear only when complete."""

import av
import cv2
import numpy as np
import pytest

from lane_perception.evaluation.video import Video


def picture(value, size=(90, 160)):
    return np.full((*size, 3), value, np.uint8)


def decoded(path):
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context.name
        return codec, [(round(frame.time, 3), frame.to_ndarray(format='bgr24'))
                       for frame in container.decode(video=0)]


def test_pictures_come_back_in_vp9_at_the_times_of_their_stamps(tmp_path):
    path = tmp_path / 'a.mp4'
    stamps = [100.0, 100.033, 100.5, 101.0]
    with Video(path) as video:
        places = [video.add(picture(40 + 50 * index), stamp)
                  for index, stamp in enumerate(stamps)]
        assert not path.exists()
    codec, frames = decoded(path)
    assert codec == 'vp9'
    assert [time for time, _ in frames] == pytest.approx([0, 0.033, 0.5, 1.0])
    assert places == pytest.approx([0, 0.033, 0.5, 1.0])
    for index, (_, pixels) in enumerate(frames):
        assert pixels.shape == (90, 160, 3)
        assert abs(int(pixels.mean()) - (40 + 50 * index)) < 6
    assert [file.name for file in tmp_path.iterdir()] == ['a.mp4']


def test_pauses_are_shortened_and_backward_stamps_still_go_forward(tmp_path):
    with Video(tmp_path / 'a.mp4', rate=10) as video:
        places = [video.add(picture(9), stamp) for stamp in (5.0, 500.0, 499.0, 499.0, 499.5)]
    assert places == pytest.approx([0, 2.0, 2.1, 2.2, 2.7])


def test_without_stamps_the_rate_counts(tmp_path):
    with Video(tmp_path / 'a.mp4', rate=25) as video:
        assert [video.add(picture(9)) for _ in range(3)] == pytest.approx([0, 0.04, 0.08])


def test_odd_and_mixed_sizes_are_fitted_to_the_first_pictures_even_size(tmp_path):
    with Video(tmp_path / 'a.mp4') as video:
        video.add(picture(9, (91, 161)))
        video.add(picture(9, (30, 30)))
    assert {pixels.shape for _, pixels in decoded(tmp_path / 'a.mp4')[1]} == {(90, 160, 3)}


def test_nothing_is_left_of_a_video_that_failed_or_is_empty(tmp_path):
    with pytest.raises(RuntimeError):
        with Video(tmp_path / 'a.mp4') as video:
            video.add(picture(9))
            raise RuntimeError
    with Video(tmp_path / 'b.mp4'):
        pass
    assert not list(tmp_path.iterdir())


def test_opencv_reads_it_too(tmp_path):
    with Video(tmp_path / 'a.mp4') as video:
        for _ in range(5):
            video.add(picture(200))
    capture = cv2.VideoCapture(str(tmp_path / 'a.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5

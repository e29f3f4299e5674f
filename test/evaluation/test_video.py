# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Videos are VP9 or H.264 in MP4, run as the stamps do, and appear only when complete."""

import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest

from lane_perception.errors import UserError
from lane_perception.evaluation import video as video_module
from lane_perception.evaluation.encoders import H264Encoder
from lane_perception.evaluation.encoders import has_openh264
from lane_perception.evaluation.encoders import open_encoder
from lane_perception.evaluation.encoders import Vp9Encoder
from lane_perception.evaluation.video import RATE
from lane_perception.evaluation.video import Video


NEEDS_OPENH264 = pytest.mark.skipif(
    not has_openh264(), reason='GStreamer with OpenH264 is not installed')
CODECS = {Vp9Encoder: ('vp09', 'vp90'), H264Encoder: ('avc1', 'h264')}


@pytest.fixture(params=[Vp9Encoder, pytest.param(H264Encoder, marks=NEEDS_OPENH264)])
def encoder(request, monkeypatch):
    """Let videos be written by one encoder."""
    monkeypatch.setattr(video_module, 'open_encoder', request.param)
    return request.param


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


def test_pictures_come_back_at_the_times_of_their_stamps(tmp_path, encoder):
    path = tmp_path / 'a.mp4'
    with Video(path) as video:
        places = [video.add(picture(value), 100 + stamp)
                  for value, stamp in ((40, 0.0), (90, 0.1), (140, 0.5), (190, 1.0))]
        assert not path.exists()
    codec, frames = decoded(path)
    assert codec.lower() in CODECS[encoder]
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


def test_odd_and_mixed_sizes_are_fitted_to_the_first_pictures_even_size(tmp_path, encoder):
    with Video(tmp_path / 'a.mp4') as video:
        video.add(picture(9, (91, 161)), 0.0)
        video.add(picture(9, (30, 30)), 0.1)
    assert {pixels.shape for pixels in decoded(tmp_path / 'a.mp4')[1]} == {(90, 160, 3)}


def test_nothing_is_left_of_a_video_that_failed_or_is_empty(tmp_path, encoder):
    with pytest.raises(RuntimeError):
        with Video(tmp_path / 'a.mp4') as video:
            video.add(picture(9), 0.0)
            raise RuntimeError
    with Video(tmp_path / 'b.mp4'):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('width', [16, 18, 20, 22, 478])
def test_rows_of_any_even_length_stay_upright(tmp_path, encoder, width):
    striped = np.zeros((32, width, 3), np.uint8)
    striped[:, :width // 2] = 200
    with Video(tmp_path / 'a.mp4') as video:
        video.add(striped, 0.0)
    frame = decoded(tmp_path / 'a.mp4')[1][0]
    assert frame.shape == striped.shape
    assert np.abs(frame.astype(int) - striped)[:, [2, -3]].max() < 40


def test_a_folder_that_takes_no_file_is_named(tmp_path, encoder):
    with pytest.raises(UserError, match='gone'):
        with Video(tmp_path / 'gone' / 'a.mp4') as video:
            video.add(picture(9), 0.0)


@NEEDS_OPENH264
def test_a_full_disk_is_said_by_the_encoder_in_the_other_process(tmp_path):
    (tmp_path / 'a.mp4').symlink_to('/dev/full')
    encoder = open_encoder(tmp_path / 'a.mp4', RATE, (160, 90))
    assert isinstance(encoder, H264Encoder)
    with pytest.raises(UserError, match='GStreamer'):
        for value in range(600):
            encoder.write(np.random.default_rng(value).integers(0, 255, (90, 160, 3), np.uint8))
        encoder.close()


def test_a_full_disk_is_said_where_opencv_writes(tmp_path):
    code = ('import resource, signal, sys\n'
            'from pathlib import Path\n'
            'import numpy as np\n'
            'from lane_perception.evaluation.encoders import Vp9Encoder\n'
            'encoder = Vp9Encoder(Path(sys.argv[1]), 10.0, (160, 90))\n'
            'signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n'
            'resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n'
            'noise = np.random.default_rng(0)\n'
            'for _ in range(9):\n'
            '    encoder.write(noise.integers(0, 255, (90, 160, 3), np.uint8))\n'
            'encoder.close()')
    done = subprocess.run([sys.executable, '-c', code, tmp_path / 'a.mp4'],
                          capture_output=True, text=True)
    assert f'UserError: {tmp_path} did not take the video to its end' in done.stderr


def test_a_picture_too_small_for_the_quick_encoder_is_written_by_the_other(tmp_path):
    assert isinstance(open_encoder(tmp_path / 'a.mp4', RATE, (160, 2)), Vp9Encoder)


def test_what_a_killed_process_left_of_a_video_is_removed_by_the_next(tmp_path):
    code = ('import os, signal, sys\n'
            'import numpy as np\n'
            'from lane_perception.evaluation import video\n'
            'from lane_perception.evaluation.encoders import Vp9Encoder\n'
            'video.open_encoder = Vp9Encoder\n'
            'video.Video(sys.argv[1]).add(np.zeros((90, 160, 3), np.uint8), 0.0)\n'
            'os.kill(os.getpid(), signal.SIGKILL)')
    path = tmp_path / 'a.mp4'
    assert subprocess.run([sys.executable, '-c', code, path]).returncode == -signal.SIGKILL
    assert [file.name.startswith('.a.') for file in tmp_path.iterdir()] == [True]
    with Video(path) as video:
        video.add(picture(9), 0.0)
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_a_video_that_cannot_be_finished(tmp_path, encoder, monkeypatch):
    def fail(self):
        raise UserError('no room')
    monkeypatch.setattr(encoder, 'close', fail)
    with pytest.raises(UserError, match='no room'):
        with Video(tmp_path / 'a.mp4') as video:
            video.add(picture(9), 0.0)
    assert not list(tmp_path.iterdir())

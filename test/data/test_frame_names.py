# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Names of pictures tell their recording and their time."""

import pytest

from lane_perception.data.frame_names import frame_identity


@pytest.mark.parametrize('stem, recording, time', [
    ('frame_00012', 'frame', 12),
    ('12_cam_image_array_', 'cam_image_array', 12),
    ('drive2/frame_00012', 'drive2/frame', 12),
    ('drive2_00012', 'drive2', 12),
    ('00012', '', 12),
    ('lap_1712345678123456789', 'lap', 1712345678123456789),
    ('train/frame_00012_jpg.rf.1f2e3d4c5b6a79881f2e3d4c5b6a7988', 'frame', 12),
    ('valid/frame_00013_png.rf.AbC123', 'frame', 13),
    ('kitchen', 'kitchen', 0),
    ('cam_2024-05-01_12-00-59', 'cam', 1714564799),
    ('cam_20240501_120100', 'cam', 1714564860),
    ('rosbag2_2024_05_01-12_00_59_1714564860000000001',
     'rosbag2_2024_05_01-12_00_59', 1714564860000000001),
    ('2024-05-01-12-01-00.500', '', 1714564860.5),
])
def test_recording_and_time(stem, recording, time):
    assert frame_identity(stem) == (recording, pytest.approx(time))


def test_an_impossible_date_is_a_frame_number():
    assert frame_identity('cam_20241399999999')[1] == 20241399999999

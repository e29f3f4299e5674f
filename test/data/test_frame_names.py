# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Names of pictures tell their recording and their time."""

import pytest

from lane_perception.data.frame_names import frame_identities


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
    ('cam_2024-05-01_12-00-59', 'cam', 1714564859),
    ('cam_20240501_120100', 'cam', 1714564860),
    ('rosbag2_2024_05_01-12_00_59_1714564860000000001',
     'rosbag2_2024_05_01-12_00_59', 1714564860000000001),
    ('2024-05-01-12-01-00.500', '', 1714564860.5),
    ('1714560019.200000', '', 1714560019.2),
    ('lap_1714560019_200000000', 'lap', 1714560019.2),
    ('lap_1714560019_5000000', 'lap', 1714560019.005),
    ('lap_1714560019_200000', 'lap', 1714560019.2),
    ('lap_1714560019_00012', 'lap_1714560019', 12),
    ('synthesize_000017', 'synthesize_000017', 0),
    ('C#_12', 'C#', 12),
    ('C#', 'C#', 0),
])
def test_recording_and_time(stem, recording, time):
    assert frame_identities([stem])[stem] == (recording, pytest.approx(time, rel=0, abs=1e-6))


def test_an_impossible_date_is_a_frame_number():
    for stem, number in (('cam_20241399999999', 20241399999999),
                         ('cam_20240231_120000', 20240231120000)):
        assert frame_identities([stem])[stem] == ('cam', number)


@pytest.mark.parametrize('form, recording', [
    ('frame_{:05d}_cam0', 'frame_cam0'),
    ('{:06d}_854x480', '854x480'),
    ('drive2/lap1_{:d}_v2.1', 'drive2/lap1_v2.1'),
    ('2024-05-01_12-00-59_{:d}_cam0', '2024-05-01_12-00-59_cam0'),
    ('1714560019_{:06d}', '1714560019'),
])
def test_a_number_that_is_the_same_in_all_names_is_no_time(form, recording):
    stems = [form.format(number) for number in range(8, 12)]
    assert frame_identities(stems) == {
        stem: (recording, number) for stem, number in zip(stems, range(8, 12))}


def test_numbers_that_are_the_same_within_a_folder_name_its_recording():
    stems = [f'drive{drive}/{number:04d}_cam{drive}' for drive in (1, 2) for number in range(5)]
    assert {name for name, _ in frame_identities(stems).values()} == {'drive1/cam1', 'drive2/cam2'}


def test_stamps_of_ros_are_seconds_whatever_their_digits():
    stems = ['1714560019.9', '1714560020.05', '1714560021.200000']
    assert frame_identities(stems) == {stem: ('', float(stem)) for stem in stems}


def test_a_frame_number_beside_a_stamp_makes_no_recording_of_each_frame():
    stems = [f'frame_{number:05d}_{1714560019 + number // 2}' for number in range(6)]
    assert [frame_identities(stems)[stem] for stem in stems] == [('frame', n) for n in range(6)]


def test_videos_of_a_phone_are_a_recording_each():
    stems = [f'VID_20240501_{clock}_{number:06d}' for clock in ('120059', '123000', '124500')
             for number in range(1, 6)]
    assert frame_identities(stems) == {
        stem: (stem[:-7], float(stem[-6:])) for stem in stems}
    pictures = [f'IMG_20240501_1200{second:02d}_033' for second in range(3)]
    assert {name for name, _ in frame_identities(pictures).values()} == {'IMG'}


def test_stamps_at_whole_seconds_are_one_recording():
    for form in ('17145600{:02d}.000000', '17145600{:02d}_000000000'):
        stems = [form.format(second) for second in range(19, 24)]
        assert [frame_identities(stems)[stem] for stem in stems] == [
            ('', 1714560000.0 + second) for second in range(19, 24)]


def test_a_drive_its_frame_and_a_stamp_in_a_name():
    stems = [f'drive{drive}_{number:03d}_{1714560019 + 500 * drive + number // 2}'
             for drive in (1, 2) for number in range(6)]
    assert frame_identities(stems) == {
        stem: (stem[:6], float(stem[7:10])) for stem in stems}

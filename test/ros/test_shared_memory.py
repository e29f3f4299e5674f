# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Fast DDS's profile: who gets it, and that it is what the documents say."""

from pathlib import Path

import pytest
from lxml import etree

from lane_perception.ros.shared_memory import ROOM_BYTES
from lane_perception.ros.shared_memory import SEGMENT_BYTES
from lane_perception.ros.shared_memory import set_profile

FILE = Path(__file__).resolve().parents[2] / 'config' / 'fastdds.xml'
PLENTY = 2**33


@pytest.mark.parametrize('distribution, variable', [
    (None, 'FASTDDS_DEFAULT_PROFILES_FILE'), ('kilted', 'FASTDDS_DEFAULT_PROFILES_FILE'),
    ('jazzy', 'FASTRTPS_DEFAULT_PROFILES_FILE'), ('humble', 'FASTRTPS_DEFAULT_PROFILES_FILE')])
def test_the_packages_profile_is_set_under_the_name_that_the_distribution_reads(
        distribution, variable):
    environment = {'ROS_DISTRO': distribution} if distribution else {}
    profile = set_profile(environment, room=PLENTY)
    assert profile.name == 'fastdds.xml' and profile.is_file()
    assert environment.pop('ROS_DISTRO', None) == distribution
    assert environment == {variable: str(profile)}


@pytest.mark.parametrize('variable', [
    'FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'])
def test_the_users_own_profile_is_kept(variable):
    environment = {variable: 'mine.xml'}
    assert set_profile(environment, room=PLENTY) == Path('mine.xml')
    assert environment == {variable: 'mine.xml'}


def test_in_a_small_container_only_the_one_that_publishes_images_gets_it():
    room = 64 * 2**20
    assert SEGMENT_BYTES < room < ROOM_BYTES
    environment = {}
    assert set_profile(environment, room=room) is None and environment == {}
    assert set_profile(environment, publishes_images=True, room=room) is not None
    assert environment


def test_the_segment_holds_raw_images():
    tree = etree.parse(str(FILE))

    def value(name):
        return next(one.text for one in tree.iter('{*}' + name))
    assert int(value('segment_size')) == 32 * 2**20 < SEGMENT_BYTES
    assert int(value('maxMessageSize')) >= 1280 * 720 * 3
    assert value('useBuiltinTransports') == 'false'
    kinds = {one.text for one in tree.iter('{*}type')}
    assert kinds == {'SHM', 'UDPv4'}

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The viewers' layouts show what the node publishes, of the type that each display wants."""

import json
from pathlib import Path

import yaml

from lane_perception.ros.lane_outputs import NODE_NAME
from lane_perception.ros.lane_outputs import OUTPUT_TYPES
from lane_perception.ros.message_classes import message_class

CHECKOUT = Path(__file__).resolve().parents[2]
PUBLISHED = {f'{NODE_NAME}/{name}': kind for name, kind in OUTPUT_TYPES.items()}
PUBLISHED['/diagnostics'] = 'diagnostic_msgs/msg/DiagnosticArray'
IMAGES = {'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'}
DISPLAYS = {'MarkerArray': {'visualization_msgs/msg/MarkerArray'}, 'Path': {'nav_msgs/msg/Path'},
            'Image': {'sensor_msgs/msg/Image'}}


def foxglove():
    return json.loads((CHECKOUT / 'config' / 'foxglove_layout.json').read_text())


def strings(value):
    """Yield every text in nested dictionaries and lists, keys included."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, str):
        yield value


def test_every_topic_in_foxglove_is_one_that_the_node_publishes():
    # A path into a message follows its topic: topics have no dots.
    topics = {text.split('.')[0] for text in strings(foxglove()) if text.startswith('/')}
    assert topics <= set(PUBLISHED)
    assert topics == set(PUBLISHED) - {f'{NODE_NAME}/center'}, 'center is in the overlay'


def test_foxglove_panels_show_topics_of_their_kind():
    layout = foxglove()
    for name, panel in layout['configById'].items():
        kind = name.split('!')[0]
        if kind == 'Image':
            assert PUBLISHED[panel['imageMode']['imageTopic']] in IMAGES
        elif kind == '3D':
            assert {PUBLISHED[topic] for topic in panel['topics']} == {
                'visualization_msgs/msg/MarkerArray', 'nav_msgs/msg/Path'}
        elif kind == 'DiagnosticSummary':
            assert panel['topicToRender'] == '/diagnostics'
        else:
            assert kind == 'Plot' and panel['paths']


def test_foxglove_arranges_every_panel_once():
    layout = foxglove()
    arranged = [text for text in strings(layout['layout']) if '!' in text]
    assert sorted(arranged) == sorted(layout['configById'])


def test_plots_follow_fields_that_the_messages_have():
    for name, panel in foxglove()['configById'].items():
        for path in panel.get('paths', []):
            topic, *fields = path['value'].split('.')
            value = message_class(PUBLISHED[topic])()
            for field in fields:
                value = getattr(value, field)
            assert isinstance(value, float), f'{name}: {path["value"]}'


def test_rviz_displays_show_topics_of_their_type():
    layout = yaml.safe_load((CHECKOUT / 'config' / 'lane_perception.rviz').read_text())
    manager = layout['Visualization Manager']
    assert manager['Global Options']['Fixed Frame'] == 'base_link'
    shown = set()
    for display in manager['Displays']:
        kind = display['Class'].split('/')[1]
        if kind == 'Grid':
            continue
        topic = display['Topic']['Value']
        assert PUBLISHED[topic] in DISPLAYS[kind], topic
        shown.add(topic)
    assert shown == {f'{NODE_NAME}/{name}' for name in ('markers', 'path', 'mask')}


def test_the_docs_say_how_to_open_them():
    text = (CHECKOUT / 'docs' / 'node.md').read_text()
    for name in ('foxglove_layout.json', 'lane_perception.rviz'):
        assert f'config/{name}' in text

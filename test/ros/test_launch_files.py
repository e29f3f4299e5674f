# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The launch files, the README's table and the files that they refer to say the same.

The files are read as syntax, so that this works without the launch packages; where those are
installed and the package is built, they are run too.
"""

import ast
import importlib.util
import os
import re
from pathlib import Path

import pytest
import yaml

from lane_perception.errors import UserError
from lane_perception.ros.lane_outputs import OUTPUT_TYPES
from lane_perception.ros.parameters import NAMES
from lane_perception.ros.parameters import PARAMETERS

CHECKOUT = Path(__file__).resolve().parents[2]
NODE_FILE = CHECKOUT / 'launch' / 'lane_perception.launch.py'
REPLAY_FILE = CHECKOUT / 'launch' / 'replay.launch.py'
FILES = pytest.mark.parametrize('path', [NODE_FILE, REPLAY_FILE], ids=lambda path: path.name)
# What "ros2 bag play" and "ros2 bag record" of Humble, Jazzy and Kilted all know.
PLAY_OPTIONS = {'--clock', '--rate', '--delay', '--topics'}
RECORD_OPTIONS = {'--use-sim-time', '-o'}


def text_of(node):
    """Return what an expression of the launch files yields; <NAME> for an argument's value."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return ''.join(text_of(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return text_of(node.value)
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name == 'os.path.join':
            return '/'.join(text_of(part) for part in node.args)
        if name == 'os.path.expanduser':
            return text_of(node.args[0])
        if name in ('value', 'LaunchConfiguration'):
            return f'<{node.args[0].value}>'
    return f'{{{ast.unparse(node)}}}'


def constant(path, name):
    """Return a module's constant."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f'{path.name} has no {name}')


def declared(path):
    """Return {argument: default} of a launch file, None for one that must be given."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == 'arguments':
            found |= {text_of(row.elts[0]): text_of(row.elts[1]) for row in node.value.elts}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == 'DeclareLaunchArgument' \
                and isinstance(node.args[0], ast.Constant):
            found[node.args[0].value] = None
    return found


def commands(path):
    """Return the command lines that a launch file executes, as lists of words."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == 'ExecuteProcess':
            words = next(keyword.value for keyword in node.keywords if keyword.arg == 'cmd')
            found.append([text_of(word) for word in words.elts])
    return found


def readme_table():
    """Return {argument: default} as README.md's table has it; '' for "empty" or "empty: ..."."""
    rows = {}
    text = (CHECKOUT / 'README.md').read_text()
    section = text.split('### Your camera')[1].split('\n### ')[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        name = re.fullmatch('`([a-z_]+)`', cells[0])
        if name:
            default = re.fullmatch('`(.*)`', cells[1])
            rows[name.group(1)] = default.group(1) if default else ''
            assert default or cells[1].startswith('empty'), line
    return rows


def test_the_readme_has_every_argument_with_its_default():
    expected = {name: default.removeprefix('{share}/')
                for name, default in declared(NODE_FILE).items()}
    rows = readme_table()
    assert {name: rows.pop(name, None) for name in expected} == expected
    assert set(rows) <= set(NAMES) and 'model' in rows


@FILES
def test_every_argument_that_is_used_is_declared(path):
    used = {node.args[0].value for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == 'value'
            and isinstance(node.args[0], ast.Constant)}
    assert used <= set(declared(path)) and used


@FILES
def test_every_file_that_is_referred_to_is_installed(path):
    referred = [text_of(node).removeprefix('{share}/')
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Call) and ast.unparse(node.func) == 'os.path.join']
    assert referred
    for name in referred:
        assert (CHECKOUT / name).is_file(), name
    assert "for folder in ('launch', 'config'" in (CHECKOUT / 'setup.py').read_text()


def test_the_readme_says_what_the_parameter_file_says_where_an_argument_is_empty():
    rows = (CHECKOUT / 'README.md').read_text().splitlines()
    behind = {one.name: one.default for one in PARAMETERS}
    for name in set(readme_table()) & set(NAMES):
        row = next(row for row in rows if row.startswith(f'| `{name}` |'))
        value = f': `{behind[name]}`' if behind[name] else ''
        assert row.split('|')[2].strip() == f'empty{value}'


def test_no_argument_has_the_name_of_a_parameter_and_another_meaning():
    assert not set(NAMES) & (set(declared(NODE_FILE)) | set(declared(REPLAY_FILE)))


def test_replay_leaves_the_nodes_arguments_to_the_file_that_declares_them():
    assert not set(declared(NODE_FILE)) & set(declared(REPLAY_FILE))
    text = ' '.join(REPLAY_FILE.read_text().split())
    assert "'launch', 'lane_perception.launch.py'" in text
    assert "launch_arguments=[('use_sim_time', 'true')]" in text


def test_replay_records_everything_that_the_node_publishes():
    assert set(constant(REPLAY_FILE, 'OUTPUTS')) == set(OUTPUT_TYPES)


def test_the_player_gives_the_clock_and_waits_for_the_node():
    play = next(words for words in commands(REPLAY_FILE) if words[:3] == ['ros2', 'bag', 'play'])
    assert play[3] == '<bag>'
    options = dict(zip(play[4::2], play[5::2]))
    assert set(options) == PLAY_OPTIONS
    assert float(options['--clock']) >= 50, 'hertz; the stamps are compared with this clock'
    assert (options['--rate'], options['--delay']) == ('<rate>', '<delay>')
    assert float(declared(REPLAY_FILE)['delay']) > 0, 'bag play refuses a delay of 0'


def test_the_recorder_records_on_the_recordings_clock():
    record = next(words for words in commands(REPLAY_FILE)
                  if words[:3] == ['ros2', 'bag', 'record'])
    assert {word for word in record if word.startswith('-')} == RECORD_OPTIONS
    assert record[record.index('-o') + 1] == '<record>'


@pytest.fixture(scope='module')
def share():
    """Return the built package's share folder where the launch packages can run the files."""
    if importlib.util.find_spec('launch_ros') is None:
        pytest.skip('launch_ros is not installed')
    from ament_index_python.packages import get_package_share_directory
    from ament_index_python.packages import PackageNotFoundError
    try:
        return get_package_share_directory('lane_perception')
    except PackageNotFoundError:
        pytest.skip('the package is not built and sourced')


def load(path):
    """Return a launch file's module."""
    specification = importlib.util.spec_from_file_location(path.stem.replace('.', '_'), path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@FILES
def test_launch_declares_what_the_syntax_says_and_every_parameter_of_the_node(path, share):
    description = load(path).generate_launch_description()
    found = {}
    for argument in description.get_launch_arguments():
        parts = argument.default_value
        found[argument.name] = None if parts is None else ''.join(part.text for part in parts)
    expected = {name: default and default.replace('{share}', share)
                for name, default in declared(path).items()}
    assert {name: found[name] for name in expected} == expected
    assert {name: found[name] for name in NAMES} == dict.fromkeys(NAMES, ''), \
        'a default here would silently win over the parameter file'


def test_replay_takes_the_nodes_arguments_and_hands_them_on(share):
    from launch import LaunchContext
    from launch.actions import DeclareLaunchArgument
    from launch.actions import IncludeLaunchDescription
    from launch.launch_description_entity import LaunchDescriptionEntity
    description = load(REPLAY_FILE).generate_launch_description()
    names = {argument.name for argument in description.get_launch_arguments()}
    assert names == {*declared(REPLAY_FILE), *declared(NODE_FILE), *NAMES}
    context = LaunchContext()
    context.launch_configurations.update(   # as typed by a user
        {'bag': 'drive', 'model': 'mine.onnx', 'qos.depth': '2'})

    def visit(entity):
        if isinstance(entity, (DeclareLaunchArgument, IncludeLaunchDescription)) \
                or type(entity).__name__ in ('LaunchDescription', 'SetLaunchConfiguration'):
            for one in entity.visit(context) or []:
                if isinstance(one, LaunchDescriptionEntity):
                    visit(one)
    visit(description)
    assert context.launch_configurations['model'] == 'mine.onnx'
    assert context.launch_configurations['qos.depth'] == '2'
    assert context.launch_configurations['use_sim_time'] == 'true'
    assert context.launch_configurations['image'] == 'image'


@pytest.mark.parametrize('namespace', ['front', '/front', 'front/'])
def test_replay_records_the_topics_of_a_node_in_a_namespace(share, namespace):
    from launch import LaunchContext
    from launch.utilities import perform_substitutions
    context = LaunchContext()
    context.launch_configurations.update(bag='drive', rate='1.0', delay='0.0', record='lanes',
                                         namespace=namespace)
    recorder, player = load(REPLAY_FILE).play_and_record(context)[:2]
    command = [perform_substitutions(context, part) for part in recorder.cmd]
    assert '/front/lane_perception/mask' in command
    assert not [word for word in command if word.startswith('/lane_perception/')]
    command = [perform_substitutions(context, part) for part in player.cmd]
    assert command[command.index('--topics') + 1:] == [
        '/front/image', '/front/image/compressed', '/front/camera_info']


@pytest.mark.parametrize('lens, topic', [('', '/camera/camera_info'), ('/mine', '/mine')])
def test_replay_plays_the_cameras_topics_and_no_commands_of_the_drive(
        share, monkeypatch, lens, topic):
    from launch import LaunchContext
    from launch.utilities import perform_substitutions
    monkeypatch.setenv('HOME', '/home/me')
    context = LaunchContext()
    context.launch_configurations.update(
        bag='~/drive', rate='1.0', delay='0.0', record='', image='/camera/image_raw',
        camera_info=lens)
    player = load(REPLAY_FILE).play_and_record(context)[0]
    command = [perform_substitutions(context, part) for part in player.cmd]
    assert command[3] == '/home/me/drive'
    assert command[command.index('--topics') + 1:] == [
        '/camera/image_raw', '/camera/image_raw/compressed', topic]


def typed(share, **given):
    """Return a launch context in which a user gave these arguments of the node's launch file."""
    from launch import LaunchContext
    context = LaunchContext()
    context.launch_configurations.update(
        {**{name: default.replace('{share}', share)
            for name, default in declared(NODE_FILE).items()},
         **dict.fromkeys(NAMES, ''), **given})
    return context


def expand(context, node):
    """Return a launched node's command line as text."""
    from launch.substitutions import LocalSubstitution
    from launch.utilities import perform_substitutions
    node._perform_substitutions(context)
    return [perform_substitutions(context, part) for part in node.cmd
            if not isinstance(part[0], LocalSubstitution)]   # those exist while it runs


def parameter_files(command):
    """Return the parameter files of a command line, in their order."""
    return [Path(command[at + 1]) for at, word in enumerate(command) if word == '--params-file']


def test_launch_starts_the_node_with_what_was_given(share):
    module = load(NODE_FILE)
    context = typed(share, image='/camera/image_raw', model='mine.onnx', namespace='front')
    nodes = module.start_nodes(context)
    assert len(nodes) == 1, 'no camera was asked for'
    node, = nodes
    command = expand(context, node)
    assert node.node_name == '/front/lane_perception'
    assert os.access(command[0], os.X_OK) and command[0].endswith('/lane_node')
    assert ('image', '/camera/image_raw') in node.expanded_remapping_rules
    assert ('image/compressed', '/camera/image_raw/compressed') in node.expanded_remapping_rules
    files = parameter_files(command)
    assert files[0] == Path(share) / 'config' / 'lane_perception.yaml'
    assert 'model: mine.onnx' in files[-1].read_text(), 'what is given wins over the file'
    assert ('camera_info', '/camera/camera_info') in node.expanded_remapping_rules
    for given, lens in (({}, 'camera_info'), ({'image': 'left/image_raw'}, 'left/camera_info'),
                        ({'camera_info': '/mine'}, '/mine')):
        context = typed(share, **given)
        node, = module.start_nodes(context)
        expand(context, node)
        assert ('camera_info', lens) in node.expanded_remapping_rules
    with pytest.raises(RuntimeError, match='use v4l2_camera, usb_cam or none'):
        module.camera_driver('webcam', '', 'image', 'camera_info', [])


def test_parameters_reach_the_node_with_the_type_that_it_declares(share):
    given = {'lane_width': '1', 'autostart': 'false', 'qos.depth': '2', 'model': '1'}
    context = typed(share, **given)
    node, = load(NODE_FILE).start_nodes(context)
    written = yaml.safe_load(parameter_files(expand(context, node))[-1].read_text())
    values, = (section['ros__parameters'] for section in written.values())
    assert values == {'lane_width': 1.0, 'autostart': False, 'qos.depth': 2, 'model': '1'}
    assert [type(values[name]) for name in given] == [float, bool, int, str]


def test_a_value_of_another_type_or_a_missing_file_is_one_sentence(share, tmp_path):
    module = load(NODE_FILE)
    with pytest.raises(UserError, match='lane_width must be a number .*, and not "wide"'):
        module.start_nodes(typed(share, lane_width='wide'))
    with pytest.raises(UserError, match='use_sim_time must be true or false.*, and not "yes"'):
        module.start_nodes(typed(share, use_sim_time='yes'))
    for name in ('params_file', 'camera_params'):
        with pytest.raises(RuntimeError, match=f'{name}:=.*my.yaml is no file'):
            module.start_nodes(typed(share, **{name: str(tmp_path / 'my.yaml')}))


def test_the_camera_driver_gets_its_parameter_file(share, tmp_path, monkeypatch):
    module = load(NODE_FILE)
    monkeypatch.setitem(module.DRIVERS, 'lane_perception', 'doctor')   # one that is installed
    file = tmp_path / 'camera.yaml'
    file.write_text('/**:\n  ros__parameters:\n    image_size: [640, 480]\n')
    for given, expected in (({'camera_params': str(file)}, [file]), ({}, [])):
        context = typed(share, camera='lane_perception', **given)
        assert parameter_files(expand(context, module.start_nodes(context)[1])) == expected

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Linters, and the rules of the architecture that no linter knows."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / 'lane_perception'
FOLDERS = ['lane_perception', 'test', 'launch', 'examples', 'setup.py', 'requirements']
SOURCES = sorted(path for folder in FOLDERS for path in (CHECKOUT / folder).rglob('*.py')) + [
    CHECKOUT / 'setup.py']
MAXIMUM_LINES = 400
TORCH_FOLDERS = {'networks', 'training'}
WITHOUT_ROS = ('geometry', 'runtimes', 'networks', 'training', 'data')


def imports(path):
    """Return (name, is at module level) of everything that a file imports."""
    tree = ast.parse(path.read_text())
    found = []
    for node in ast.walk(tree):
        top = node in tree.body
        if isinstance(node, ast.Import):
            found += [(alias.name, top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append((node.module, top))
    return found


def relative(path):
    return path.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize('tool', [
    [sys.executable, '-m', 'flake8', '--statistics'],
    [sys.executable, '-m', 'pydocstyle', '--convention=pep257',
     '--add-ignore=D100,D104,D105,D107,D200,D202,D203,D205,D212,D213,D401,D404,D413,D415'],
], ids=['flake8', 'pydocstyle'])
def test_linter_is_content(tool):
    targets = [folder for folder in FOLDERS if (CHECKOUT / folder).exists()]
    if 'pydocstyle' in tool:
        targets = ['lane_perception', 'setup.py']
    run = subprocess.run(tool + targets, cwd=CHECKOUT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize('path', SOURCES, ids=relative)
def test_source_has_its_copyright_and_one_import_a_line(path):
    text = path.read_text()
    lines = text.splitlines()
    if lines[0].startswith('#!'):
        lines = lines[1:]
    assert 'Copyright 2026 The lane_perception developers' in lines[0]
    assert lines[1] == '# SPDX-License-Identifier: Apache-2.0'
    assert len(lines) <= MAXIMUM_LINES, 'a file of this length has two subjects'
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            assert len(node.names) == 1, f'line {node.lineno}: one import per line'


def test_torch_is_imported_only_where_it_belongs():
    for path in PACKAGE.rglob('*.py'):
        inside = path.relative_to(PACKAGE)
        allowed = inside.parts[0] in TORCH_FOLDERS or inside.name == 'torch_runtime.py'
        for name, _ in imports(path):
            if name.split('.')[0] in ('torch', 'torchvision', 'lightning'):
                assert allowed, f'{relative(path)} imports {name}'


def files_of(place):
    return [PACKAGE / place] if place.endswith('.py') else list((PACKAGE / place).rglob('*.py'))


def own_imports(path):
    """Return which parts of this package a file imports."""
    parts = [name.split('.') for name, _ in imports(path)]
    return [part[1] for part in parts if part[0] == 'lane_perception' and len(part) > 1]


def test_imports_point_one_way():
    foundations = {'errors', 'whole_file', 'json_file', 'yaml_file', 'package_files', 'machine',
                   'progress'}
    below = {
        'geometry': {'geometry', 'errors', 'whole_file', 'yaml_file'},
        'networks': {'networks', 'errors'},
        'model_file.py': foundations,
        'runtimes': {'runtimes', 'model_file', 'errors', 'networks', 'package_files', 'machine'},
        'segmenter.py': {'runtimes', 'model_file', 'errors'},
        'pipeline.py': {'segmenter', 'geometry', 'errors'},
        'simulation': {'simulation', 'pipeline', 'geometry', 'data', *foundations},
    }
    for folder, allowed in below.items():
        for path in files_of(folder):
            for name in own_imports(path):
                assert name in allowed, f'{relative(path)} imports {name}'
    # Peers: data is below the others, and what measures is above what it measures.
    apart = {
        'data': {'evaluation', 'training', 'simulation', 'benchmark', 'pipeline'},
        'evaluation': {'training', 'simulation', 'benchmark'},
        'training': {'simulation', 'benchmark', 'ros'},
        'ros': {'training', 'simulation', 'benchmark'},
    }
    for folder, others in apart.items():
        for path in files_of(folder):
            assert not others & set(own_imports(path)), relative(path)
    for path in PACKAGE.rglob('*.py'):
        if path.parent.name != 'cli':
            for name, _ in imports(path):
                assert not name.startswith('lane_perception.cli'), f'{relative(path)} is below cli'


def test_ros_is_imported_only_where_it_belongs():
    files = [PACKAGE / 'pipeline.py', PACKAGE / 'segmenter.py', PACKAGE / 'model_file.py']
    for folder in WITHOUT_ROS:
        files += (PACKAGE / folder).rglob('*.py')
    for path in files:
        for name, _ in imports(path):
            assert name.split('.')[0] not in ('rclpy', 'cv_bridge', 'sensor_msgs'), relative(path)


def test_cv_bridge_has_one_user():
    users = [relative(path) for path in PACKAGE.rglob('*.py')
             if any(name.split('.')[0] == 'cv_bridge' for name, _ in imports(path))]
    # The benchmark measures what the node would lose by cv_bridge; nothing goes through it there.
    measured = {'lane_perception/benchmark/alternatives.py'}
    assert set(users) - measured == {'lane_perception/ros/images.py'}


def test_the_pipeline_imports_neither_torch_nor_ros():
    code = ('import sys, lane_perception.pipeline; '
            'print([m for m in ("torch", "rclpy", "onnx", "rosbags") if m in sys.modules])')
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == '[]'

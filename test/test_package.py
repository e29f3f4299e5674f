# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The package as colcon, rosdep and pip see it."""

import importlib
import re
from pathlib import Path

from lxml import etree
import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
REQUIRED_KEYS = {'python3-torch', 'python3-torchvision', 'rclpy', 'cv_bridge', 'sensor_msgs',
                 'python3-opencv', 'python3-numpy', 'launch_ros'}


def manifest():
    return etree.parse(str(CHECKOUT / 'package.xml')).getroot()


def test_the_manifest_is_format_3_and_names_the_packages_that_the_design_is_built_on():
    root = manifest()
    assert root.get('format') == '3'
    assert REQUIRED_KEYS <= {element.text for element in root.iter('exec_depend')}
    assert root.findtext('export/build_type') == 'ament_python'
    assert root.findtext('license') == 'Apache-2.0'


def test_manifest_setup_and_changelog_agree_on_the_version():
    version = manifest().findtext('version')
    assert f"version='{version}'" in (CHECKOUT / 'setup.py').read_text()
    sections = re.findall(r'^(Forthcoming|[0-9.]+ \(.*\))\n-+$',
                          (CHECKOUT / 'CHANGELOG.rst').read_text(), re.MULTILINE)
    assert sections[0] == 'Forthcoming' or sections[0].startswith(f'{version} ')


def test_every_verb_has_a_main_and_the_readme_names_it():
    readme = (CHECKOUT / 'README.md').read_text()
    verbs = [path.stem for path in (CHECKOUT / 'lane_perception' / 'cli').glob('*.py')
             if path.stem != '__init__']
    assert verbs
    for verb in verbs:
        assert callable(importlib.import_module(f'lane_perception.cli.{verb}').main)
        assert f'`{verb}`' in readme, f'README.md does not name {verb}'


def test_executables_do_not_pin_an_interpreter():
    setup_cfg = (CHECKOUT / 'setup.cfg').read_text()
    assert re.search(r'\[build_scripts\]\s+executable = /usr/bin/env python3', setup_cfg)


def test_no_path_of_one_machine_is_committed():
    import subprocess
    listed = subprocess.run(['git', 'ls-files'], cwd=CHECKOUT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip('not a git checkout')
    pattern = re.compile(r'(^|[^A-Za-z.])/(work|root|home/(?!me/)[a-z]+)/|[.]pyenv')
    binary = ('.png', '.jpg', '.onnx', '.safetensors', '.ttf')
    for name in listed.stdout.split():
        path = CHECKOUT / name
        if path.suffix not in binary and path.name != 'test_package.py':
            text = path.read_text()
            assert not pattern.search(text), name
            # Tests and examples may speak of a temporary folder; a measured command may not.
            assert path.suffix != '.json' or '/tmp/' not in text, name

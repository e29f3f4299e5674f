# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Model files: round trip, and a sentence that names the file for every kind of damage."""

import json

import numpy as np
import pytest

from bright_model import write_bright_model

from lane_perception.errors import UserError
from lane_perception.model_file import METADATA_KEY
from lane_perception.model_file import SUFFIXES
from lane_perception.model_file import ModelCard
from lane_perception.model_file import find_model
from lane_perception.model_file import member_names
from lane_perception.model_file import parse_card
from lane_perception.model_file import read_safetensors
from lane_perception.model_file import shipped_models
from lane_perception.model_file import write_safetensors
from lane_perception.runtimes import open_runtime
from lane_perception.runtimes import read_card

CARD = ModelCard('small', 'lane_dense', 96, 160, threshold=0.4, metrics={'lane_iou': 0.5})


def test_others_may_read_what_was_written(tmp_path):
    write_safetensors(tmp_path / 'm.safetensors', {'a': np.zeros(4)}, CARD)
    (tmp_path / 'usual').touch()
    assert (tmp_path / 'm.safetensors').stat().st_mode == (tmp_path / 'usual').stat().st_mode


def test_weights_and_card_come_back_as_they_were_written(tmp_path):
    weights = {'a': np.arange(6, dtype=np.float32).reshape(2, 3), 'b': np.zeros(4, np.float16)}
    write_safetensors(tmp_path / 'm.safetensors', weights, CARD)
    back, card = read_safetensors(tmp_path / 'm.safetensors')
    assert card == CARD == read_card(tmp_path / 'm.safetensors')
    assert back.keys() == weights.keys()
    for name, value in weights.items():
        np.testing.assert_array_equal(back[name], value)
        assert back[name].dtype == value.dtype


def test_nothing_but_the_file_is_left_behind(tmp_path):
    write_safetensors(tmp_path / 'm.safetensors', {'a': np.zeros(3)}, CARD)
    assert [path.name for path in tmp_path.iterdir()] == ['m.safetensors']


def test_an_onnx_file_carries_the_same_card(tmp_path):
    write_bright_model(tmp_path / 'm.onnx', 64, 96, threshold=0.3)
    card = read_card(tmp_path / 'm.onnx')
    assert (card.input_height, card.input_width, card.threshold) == (64, 96, 0.3)


@pytest.mark.parametrize('suffix', ['onnx', 'safetensors'])
@pytest.mark.parametrize('share', [0.0, 0.3, 0.9])
def test_a_truncated_file_is_refused_by_name(tmp_path, suffix, share):
    path = tmp_path / f'm.{suffix}'
    if suffix == 'onnx':
        write_bright_model(path)
    else:
        write_safetensors(path, {'a': np.zeros(300)}, CARD)
    content = path.read_bytes()
    path.write_bytes(content[:int(share * len(content))])
    with pytest.raises(UserError, match=f'm.{suffix}'):
        read_card(path)


@pytest.mark.parametrize('name, runtime', [
    ('m.onnx', 'openvino'), ('m.onnx', 'onnxruntime'), ('m.safetensors', 'torch')])
def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch, name, runtime):
    pytest.importorskip(runtime)
    write_bright_model(tmp_path / 'm.onnx')
    write_safetensors(tmp_path / 'm.safetensors', {'a': np.zeros(3)}, CARD)

    def denied(path, mode):
        raise PermissionError(13, 'Permission denied', str(path))
    monkeypatch.setattr('lane_perception.model_file.open', denied, raising=False)
    with pytest.raises(UserError, match=f'{name} cannot be read: Permission denied$'):
        open_runtime(tmp_path / name, runtime)


def test_a_foreign_onnx_file_is_refused_with_the_way_to_convert(tmp_path):
    import onnx
    write_bright_model(tmp_path / 'm.onnx')
    model = onnx.load(tmp_path / 'm.onnx')
    del model.metadata_props[:]
    onnx.save(model, tmp_path / 'foreign.onnx')
    with pytest.raises(UserError, match='foreign.onnx.*export'):
        read_card(tmp_path / 'foreign.onnx')


@pytest.mark.parametrize('change, sentence', [
    ({'format': 2}, 'format 2'),
    ({'input_height': 100}, 'multiples of 32'),
    ({'input_height': 32_000_000}, 'multiples of 32 up to 4096'),
    ({'threshold': 0.0}, 'threshold'),
    ({'mean': 'gray'}, 'impossible value'),
    ({'mean': [0.5]}, 'm.onnx: its mean .* three numbers'),
    ({'std': [1, 1, float('nan')]}, 'its std .* three numbers'),
    ({'std': [0.2, 0.0, 0.2]}, 'its std .* above 0'),
    ({'input_width': float('inf')}, 'impossible value'),
    ({'name': ['a']}, 'its name .* not a text'),
    ({'architecture': None}, 'its architecture None is not a text'),
    ({'trained_on': 3}, 'its trained_on 3 is not a text'),
    ({'metrics': [1]}, 'its metrics .* not a JSON object'),
    ({'precision': 'int4'}, "its precision 'int4' is not one of fp32, int8"),
    ({'precision': ['int8']}, 'its precision'),
])
def test_a_card_with_impossible_values_is_refused(tmp_path, change, sentence):
    values = {**json.loads(CARD.to_json()), **change}
    with pytest.raises(UserError, match=sentence):
        parse_card(json.dumps(values), tmp_path / 'm.onnx')


@pytest.mark.parametrize('text', ['', None, '{', '[]', '{"format": 1}', '[' * 100_000,
                                  '{"format": ' + '9' * 5000 + '}'],
                         ids=lambda text: str(text)[:20])
def test_a_card_that_is_none_is_refused(tmp_path, text):
    with pytest.raises(UserError, match=f'm.onnx.*{METADATA_KEY}|m.onnx.*lacks'):
        parse_card(text, tmp_path / 'm.onnx')


def test_keys_of_a_later_minor_version_are_passed_over(tmp_path):
    values = {**json.loads(CARD.to_json()), 'later': 1}
    assert parse_card(json.dumps(values), tmp_path / 'm.onnx') == CARD


def test_a_model_is_found_by_path_by_run_folder_and_by_name(tmp_path, monkeypatch):
    write_bright_model(tmp_path / 'model.onnx')
    assert find_model(tmp_path / 'model.onnx') == tmp_path / 'model.onnx'
    assert find_model(tmp_path) == tmp_path / 'model.onnx'
    shipped = tmp_path / 'share' / 'lane_perception' / 'models'
    shipped.mkdir(parents=True)
    write_bright_model(shipped / 'named.onnx')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    assert find_model('named') == shipped / 'named.onnx'
    write_safetensors(shipped / 'named.safetensors', {'a': np.zeros(4)}, CARD)
    for first, other in (SUFFIXES, SUFFIXES[::-1]):
        assert find_model('named', (first, other)) == shipped / f'named{first}'
    write_bright_model(shipped / 'named_int8.onnx')
    assert 'named' in shipped_models() and 'named_int8' not in shipped_models()
    with pytest.raises(UserError, match='nothing_like_it.*named'):
        find_model('nothing_like_it')
    with pytest.raises(UserError, match='gone.onnx does not exist'):
        find_model('gone.onnx')


@pytest.mark.parametrize(('name', 'sentence'), [
    ('best.pth', 'best.pth is a checkpoint of torch.*export .*best.pth --architecture NAME'),
    ('best.PTH', 'best.PTH is a checkpoint of torch.*export .*best.PTH --architecture NAME'),
    ('photo.jpg', 'photo.jpg is not a model file.*onnx')])
def test_a_file_of_another_kind_is_no_model(tmp_path, name, sentence):
    (tmp_path / name).write_bytes(b'anything')
    with pytest.raises(UserError, match=sentence):
        find_model(tmp_path / name)
    with pytest.raises(UserError, match=sentence):
        read_card(tmp_path / name)


def test_a_comma_in_a_path_makes_no_ensemble(tmp_path):
    folder = tmp_path / 'lr=1e-3,bs=8'
    folder.mkdir()
    file = folder / 'model.onnx'
    write_bright_model(file)
    assert member_names(file) == member_names(str(file)) == [str(file)]
    assert member_names(folder / 'none.onnx') == [str(folder / 'none.onnx')]
    assert member_names('lane_lite, mine.onnx') == ['lane_lite', 'mine.onnx']

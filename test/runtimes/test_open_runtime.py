# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Runtimes agree on the same picture, and refuse what this machine cannot do with a cure."""

import dataclasses
import hashlib
import importlib.util
import os
import platform
import subprocess
import sys

import numpy as np
import openvino
import pytest

from bright_model import write_bright_model
from bright_model import write_other_graph

from lane_perception.errors import UserError
from lane_perception.model_file import ModelCard
from lane_perception.model_file import read_safetensors
from lane_perception.model_file import write_safetensors
from lane_perception.runtimes import find_file
from lane_perception.runtimes import installed_runtimes
from lane_perception.runtimes import open_runtime

# Largest difference in probability from fp32 arithmetic in another order, and from bf16's 8 bits.
TOLERANCE = {'fp32': 1e-4, 'bf16': 0.06}


def test_onnxruntime_and_openvino_agree(bright_model):
    images = np.random.default_rng(0).integers(0, 255, (2, 64, 96, 3), np.uint8)
    expected = 1 / (1 + np.exp(-0.1 * (images.mean(axis=3) - 160)))
    for runtime, precision in (('onnxruntime', 'fp32'), ('openvino', 'fp32')):
        answer = open_runtime(bright_model, runtime, 'cpu', precision).run(images)
        assert answer.shape == (2, 64, 96)
        np.testing.assert_allclose(answer, expected, atol=TOLERANCE[precision])


def test_a_runtime_takes_another_size_and_batch_after_the_first(bright_model):
    for name in ('onnxruntime', 'openvino'):
        runtime = open_runtime(bright_model, name)
        for shape in ((1, 32, 32, 3), (4, 64, 96, 3), (1, 32, 32, 3), (1, 384, 640, 3)):
            assert runtime.run(np.zeros(shape, np.uint8)).shape == shape[:3]


def test_auto_takes_the_first_installed_runtime_that_is_not_torch(bright_model):
    assert open_runtime(bright_model).name == installed_runtimes()[0] != 'torch'


@pytest.mark.parametrize('arguments, sentence', [
    ({'runtime': 'tensorflow'}, 'runtime "tensorflow" is not known.*onnxruntime'),
    ({'precision': 'fp8'}, 'precision "fp8" is not known'),
    ({'device': 'gpu'}, 'device "gpu" is not known.*cuda:0'),
    ({'device': 'cuda:²'}, 'device "cuda:²" is not known'),
    ({'device': 'cpu', 'precision': 'fp16'}, 'fp16 needs a GPU.*fp32'),
    ({'runtime': 'openvino', 'precision': 'fp16'}, 'no fp16.*use fp32'),
    ({'runtime': 'openvino', 'device': 'cuda:0'}, 'not on cuda:0'),
    ({'runtime': 'onnxruntime', 'precision': 'bf16'}, 'bf16 needs runtime openvino or torch'),
    ({'precision': 'int8'}, 'bright_int8.onnx'),
    ({'runtime': 'torch'}, 'ONNX file, which torch cannot run'),
])
def test_what_cannot_be_done_is_refused_with_what_would_work(bright_model, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        open_runtime(bright_model, **arguments)


def test_weights_of_another_network_are_refused_by_name(tmp_path):
    pytest.importorskip('torchvision')
    from lane_perception.training.export import load_network
    from lane_perception.training.untrained import write_untrained
    write_untrained('lane_dense_tiny', 64, tmp_path / 'tiny.safetensors')
    weights, card = read_safetensors(tmp_path / 'tiny.safetensors')
    path = tmp_path / 'base.safetensors'
    write_safetensors(path, weights, dataclasses.replace(card, architecture='lane_dense_base'))
    for use in (lambda: open_runtime(path, 'torch'), lambda: load_network(path)):
        with pytest.raises(UserError, match=f'{path}: its tensors do not fit lane_dense_base'):
            use()


@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
def test_a_graph_that_is_no_lane_network_is_refused_by_name(tmp_path, runtime):
    write_other_graph(tmp_path / 'other.onnx')
    with pytest.raises(UserError, match='other.onnx: its network'):
        open_runtime(tmp_path / 'other.onnx', runtime)


@pytest.mark.parametrize('runtime', ['auto', 'onnxruntime'])
def test_cuda_without_cuda_is_refused(bright_model, runtime):
    from lane_perception.runtimes.onnxruntime_runtime import built_for_cuda
    if built_for_cuda():
        pytest.skip('this onnxruntime is a build for CUDA')
    with pytest.raises(UserError, match='cuda:0 needs onnxruntime-gpu and an NVIDIA GPU'):
        open_runtime(bright_model, runtime, 'cuda:0')


@pytest.fixture
def gpu_build_without_gpu(monkeypatch):
    """Say what onnxruntime-gpu says of itself; its sessions run on the processor nevertheless."""
    import onnxruntime
    monkeypatch.setattr(onnxruntime, 'get_device', lambda: 'GPU')
    monkeypatch.setattr(onnxruntime, 'get_available_providers',
                        lambda: ['CUDAExecutionProvider', 'CPUExecutionProvider'])


@pytest.mark.filterwarnings('ignore:Specified provider')
@pytest.mark.parametrize('runtime', ['auto', 'onnxruntime'])
def test_onnxruntime_for_cuda_that_falls_back_to_the_processor_is_refused(
        bright_model, gpu_build_without_gpu, runtime):
    with pytest.raises(UserError, match='cannot use cuda:1.*use device cpu'):
        open_runtime(bright_model, runtime, 'cuda:1')


@pytest.mark.filterwarnings('ignore:Specified provider')
@pytest.mark.parametrize('precision', ['auto', 'fp32'])
def test_auto_goes_on_to_the_processor_where_onnxruntime_for_cuda_finds_no_gpu(
        bright_model, gpu_build_without_gpu, precision):
    opened = open_runtime(bright_model, precision=precision)
    assert (opened.name, opened.device) == (installed_runtimes()[0], 'cpu')
    opened = open_runtime(bright_model, 'onnxruntime', precision=precision)
    assert (opened.name, opened.device) == ('onnxruntime', 'cpu')


def test_torch_refuses_a_gpu_that_is_not_there(tmp_path, monkeypatch):
    import torch
    from lane_perception.model_file import ModelCard
    from lane_perception.model_file import write_safetensors
    write_safetensors(tmp_path / 'm.safetensors', {'w': np.zeros(1, np.float32)},
                      ModelCard('m', 'lane_dense_tiny', 32, 32))
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    with pytest.raises(UserError, match='no device cuda:7: torch sees 2 GPUs'):
        open_runtime(tmp_path / 'm.safetensors', 'torch', 'cuda:7')


def test_a_runtime_that_is_not_installed_is_refused(bright_model, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, 'find_spec',
                        lambda name: None if name == 'openvino' else real(name))
    with pytest.raises(UserError, match='openvino is not installed.*pip install openvino'):
        open_runtime(bright_model, 'openvino')


@pytest.mark.parametrize('own, policy', [(None, 'PASSIVE'), ('ACTIVE', 'ACTIVE')])
def test_torchs_threads_do_not_spin_unless_the_user_wants_it(own, policy):
    pytest.importorskip('torchvision')
    code = ('import os\nfrom lane_perception.runtimes import open_runtime\n'
            "opened = open_runtime('lane_lite', 'torch', 'cpu')\n"
            "print(opened.name, os.environ['OMP_WAIT_POLICY'])")
    environment = {name: value for name, value in os.environ.items()
                   if name != 'OMP_WAIT_POLICY'}
    if own is not None:
        environment['OMP_WAIT_POLICY'] = own
    told = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                          env=environment, check=True)
    assert told.stdout.split() == ['torch', policy]


def test_torch_and_the_exported_file_answer_alike_with_a_mean_and_a_spread(tmp_path):
    pytest.importorskip('torchvision')
    from lane_perception.training.untrained import write_untrained
    for suffix in ('.safetensors', '.onnx'):
        write_untrained('lane_dense_tiny', 64, tmp_path / f'tiny{suffix}')
    images = np.random.default_rng(0).integers(0, 255, (1, 64, 64, 3), np.uint8)
    exported = open_runtime(tmp_path / 'tiny.onnx', 'onnxruntime', 'cpu', 'fp32')
    trained = open_runtime(tmp_path / 'tiny.safetensors', 'torch', 'cpu', 'fp32')
    assert min(trained.card.mean) > 0 and trained.card.std != (1, 1, 1)
    answer = trained.run(images)
    assert np.ptp(answer) > 100 * TOLERANCE['fp32'], 'what is compared is no constant'
    np.testing.assert_allclose(exported.run(images), answer, atol=TOLERANCE['fp32'])


def test_the_exported_file_is_taken_where_one_lies_beside_the_weights(tmp_path):
    weights, exported = tmp_path / 'm.safetensors', tmp_path / 'm.onnx'
    weights.write_bytes(b'')
    with pytest.raises(UserError, match='there is no m.onnx beside it for onnxruntime'):
        find_file(weights, 'onnxruntime')
    write_bright_model(exported)
    assert find_file(weights) == find_file(weights, 'onnxruntime') == exported
    assert find_file(weights, 'torch') == weights


@pytest.mark.parametrize(('machine', 'order'), [
    ('x86_64', ['openvino', 'onnxruntime', 'torch']),
    ('AMD64', ['openvino', 'onnxruntime', 'torch']),
    ('aarch64', ['onnxruntime', 'openvino', 'torch'])])
def test_the_processor_says_which_runtime_is_preferred(monkeypatch, machine, order):
    monkeypatch.setattr(platform, 'machine', lambda: machine)
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: name)
    assert installed_runtimes() == order


def test_openvino_keeps_no_more_compiled_sizes_than_it_may(bright_model, monkeypatch):
    from lane_perception.runtimes import openvino_runtime
    monkeypatch.setattr(openvino_runtime, 'KEPT_SHAPES', 2)
    opened = open_runtime(bright_model, 'openvino')
    for count in (2, 3, 4, 2):
        assert len(opened.run(np.zeros((count, 32, 32, 3), np.uint8))) == count
    assert len(opened._compiled) == 2


def test_int8_takes_the_file_beside(tmp_path):
    write_bright_model(tmp_path / 'm.onnx')
    write_bright_model(tmp_path / 'm_int8.onnx', precision='int8')
    for name in ('onnxruntime', 'openvino'):
        assert open_runtime(tmp_path / 'm.onnx', name, precision='int8').precision == 'int8'


@pytest.mark.parametrize(('instructions', 'precision'), [
    (['avx2'], 'fp32'),
    (['avx2', 'avx512f', 'avx512_bf16'], 'fp32'),
    (['avx2', 'avx_vnni'], 'int8'),
    (['avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16'], 'int8')])
@pytest.mark.parametrize('runtime', ['openvino', 'onnxruntime'])
def test_auto_takes_the_precision_that_suits_the_processor(
        tmp_path, monkeypatch, instructions, precision, runtime):
    monkeypatch.setattr('lane_perception.runtimes.precision.instructions', lambda: instructions)
    write_bright_model(tmp_path / 'm.onnx')
    assert open_runtime(tmp_path / 'm.onnx', runtime).precision == 'fp32', 'there is no other'
    write_bright_model(tmp_path / 'm_int8.onnx', precision='int8')
    assert open_runtime(tmp_path / 'm.onnx', runtime).precision == precision
    assert open_runtime(tmp_path / 'm.onnx', runtime, precision='fp32').precision == 'fp32'


def test_auto_takes_bf16_where_amx_multiplies(tmp_path, monkeypatch):
    monkeypatch.setattr('lane_perception.runtimes.precision.instructions',
                        lambda: ['avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16'])
    for name, precision in (('m', 'fp32'), ('m_int8', 'int8')):
        write_bright_model(tmp_path / f'{name}.onnx', precision=precision)
    able = 'BF16' in openvino.Core().get_property('CPU', 'OPTIMIZATION_CAPABILITIES')
    assert open_runtime(tmp_path / 'm.onnx', 'openvino').precision == ('bf16' if able else 'fp32')
    assert open_runtime(tmp_path / 'm.onnx', 'onnxruntime').precision == 'fp32'


@pytest.fixture
def a_processor_for_int8(monkeypatch):
    monkeypatch.setattr('lane_perception.runtimes.precision.instructions', lambda: ['avx_vnni'])


def test_an_int8_file_of_the_model_that_had_that_name_before_is_left_alone(
        tmp_path, a_processor_for_int8):
    write_bright_model(tmp_path / 'm_int8.onnx', precision='int8')
    write_bright_model(tmp_path / 'm.onnx', threshold=0.4)
    assert find_file(tmp_path / 'm.onnx').name == 'm.onnx'
    with pytest.raises(UserError, match='m_int8.onnx is of another model than m.onnx; make it '
                       'anew with: export .*m.safetensors --int8'):
        find_file(tmp_path / 'm.onnx', precision='int8')
    write_bright_model(tmp_path / 'm.onnx')
    assert find_file(tmp_path / 'm.onnx', precision='int8').name == 'm_int8.onnx'
    assert find_file(tmp_path / 'm.onnx').name == 'm_int8.onnx'
    write_bright_model(tmp_path / 'm.onnx', exported_from='other weights')
    assert find_file(tmp_path / 'm.onnx').name == 'm.onnx'


def test_an_int8_file_beside_weights_alone_is_of_those(tmp_path):
    write_safetensors(tmp_path / 'm.safetensors', {'weight': np.zeros(1, np.float32)},
                      ModelCard('m', 'bright', 64, 96))
    digest = hashlib.sha256((tmp_path / 'm.safetensors').read_bytes()).hexdigest()
    write_bright_model(tmp_path / 'm_int8.onnx', precision='int8', exported_from=digest)
    assert find_file(tmp_path / 'm.safetensors', precision='int8').name == 'm_int8.onnx'
    write_bright_model(tmp_path / 'm_int8.onnx', precision='int8', exported_from='of others')
    with pytest.raises(UserError, match='of another model'):
        find_file(tmp_path / 'm.safetensors', precision='int8')


def test_a_damaged_int8_file_that_nobody_asked_for_is_left_alone(tmp_path, a_processor_for_int8):
    write_bright_model(tmp_path / 'm.onnx')
    (tmp_path / 'm_int8.onnx').write_bytes(b'half a file')
    assert open_runtime(tmp_path / 'm.onnx').precision == 'fp32'
    with pytest.raises(UserError, match='m_int8.onnx is damaged'):
        open_runtime(tmp_path / 'm.onnx', precision='int8')


def test_what_may_run_on_a_gpu_is_no_int8_file(
        tmp_path, a_processor_for_int8, gpu_build_without_gpu):
    for name, precision in (('m', 'fp32'), ('m_int8', 'int8')):
        write_bright_model(tmp_path / f'{name}.onnx', precision=precision)
    assert find_file(tmp_path / 'm.onnx').name == 'm.onnx'
    assert find_file(tmp_path / 'm.onnx', device='cpu').name == 'm_int8.onnx'
    assert find_file(tmp_path / 'm.onnx', 'openvino').name == 'm_int8.onnx'
    assert open_runtime(tmp_path / 'm.onnx').precision == 'int8', 'there is no GPU after all'


OPEN_TWO_FREE_TWO = '''
import gc, os, signal, sys
from lane_perception.runtimes import open_runtime
first, second = (open_runtime(sys.argv[1], 'openvino') for _ in range(2))
first = gc.collect()
second = gc.collect()
signal.signal(signal.SIGUSR1, lambda number, frame: print('handled'))
os.kill(os.getpid(), signal.SIGUSR1)
'''


def test_a_signal_after_two_models_were_freed_does_not_end_the_process(bright_model):
    # It did on processors with AMX, until all models shared one openvino.Core.
    ended = subprocess.run([sys.executable, '-c', OPEN_TWO_FREE_TWO, str(bright_model)],
                           capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (0, 'handled\n'), ended.stderr

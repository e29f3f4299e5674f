# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The life of a node process: transitions there and back, signals, refusals."""

import signal

import psutil
import pytest
from ros_desk import bright_picture
from ros_desk import raw_message
from ros_desk import send_until_answered
from ros_desk import TIMEOUT_S
from sensor_msgs.msg import Image

from lane_perception.ros.diagnostics import ERROR
from lane_perception.ros.diagnostics import WARN

ROUNDS = 5
GROWTH_MIB = 6     # in so many rounds; one leaked model or worker each would be more


def test_without_autostart_it_waits_for_a_manager(desk, small_model):
    desk.start({'model': small_model, 'autostart': 'false'}, active=False)
    desk.wait_for_state('unconfigured')
    level, message, values = desk.diagnosis(lambda *_: True)
    assert (level, message) == (WARN, 'not configured')
    assert values['model'] == str(small_model)
    assert desk.change_state('configure')
    assert desk.diagnosis(lambda *_: True)[:2] == (WARN, 'not active')
    assert desk.node.count_subscribers('/image') == 0, 'an inactive node takes no frames'
    assert desk.change_state('activate')
    desk.wait_for_state('active')
    desk.spin_until(lambda: desk.node.count_subscribers('/image') == 1)


def test_five_times_there_and_back_leaves_nothing_behind(desk, small_model):
    process = desk.start({'model': small_model})
    masks = desk.listen(Image, '/lane_perception/mask')

    def there_and_back(number):
        camera = desk.camera()
        send_until_answered(desk, camera, raw_message(bright_picture(), number), masks)
        desk.node.destroy_publisher(camera)
        for transition in ('deactivate', 'cleanup', 'configure', 'activate'):
            assert desk.change_state(transition), transition
        desk.wait_for_state('active')
        resources = psutil.Process(process.process.pid)
        return resources.memory_info().rss / 2**20, resources.num_threads()

    for number in range(3):   # the first rounds fill pools that stay
        memory, threads = there_and_back(number)
    for number in range(ROUNDS):
        memory_after, threads_after = there_and_back(10 + number)
    assert threads_after < threads + ROUNDS, 'one left behind each time'
    assert memory_after - memory < GROWTH_MIB, (memory, memory_after)
    assert process.stop() == 0


@pytest.fixture(scope='module')
def many(make_desk, small_model):
    """Return three active nodes, one for each way to end them."""
    desk = make_desk()
    names = ('one', 'two', 'three')
    processes = {
        name: desk.start({'model': small_model}, {'__node': name}, active=False) for name in names}
    for name in names:
        desk.wait_for_state('active', f'/{name}', processes[name])
    return processes


@pytest.mark.parametrize('name, signals', [
    ('one', (signal.SIGINT,)),
    ('two', (signal.SIGINT, signal.SIGINT)),   # as ros2 launch hands Ctrl-C on
    ('three', (signal.SIGTERM,)),
])
def test_signals_end_it_with_status_0(many, name, signals):
    assert many[name].stop(*signals) == 0, many[name].output
    assert 'Traceback' not in many[name].output


def test_it_ends_with_status_0_after_a_manager_has_shut_it_down(desk, small_model):
    process = desk.start({'model': small_model})
    assert desk.change_state('deactivate')
    assert desk.change_state('shutdown')
    desk.wait_for_state('finalized')
    assert 'start the node again' in desk.diagnosis(lambda *_: True)[1]
    assert process.stop() == 0, process.output
    assert 'Traceback' not in process.output


# Case: (parameters, part of the sentence); {...} are files that the fixture makes.
REFUSALS = {
    'missing_model': ({'model': '/no/such.onnx'}, '/no/such.onnx'),
    'broken_model': ({'model': '{text}'}, 'text.onnx'),
    'fp16_on_a_processor': (
        {'model': '{model}', 'device': 'cpu', 'precision': 'fp16'},
        'precision fp16 needs a GPU; on a processor use fp32, bf16 or int8'),
    'unknown_runtime': (
        {'model': '{model}', 'runtime': 'tensorrt'},
        'runtime "tensorrt" is not known; use one of auto, torch, onnxruntime, openvino'),
    'onnx_in_torch': ({'model': '{model}', 'runtime': 'torch'}, 'use runtime onnxruntime or'),
    'bad_calibration': ({'model': '{model}', 'ground_calibration': '{ground}'},
                        'the key image_height is missing'),
    'metres_without_calibration': (
        {'model': '{model}', 'look_ahead_m': 0.5}, 'look_ahead_m needs a ground calibration'),
}


@pytest.fixture(scope='module')
def refused(make_desk, small_model, tmp_path_factory):
    """Return a desk, and the processes that refuse to configure by case."""
    folder = tmp_path_factory.mktemp('refused')
    files = {'model': small_model, 'text': folder / 'text.onnx', 'ground': folder / 'ground.yaml'}
    files['text'].write_text('not a network')
    files['ground'].write_text('image_width: 640\n')
    desk = make_desk()
    processes = {}
    for case, (parameters, _) in REFUSALS.items():
        given = {name: str(value).format(**files) for name, value in parameters.items()}
        processes[case] = desk.start(given, {'__node': case}, active=False)
    return desk, processes


@pytest.mark.parametrize('case', REFUSALS)
def test_configure_refuses_with_a_sentence_and_the_node_stays(refused, case):
    desk, processes = refused
    sentence = REFUSALS[case][1]
    processes[case].wait_for_output(sentence)
    desk.wait_for_state('unconfigured', f'/{case}', processes[case])
    level, message, _ = desk.diagnosis(lambda *_: True, case)
    assert level == ERROR
    assert message.startswith('cannot configure: ') and sentence in message
    assert not desk.change_state('configure', f'/{case}'), 'it is as wrong as before'
    assert processes[case].stop() == 0
    assert 'Traceback' not in processes[case].output


def test_a_runtime_that_is_not_installed_is_refused(desk, small_model):
    # An environment without OpenVINO, as on a car that has ONNX Runtime only.
    program = ('-c', 'import importlib.util, sys\n'
               'find = importlib.util.find_spec\n'
               'importlib.util.find_spec = lambda name, *rest: '
               'None if name == "openvino" else find(name, *rest)\n'
               'from lane_perception.cli.lane_node import main\n'
               'sys.exit(main())')
    process = desk.start({'model': small_model, 'runtime': 'openvino'}, active=False,
                         program=program)
    level, message, _ = desk.diagnosis(lambda *_: True)
    assert level == ERROR
    assert 'runtime openvino is not installed (installed: ' in message
    assert 'pip install openvino' in message
    assert process.stop() == 0


@pytest.mark.parametrize('arguments, sentence', [
    (('-p', 'model=lane_lite'), "Couldn't parse parameter override rule: '-p model=lane_lite'"),
    (('--params-file', '/no/such.yaml'), "Couldn't parse params file: '--params-file /no/such"),
    (('-p', 'threshold:=1.5'), 'parameter threshold must be a number with a decimal point from '
                               '0.0 to 0.99'),
    (('-p', 'qos.depth:=none'), 'parameter qos.depth must be a whole number from 1 to 100'),
    (('-p', 'use_sim_time:=1'), 'parameter use_sim_time must be true or false'),
])
def test_wrong_arguments_are_one_sentence_and_status_2(desk, arguments, sentence):
    process = desk.start(arguments=arguments, active=False)
    assert process.process.wait(TIMEOUT_S) == 2
    assert sentence in process.output
    assert 'Traceback' not in process.output

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A lane_node in a process of its own, and a desk beside it with cameras, listeners, services."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rclpy.qos import ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Header

TIMEOUT_S = 60.0  # for what takes two seconds on a machine with nothing else to do
ANSWER_S = 5.0    # DDS loses a service's answer while the two sides still find each other
SETTLE_S = 0.3    # discovery has two sides, and only one can be asked
NODE = '/lane_perception'
# Each transition, and the state that it leads to.
TRANSITIONS = {
    'configure': (Transition.TRANSITION_CONFIGURE, 'inactive'),
    'activate': (Transition.TRANSITION_ACTIVATE, 'active'),
    'deactivate': (Transition.TRANSITION_DEACTIVATE, 'inactive'),
    'cleanup': (Transition.TRANSITION_CLEANUP, 'unconfigured'),
    'shutdown': (Transition.TRANSITION_INACTIVE_SHUTDOWN, 'finalized'),
}


def domain_environment(domain):
    """Return the environment of a process in that ROS domain, on this machine only."""
    return {**os.environ, 'ROS_DOMAIN_ID': str(domain), 'ROS_LOCALHOST_ONLY': '1',
            'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}


def qos(reliable=False, depth=5):
    reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
    return QoSProfile(depth=depth, reliability=reliability)


def header(number, frame_id='camera'):
    """Return a header whose stamp tells frames apart: 1000 seconds and so many milliseconds."""
    return Header(stamp=Time(sec=1000 + number // 1000, nanosec=number % 1000 * 1_000_000),
                  frame_id=frame_id)


def number_of(stamp):
    """Return the number that header() was made with."""
    return (stamp.sec - 1000) * 1000 + stamp.nanosec // 1_000_000


def raw_message(image, number, encoding='bgr8'):
    """Return an (H, W) or (H, W, 3) uint8 picture as sensor_msgs/Image."""
    height, width = image.shape[:2]
    return Image(header=header(number), height=height, width=width, encoding=encoding,
                 step=image.size // height, data=image.tobytes())


class NodeProcess:
    """lane_node as a process; what it writes is kept."""

    def __init__(self, log, domain, parameters=None, remaps=None, arguments=(),
                 program=('-m', 'lane_perception.cli.lane_node')):
        command = [sys.executable, *program, '--ros-args']
        for name, value in (parameters or {}).items():
            command += ['-p', f'{name}:={value}']
        for name, value in (remaps or {}).items():
            command += ['-r', f'{name}:={value}']
        self._log = log
        with open(log, 'wb') as output:
            self.process = subprocess.Popen([*command, *arguments], stdout=output, stderr=output,
                                            env=domain_environment(domain))

    @property
    def output(self):
        return self._log.read_text(errors='replace')

    def wait_for_output(self, text, timeout=TIMEOUT_S):
        end = time.monotonic() + timeout
        while text not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < end, f'no "{text}" in: {self.output}'
            time.sleep(0.05)

    def end(self):
        """End it as Ctrl-C does, so that it leaves no shared memory behind, or by force."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def stop(self, *signals):
        """Send the signals, SIGINT by default, and return the exit status."""
        for number in signals or (signal.SIGINT,):
            self.process.send_signal(number)
            time.sleep(0.02)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()


class Desk:
    """A node of the test's own in the domain of the node under test."""

    def __init__(self, domain, folder):
        self.domain = domain
        self.folder = folder
        self._processes = []
        before = {name: os.environ.get(name) for name in domain_environment(domain)}
        os.environ.update(domain_environment(domain))
        try:
            self._context = rclpy.Context()
            rclpy.init(context=self._context, domain_id=domain,
                       signal_handler_options=SignalHandlerOptions.NO)
            self.node = rclpy.create_node('desk', context=self._context)
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._clients = {}        # by the service's name
        self.diagnostics = {}     # by the status's name
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def close(self):
        """End everything; may be called twice."""
        for process in self._processes:
            process.end()
        if self._context.ok():
            self._executor.shutdown()
            self.node.destroy_node()
            self._context.try_shutdown()

    def _on_diagnostics(self, message):
        for status in message.status:
            self.diagnostics[status.name] = status

    def start(self, parameters=None, remaps=None, arguments=(), active=True, name=NODE,
              **options):
        """Start a lane_node and wait until it is active; return its process."""
        process = NodeProcess(self.folder / f'lane_node_{len(self._processes)}.log', self.domain,
                              parameters, remaps, arguments, **options)
        self._processes.append(process)
        if active:
            self.wait_for_state('active', name, process)
        return process

    def spin_until(self, condition, timeout=TIMEOUT_S, what=lambda: 'nothing happened in time'):
        """Spin until the condition is true; fail with what was waited for."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, what()
            self._executor.spin_once(timeout_sec=0.05)

    def spin_once(self, seconds):
        """Handle what comes in, for at most so long."""
        self._executor.spin_once(timeout_sec=seconds)

    def spin(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._executor.spin_once(timeout_sec=0.02)

    def listen(self, message_type, topic, reliable=True):
        """Return a list that fills with the topic's messages."""
        received = []
        self.node.create_subscription(message_type, topic, received.append, qos(reliable, 100))
        return received

    def camera(self, topic='/image', message_type=Image, reliable=False):
        """Return a publisher that the node under test listens to by now."""
        publisher = self.node.create_publisher(message_type, topic, qos(reliable))
        self.spin_until(lambda: publisher.get_subscription_count() > 0,
                        what=lambda: f'nothing subscribes to {topic}')
        self.spin(SETTLE_S)
        return publisher

    def _client(self, service_type, name):
        if name not in self._clients:
            self._clients[name] = self.node.create_client(service_type, name)
            self.spin_until(self._clients[name].service_is_ready,
                            what=lambda: f'there is no service {name}')
            self.spin(SETTLE_S)
        return self._clients[name]

    def call(self, service_type, name, request, timeout=TIMEOUT_S):
        """Return the service's answer; raise TimeoutError when none comes."""
        future = self._client(service_type, name).call_async(request)
        end = time.monotonic() + timeout
        while not future.done():
            if time.monotonic() > end:
                raise TimeoutError(f'{name} does not answer')
            self.spin_once(0.05)
        return future.result()

    def state(self, name=NODE):
        end = time.monotonic() + TIMEOUT_S
        while True:
            try:
                response = self.call(GetState, f'{name}/get_state', GetState.Request(), ANSWER_S)
                return response.current_state.label
            except TimeoutError as error:
                assert time.monotonic() < end, error

    def wait_for_state(self, state, name=NODE, process=None):
        end = time.monotonic() + TIMEOUT_S
        while self.state(name) != state:
            assert process is None or process.process.poll() is None, process.output
            assert time.monotonic() < end, process.output if process else f'not {state}'
            time.sleep(0.05)

    def change_state(self, transition, name=NODE):
        """Return whether the transition succeeded."""
        number, goal = TRANSITIONS[transition]
        request = ChangeState.Request(transition=Transition(id=number))
        try:
            return self.call(ChangeState, f'{name}/change_state', request).success
        except TimeoutError:
            return self.state(name) == goal

    def set_parameter(self, parameter, value, name=NODE):
        """Return (accepted, reason)."""
        request = SetParameters.Request(
            parameters=[Parameter(parameter, value=value).to_parameter_msg()])
        result = self.call(SetParameters, f'{name}/set_parameters', request).results[0]
        return result.successful, result.reason

    def diagnosis(self, condition, name=NODE.strip('/')):
        """Wait for diagnostics that fulfil the condition; return (level, message, values)."""
        def read():
            status = self.diagnostics.get(name)
            if status is None:
                return None
            return ord(status.level), status.message, {one.key: one.value for one in status.values}
        self.diagnostics.pop(name, None)
        self.spin_until(lambda: read() is not None and condition(*read()),
                        what=lambda: f'last diagnostics: {read()}')
        return read()


def send_until_answered(desk, camera, message, answers, timeout=TIMEOUT_S):
    """Publish a message again and again until something is answered; return the last answer."""
    count = len(answers)
    end = time.monotonic() + timeout
    while len(answers) == count:
        assert time.monotonic() < end, 'no answer'
        camera.publish(message)
        desk.spin(0.1)
    return answers[-1]


def bright_picture(height=64, width=96):
    """Return a small dark BGR picture with two bright upright bars."""
    image = np.full((height, width, 3), 20, np.uint8)
    image[:, 16:24] = 250
    image[:, 72:80] = 250
    return image


def compressed_message(data, number, format='jpeg'):
    return CompressedImage(header=header(number), format=format, data=data)

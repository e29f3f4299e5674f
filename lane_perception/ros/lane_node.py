# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
The node: camera frames come in, a lane mask and a lane centre go out.

A lifecycle node: configure loads the model, activate subscribes and starts the worker, deactivate
ends both, cleanup frees the model. The subscription's callback only stores the newest frame.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any
from typing import Sequence

from diagnostic_msgs.msg import DiagnosticArray
from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_msgs.msg import KeyValue
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock
from rclpy.clock import ClockType
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.lifecycle import LifecycleNode
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image

from lane_perception.errors import UserError
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.known_lens import KnownLens
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.overlay import draw_overlay
from lane_perception.pipeline import LaneEstimate
from lane_perception.pipeline import LanePipeline
from lane_perception.ros import parameters
from lane_perception.ros.diagnostics import ERROR
from lane_perception.ros.diagnostics import FrameStatistics
from lane_perception.ros.diagnostics import Summary
from lane_perception.ros.diagnostics import WARN
from lane_perception.ros.lane_outputs import output_messages
from lane_perception.ros.lane_outputs import output_types
from lane_perception.ros.latest_frame import Frame
from lane_perception.ros.message_classes import message_class
from lane_perception.ros.parameters import LiveSettings
from lane_perception.ros.qos import answered_twice
from lane_perception.ros.qos import explain_silence
from lane_perception.ros.qos import incompatible_reliability
from lane_perception.ros.qos import input_qos
from lane_perception.ros.qos import LossCounter
from lane_perception.ros.qos import NUMBERED
from lane_perception.ros.qos import OUTPUT_QOS
from lane_perception.ros.qos import several_publishers
from lane_perception.ros.qos import unheard_lens
from lane_perception.ros.qos import SubscriptionEventCallbacks
from lane_perception.ros.throttle import Throttle
from lane_perception.ros.worker import Worker
from lane_perception.segmenter import parse_resolution

DIAGNOSTICS_PERIOD_S = 1.0
WARNING_PERIOD_S = 5.0    # the log repeats a sentence at most so often


class LaneNode(LifecycleNode):
    """ROS node around a :class:`LanePipeline`."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        """
        Declare the parameters.

        :param arguments: the process's own, to tell what is meant for this node alone.
        :raises UserError: for a parameter that is not known, of the wrong type or out of range.
        """
        try:
            super().__init__('lane_perception')
        except InvalidParameterTypeException as error:
            raise UserError(parameters.refusal_of_rclpys(error)) from error
        self._values = parameters.declare(self)
        given = self._parameter_overrides
        for sentence in (*parameters.refuse_unknown(given, arguments),
                         *parameters.files_of_others(given, arguments)):
            self.get_logger().warning(sentence)
        self.add_on_set_parameters_callback(self._on_parameters)
        self._pipeline: LanePipeline | None = None
        self._worker: Worker | None = None
        self._ground: GroundCalibration | None = None   # as the file has it
        self._lens: KnownLens | None = None
        self._info: CameraInfo | None = None   # the last one
        self._hearing = threading.Lock()       # of it: with each picture, and when it comes
        self._picture_size: tuple[int, int] | None = None   # (width, height) of the last frame
        self._picture_topic = ''   # after all remappings
        self._subscriptions_held: list[Any] = []
        self._outputs: dict[str, Any] = {}
        self._statistics = FrameStatistics()
        self._throttle = Throttle(WARNING_PERIOD_S)
        self._overtaken = 0      # by workers that have ended
        self._error = ''         # why configure or activate failed
        self._finalized = False
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 1)
        # A steady clock: a paused recording must not silence the diagnostics.
        self.create_timer(DIAGNOSTICS_PERIOD_S, self._publish_diagnostics,
                          clock=Clock(clock_type=ClockType.STEADY_TIME))

    # Life cycle

    def start(self) -> None:
        """Configure and activate, where the parameter autostart says so."""
        if self._values['autostart']:
            if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
                self.trigger_activate()

    def end(self) -> None:
        """Shut down, unless a manager has done so."""
        if not self._finalized:
            self.trigger_shutdown()

    def on_configure(self, state: Any) -> TransitionCallbackReturn:
        """Load the model and the calibration; make the publishers."""
        return self._attempt('configure', self._configure)

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Subscribe to the camera and start the worker."""
        result = self._attempt('activate', self._activate)
        return result if result != TransitionCallbackReturn.SUCCESS else super().on_activate(state)

    def on_deactivate(self, state: Any) -> TransitionCallbackReturn:
        """Unsubscribe and end the worker."""
        self._end_worker()
        return super().on_deactivate(state)

    def on_cleanup(self, state: Any) -> TransitionCallbackReturn:
        """Free the model."""
        self._error = ''
        self._free()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: Any) -> TransitionCallbackReturn:
        """Free everything, from whatever state."""
        self._error = ''
        self._end_worker()
        self._free()
        self._finalized = True
        return TransitionCallbackReturn.SUCCESS

    def _attempt(self, what: str, body: Any) -> TransitionCallbackReturn:
        """Run a transition's body; its exception, which rclpy would swallow, is said."""
        self._error = ''
        try:
            body()
        except Exception as error:
            sentence = str(error) if isinstance(error, UserError) else repr(error)
            self._error = f'cannot {what}: {sentence}'
            self.get_logger().error(self._error)
            self._end_worker()
            if what == 'configure':
                self._free()
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS

    def _configure(self) -> None:
        values = self._values
        parameters.check_values(values)
        for sentence in parameters.without_effect(values):
            self._warn(sentence)
        live = LiveSettings.from_values(values)
        self._pipeline = LanePipeline.load(
            values['model'], values['runtime'], values['device'], values['precision'], live.tta,
            live.threshold, os.path.expanduser(values['ground_calibration']) or None,
            parse_resolution(values['resolution']), live.lane)
        self._ground = self._pipeline.finder.ground
        if self._ground is None:
            self.get_logger().info('no ground calibration: path, pose and markers, which are in '
                                   'metres, are not published')
        self._outputs = {
            name: self.create_publisher(message_class(kind), f'~/{name}', OUTPUT_QOS)
            for name, kind in output_types(self._ground).items()}
        runtime = self._pipeline.segmenter.runtimes[0]
        self.get_logger().info(f'{self._pipeline.segmenter.name} on {runtime.name}, '
                               f'{runtime.device}, {runtime.precision}, input '
                               f'{self._pipeline.segmenter.resolution}')

    def _activate(self) -> None:
        self._pipeline.finder = LaneFinder(self._pipeline.finder.settings, self._ground)
        self._worker = Worker(
            self._pipeline, LiveSettings.from_values(self._values), self._publish,
            self._statistics, lambda: 1e-9 * self.get_clock().now().nanoseconds, self._warn,
            self._look)
        self._statistics.start(time.monotonic())
        self._losses = LossCounter()
        self._lens = KnownLens(self._ground, self.get_logger().info, self._warn)
        self._info = self._picture_size = None
        compressed = self._values['image_transport'] == 'compressed'
        self._input_type = CompressedImage if compressed else Image
        events = SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible_qos)
        # Best effort, whatever is asked of the pictures: drivers offer the one or the other. The
        # first, so that it is heard before a picture that has come with it.
        lens = self.create_subscription(
            CameraInfo, 'camera_info', self._on_camera_info, qos_profile_sensor_data)
        pictures = self.create_subscription(
            self._input_type, 'image/compressed' if compressed else 'image',
            self._on_numbered_frame if NUMBERED else self._on_frame,
            input_qos(self._values), event_callbacks=events)
        self._picture_topic, self._lens_topic = pictures.topic_name, lens.topic_name
        self._subscriptions_held = [lens, pictures]

    def _end_worker(self) -> None:
        for subscription in self._subscriptions_held:
            self.destroy_subscription(subscription)
        self._subscriptions_held = []
        self._statistics.stop()
        if self._worker is not None:
            self._worker.stop()
            self._overtaken += self._worker.frames.overtaken
            self._worker = None

    def _free(self) -> None:
        for publisher in self._outputs.values():
            self.destroy_publisher(publisher)
        self._outputs = {}
        self._pipeline = None

    # Input

    def _on_numbered_frame(self, message: Any, info: Any) -> None:
        identity = info.get('publisher_gid')   # not in every distribution
        publisher = bytes(identity['data']) if identity else message.header.frame_id
        lost = self._losses.lost_before(info['publication_sequence_number'], publisher)
        self._take(message, publisher, lost)

    def _on_frame(self, message: Any) -> None:
        self._take(message, message.header.frame_id)

    def _take(self, message: Any, publisher: Any, lost: int = 0) -> None:
        now = time.monotonic()
        self._statistics.arrived(now, lost, publisher)
        if self._worker is not None:  # one frame may still be under way when it is deactivated
            self._worker.frames.put(Frame(message, now))

    def _on_camera_info(self, info: CameraInfo) -> None:
        self._info = info
        if self._worker is not None:
            with self._hearing:
                self._hear_lens()

    def _look(self, size: tuple[int, int]) -> None:
        """Look at the size of a picture whose lane will be sought; runs in the worker."""
        with self._hearing:
            self._picture_size = size
            self._hear_lens()

    def _hear_lens(self) -> None:
        """Take the last camera_info, once for each size of pictures."""
        if self._info is not None and self._lens.hear(
                self._info, self._picture_topic, self._picture_size):
            self._worker.ground, self._worker.camera = self._lens.ground, self._lens.camera

    def _on_incompatible_qos(self, event: Any) -> None:
        self._warn(incompatible_reliability(self._picture_topic))

    def _on_parameters(self, changed: list[Any]) -> SetParametersResult:
        """Accept or refuse changes of live parameters; the others are read-only."""
        values = {**self._values, **{one.name: one.value for one in changed
                                     if one.name in parameters.NAMES}}
        try:
            parameters.check_values(values)
            settings = LiveSettings.from_values(values)
        except UserError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._values = values
        if self._worker is not None:
            self._worker.settings = settings
            for sentence in parameters.without_effect(values):
                self._warn(sentence)
        return SetParametersResult(successful=True)

    # Output

    def _publish(self, message: Any, image: Any, estimate: LaneEstimate) -> None:
        """Publish one frame's outputs; runs in the worker."""
        for name, output in output_messages(
                estimate, message.header, self._pipeline.finder.ground, self._values['base_frame'],
                lambda: draw_overlay(image, estimate.mask, estimate.lane),
                lambda name: self._outputs[name].get_subscription_count() > 0):
            self._outputs[name].publish(output)

    def _warn(self, sentence: str) -> None:
        if self._throttle.passes(sentence, time.monotonic()):
            self.get_logger().warning(sentence)

    # Diagnostics

    def _publish_diagnostics(self) -> None:
        summary = self._summarize()
        status = DiagnosticStatus(
            level=bytes([summary.level]), name=self.get_fully_qualified_name().lstrip('/'),
            message=summary.message, hardware_id=self._values['model'],
            values=[KeyValue(key=key, value=value) for key, value in summary.values.items()])
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)

    def _summarize(self) -> Summary:
        now = time.monotonic()
        if self._error or self._pipeline is None:
            values = self._statistics.summarize(
                now, self._overtaken, {'model': self._values['model']}).values
            if self._error:
                return Summary(ERROR, self._error, values)
            return Summary(WARN, 'shut down for good: start the node again' if self._finalized
                           else 'not configured', values)
        segmenter = self._pipeline.segmenter
        runtime = segmenter.runtimes[0]
        about = {'model': segmenter.name, 'runtime': runtime.name, 'device': runtime.device,
                 'precision': runtime.precision, 'resolution': segmenter.resolution,
                 'tta': segmenter.tta,
                 'threshold': f'{segmenter.threshold:.3f}'}
        worker = self._worker
        overtaken = self._overtaken + (worker.frames.overtaken if worker else 0)
        if worker is None:
            values = self._statistics.summarize(now, overtaken, about).values
            return Summary(WARN, 'not active', values)
        about['lens'] = self._lens.model
        if self._lens.model == 'none' and (
                unheard := unheard_lens(self, self._picture_topic, self._lens_topic)):
            self._warn(unheard)
        if self._lens.trouble:
            self._warn(self._lens.trouble)
        return self._statistics.summarize(now, overtaken, about, self._values['max_rate'],
                                          self._topic_trouble(now), self._lens.trouble)

    def _topic_trouble(self, now: float) -> str:
        """Say, in the log too, what is wrong with the topics; nothing where nothing is."""
        if self._statistics.silent(now):
            trouble = 'no input: ' + explain_silence(
                self, self._picture_topic, self._input_type,
                self._values['qos.reliability'])
        elif (count := self._statistics.publishers(now)) > 1:
            trouble = several_publishers(self._picture_topic, count)
        elif (count := self.count_publishers(offset := self._outputs['offset'].topic_name)) > 1:
            trouble = answered_twice(offset, count)
        else:
            return ''
        self._warn(trouble)
        return trouble

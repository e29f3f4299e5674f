# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Time each stage of a frame's way, in microseconds: decode, convert, pipeline, publish."""

from __future__ import annotations

import contextlib
import importlib.util
from types import SimpleNamespace
from typing import Any
from typing import Callable
from typing import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.benchmark.alternatives import measure_alternatives
from lane_perception.benchmark.driving import DATA
from lane_perception.benchmark.driving import drive_picture
from lane_perception.benchmark.driving import Driving
from lane_perception.benchmark.settings import BenchmarkSettings
from lane_perception.benchmark.timing import interleave
from lane_perception.evaluation.percentiles import percentiles
from lane_perception.pipeline import LanePipeline
from lane_perception.ros.images import mask_message
from lane_perception.ros.images import to_bgr
from lane_perception.ros.initialize import initialize

SIZES = ((480, 640), (720, 1280))
PIPELINE_STAGES = ('resize', 'network', 'threshold', 'geometry')
NOT_NETWORK = ('convert bgr8', 'resize', 'threshold', 'geometry', 'fill mask', 'publish mask')
JPEG_QUALITY = 80


def measure(settings: BenchmarkSettings) -> dict[str, Any]:
    """
    Return {'WIDTHxHEIGHT': {'drive', 'stages': {stage: {'p50', 'p99'}}, 'alternatives'}}.

    Times are in microseconds. ``first seconds`` is ``process`` while the camera is learnt.
    ``not_network`` is the sum of the medians of all stages but decoding and the network's call.
    ``publish mask`` hands the message to the middleware with one subscriber on this machine; it
    is missing where there is no ROS.
    """
    pipeline = LanePipeline.load(settings.model)
    result = {}
    with _publisher() as publish:
        for height, width in SIZES:
            settings.progress(f'stages: {width}x{height}')
            image = drive_picture(0, height, width)
            result[f'{width}x{height}'] = {
                'drive': DATA,
                'stages': _stages(pipeline, image, publish, settings),
                'alternatives': measure_alternatives(pipeline, image, settings.rounds),
            }
    return result


def _stages(
    pipeline: LanePipeline, image: NDArray[np.uint8], publish: Callable[[Any], None] | None,
    settings: BenchmarkSettings,
) -> dict[str, Any]:
    inner: dict[str, list[float]] = {stage: [] for stage in PIPELINE_STAGES}
    pipeline.finder.reset()
    drive_on = Driving(pipeline, *image.shape[:2])

    def process() -> None:
        for stage, seconds in drive_on().timings.items():
            inner[stage].append(seconds)
    subjects: dict[str, Callable[[], Any]] = {'process': process}
    subjects['decode jpeg'] = lambda message=_jpeg(image): to_bgr(message)
    for encoding in ('bgr8', 'rgb8', 'yuv422_yuy2'):
        subjects[f'convert {encoding}'] = lambda message=_raw(image, encoding): to_bgr(message)
    if publish:
        from std_msgs.msg import Header
        mask = pipeline.segmenter.mask(image)
        filled = mask_message(mask, Header())
        subjects['fill mask'] = lambda: mask_message(mask, Header())
        subjects['publish mask'] = lambda: publish(filled)
    times = interleave(subjects, settings.rounds, settings.budget_s / 4)
    measured = len(times['process'])   # the calls before were to warm up
    times |= {stage: seconds[-measured:] for stage, seconds in inner.items()}
    times['first seconds'] = drive_on.first
    stages = {name: _microseconds(seconds) for name, seconds in times.items()}
    stages['not_network'] = {'p50': round(sum(
        stages[name]['p50'] for name in NOT_NETWORK if name in stages), 1)}
    return stages


def _microseconds(seconds: list[float]) -> dict[str, float]:
    return percentiles(np.asarray(seconds) * 1e6, 1, (50, 99))


def _jpeg(image: NDArray[np.uint8]) -> SimpleNamespace:
    _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return SimpleNamespace(format='jpeg', data=data.tobytes())


def _raw(image: NDArray[np.uint8], encoding: str) -> SimpleNamespace:
    height, width = image.shape[:2]
    channels = 2 if encoding.startswith('yuv') else 3
    if channels == 2:
        packed = np.random.default_rng(0).integers(0, 256, (height, width, 2), np.uint8)
    else:
        packed = image
    return SimpleNamespace(height=height, width=width, encoding=encoding, is_bigendian=0,
                           step=width * channels, data=packed.tobytes())


@contextlib.contextmanager
def _publisher() -> Iterator[Callable[[Any], None] | None]:
    """Give a function that publishes a mask to a subscriber in this process, or None."""
    if importlib.util.find_spec('rclpy') is None:
        yield None
        return
    import rclpy
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import Image
    from lane_perception.ros.processes import environment_of_processes
    from lane_perception.ros.processes import private_environment
    with environment_of_processes(private_environment()):
        context = rclpy.Context()
        initialize(context=context)
        try:
            node = rclpy.create_node('lane_perception_benchmark', context=context)
            publisher = node.create_publisher(Image, 'mask', qos_profile_sensor_data)
            node.create_subscription(Image, 'mask', lambda message: None, qos_profile_sensor_data)
            yield publisher.publish
        finally:
            rclpy.try_shutdown(context=context)

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Time what a frame's stages could have been beside what they are.

Each group does one job in several ways; IN_USE are the ways that the package goes.
"""

from __future__ import annotations

import array
import importlib.util
from time import perf_counter
from typing import Any
from typing import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.pipeline import LanePipeline
from lane_perception.ros.images import mask_message
from lane_perception.segmenter import reaches
from lane_perception.segmenter import resize_image
from lane_perception.segmenter import resize_probability

Ways = dict[str, Callable[[], Any]]
IN_USE = ('bytes, linear', 'in floats', "the message's own array filled")


def measure_alternatives(
    pipeline: LanePipeline, image: NDArray[np.uint8], rounds: int,
) -> dict[str, dict[str, float]]:
    """
    Return {job: {way: median in microseconds}}.

    The ways of a job take turns, and the network runs before each call, so that its data has left
    the processor's caches as it does between two frames.
    """
    card = pipeline.segmenter.runtimes[0].card
    jobs = {
        'picture to network input': _input_ways(image, card.input_height, card.input_width),
        'probability to mask': _mask_ways(
            pipeline.segmenter.probability(image).copy(), pipeline.segmenter.threshold,
            *image.shape[:2]),
    }
    if importlib.util.find_spec('sensor_msgs') is not None:
        jobs['mask to message'] = _message_ways(pipeline.segmenter.mask(image))
    return {job: _medians(pipeline, image, ways, rounds) for job, ways in jobs.items()}


def _medians(
    pipeline: LanePipeline, image: NDArray[np.uint8], ways: Ways, rounds: int,
) -> dict[str, float]:
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, call in ways.items():
            pipeline.segmenter.probability(image)
            start = perf_counter()
            call()
            times[way].append(perf_counter() - start)
    return {way: round(float(np.median(seconds)) * 1e6, 1) for way, seconds in times.items()}


def _input_ways(image: NDArray[np.uint8], height: int, width: int) -> Ways:
    mean = np.array((0.485, 0.456, 0.406), np.float32)
    std = np.array((0.229, 0.224, 0.225), np.float32)

    def normalized() -> NDArray[np.float32]:
        small = cv2.cvtColor(resize_image(image, height, width), cv2.COLOR_BGR2RGB)
        planes = ((small.astype(np.float32) / 255 - mean) / std).transpose(2, 0, 1)
        return np.ascontiguousarray(planes[None])

    def by_area() -> NDArray[np.uint8]:
        small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
    return {
        'bytes, linear': lambda: cv2.cvtColor(
            resize_image(image, height, width), cv2.COLOR_BGR2RGB),
        'bytes, by area': by_area,
        'normalized, planar floats in numpy': normalized,
    }


def _mask_ways(
    probability: NDArray[np.float32], threshold: float, height: int, width: int,
) -> Ways:
    def in_bytes() -> NDArray[np.uint8]:
        small = cv2.convertScaleAbs(probability, alpha=255)
        full = resize_probability(small, height, width)
        return cv2.threshold(full, threshold * 255, 255, cv2.THRESH_BINARY)[1]

    def in_floats() -> NDArray[np.uint8]:
        return reaches(resize_probability(probability, height, width), threshold)

    def in_opencv() -> NDArray[np.uint8]:
        return cv2.compare(
            resize_probability(probability, height, width), threshold, cv2.CMP_GE)
    return {'in floats': in_floats, 'in floats, compared by OpenCV': in_opencv,
            'resized and thresholded in bytes': in_bytes}


def _message_ways(mask: NDArray[np.uint8]) -> Ways:
    from sensor_msgs.msg import Image
    from std_msgs.msg import Header
    header = Header()

    def assigned() -> Image:
        message = Image(header=header, encoding='mono8')
        message.height, message.width = mask.shape
        message.step = mask.shape[1]
        message.data = array.array('B', mask.tobytes())
        return message
    ways = {"the message's own array filled": lambda: mask_message(mask, header),
            'a new array assigned': assigned}
    if importlib.util.find_spec('cv_bridge') is not None:
        from cv_bridge import CvBridge
        bridge = CvBridge()
        ways['cv_bridge'] = lambda: bridge.cv2_to_imgmsg(mask, 'mono8')
    return ways

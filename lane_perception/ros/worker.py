# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The thread that turns the newest frame into messages."""

from __future__ import annotations

import threading
import time
from typing import Any
from typing import Callable

from lane_perception.errors import UserError
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.pipeline import LaneEstimate
from lane_perception.pipeline import LanePipeline
from lane_perception.ros.diagnostics import FrameStatistics
from lane_perception.ros.diagnostics import Processed
from lane_perception.ros.images import ImageError
from lane_perception.ros.images import to_bgr
from lane_perception.ros.latest_frame import Frame
from lane_perception.ros.latest_frame import LatestFrame
from lane_perception.ros.parameters import LiveSettings

REREAD_S = 0.1   # after which a worker that waits for its turn looks at max_rate again
Publish = Callable[[Any, Any, LaneEstimate], None]  # message, picture, estimate


class Worker:
    """Takes the newest frame, processes and publishes it, and takes the next."""

    def __init__(
        self,
        pipeline: LanePipeline,
        settings: LiveSettings,
        publish: Publish,
        statistics: FrameStatistics,
        clock_s: Callable[[], float],
        warn: Callable[[str], None],
        look: Callable[[tuple[int, int]], None] = lambda size: None,
    ) -> None:
        """
        Start the thread.

        :param settings: may be replaced at any time, as ``ground`` and ``camera`` may; they hold
            from the next frame on.
        :param publish: called in the thread with each frame's outcome.
        :param clock_s: the node's clock, in seconds, to tell the age of stamps.
        :param warn: takes a sentence about a frame that could not be processed.
        :param look: called in the thread with each picture's (width, height) before its lane is
            sought.
        """
        self.settings = settings
        self.ground: GroundCalibration | None = pipeline.finder.ground
        self.camera: NominalCamera | None = pipeline.finder.camera
        self.frames = LatestFrame()
        self._pipeline = pipeline
        self._publish = publish
        self._statistics = statistics
        self._clock_s = clock_s
        self._warn = warn
        self._look = look
        self._applied: LiveSettings | None = None
        self._thread = threading.Thread(target=self._run, name='lane_worker', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the frame that it is at."""
        self.frames.close()
        self._thread.join()

    def _run(self) -> None:
        turn = time.monotonic()   # from which the next period of max_rate counts
        while (frame := self.frames.take()) is not None:
            started = time.monotonic()
            self._process(frame)
            turn = max(turn, started - self._period_s())
            while (wait := turn + self._period_s() - time.monotonic()) > 0.0:
                if self.frames.wait_closed(min(wait, REREAD_S)):
                    return
            turn += self._period_s()

    def _period_s(self) -> float:
        """Return the least time between two frames; max_rate may change while one waits."""
        rate = self.settings.max_rate
        return 1.0 / rate if rate else 0.0

    def _apply_settings(self) -> None:
        settings, ground, camera = self.settings, self.ground, self.camera
        finder = self._pipeline.finder
        if ground is not finder.ground or camera is not finder.camera:
            self._pipeline.finder = LaneFinder(settings.lane, ground, camera=camera)
        if settings is not self._applied:
            self._pipeline.segmenter.tta = settings.tta
            self._pipeline.segmenter.threshold = settings.threshold
            self._pipeline.finder.settings = settings.lane
            self._applied = settings

    def _process(self, frame: Frame) -> None:
        """Process one frame; whatever goes wrong with it is counted, and the next one is taken."""
        try:
            start = time.perf_counter()
            image = to_bgr(frame.message)
            converted = time.perf_counter()
            self._look(image.shape[1::-1])
            self._apply_settings()
            stamp = stamp_s(frame.message.header)
            estimate = self._pipeline.process(image, stamp or None)
            processed = time.perf_counter()
            self._publish(frame.message, image, estimate)
            published = time.perf_counter()
        except ImageError as error:
            self._statistics.could_not_decode(str(error), time.monotonic())
            self._warn(f'frames hold no picture: {error}')
        except UserError as error:
            self._statistics.could_not_process(str(error), time.monotonic())
            self._warn(str(error))
        except Exception as error:  # a defect of ours must not end the car's eyes
            self._statistics.could_not_process(repr(error), time.monotonic())
            self._warn(f'a frame could not be processed: {error!r}')
        else:
            finished = time.monotonic()
            stages = {'convert': converted - start, **estimate.timings,
                      'publish': published - processed}
            self._statistics.finished(Processed(
                finished, finished - frame.received, stages, estimate.center is not None,
                estimate.lane.held, estimate.confidence, stamp, self._clock_s() - stamp))


def stamp_s(header: Any) -> float:
    """Return a header's stamp in seconds."""
    return header.stamp.sec + 1e-9 * header.stamp.nanosec

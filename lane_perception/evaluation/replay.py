# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Run the pipeline over a recording, not in real time, and score and show what it says."""

from __future__ import annotations

import math
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any
from typing import Callable
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from lane_perception.data.image_topics import choose_images
from lane_perception.data.recording_places import require_apart
from lane_perception.data.recording_places import require_place
from lane_perception.data.recording_writer import RecordingWriter
from lane_perception.data.recordings import NANOSECONDS
from lane_perception.data.recordings import RecordingReader
from lane_perception.errors import UserError
from lane_perception.evaluation.bootstrap import block_sums
from lane_perception.evaluation.bootstrap import bootstrap
from lane_perception.evaluation.center_error import Point
from lane_perception.evaluation.center_error import SAME_ROW
from lane_perception.evaluation.gallery import Exhibit
from lane_perception.evaluation.gallery import Gallery
from lane_perception.evaluation.gallery import error_picture
from lane_perception.evaluation.gallery import jpeg
from lane_perception.evaluation.in_background import in_background
from lane_perception.evaluation.label_lane import LabelLane
from lane_perception.evaluation.line_f1 import load_thinning
from lane_perception.evaluation.metrics import fit_to_label
from lane_perception.evaluation.recorded_lens import RecordedLens
from lane_perception.evaluation.recording_truth import RecordingTruth
from lane_perception.evaluation.set_score import FAILURES
from lane_perception.evaluation.set_score import JudgedImages
from lane_perception.evaluation.set_score import SetScore
from lane_perception.evaluation.time_series import Flicker
from lane_perception.evaluation.time_series import Row
from lane_perception.evaluation.time_series import TimeSeries
from lane_perception.evaluation.video import Video
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.geometry.place import Place
from lane_perception.machine import command_line
from lane_perception.machine import describe_machine
from lane_perception.overlay import draw_overlay
from lane_perception.pipeline import LaneEstimate
from lane_perception.pipeline import LanePipeline
from lane_perception.ros.images import ImageError
from lane_perception.ros.images import to_bgr
from lane_perception.ros.lane_outputs import NODE_NAME
from lane_perception.ros.lane_outputs import header_of
from lane_perception.ros.lane_outputs import output_messages
from lane_perception.ros.lane_outputs import output_types
from lane_perception.ros.message_classes import serialize
from lane_perception.segmenter import parse_resolution

SWITCH_S = 0.0005      # after which a thread hands the interpreter on
SPACING = 8           # frames between pictures in the report
MOST_PROBLEMS = 20    # sentences of one kind that a report repeats


@dataclass(frozen=True)
class ReplaySettings:
    """What is asked of one recording."""

    bag: Path
    out: Path
    topic: str | None = None           # of the frames; None: the first with pictures
    truth_topic: str | None = None     # of true masks
    labels: Path | None = None         # a folder of labels
    label_rate: float | None = None    # labels are numbered at so many per second
    classes: tuple[str, ...] = ()      # of the labels, that are markings; (): all
    pose_topic: str | None = None      # the car's true pose against the lane
    center_topic: str | None = None    # of the lane's true centre, in pixels
    model: str = 'lane_lite'
    runtime: str = 'auto'
    device: str = 'auto'
    precision: str = 'auto'
    tta: str = 'none'
    resolution: str = ''               # HxW of the network's input; '': the model's own
    threshold: float | None = None
    ground: Path | None = None         # ground calibration
    camera_info: Path | None = None    # the lens, instead of what the recording tells
    lane: LaneSettings = LaneSettings()
    base_frame: str = 'base_link'
    video: bool = True                 # overlay.mp4
    output_bag: bool = True            # bag/


@dataclass
class _Frame:
    """One frame on its way."""

    number: int                        # in the topic, from 0
    stamp_ns: int
    log_time_ns: int
    frame_id: str
    image: NDArray[np.uint8]
    label: NDArray[np.uint8] | None
    pose: tuple[float, float] | None   # true lateral metres and heading radians
    true_center: Point | None          # of the lane, from its topic or found in the label
    center_judged: bool | None         # whether that is known; None: if the label is judged
    estimate: LaneEstimate | None = None
    place: Place | None = None         # what the lane finder knew of it then
    seconds: float = 0.0

    @cached_property
    def overlay(self) -> NDArray[np.uint8]:
        """The picture for people, drawn when it is first asked for."""
        return draw_overlay(self.image, self.estimate.mask, self.estimate.lane)


def replay(
    settings: ReplaySettings, progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[dict[str, Any], list[Exhibit]]:
    """
    Replay one recording; leave overlay.mp4 and bag/ in the settings' folder.

    :param progress: told the frames done and those that the topic holds.
    :returns: the report, and its pictures, the worst first, the best last.
    :raises UserError: when the model or the recording cannot be used, or no frame can be read.
    """
    return _Replay(settings).run(progress)


class _Replay:
    """The state of one replay."""

    def __init__(self, settings: ReplaySettings) -> None:
        self.settings = settings
        self.problems: list[str] = []
        self.unreadable: Counter[str] = Counter()
        self.sizes: Counter[str] = Counter()
        self.unstamped = 0
        self.series = TimeSeries()
        self.score = SetScore(keep_images=False)
        self.gallery = Gallery(FAILURES, SPACING)
        self.flicker = Flicker()
        self.lens: RecordedLens | None = None
        self.label_format: str | None = None

    def run(self, progress: Callable[[int, int], None]) -> tuple[dict[str, Any], list[Exhibit]]:
        settings = self.settings
        output_bag = settings.out / 'bag'
        if settings.output_bag:
            require_apart(settings.bag, output_bag)
            require_place(output_bag, replace=True)
        pipeline = LanePipeline.load(
            settings.model, settings.runtime, settings.device, settings.precision, settings.tta,
            settings.threshold, settings.ground, parse_resolution(settings.resolution),
            settings.lane)
        if settings.truth_topic or settings.labels:
            load_thinning()   # as the model: before the clock runs
        settings.out.mkdir(parents=True, exist_ok=True)
        start = perf_counter()
        with ExitStack() as stack:
            # The stages hand the interpreter to each other after every call into OpenCV; waiting
            # Python's 5 ms for it each time costs a sixth of the speed.
            stack.callback(sys.setswitchinterval, sys.getswitchinterval())
            sys.setswitchinterval(SWITCH_S)
            reader = stack.enter_context(RecordingReader(settings.bag))
            topic = choose_images(reader, settings.topic, settings.truth_topic).name
            self.lens = RecordedLens(
                reader, topic, pipeline.finder.ground, settings.camera_info)
            truth = self._open_truth()
            self.label_format = truth.label_format
            writer = video = None
            if settings.output_bag:
                writer = stack.enter_context(
                    RecordingWriter(output_bag, replace=True))
                for name, kind in output_types(pipeline.finder.ground).items():
                    writer.add_topic(f'{NODE_NAME}/{name}', kind)
            if settings.video:
                video = stack.enter_context(Video(settings.out / 'overlay.mp4'))
            frames = in_background(self._read(reader, topic, truth))
            processed = in_background(self._process(frames, pipeline))
            compared = in_background(self._compare(processed, LabelLane(pipeline.finder)))
            shown = in_background(self._show(compared, pipeline, writer, video))
            # The threads end, the last stage's first, before what they write to is closed.
            for stage in (frames, processed, compared, shown):
                stack.callback(stage.close)
            total = reader.topics()[topic].count
            for frame, video_s in shown:
                self._score(frame, video_s)
                progress(len(self.series), total)
            for sentences in truth.close():
                self.problems += _shortened(sentences)
            self._note_problems(reader, topic)
            if not len(self.series):
                raise UserError(f'no frame on {topic} in {settings.bag} could be read'
                                + (f': {self.problems[0]}' if self.problems else '')
                                + '; another topic is chosen with --topic')
        seconds = perf_counter() - start
        return self._report(topic, pipeline, seconds), self.gallery.exhibits()

    def _open_truth(self) -> RecordingTruth:
        settings = self.settings
        if settings.pose_topic and settings.ground is None:
            raise UserError('--pose-topic is in metres, which need a calibration: --ground')
        return RecordingTruth(settings.bag, settings.truth_topic, settings.labels,
                              settings.label_rate, settings.center_topic, settings.pose_topic,
                              settings.classes)

    def _read(
        self, reader: RecordingReader, topic: str, truth: RecordingTruth,
    ) -> Iterator[_Frame]:
        for frame, following in pairwise(chain(reader.received(topic), (None,))):
            image = self._decoded(frame.message)
            known = truth.of(frame, None if image is None else image.shape[:2], following)
            if image is None:
                continue
            if frame.stamp_ns <= 0:
                self.unstamped += 1
            yield _Frame(frame.number, frame.stamp_ns, frame.log_time_ns,
                         frame.message.header.frame_id, image, *known)

    def _decoded(self, message: Any) -> NDArray[np.uint8] | None:
        """Return a message's picture, None where it has none."""
        if message is None:
            return None
        try:
            return to_bgr(message)
        except ImageError as error:
            self.unreadable[str(error)] += 1
            return None

    def _process(self, frames: Iterator[_Frame], pipeline: LanePipeline) -> Iterator[_Frame]:
        for frame in frames:
            pipeline.finder = self.lens.suited(pipeline.finder, frame.image)
            start = perf_counter()
            try:
                # A stamp of 0 is none, as in the node: such a frame is judged alone.
                frame.estimate = pipeline.process(
                    frame.image, max(frame.stamp_ns, 0) / NANOSECONDS or None)
            except UserError as error:   # an aspect ratio that the calibration does not fit
                self.unreadable[str(error)] += 1
                continue
            frame.seconds = perf_counter() - start
            frame.place = pipeline.finder.place.as_it_lies()
            yield frame

    def _compare(self, frames: Iterator[_Frame], true_lane: LabelLane) -> Iterator[_Frame]:
        """Find the true centre in the label, where no topic gives it."""
        for frame in frames:
            if self.settings.center_topic is None and frame.label is not None:
                frame.true_center = true_lane.center_in(frame.image, frame.label, frame.place)
            yield frame

    def _show(
        self, frames: Iterator[_Frame], pipeline: LanePipeline, writer: RecordingWriter | None,
        video: Video | None,
    ) -> Iterator[tuple[_Frame, float | None]]:
        """Draw, and write bag and video; yield the frame and its place in the video."""
        types = output_types(pipeline.finder.ground)
        for frame in frames:
            if writer is not None:
                for name, message in output_messages(
                        frame.estimate, header_of(frame.stamp_ns, frame.frame_id),
                        pipeline.finder.ground, self.settings.base_frame,
                        lambda: frame.overlay):
                    writer.write_serialized(f'{NODE_NAME}/{name}', types[name],
                                            serialize(message),
                                            frame.stamp_ns if frame.stamp_ns > 0
                                            else frame.log_time_ns)
            video_s = None
            if video is not None:
                video_s = video.add(frame.overlay, frame.stamp_ns / NANOSECONDS)
            yield frame, video_s

    def _score(self, frame: _Frame, video_s: float | None) -> None:
        estimate, order = frame.estimate, len(self.series)
        self.sizes[f'{frame.image.shape[1]}x{frame.image.shape[0]}'] += 1
        milliseconds = frame.seconds * 1000
        score = self.score.add(str(frame.stamp_ns), estimate.mask, estimate.center, frame.label,
                               frame.true_center, milliseconds, frame.center_judged)
        values = {
            'offset': None if math.isnan(estimate.offset) else estimate.offset,
            'confidence': estimate.confidence,
            'lateral_m': estimate.lateral, 'heading_rad': estimate.heading,
            'lane_iou': score.lane_iou, 'line_f1': score.line_f1,
            'center_error_px': score.center_error,
            'flicker': self.flicker.add(estimate.mask, frame.stamp_ns),
            'latency_ms': milliseconds, 'video_s': video_s,
        }
        if frame.pose is not None and estimate.lateral is not None:
            values['lateral_error_m'] = estimate.lateral - frame.pose[0]
            values['heading_error_rad'] = math.remainder(
                estimate.heading - frame.pose[1], math.tau)
        self.series.add(Row(frame.stamp_ns, values, score.found, score.failures))

        def exhibit() -> Exhibit:
            pictures = {'image': jpeg(frame.image)}
            if frame.label is not None:
                pictures['label'] = jpeg(fit_to_label(frame.label, estimate.mask))
            pictures['prediction'] = jpeg(frame.overlay)
            if frame.label is not None:
                pictures['error'] = jpeg(error_picture(
                    frame.image, estimate.mask, frame.label, estimate.center, frame.true_center))
            seconds = (frame.stamp_ns - self.series.stamps[0]) / NANOSECONDS
            return Exhibit(order, score, f'frame {frame.number}, {seconds:.2f} s', pictures,
                           video_s)
        self.gallery.offer(order, score, exhibit)

    def _note_problems(self, reader: RecordingReader, topic: str) -> None:
        self.problems += self.lens.problems
        self.problems += _shortened(list(dict.fromkeys(reader.problems)))
        self.problems += [f'{count} frames on {topic} were left out: {sentence}'
                          for sentence, count in self.unreadable.most_common(MOST_PROBLEMS)]
        if len(self.sizes) > 1:
            sizes = ', '.join(f'{count} of {size}' for size, count in self.sizes.most_common())
            self.problems.append(f'the frames on {topic} have several sizes: {sizes}')
        for count, how in ((self.series.duplicate_stamps, 'the same as'),
                           (self.series.backward_stamps, 'before')):
            if count:
                self.problems.append(f'{count} frames on {topic} have a stamp {how} that of the '
                                     'frame before')
        if self.unstamped:
            self.problems.append(f'{self.unstamped} frames on {topic} have no stamp (0, or before '
                                 '1970): each is judged alone, and lies in bag/ at the time at '
                                 'which it was recorded')
        if self.settings.center_topic and self.score.centers.other_rows:
            self.problems.append(
                f'{self.score.centers.other_rows} centers on {self.settings.center_topic} lie '
                f'more than {SAME_ROW:g} pixels off the look-ahead row, so that their errors are '
                'those of another place; give the row of the centers with --look-ahead')
        where = self.settings.truth_topic or self.settings.labels
        if not where or not len(self.series):
            return
        judged = self.score.segmentation
        if not len(judged):
            self.problems.append(f'no label in {where} was matched and read, so nothing was '
                                 'scored against the truth')
        elif not judged.counts[:, [0, 2]].any():   # true positives, false negatives
            self.problems.append(f'none of the {len(judged)} labels in {where} holds a marking: '
                                 'that is 255, and what is neither 0 nor 255 is not judged')

    def _judged(self) -> JudgedImages:
        judged = ~np.isnan(self.series.column('lane_iou'))
        errors = self.series.column('center_error_px')[judged]
        if self.settings.center_topic:   # which tells of other frames than labels do
            errors[:] = np.nan
        return JudgedImages([str(stamp) for stamp in np.array(self.series.stamps)[judged]],
                            self.score.segmentation.counts, self.score.lines.hits[:, 0], errors)

    def _report(self, topic: str, pipeline: LanePipeline, seconds: float) -> dict[str, Any]:
        settings, series, stamps = self.settings, self.series, self.series.stamps
        figures = {**self.score.result(), **series.steadiness()}
        judged = self._judged()
        if settings.pose_topic:
            figures |= series.pose_errors()
        runtimes = pipeline.segmenter.runtimes
        return {
            'name': settings.model,
            'model': settings.model,
            'variant': {
                'runtime': ','.join(runtime.name for runtime in runtimes),
                'precision': ','.join(runtime.precision for runtime in runtimes),
                'tta': settings.tta,
                'resolution': pipeline.segmenter.resolution,
            },
            'threshold': pipeline.segmenter.threshold,
            **figures,
            'bootstrap': bootstrap(judged),
            'totals': {**self.score.totals(), **series.totals(),
                       'blocks': block_sums(judged).tolist()},
            'data': {
                'recording': str(settings.bag), 'topic': topic,
                'truth_topic': settings.truth_topic, 'format': self.label_format,
                'labels': None if settings.labels is None else str(settings.labels),
                'pose_topic': settings.pose_topic, 'center_topic': settings.center_topic,
                'part': 'all', 'images': len(series),
                'seconds': (max(stamps) - min(stamps)) / NANOSECONDS,
                'sizes': dict(self.sizes.most_common()), 'lens': self.lens.model,
                'label_sizes': figures.get('label_sizes', []),
            },
            'problems': self.problems,
            'stretches': series.bad_stretches(),
            'frames': series.as_json(),
            'replay_s': seconds,
            'frames_per_second': len(series) / seconds,
            'command': command_line('replay'),
            'machine': describe_machine(),
        }


def _shortened(problems: list[str]) -> list[str]:
    if len(problems) <= MOST_PROBLEMS:
        return list(problems)
    return [*problems[:MOST_PROBLEMS], f'and {len(problems) - MOST_PROBLEMS} more of this kind']

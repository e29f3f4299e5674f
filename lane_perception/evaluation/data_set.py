# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Score models on a set of labelled images: every variant in one pass over the images."""

from __future__ import annotations

from dataclasses import asdict
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.evaluation.bootstrap import bootstrap
from lane_perception.evaluation.center_error import Point
from lane_perception.evaluation.data_sources import Labeled
from lane_perception.evaluation.data_sources import Source
from lane_perception.evaluation.gallery import Exhibit
from lane_perception.evaluation.gallery import Gallery
from lane_perception.evaluation.gallery import error_picture
from lane_perception.evaluation.gallery import jpeg
from lane_perception.evaluation.label_lane import LabelLane
from lane_perception.evaluation.metrics import fit_to_label
from lane_perception.evaluation.set_score import FAILURES
from lane_perception.evaluation.set_score import ImageScore
from lane_perception.evaluation.set_score import SetScore
from lane_perception.evaluation.threshold_curve import ThresholdCurve
from lane_perception.evaluation.variants import POSTPROCESS
from lane_perception.evaluation.variants import Bench
from lane_perception.evaluation.variants import Variant
from lane_perception.geometry.lane_finder import Lane
from lane_perception.geometry.lane_finder import LaneFinder
from lane_perception.geometry.lane_finder import LaneSettings
from lane_perception.machine import command_line
from lane_perception.machine import describe_machine
from lane_perception.model_file import find_model
from lane_perception.model_file import member_names
from lane_perception.overlay import draw_overlay
from lane_perception.segmenter import resize_probability


@dataclass
class _Running:
    """A variant while the images go by."""

    variant: Variant
    segmenter: Any
    finder: LaneFinder
    true_lane: LabelLane
    score: SetScore
    curve: ThresholdCurve | None     # for variants without mask cleaning


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation leaves."""

    report: dict[str, Any]
    exhibits: list[Exhibit]    # of the first variant, the worst first, the best last


def evaluate(
    source: Source,
    variants: list[Variant],
    bench: Bench,
    settings: LaneSettings = LaneSettings(),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """
    Score every variant.

    :param variants: the first one must work; one of the others that this machine cannot do is
        reported with its reason.
    :param settings: of the lane finder.
    :param progress: told the number of images done and of all.
    :returns: the report, with the first variant's figures at the top level.
    :raises UserError: when the first variant cannot be loaded, no image can be read or no label
        has a judged pixel.
    """
    running: list[_Running] = []
    impossible: dict[Variant, str] = {}
    for variant in variants:
        for name in member_names(variant.model):
            find_model(name)   # a missing one is a mistake, not what this machine cannot do
    for variant in variants:
        try:
            segmenter = bench.segmenter(variant)
        except UserError as error:
            if not running:
                raise
            impossible[variant] = str(error)
            continue
        curve = ThresholdCurve() if variant.postprocess == 'none' else None
        finder = LaneFinder(settings)
        running.append(
            _Running(variant, segmenter, finder, LabelLane(finder), SetScore(), curve))
    gallery = Gallery(FAILURES)
    recording = None
    done = 0
    for done, labeled in enumerate(source.images(), 1):
        if labeled.recording != recording:
            recording = labeled.recording
            for one in running:
                one.finder.reset()
        bench.new_image()
        for one in running:
            mask, lane, true_center, score = _add(one, bench, labeled)
            if one is running[0]:
                gallery.offer(done - 1, score, partial(
                    _exhibit, done - 1, labeled, mask, lane, true_center, score))
        progress(done, source.count)
    if not done:
        first = source.problems[0] if source.problems else 'it is empty'
        raise UserError(f'no image of {source.description["path"]} could be scored: {first}')
    if not len(running[0].score.segmentation):
        raise UserError(f'no label of {source.description["path"]} has a pixel that is judged: 0 '
                        'for background or 255 for a marking')
    return Evaluation(_report(source, running, impossible, variants), gallery.exhibits())


def _add(
    one: _Running, bench: Bench, labeled: Labeled,
) -> tuple[NDArray[np.uint8], Lane, Point | None, ImageScore]:
    mask, seconds = bench.timed_mask(one.segmenter, labeled.image)
    probability = one.segmenter.last_probability
    start = perf_counter()
    mask = POSTPROCESS[one.variant.postprocess](mask)
    lane = one.finder.find(mask, probability=probability)
    seconds += perf_counter() - start
    true_center = one.true_lane.center_in(
        labeled.image, labeled.label, one.finder.place.as_it_lies())
    score = one.score.add(labeled.name, mask, lane.center, labeled.label, true_center,
                          seconds * 1000)
    if one.curve is not None:
        one.curve.add(resize_probability(probability, *labeled.label.shape), labeled.label)
    return mask, lane, true_center, score


def _exhibit(
    order: int, labeled: Labeled, mask: NDArray[np.uint8], lane: Lane, true_center: Point | None,
    score: ImageScore,
) -> Exhibit:
    label = fit_to_label(labeled.label, labeled.image[:, :, 0])
    return Exhibit(order, score, labeled.name, {
        'image': jpeg(labeled.image),
        'label': jpeg(label),
        'prediction': jpeg(draw_overlay(labeled.image, mask, lane)),
        'error': jpeg(error_picture(
            labeled.image, mask, labeled.label, lane.center, true_center)),
    })


def _report(
    source: Source, running: list[_Running], impossible: dict[Variant, str],
    variants: list[Variant],
) -> dict[str, Any]:
    first = running[0]
    entries = {one.variant: _entry(one, variants) for one in running}
    entries |= {variant: {'name': variant.label(variants), 'model': variant.model,
                          'variant': asdict(variant), 'error': sentence}
                for variant, sentence in impossible.items()}
    curves = {one.variant.label(variants): one.curve.result(one.segmenter.threshold)
              for one in running if one.curve is not None}
    return {
        **entries[first.variant],
        'data': {**source.description, 'images': len(first.score.images),
                 'label_sizes': entries[first.variant].get('label_sizes', [])},
        'problems': source.problems,
        'threshold_curve': curves.get(first.variant.label(variants)),
        'variants': [{**entries[variant], 'threshold_curve': curves.get(variant.label(variants))}
                     for variant in variants if variant != first.variant],
        'image_scores': [image.as_json() for image in first.score.images],
        'command': command_line('evaluate'),
        'machine': describe_machine(),
    }


def _entry(one: _Running, variants: list[Variant]) -> dict[str, Any]:
    runtimes = one.segmenter.runtimes
    return {
        'name': one.variant.label(variants),
        'model': one.variant.model,
        'variant': {**asdict(one.variant),
                    'runtime': ','.join(runtime.name for runtime in runtimes),
                    'precision': ','.join(runtime.precision for runtime in runtimes)},
        'threshold': one.segmenter.threshold,
        **one.score.result(),
        'bootstrap': bootstrap(one.score.judged()),
    }

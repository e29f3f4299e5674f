# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""All figures of one set of images, and what went wrong in each image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lane_perception.evaluation.center_error import CenterScore
from lane_perception.evaluation.center_error import Point
from lane_perception.evaluation.line_f1 import LineScore
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.evaluation.metrics import fit_to_label
from lane_perception.evaluation.metrics import matrix_figures
from lane_perception.evaluation.percentiles import histogram
from lane_perception.evaluation.percentiles import percentiles

MISSED_MARKING = 'missed marking'
FALSE_MARKING = 'false marking'
CENTER_OFF = 'center off'
NO_LANE = 'no lane'
FAILURES = (MISSED_MARKING, FALSE_MARKING, CENTER_OFF, NO_LANE)

LINE_SHARE = 0.8          # of the lines must be found, and of what is found must be right
CENTER_SHARE = 0.05       # of the image's width: a centre further off than this is off


@dataclass(frozen=True)
class ImageScore:
    """What one image scored."""

    name: str
    lane_iou: float | None       # None without a label, or with none of its pixels judged
    line_f1: float | None        # at the first tolerance; None without a label
    center_error: float | None   # pixels, positive: found right of the true one; None: no pair
    found: bool                  # a lane was found
    failures: tuple[str, ...]    # of FAILURES
    confusion: tuple[int, ...] = ()   # as metrics.confusion counts; empty where nothing is judged
    line_hits: tuple[int, ...] = ()   # a row of LineScore.hits at the first tolerance

    @property
    def badness(self) -> float:
        """Return how bad the image came out, 0 (perfect) upwards, to sort pictures by."""
        lines = 0.0 if self.line_f1 is None else 1.0 - self.line_f1
        return lines + len(self.failures) / 10

    def as_json(self) -> dict[str, Any]:
        """Return the entry of report.json's list of images."""
        rounded = {key: None if value is None else round(value, 6) for key, value in (
            ('lane_iou', self.lane_iou), ('line_f1', self.line_f1),
            ('center_error_px', self.center_error))}
        return {'name': self.name, **rounded, 'found': self.found,
                'failures': list(self.failures), 'confusion': list(self.confusion),
                'line_hits': list(self.line_hits)}


@dataclass(frozen=True)
class JudgedImages:
    """The raw counts of the judged images of a set, in their order."""

    names: list[str]
    confusion: NDArray[np.int64]        # (N, 4)
    line_hits: NDArray[np.int64]        # (N, 4)
    center_errors: NDArray[np.float64]  # (N,) signed, pixels; NaN: no pair

    @classmethod
    def of_report(cls, images: list[dict[str, Any]]) -> JudgedImages:
        """
        Return the counts in the list ``image_scores`` of a report.json.

        :raises KeyError: when it is not such a list.
        """
        judged = [image for image in images if image['confusion']]
        errors = [image['center_error_px'] for image in judged]
        return cls([image['name'] for image in judged],
                   np.array([image['confusion'] for image in judged], np.int64).reshape(-1, 4),
                   np.array([image['line_hits'] for image in judged], np.int64).reshape(-1, 4),
                   np.array([np.nan if error is None else error for error in errors]))

    @property
    def labelled(self) -> NDArray[np.int64]:
        """Return (N, 2): the pixels of markings and of background in each image's label."""
        true_positive, false_positive, false_negative, true_negative = self.confusion.T
        return np.stack([true_positive + false_negative, false_positive + true_negative], axis=1)


class SetScore:
    """Collect one variant's answers over a set of images."""

    def __init__(self, keep_images: bool = True) -> None:
        """
        Start with no image.

        :param keep_images: False keeps no list of images, whose memory grows with the set.
        """
        self._keep = keep_images
        self._failures = dict.fromkeys(FAILURES, 0)
        self._count = 0
        self.segmentation = SegmentationScore()
        self.lines = LineScore()
        self.centers = CenterScore()
        self.images: list[ImageScore] = []
        self.milliseconds: list[float] = []
        self.label_sizes: set[tuple[int, int]] = set()   # (height, width)

    def add(
        self,
        name: str,
        mask: NDArray[np.uint8],
        center: Point | None,
        label: NDArray[np.uint8] | None,
        true_center: Point | None,
        milliseconds: float | None = None,
        center_judged: bool | None = None,
    ) -> ImageScore:
        """
        Score one image.

        :param mask: (H, W) uint8, nonzero on markings, at the picture's size.
        :param center: found, (u, v) in the picture's pixels, or None.
        :param label: (h, w) uint8, 0, 255, or between: not judged; None without one.
        :param true_center: in the picture's pixels; None where the label shows no lane.
        :param milliseconds: that the image took.
        :param center_judged: whether true_center is known; None: where a pixel of the label is
            judged.
        """
        if milliseconds is not None:
            self.milliseconds.append(milliseconds)
        lane_iou = lines = None
        confusion: tuple[int, ...] = ()
        line_hits: tuple[int, ...] = ()
        if label is not None:
            fitted = fit_to_label(mask, label)
            counts = self.segmentation.add(fitted, label)
            if counts.any():
                lines = self.lines.add(fitted, label)
                line_hits = tuple(self.lines.hits_of_last())
                confusion = tuple(counts.tolist())
                lane_iou = float(matrix_figures(counts)['lane_iou'])
                self.label_sizes.add(label.shape)
        if center_judged is None:
            center_judged = bool(confusion)
        error = self.centers.add(center, true_center, center_judged)
        score = ImageScore(
            name, lane_iou, lines and lines.f1, None if math.isnan(error) else error,
            center is not None,
            _failures(line_hits, error / mask.shape[1], center, true_center, center_judged),
            confusion, line_hits)
        self._count += 1
        for kind in score.failures:
            self._failures[kind] += 1
        if self._keep:
            self.images.append(score)
        return score

    def judged(self) -> JudgedImages:
        """Return the raw counts of the images with a label."""
        return JudgedImages.of_report([image.as_json() for image in self.images])

    def totals(self) -> dict[str, Any]:
        """Return sums and histograms that give the figures of several sets together."""
        return {'confusion': self.segmentation.counts.sum(axis=0).tolist(),
                'line_hits': self.lines.hits.sum(axis=0).tolist(),
                'center_pairs': len(self.centers.errors),
                'center_errors_px': histogram(self.centers.errors),
                'latencies_ms': histogram(self.milliseconds)}

    def result(self) -> dict[str, Any]:
        """Return the set's figures; those of masks and lines only where there were labels."""
        figures: dict[str, Any] = {
            'images': self._count, 'images_judged': len(self.segmentation)}
        if len(self.segmentation):
            figures |= {**self.segmentation.result(), **self.lines.result()}
            figures |= marking_widths(self.segmentation.counts.sum(axis=0),
                                      self.lines.hits[:, 0].sum(axis=0))
            figures['label_sizes'] = [f'{width}x{height}'
                                      for height, width in sorted(self.label_sizes)]
        figures |= self.centers.result()
        figures['failures'] = dict(self._failures)
        if self.milliseconds:
            figures['latency_ms'] = percentiles(self.milliseconds)
        return figures


def marking_widths(
    confusion: NDArray[np.int64], line_hits: NDArray[np.int64],
) -> dict[str, float | None]:
    """
    Return the mean widths of labelled and found markings, pixels: area over length.

    :param confusion: (4,), over the set; line_hits: (4,), at one tolerance over the set.
    """
    true_positive, false_positive, false_negative, _ = confusion
    _, predicted, _, labelled = line_hits
    return {
        'label_width_px': float((true_positive + false_negative) / labelled) if labelled else None,
        'predicted_width_px': float((true_positive + false_positive) / predicted)
        if predicted else None,
    }


def _failures(
    line_hits: tuple[int, ...], relative_error: float, center: Point | None,
    true_center: Point | None, judged: bool,
) -> tuple[str, ...]:
    found = []
    predicted_hits, predicted, labelled_hits, labelled = line_hits or (0, 0, 0, 0)
    if labelled_hits < LINE_SHARE * labelled:
        found.append(MISSED_MARKING)
    if predicted_hits < LINE_SHARE * predicted:
        found.append(FALSE_MARKING)
    if abs(relative_error) > CENTER_SHARE:
        found.append(CENTER_OFF)
    if center is None and (true_center is not None or not judged):
        found.append(NO_LANE)
    return tuple(found)

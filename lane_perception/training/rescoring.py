# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Score an exported file against its source on the same labeled pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.evaluation.metrics import SegmentationScore
from lane_perception.segmenter import Segmenter

TOLERANCE = 0.005  # of lane IoU: a file that loses more is refused

Pictures = list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]


def lane_iou(model: Path, runtime: str, pictures: Pictures) -> float:
    """
    Return a model file's lane IoU, in its stored precision.

    :param pictures: (image BGR, mask) pairs, as a data set gives them.
    """
    precision = 'int8' if model.stem.endswith('_int8') else 'fp32'
    segmenter = Segmenter.load(model, runtime=runtime, device='cpu', precision=precision)
    score = SegmentationScore()
    for image, mask in pictures:
        score.add(segmenter.mask(image), mask)
    return score.result()['lane_iou']


def check(
    source: Path, exported: Path, runtimes: list[str], pictures: Pictures,
) -> dict[str, float]:
    """
    Return the lane IoU of a source and of what was exported from it, by runtime.

    :param source: the .safetensors file.
    :param runtimes: those that run ONNX files; at least one.
    :raises UserError: when the exported file loses more than the tolerance in a runtime, or there
        is none to try it in.
    """
    if not runtimes:
        raise UserError(f'{exported.name} cannot be checked: neither onnxruntime nor openvino is '
                        'installed; pip install onnxruntime')
    scores = {'source': lane_iou(source, 'torch', pictures)}
    for runtime in runtimes:
        scores[runtime] = lane_iou(exported, runtime, pictures)
        if scores[runtime] < scores['source'] - TOLERANCE:
            raise UserError(
                f'{exported.name} reaches lane IoU {scores[runtime]:.4f} with {runtime} where '
                f'{source.name} reaches {scores["source"]:.4f}, a loss of more than {TOLERANCE}; '
                'it was not kept')
    return scores

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write the int8 version of an exported network: static QDQ, calibrated on pictures."""

from __future__ import annotations

import dataclasses
import io
import os
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lane_perception.model_file import ModelCard
from lane_perception.model_file import write_onnx
from lane_perception.runtimes import read_card
from lane_perception.segmenter import resize_image
from lane_perception.training.export import only_errors


# Percent of an activation's values in the pictures, that its 8 bits cover. The few beyond, of the
# brightest lamp in one of the pictures, would cost all others their steps.
COVERED = 99.999


class _Pictures:
    """What onnxruntime asks for calibration inputs, a stretch of them at a time."""

    def __init__(self, pictures: list[NDArray[np.uint8]], card: ModelCard, name: str) -> None:
        self._pictures, self._card, self._name = pictures, card, name
        self._left = range(0)

    def __len__(self) -> int:
        return len(self._pictures)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._left = range(start_index, end_index)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        if not self._left:
            return None
        picture = resize_image(self._pictures[self._left[0]], self._card.input_height,
                               self._card.input_width)
        self._left = self._left[1:]
        return {self._name: np.ascontiguousarray(picture[None, ..., ::-1])}


def quantize(
    source: Path, destination: Path, pictures: list[NDArray[np.uint8]],
) -> None:
    """
    Write an ONNX model file with int8 convolutions.

    Only convolutions are quantized, weights by channel; the first one, which sees pictures of
    every exposure, and the last, whose logits decide where edges run, stay as they are.

    :param source: an fp32 .onnx model file.
    :param pictures: (H, W, 3) uint8 BGR, of what the network will see; 50 to 200 suffice.
    """
    import onnx
    from onnxruntime.quantization import CalibrationMethod
    from onnxruntime.quantization import QuantFormat
    from onnxruntime.quantization import QuantType
    from onnxruntime.quantization import quantize_static
    card = read_card(source)
    graph = onnx.load(source).graph
    convolutions = [node.name for node in graph.node if node.op_type == 'Conv']
    # It prints how it gets on.
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()), only_errors():
        file = os.path.join(folder, 'int8.onnx')
        quantize_static(
            str(source), file, _Pictures(pictures, card, graph.input[0].name),
            quant_format=QuantFormat.QDQ, op_types_to_quantize=['Conv'], per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            nodes_to_exclude=[convolutions[0], convolutions[-1]],
            calibrate_method=CalibrationMethod.Percentile,
            # One picture's activations at a time are kept in memory, for any method.
            extra_options={'WeightSymmetric': True, 'CalibPercentile': COVERED,
                           'CalibStridedMinMax': 1})
        write_onnx(destination, onnx.load(file), dataclasses.replace(card, precision='int8'))

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Write the int8 version of an exported network: static QDQ, calibrated on pictures."""

from __future__ import annotations

import dataclasses
import logging
import os
import tempfile
from pathlib import Path
from typing import Iterable

import numpy as np
from numpy.typing import NDArray

from lane_perception.model_file import write_onnx
from lane_perception.runtimes import read_card
from lane_perception.segmenter import resize_image


class _Pictures:
    """What onnxruntime asks for calibration inputs."""

    def __init__(self, pictures: Iterable[NDArray[np.uint8]], name: str) -> None:
        self._pictures = iter(pictures)
        self._name = name

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        picture = next(self._pictures, None)
        return None if picture is None else {self._name: picture[None]}


def quantize(
    source: Path, destination: Path, pictures: Iterable[NDArray[np.uint8]],
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
    inputs = (
        np.ascontiguousarray(
            resize_image(picture, card.input_height, card.input_width)[..., ::-1])
        for picture in pictures)
    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, 'int8.onnx')
        quantize_static(
            str(source), file, _Pictures(inputs, graph.input[0].name),
            quant_format=QuantFormat.QDQ, op_types_to_quantize=['Conv'], per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            nodes_to_exclude=[convolutions[0], convolutions[-1]],
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={'WeightSymmetric': True})
        write_onnx(destination, onnx.load(file), dataclasses.replace(card, precision='int8'))

# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The bright model, made slow by convolutions whose outcome does not matter."""

from pathlib import Path

import numpy as np
from bright_model import write_bright_model

CHANNELS = 48
KERNEL = 5


def write_slow_model(path: Path, layers: int = 2, height: int = 192, width: int = 320) -> None:
    """
    Write a model file that answers like the bright model, but late.

    :param layers: each after the first costs 3.5 GMAC, some 30 ms in fp32 on two cores.
    """
    import onnx
    from onnx import helper
    from onnx import numpy_helper
    from lane_perception.model_file import write_onnx
    from lane_perception.runtimes import read_card
    write_bright_model(path, height, width, name='slow')
    card, model = read_card(path), onnx.load(path)
    graph = model.graph
    random = np.random.default_rng(0)
    for node in graph.node:  # its own logit becomes one of two summands
        node.output[:] = ['quick' if name == 'logit' else name for name in node.output]

    def constant(name: str, value: np.ndarray) -> str:
        graph.initializer.append(numpy_helper.from_array(value, name))
        return name
    nodes = [helper.make_node('Transpose', ['unit_rgb'], ['layer0'], perm=[0, 3, 1, 2])]
    inputs = 3
    for layer in range(layers):
        weights = random.standard_normal((CHANNELS, inputs, KERNEL, KERNEL)).astype(np.float32)
        weights /= np.sqrt(inputs) * KERNEL
        nodes.append(helper.make_node(
            'Conv', [f'layer{layer}', constant(f'weights{layer}', weights)], [f'layer{layer + 1}'],
            pads=[KERNEL // 2] * 4))
        inputs = CHANNELS
    nodes += [
        helper.make_node('ReduceMean', [f'layer{layers}', constant('channel', np.array([1]))],
                         ['noise'], keepdims=0),
        helper.make_node('Mul', ['noise', constant('tiny', np.float32(1e-9))], ['whisper']),
        helper.make_node('Add', ['quick', 'whisper'], ['logit']),
    ]
    first = [node for node in graph.node if node.op_type != 'Sigmoid']
    last = [node for node in graph.node if node.op_type == 'Sigmoid']
    scaled = helper.make_node('Mul', ['float', constant('unit', np.float32(1 / 255))],
                              ['unit_rgb'])
    del graph.node[:]
    graph.node.extend([*first, scaled, *nodes, *last])
    onnx.checker.check_model(model)
    write_onnx(path, model, card)

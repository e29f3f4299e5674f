# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""An ONNX network that calls bright pixels markings, with the card of a real one."""

from pathlib import Path

from lane_perception.model_file import ModelCard
from lane_perception.model_file import write_onnx


def write_other_graph(path: Path, height: int = 64, width: int = 96) -> None:
    """Write a graph that gives back the floats that it takes, with the card of a lane network."""
    from onnx import TensorProto
    from onnx import helper
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 'h', 'w'])
            for name in ('in', 'out')]
    graph = helper.make_graph([helper.make_node('Identity', ['in'], ['out'])], 'other',
                              ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=9)
    write_onnx(Path(path), model, ModelCard('other', 'other', height, width))


def write_bright_model(
    path: Path, height: int = 384, width: int = 640, fixed: bool = False, **card,
) -> None:
    """
    Write a network whose probability is a pixel's mean brightness squeezed around 160 of 255.

    The graph keeps the contract of model_file.py: uint8 NHWC RGB in with dynamic sizes, float32
    (N, H, W) probability out.

    :param fixed: it takes one picture of its own size only.
    """
    from onnx import TensorProto
    from onnx import helper
    shape = [1, height, width] if fixed else ['n', 'h', 'w']
    image = helper.make_tensor_value_info('image', TensorProto.UINT8, [*shape, 3])
    output = helper.make_tensor_value_info('probability', TensorProto.FLOAT, shape)
    nodes = [
        helper.make_node('Cast', ['image'], ['float'], to=TensorProto.FLOAT),
        helper.make_node('ReduceMean', ['float', 'axes'], ['gray'], keepdims=0),
        helper.make_node('Sub', ['gray', 'middle'], ['centered']),
        helper.make_node('Mul', ['centered', 'gain'], ['logit']),
        helper.make_node('Sigmoid', ['logit'], ['probability']),
    ]
    constants = [
        helper.make_tensor('axes', TensorProto.INT64, [1], [3]),
        helper.make_tensor('middle', TensorProto.FLOAT, [], [160.0]),
        helper.make_tensor('gain', TensorProto.FLOAT, [], [0.1]),
    ]
    graph = helper.make_graph(nodes, 'bright', [image], [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=9)
    values = {'name': 'bright', 'architecture': 'bright', 'threshold': 0.5, **card}
    write_onnx(Path(path), model, ModelCard(input_height=height, input_width=width, **values))

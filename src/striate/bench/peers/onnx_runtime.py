"""ONNX Runtime: the network as an ONNX model, for inference only."""

from typing import Any

import onnxruntime  # pyright: ignore[reportMissingImports]
from onnx import TensorProto, helper, numpy_helper  # pyright: ignore[reportMissingImports]

from striate.bench.networks import Problem
from striate.bench.peers import LeftOut
from striate.functions import normalization, transfer, weight
from striate.functions.vec import Flatten
from striate.graph.graph import Placed
from striate.shapes import Array

_OPSET, _FORMAT = 17, 8  # supported by every ONNX Runtime in use

_TRANSFER: dict[type, str] = {
    transfer.Linear: "",
    transfer.Relu: "Relu",
    transfer.Tanh: "Tanh",
    transfer.Logistic: "Sigmoid",
    transfer.Softmax: "Softmax",
}


class Session:
    """The network in a session of ONNX Runtime.

    Parameters
    ----------
    problem
        The network and the batch.
    threads
        Number of threads.
    """

    def __init__(self, problem: Problem, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            model_of(problem).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = {next(iter(problem.graph.inputs)): problem.images}

    def train(self, rate: float) -> float:
        raise NotImplementedError(rate)

    def infer(self) -> Array:
        return self.session.run(None, self.inputs)[0]


def model_of(problem: Problem) -> Any:
    """Write a network as an ONNX model.

    Parameters
    ----------
    problem
        The network, with its weights.

    Returns
    -------
    onnx.ModelProto
    """
    graph = problem.graph
    arrays = {name: array.copy() for name, array in problem.arrays.items()}
    nodes = [node for placed in graph.layers for node in _nodes(placed)]
    (name, shape), output = next(iter(graph.inputs.items())), graph.outputs[0]
    ends = [
        helper.make_tensor_value_info(end, TensorProto.FLOAT, [problem.batch, *pixels])
        for end, pixels in ((name, shape), (output, graph.shapes[output]))
    ]
    constants = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    written = helper.make_graph(nodes, problem.name, ends[:1], ends[1:], constants)
    opsets = [helper.make_opsetid("", _OPSET)]
    return helper.make_model(written, opset_imports=opsets, ir_version=_FORMAT)


def _nodes(placed: Placed) -> list[Any]:
    """Write a layer: its weight function, then its transfer function."""
    operator = _TRANSFER[type(placed.layer.transfer)]
    between = f"{placed.name} before" if operator else placed.name
    nodes = [_weight(placed, between)]
    if operator:
        nodes.append(helper.make_node(operator, [between], [placed.name]))
    return nodes


def _weight(placed: Placed, output: str) -> Any:
    """Write a weight function with its bias."""
    names = [name for name, *_ in (*placed.parameter_names(), *placed.state_names())]
    inputs, function = [*placed.sources, *names], placed.layer.weight

    def node(operator: str, **attributes: Any) -> Any:
        return helper.make_node(operator, inputs, [output], **attributes)

    match function:
        case weight.Convolution():
            return node("Conv", group=function.groups, **_window(placed, dilated=True))
        case weight.DotProduct():
            return node("Gemm", transB=1)
        case weight.MaxPooling():
            return node("MaxPool", **_window(placed))
        case weight.AveragePooling():
            return node("AveragePool", **_window(placed))
        case weight.GlobalAveragePooling():
            return node("ReduceMean", axes=[2, 3], keepdims=0)
        case weight.Identity():
            return node("Sum")
        case Flatten():
            return node("Flatten")
        case normalization.BatchNormalization():
            return node("BatchNormalization", epsilon=function.epsilon)
        case _:
            raise LeftOut(f"{function} is not supported")


def _window(placed: Placed, *, dilated: bool = False) -> dict[str, list[int]]:
    """Write the kernel shape, strides, padding and dilation of a window."""
    axes = placed.layer.weight.window_axes(*placed.source_shapes)
    sides = [[axis.before for axis in axes], [axis.after for axis in axes]]
    dilations = {"dilations": [axis.dilation for axis in axes]} if dilated else {}
    return {
        "kernel_shape": [axis.window for axis in axes],
        "strides": [axis.stride for axis in axes],
        "pads": [*sides[0], *sides[1]],
        **dilations,
    }

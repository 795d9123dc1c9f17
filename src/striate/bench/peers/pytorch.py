"""PyTorch: the network as modules, in eager mode, with channels last, or compiled."""

import os
import shutil
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]

from striate.bench.contestant import MOMENTUM
from striate.bench.networks import Problem
from striate.bench.peers import LeftOut
from striate.functions import normalization, transfer, weight
from striate.functions.vec import Flatten
from striate.graph.graph import Placed
from striate.shapes import Array

_TRANSFER: dict[type, Callable[[], nn.Module]] = {
    transfer.Linear: nn.Identity,
    transfer.Relu: nn.ReLU,
    transfer.Tanh: nn.Tanh,
    transfer.Logistic: nn.Sigmoid,
    transfer.Softmax: nn.Identity,  # the loss includes it, as striate's does
}


class Net(nn.Module):
    """The layers of a graph, followed by a softmax for inference.

    Parameters
    ----------
    problem
        The network; the modules get copies of its weights.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        graph = problem.graph
        self.input = next(iter(graph.inputs))
        self.output = graph.outputs[0]
        self.steps = [(placed.name, placed.sources) for placed in graph.layers]
        self.layers = nn.ModuleList(_layer(placed, problem.arrays) for placed in graph.layers)

    def forward(self, images: Any) -> Any:
        """Return the net input of the last layer; in evaluation mode its probabilities."""
        found = {self.input: images}
        for (name, sources), layer in zip(self.steps, self.layers, strict=True):
            first, *others = (found[source] for source in sources)
            for other in others:
                first = first + other
            found[name] = layer(first)
        result = found[self.output]
        return result if self.training else torch.softmax(result, 1)


def _layer(placed: Placed, arrays: dict[str, Array]) -> nn.Module:
    """Make the modules of a layer: weight function and bias, then transfer function."""
    names = [name for name, *_ in placed.parameter_names()]
    state = [name for name, *_ in placed.state_names()]
    module = _weight(placed, biased=len(names) == 2)
    tensors = [t for t in (*module.parameters(), *module.buffers()) if t.dtype == torch.float32]
    for tensor, name in zip(tensors, (*names, *state), strict=True):
        assert tuple(tensor.shape) == arrays[name].shape, (name, tensor.shape)
        tensor.data = torch.from_numpy(arrays[name].copy())
    return nn.Sequential(module, _TRANSFER[type(placed.layer.transfer)]())


def _weight(placed: Placed, *, biased: bool) -> nn.Module:
    """Make the module of a weight function."""
    function, (maps, *_) = placed.layer.weight, placed.source_shapes[0]
    match function:
        case weight.Convolution():
            return _convolution(placed, function, biased=biased)
        case weight.DotProduct():
            return nn.Linear(maps, function.neurons, bias=biased)
        case weight.MaxPooling():
            return nn.MaxPool2d(function.window, function.stride)
        case weight.AveragePooling():
            return nn.AvgPool2d(function.window, function.stride)
        case weight.GlobalAveragePooling():
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        case weight.Identity():
            return nn.Identity()
        case Flatten():
            return nn.Flatten()
        case normalization.BatchNormalization():
            return nn.BatchNorm2d(maps, eps=function.epsilon, momentum=function.momentum)
        case _:
            raise LeftOut(f"{function} is not supported")


def _convolution(placed: Placed, function: weight.Convolution, *, biased: bool) -> nn.Module:
    """Make a convolution, after a padding layer if the sides differ."""
    axes = function.window_axes(*placed.source_shapes)
    even = all(axis.before == axis.after for axis in axes)
    module = nn.Conv2d(
        placed.source_shapes[0][0],
        function.feature_maps,
        tuple(axis.window for axis in axes),
        stride=tuple(axis.stride for axis in axes),
        padding=tuple(axis.before for axis in axes) if even else 0,
        dilation=tuple(axis.dilation for axis in axes),
        groups=function.groups,
        bias=biased,
    )
    if even:
        return module
    sides = [side for axis in reversed(axes) for side in (axis.before, axis.after)]
    layers = OrderedDict(pad=nn.ZeroPad2d(tuple(sides)), convolution=module)
    return nn.Sequential(layers)


class Torch:
    """The network in one of PyTorch's modes.

    Parameters
    ----------
    problem
        The network and the batch.
    threads
        Number of threads.
    memory_format
        Memory layout of the images.
    compiled
        Whether ``torch.compile`` is used.
    """

    def __init__(
        self, problem: Problem, threads: int, memory_format: Any, *, compiled: bool = False
    ) -> None:
        torch.set_num_threads(threads)
        net = Net(problem).train(problem.training).to(memory_format=memory_format)
        self.images = torch.from_numpy(problem.images).to(memory_format=memory_format)
        self.labels = torch.from_numpy(problem.labels)
        # One kernel for all parameters: the fastest that PyTorch offers.
        self.optimizer = torch.optim.SGD(net.parameters(), lr=0.0, momentum=MOMENTUM, fused=True)

        def loss() -> Any:
            return nn.functional.cross_entropy(net(self.images), self.labels)

        torch.compiler.reset()
        self.net = torch.compile(net, dynamic=False) if compiled else net
        self.loss = torch.compile(loss, dynamic=False) if compiled else loss

    def train(self, rate: float) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def infer(self) -> Array:
        with torch.inference_mode():
            return self.net(self.images).numpy()


def eager(problem: Problem, threads: int) -> Torch:
    """Make a contestant in eager mode."""
    return Torch(problem, threads, torch.contiguous_format)


def channels_last(problem: Problem, threads: int) -> Torch:
    """Make a contestant in eager mode, with the channels of a pixel next to each other."""
    return Torch(problem, threads, torch.channels_last)


def compiled(problem: Problem, threads: int) -> Torch:
    """Make a contestant that uses ``torch.compile``."""
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler) is None:
        raise LeftOut(f"needs a C++ compiler; {compiler} was not found")
    return Torch(problem, threads, torch.contiguous_format, compiled=True)

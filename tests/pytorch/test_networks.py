"""Whole networks have the same loss and gradients as in PyTorch."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812  # PyTorch's own custom

from pytorch.layers import distance
from pytorch.networks import NETWORKS
from striate import Network
from striate.functions.base import Draw
from striate.functions.loss import CrossEntropy
from striate.graph.parameters import ParameterLayout, start_parameters, start_state
from striate.graph.reference import backward, forward
from striate.graph.step import TrainingStep

pytestmark = pytest.mark.slow

IMAGES = 4


def by_striate(graph, images, labels, flat, dtype):
    """Compute loss, gradients by name, and running statistics."""
    step = TrainingStep.of(graph, [CrossEntropy()], to_inputs=True)
    parameters = ParameterLayout.of(graph.parameters()).views(flat.astype(dtype))
    state = ParameterLayout.of(graph.state()).views(start_state(graph).astype(dtype))
    draw = Draw(seed=0, step=0, layer=0, images=np.arange(len(images)))
    inputs = {name: images.astype(dtype) for name in graph.inputs}
    run = forward(step, inputs, parameters, state, training=True, draw=draw)
    backward(step, run, [labels])
    gradients = [run.gradients[name] for name in parameters]
    (name,) = graph.inputs
    return run.loss, [*gradients, run.arrays[f"{name}.dA"]], list(run.next_state.values())


def by_torch(name, graph, images, labels, flat):
    """Compute the same with the network built by hand, in float64, with the same weights."""
    module = NETWORKS[name]().double().train()
    weights = ParameterLayout.of(graph.parameters()).views(flat.astype(np.float64))
    for tensor, weight in zip(module.parameters(), weights.values(), strict=True):
        assert tensor.shape == weight.shape
        tensor.data = torch.tensor(weight)
    x = torch.tensor(images, requires_grad=True)
    loss = F.cross_entropy(module(x), torch.tensor(labels))
    loss.backward()
    gradients = [tensor.grad.numpy() for tensor in (*module.parameters(), x)]
    state = [b.numpy() for b in module.buffers() if b.dtype == torch.float64]
    return loss.item(), gradients, state


def problem(name):
    """Draw images, labels and weights of a preset."""
    graph = Network.preset(name).graph
    rng = np.random.default_rng(17)
    (shape,) = graph.inputs.values()
    output = graph.layers[-1].shape
    images = rng.uniform(0, 1, (IMAGES, *shape))
    labels = rng.integers(0, output[0], (IMAGES, *output[1:]))
    flat = start_parameters(graph, seed=3).astype(np.float64)
    # Biases and offsets start at zero and gains at one; change them so that each one matters.
    return graph, images, labels, flat + 0.01 * rng.standard_normal(flat.shape)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_agrees_with_pytorch_in_float64(name):
    """Loss, running statistics, and gradients of all parameters and images are equal."""
    graph, images, labels, flat = problem(name)
    loss, gradients, state = by_torch(name, graph, images, labels, flat)

    found, all_found, after = by_striate(graph, images, labels, flat, np.float64)

    assert distance(found, loss) <= 1e-10
    for array, wanted in zip([*all_found, *after], [*gradients, *state], strict=True):
        assert distance(array, wanted) <= 1e-10


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_agrees_with_pytorch_in_float32(name):
    """In float32, they are equal up to the rounding of the sums."""
    graph, images, labels, flat = problem(name)
    loss, gradients, _ = by_torch(name, graph, images, labels, flat)

    found, all_found, _ = by_striate(graph, images, labels, flat, np.float32)

    bound = roundings(graph)
    assert distance(found, loss) <= bound
    for array, wanted in zip(all_found, gradients, strict=True):
        assert distance(array, wanted) <= bound


def roundings(graph):
    """Bound the relative error, in norm, of a gradient in float32.

    A sum of n products in any order is off by about sqrt(n) roundings in norm (Higham and Mary
    2019). Each layer adds the errors of its forward sums and of its backward sums over positions
    to those of its inputs: at most, the errors add up over the depth.
    """
    total = 0.0
    for place in graph.layers:
        for parameter in place.layer.weight.parameters(*place.source_shapes).values():
            over_places = IMAGES * math.prod(place.n_shape[1:])
            total += math.sqrt(parameter.fan_in) + math.sqrt(over_places)
    return total * float(np.finfo(np.float32).eps) / 2

"""JAX: the network as one function that XLA compiles, with channels last."""

from typing import Any

import jax  # pyright: ignore[reportMissingImports]
import jax.numpy as jnp  # pyright: ignore[reportMissingImports]
import numpy as np
from jax import lax  # pyright: ignore[reportMissingImports]

from striate.bench.contestant import MOMENTUM
from striate.bench.networks import Problem
from striate.bench.peers import LeftOut
from striate.functions import normalization, transfer, weight
from striate.functions.vec import Flatten
from striate.graph.graph import Placed
from striate.shapes import Array

_LAYOUT = ("NHWC", "HWIO", "NHWC")

Pytree = dict[str, Any]


class Jitted:
    """The network compiled by XLA, which uses one thread for each core of the process.

    Parameters
    ----------
    problem
        The network and the batch.
    threads
        Number of cores that the process is restricted to; XLA counts them itself.
    """

    def __init__(self, problem: Problem, threads: int) -> None:  # noqa: ARG002  # see above
        graph = problem.graph
        arrays = {k: jnp.array(_transposed(array)) for k, array in problem.arrays.items()}
        self.weights = {name: arrays[name] for name in graph.parameters()}
        self.state = {name: arrays[name] for name in graph.state()}
        self.velocity = jax.tree.map(jnp.zeros_like, self.weights)
        self.images = jnp.array(np.moveaxis(problem.images, 1, -1))
        labels = jnp.array(problem.labels)

        def loss(weights: Pytree, state: Pytree, images: Any) -> Any:
            result, after = _forward(problem, weights, state, images)
            chosen = jnp.take_along_axis(jax.nn.log_softmax(result), labels[:, None], 1)
            return -chosen.mean(), after

        def step(
            weights: Pytree, velocity: Pytree, state: Pytree, images: Any, rate: Any
        ) -> tuple[Any, Pytree, Pytree, Pytree]:
            (value, after), found = jax.value_and_grad(loss, has_aux=True)(weights, state, images)
            velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocity, found)
            weights = jax.tree.map(lambda w, v: w - rate * v, weights, velocity)
            return value, weights, velocity, after

        def probabilities(weights: Pytree, state: Pytree, images: Any) -> Any:
            return jax.nn.softmax(_forward(problem, weights, state, images)[0])

        self.step = jax.jit(step, donate_argnums=(0, 1, 2))
        self.probabilities = jax.jit(probabilities)

    def train(self, rate: float) -> float:
        loss, self.weights, self.velocity, self.state = self.step(
            self.weights, self.velocity, self.state, self.images, rate
        )
        return float(jax.block_until_ready((loss, self.weights))[0])

    def infer(self) -> Array:
        return np.asarray(self.probabilities(self.weights, self.state, self.images))


def _transposed(array: Array) -> Array:
    """Return kernels with their maps last, dense weights with the inputs first."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def _forward(problem: Problem, weights: Pytree, state: Pytree, images: Any) -> tuple[Any, Pytree]:
    """Compute the net input of the last layer, and the running statistics after it."""
    graph, after = problem.graph, dict(state)
    found = {next(iter(graph.inputs)): images}
    for placed in graph.layers:
        first, *others = (found[source] for source in placed.sources)
        for other in others:
            first = first + other
        n = _weight(placed, first, weights, after, training=problem.training)
        match placed.layer.transfer:
            case transfer.Relu():
                n = jax.nn.relu(n)
            case transfer.Tanh():
                n = jnp.tanh(n)
            case transfer.Logistic():
                n = jax.nn.sigmoid(n)
            case transfer.Linear() | transfer.Softmax():
                pass  # the loss, or infer, applies the softmax
            case other:
                raise LeftOut(f"{other} is not supported")
        found[placed.name] = n
    return found[graph.outputs[0]], after


def _weight(placed: Placed, a: Any, weights: Pytree, state: Pytree, *, training: bool) -> Any:
    """Compute a weight function with its bias."""
    names = [name for name, *_ in placed.parameter_names()]
    function = placed.layer.weight
    match function:
        case weight.Convolution():
            z = _convolution(placed, function, a, weights[names[0]])
            return z + weights[names[1]] if len(names) == 2 else z
        case weight.DotProduct():
            z = a @ weights[names[0]]
            return z + weights[names[1]] if len(names) == 2 else z
        case weight.MaxPooling():
            return _pooled(placed, a, -jnp.inf, lax.max)
        case weight.AveragePooling():
            axes = function.window_axes(*placed.source_shapes)
            return _pooled(placed, a, 0.0, lax.add) / (axes[0].window * axes[1].window)
        case weight.GlobalAveragePooling():
            return a.mean((1, 2))
        case weight.Identity():
            return a
        case Flatten():
            return jnp.moveaxis(a, -1, 1).reshape(len(a), -1)
        case normalization.BatchNormalization():
            return _normalized(placed, function, a, weights, state, training=training)
        case _:
            raise LeftOut(f"{function} is not supported")


def _convolution(placed: Placed, function: weight.Convolution, a: Any, w: Any) -> Any:
    """Compute a convolution."""
    axes = function.window_axes(*placed.source_shapes)
    return lax.conv_general_dilated(
        a,
        w,
        window_strides=[axis.stride for axis in axes],
        padding=[(axis.before, axis.after) for axis in axes],
        rhs_dilation=[axis.dilation for axis in axes],
        dimension_numbers=_LAYOUT,
        feature_group_count=function.groups,
    )


def _pooled(placed: Placed, a: Any, start: float, join: Any) -> Any:
    """Pool each window."""
    axes = placed.layer.weight.window_axes(*placed.source_shapes)
    window = (1, *(axis.window for axis in axes), 1)
    strides = (1, *(axis.stride for axis in axes), 1)
    return lax.reduce_window(a, start, join, window, strides, "VALID")


def _normalized(
    placed: Placed,
    function: normalization.BatchNormalization,
    a: Any,
    weights: Pytree,
    state: Pytree,
    *,
    training: bool,
) -> Any:
    """Normalize with the batch statistics and update the running ones; or use the running ones."""
    gamma, beta = (weights[name] for name, *_ in placed.parameter_names())
    mean, variance = (name for name, *_ in placed.state_names())
    m, v = state[mean], state[variance]
    if training:
        m, v = a.mean((0, 1, 2)), a.var((0, 1, 2))
        count = a.size // a.shape[-1]
        kept, new = 1 - function.momentum, function.momentum
        state[mean] = kept * state[mean] + new * m
        state[variance] = kept * state[variance] + new * v * count / (count - 1)
    return gamma * (a - m) * lax.rsqrt(v + function.epsilon) + beta

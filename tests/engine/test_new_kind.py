"""A new kind is compiled from its equation, without a change in plan, llvm or runtime.

Two kinds that the library does not have are defined here and used between others.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from engine.compiled import Compiled, Numbers, bound, wanted
from striate.functions.base import Lowering, NetInputFunction, Parameter, WeightFunction
from striate.functions.loss import SquaredError
from striate.functions.weight import Convolution, Identity
from striate.graph.graph import Graph
from striate.graph.layer import Layer, Node
from striate.graph.step import TrainingStep
from striate.maths.check import relative_error

IMAGES = 37
"""Three vectors, the last not full."""


@dataclass(frozen=True, kw_only=True)
class LocallyConnected(WeightFunction):
    """A convolution with different kernels at every position."""

    feature_maps: int
    window: int

    equation = "z[q,h,*i] += w[h,l,*i,*u] * a[q,l,*(i + u)]"

    def output_shape(self, *shapes):
        """Return the positions at which the window fits."""
        return (self.feature_maps, *(n - self.window + 1 for n in shapes[0][1:]))

    def parameters(self, *shapes):
        """Declare a kernel for each position."""
        h, *pixels = self.output_shape(*shapes)
        return {"weight": Parameter(shape=(h, shapes[0][0], *pixels, *[self.window] * len(pixels)))}

    def lowering(self, *shapes):
        """State the equation."""
        w = self.parameters(*shapes)["weight"].shape
        z = self.output_shape(*shapes)
        return Lowering(statements=(self.equation,), shapes={"w": w, "a": shapes[0], "z": z})

    def windows(self, a):
        """Return the window at each position."""
        return np.lib.stride_tricks.sliding_window_view(a, (self.window, self.window), axis=(2, 3))

    def apply(self, w, a):
        """Sum the products of each position's kernel with its window."""
        return np.einsum("hlijuv,qlijuv->qhij", w, self.windows(a))

    def backward_a(self, w, a, dz):
        """Add up the derivatives from all windows that contain a pixel."""
        da = np.zeros_like(a)
        _, _, rows, columns = dz.shape
        for u in range(self.window):
            for v in range(self.window):
                part = np.einsum("hlij,qhij->qlij", w[..., u, v], dz)
                da[:, :, u : u + rows, v : v + columns] += part
        return da

    def backward_w(self, w, a, dz):  # noqa: ARG002  # the output is linear in it
        """Sum the windows of all images, times their derivatives."""
        return np.einsum("qhij,qlijuv->hlijuv", dz, self.windows(a))

    @classmethod
    def cases(cls):
        """Return no cases: the library does not have this kind."""
        return ()


@dataclass(frozen=True, kw_only=True)
class Attention(NetInputFunction):
    """Similarity between the pixels of two signals: products of their activations."""

    equation = "n[q,i,j] += z0[q,h,i] * z1[q,h,j]"

    def output_shape(self, *shapes):
        """Return one entry for each pair of pixels."""
        return (shapes[0][1], shapes[1][1])

    def lowering(self, *shapes):
        """State the equation."""
        z0, z1 = shapes
        n = self.output_shape(*shapes)
        return Lowering(statements=(self.equation,), shapes={"z0": z0, "z1": z1, "n": n})

    def apply(self, zs, b):  # noqa: ARG002  # it has no bias
        """Sum the products over the maps."""
        return np.einsum("qhi,qhj->qij", *zs)

    def backward_z(self, zs, b, dn):  # noqa: ARG002  # it has no bias
        """Multiply each signal by the derivatives for the other."""
        z0, z1 = zs
        return np.einsum("qij,qhj->qhi", dn, z1), np.einsum("qij,qhi->qhj", dn, z0)

    def backward_b(self, zs, b, dn):
        """Fail: it has no bias."""
        raise NotImplementedError

    @classmethod
    def cases(cls):
        """Return no cases: the library does not have this kind."""
        return ()


def locally_connected():
    """Put the first kind between two convolutions."""
    image = Node(None, shape=(2, 7, 6), name="image")
    before = Layer(Convolution(feature_maps=3, kernel_size=3, padding="same"), None, "tanh")(image)
    local = Layer(LocallyConnected(feature_maps=4, window=3), None, "relu", name="local")(before)
    return Layer(Convolution(feature_maps=2, kernel_size=2))(local)


def attention():
    """Put the second kind between convolutions of one signal and a softmax."""
    signal = Node(None, shape=(3, 9), name="signal")
    queries, keys = (
        Layer(Convolution(feature_maps=4, kernel_size=window))(signal) for window in (3, 2)
    )
    return Layer(Identity(), Attention(), "softmax", name="attention")([queries, keys])


@pytest.mark.parametrize("network", [locally_connected, attention])
def test_a_new_kind(network):
    """Outputs and derivatives of the network agree with the kinds' NumPy code."""
    step = TrainingStep.of(Graph.of(network()), [SquaredError()], to_inputs=True)
    rng, graph = np.random.default_rng(8), step.graph
    numbers = Numbers(
        inputs={n: rng.standard_normal((IMAGES, *shape)) for n, shape in graph.inputs.items()},
        parameters={n: rng.standard_normal(p.shape) for n, p in graph.parameters().items()},
        targets=[rng.standard_normal((IMAGES, *graph.shapes[graph.outputs[0]]))],
    ).rounded()

    results = Compiled(step, IMAGES).run(numbers)

    # The longest sum is the derivative of a kernel: over images and pixels. There are three layers,
    # each of which adds its own error.
    most = 3 * bound(IMAGES * 42)
    for name, array in wanted(step, numbers).items():
        assert relative_error(results[name], array) <= most, name

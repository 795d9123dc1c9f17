"""Random networks of every kind: branches, joins, shared layers, several inputs and outputs.

Each network is drawn from its index. The index determines a few of its kinds, so that all kinds
appear equally often; everything else is random.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from strategies import WEIGHTS, kind_for, pick
from striate.functions.loss import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    SquaredError,
)
from striate.functions.net_input import Concatenate, Product, Sum
from striate.functions.registry import FAMILIES
from striate.functions.reshape import Reshape
from striate.functions.transfer import Linear, Logistic, LogSoftmax, Softmax
from striate.functions.vec import Flatten
from striate.functions.weight import Convolution, DotProduct, GlobalAveragePooling, Identity
from striate.graph.graph import Graph
from striate.graph.layer import Layer, Node
from striate.graph.parameters import ParameterLayout, start_parameters, start_state
from striate.graph.step import TrainingStep

TRANSFERS = tuple(kind.cases()[0].function for kind in FAMILIES["transfer"].values())
LOSSES = (
    *(CrossEntropy, BinaryCrossEntropy, SquaredError),
    *(AbsoluteError, Huber, Hinge),
)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Limits for the layers of a random network.

    Parameters
    ----------
    lengths
        The largest number of pixels along an axis, by the number of pixel axes; for a vector, of
        its entries.
    most
        The largest number of outputs of a layer, for one image.
    layers
        The number of layers whose kinds are given by the number of the network.
    """

    lengths: Mapping[int, int]
    most: int
    layers: int


SMALL = Sizes(lengths={0: 12, 1: 9, 2: 6, 3: 3}, most=150, layers=4)
"""Cheap enough for central differences, which need a forward pass for each derivative."""

WIDE = Sizes(lengths={0: 50, 1: 40, 2: 21, 3: 7}, most=900, layers=3)
"""Rows that fill a vector of 16 lanes, or two, and leave some pixels over."""

BIASES = ("tied", "tied", "untied", None)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A network with its losses, without parameters and data."""

    step: TrainingStep
    images: int

    def kinds(self):
        """Count the kinds of all layers."""
        graph, losses = self.step.graph, self.step.losses
        kinds = Counter(type(function).__name__ for function in graph.functions())
        return kinds + Counter(type(end.loss).__name__ for end in losses)

    def numbers(self, rng):
        """Draw inputs, targets, parameters and running statistics."""
        graph = self.step.graph
        inputs = {
            name: rng.standard_normal((self.images, *shape)) for name, shape in graph.inputs.items()
        }
        flat = start_parameters(graph, seed=int(rng.integers(1 << 30))).astype(np.float64)
        # Biases start at 0 and gains at 1; change them so that each one matters.
        parameters = ParameterLayout.of(graph.parameters()).views(
            flat + 0.2 * rng.standard_normal(flat.shape)
        )
        state = ParameterLayout.of(graph.state()).views(start_state(graph).astype(np.float64))
        targets = [
            end.loss.targets(_target(rng, end.loss, self.images, shape), shape)
            for end in self.step.losses
            for shape in (graph[end.layer].shape,)
        ]
        return inputs, targets, parameters, state


def problem(number, attempt=0, *, seed=0, sizes=SMALL):
    """Draw the network with an index; attempts draw different ones."""
    rng = np.random.default_rng([31 + seed, number, attempt])
    builder = _Builder(rng, sizes)
    for k in range(sizes.layers):
        builder.add(WEIGHTS[(sizes.layers * number + k) % len(WEIGHTS)])
        if rng.random() < 0.5:
            builder.join()
    losses = [LOSSES[number % len(LOSSES)]]
    if rng.random() < 0.3:
        losses.append(pick(rng, LOSSES))
    ends = [builder.end(losses[0], builder.loose()), *(builder.end(loss) for loss in losses[1:])]
    heads, kinds = zip(*ends, strict=True)
    graph = Graph.of(heads)
    weights = [float(w) for w in rng.uniform(0.5, 2, len(kinds))]
    step = TrainingStep.of(graph, kinds, loss_weights=weights, to_inputs=True)
    return Problem(step=step, images=int(rng.integers(3, 5)))


class _Builder:
    """Nodes with their shapes, and methods that add nodes."""

    def __init__(self, rng, sizes):
        self.rng = rng
        self.most = sizes.most
        self.shapes = {}
        self.nodes = []
        for _ in range(1 + (rng.random() < 0.3)):
            rank = int(pick(rng, (0, 1, 2, 2, 2, 3)))
            longest = sizes.lengths[rank]
            maps = int(rng.integers(1, 4)) if rank else int(rng.integers(6, longest + 1))
            pixels = rng.integers(min(3, longest), longest + 1, rank)
            self.keep(Node(None, shape=(maps, *map(int, pixels))))

    def keep(self, node):
        """Add a node with its shape."""
        if node.layer is None:
            shape = node.shape
        else:
            weight, net_input = node.layer.weight, node.layer.net_input
            sources = [self.shapes[id(source)] for source in node.sources]
            shape = net_input.output_shape(*map(weight.output_shape, sources))
        self.shapes[id(node)] = shape
        self.nodes.append(node)
        return node

    def shape(self, node):
        """Return the shape of a node."""
        return self.shapes[id(node)]

    def source(self):
        """Choose a node, preferably the last one."""
        return self.nodes[-1] if self.rng.random() < 0.7 else pick(self.rng, self.nodes)

    def loose(self):
        """Return the nodes without successors."""
        followed = {id(source) for node in self.nodes for source in node.sources}
        return [node for node in self.nodes if id(node) not in followed]

    def alike(self, node):
        """Return other nodes with the same shape."""
        return [n for n in self.nodes if n is not node and self.shape(n) == self.shape(node)]

    def add(self, kind):
        """Add a layer of a kind where it fits, or rearrange a node so that it fits."""
        order = self.rng.permutation(len(self.nodes))
        for node in [self.source(), *(self.nodes[k] for k in order)]:
            drawn = kind_for(kind, self.rng, self.shape(node), most=self.most)
            if drawn is not None:
                return self.put(drawn, node)
        flat = kind_for(Flatten, self.rng, self.shape(self.nodes[-1]))
        node = self.keep(Layer(flat)(self.nodes[-1]))
        if kind is not DotProduct:
            # One map with the whole vector as its pixels.
            node = self.keep(Layer(Reshape(shape=(1, -1)))(node))
        drawn = kind_for(kind, self.rng, self.shape(node), most=self.most)
        return node if drawn is None else self.put(drawn, node)

    def put(self, weight, node):
        """Add a layer after a node, or after two nodes with the same shape."""
        rng, join = self.rng, pick(self.rng, (Sum, Sum, Product))
        shape = weight.output_shape(self.shape(node))
        layer = Layer(weight, join(bias=pick(rng, BIASES)), self.transfer(shape))
        others = self.alike(node)
        if others and rng.random() < 0.5:
            other = pick(rng, others)
            if (
                rng.random() < 0.5
            ):  # one layer with separate kernels for each of two incoming layers
                return self.keep(layer([node, other]))
            self.keep(layer(other))  # one layer, used twice
        found = self.keep(layer(node))
        # One layer after itself, with the same weights.
        return (
            self.keep(layer(found)) if shape == self.shape(node) and rng.random() < 0.3 else found
        )

    def transfer(self, shape):
        """Choose a transfer function; not a softmax over one map, which is always 1."""
        several = shape[0] > 1
        return pick(self.rng, [f for f in TRANSFERS if several or not isinstance(f, _OVER_MAPS)])

    def join(self):
        """Combine the last node with another one: a sum, a product, or a concatenation."""
        rng, node = self.rng, self.nodes[-1]
        shape = self.shape(node)
        others = self.alike(node)
        if len(shape) > 1 and (not others or rng.random() < 0.3):
            block = Convolution(
                feature_maps=shape[0], kernel_size=pick(rng, (1, 3)), padding="same"
            )
            others = [self.put(block, node)]
        beside = [n for n in self.nodes if n is not node and self.shape(n)[1:] == shape[1:]]
        bias, transfer = pick(rng, BIASES), self.transfer(shape)
        if beside and rng.random() < 0.4:
            layer, sources = Layer(Identity(), Concatenate(bias=bias), transfer), beside
        elif others:
            join = pick(rng, (Sum, Sum, Product))
            layer, sources = Layer(Identity(), join(bias=bias), transfer), others
        else:
            return
        self.keep(layer([node, pick(rng, sources)]))

    def end(self, loss, nodes=()):
        """Connect nodes to an output that fits a loss; return its node and the loss."""
        rng = self.rng
        nodes = list(nodes) or [self.source()]
        outputs = 1 if loss is Hinge and rng.random() < 0.3 else int(rng.integers(2, 5))
        transfer = pick(rng, _BEFORE.get(loss, TRANSFERS if outputs > 1 else (Linear(),)))
        if len(nodes) == 1 and len(self.shape(nodes[0])) > 1 and rng.random() < 0.5:
            head = Layer(Convolution(feature_maps=outputs, kernel_size=1), Sum(), transfer)
        else:
            nodes = [self.vector(node) for node in nodes]
            head = Layer(DotProduct(neurons=outputs), Sum(), transfer)
        return self.keep(head(nodes)), _drawn_loss(rng, loss, outputs)

    def vector(self, node):
        """Flatten a node if it is an image."""
        if len(self.shape(node)) == 1:
            return node
        kind = pick(self.rng, (GlobalAveragePooling, Flatten))
        return self.keep(Layer(kind_for(kind, self.rng, self.shape(node)))(node))


_OVER_MAPS = (Softmax, LogSoftmax)

_BEFORE = {
    CrossEntropy: (Softmax(), LogSoftmax(), Linear()),
    BinaryCrossEntropy: (Logistic(), Linear()),
}
"""Transfer functions that a loss requires; the other losses accept any."""


def _drawn_loss(rng, loss, outputs):
    """Draw the options of a loss."""
    if loss is CrossEntropy:
        weights = tuple(float(w) for w in rng.uniform(0.2, 2, outputs))
        return CrossEntropy(
            label_smoothing=float(pick(rng, (0.0, 0.1))), class_weights=pick(rng, (None, weights))
        )
    return Huber(delta=float(rng.uniform(0.3, 1.5))) if loss is Huber else loss()


def _target(rng, loss, images, shape):
    """Draw targets: labels, probabilities, or numbers."""
    positions = (images, *shape[1:])
    if isinstance(loss, CrossEntropy) and rng.random() < 0.4:
        return np.moveaxis(rng.dirichlet(np.ones(shape[0]), positions), -1, 1)
    if isinstance(loss, CrossEntropy | Hinge):
        return rng.integers(0, max(shape[0], 2), positions)
    if isinstance(loss, BinaryCrossEntropy):
        return rng.uniform(0, 1, (images, *shape))
    return rng.standard_normal((images, *shape))

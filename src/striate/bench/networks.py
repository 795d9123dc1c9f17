"""The networks of the benchmarks, with weights and a batch for training or inference."""

from dataclasses import dataclass

import numpy as np

from striate.errors import OptionError
from striate.functions.loss import CrossEntropy
from striate.functions.synonyms import did_you_mean
from striate.graph.graph import Graph
from striate.graph.parameters import ParameterLayout, start_parameters, start_state
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.model.presets import PRESETS, preset
from striate.shapes import Array, Shape

_LENET5_RELU = (
    "conv 6@5x5 same relu | average 2x2 | conv 16@5x5 relu | average 2x2 | "
    "dense 120 relu | dense 84 relu | dense 10 softmax"
)

NETWORKS = ("lenet5-relu", "lenet5", "two-layer", "conv4", "resnet20", "mobilenet-small")
"""Names of the networks: presets, and LeNet-5 with relu."""


def network(name: str) -> tuple[str, Shape]:
    """Return the layers and the input shape of a network that is measured.

    3 x 3 convolutions with stride 2 are padded by one pixel on each side, as in PyTorch. The
    presets pad one side only (``same``), for which peers would have to copy each image.

    Parameters
    ----------
    name
        One of :data:`NETWORKS`, or of the presets.

    Returns
    -------
    str, tuple of int
        The shorthand, and ``(rows, columns, channels)``.

    Raises
    ------
    OptionError
        If the name is unknown.
    """
    known = list(dict.fromkeys((*NETWORKS, *PRESETS)))
    if name not in known:
        raise OptionError(
            f'Unknown network "{name}".{did_you_mean(name, known)} Choose from {", ".join(known)}.'
        )
    if name == "lenet5-relu":
        return _LENET5_RELU, (28, 28, 1)
    text, shape = preset(name)
    return text.replace("@3x3 same stride 2", "@3x3 stride 2 padding 1"), shape


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A network with its weights and one batch: the same for all contestants.

    Parameters
    ----------
    name
        Name of the network.
    graph
        Its layers: one input, and one output with a softmax.
    training
        Whether training steps are measured, or inference.
    images, labels
        A batch, ``[q, maps, *pixels]``, and one label for each image.
    parameters, statistics
        The network's initial parameters and running statistics.
    """

    name: str
    graph: Graph
    training: bool
    images: Array
    labels: Array
    parameters: Array
    statistics: Array

    @classmethod
    def of(
        cls, name: str, text: str, shape: Shape, *, batch: int, training: bool, seed: int
    ) -> "Problem":
        """Make a network, and draw its weights and a batch.

        Parameters
        ----------
        name, text, shape
            The network: see :func:`network`.
        batch
            Number of images.
        training
            Whether training steps are measured, or inference.
        seed
            Seed of the weights, images and labels.

        Returns
        -------
        Problem

        Raises
        ------
        OptionError
            If the network isn't a classifier with one input and one output.
        """
        graph = parse(text, shape)
        if len(graph.inputs) != 1 or len(graph.outputs) != 1 or len(_output(graph)) != 1:
            raise OptionError(
                f"{name} is not a classifier with one input and one output. Benchmarks measure "
                f"only these. Choose from {', '.join(NETWORKS)}."
            )
        rng = np.random.default_rng(seed)
        (pixels,) = graph.inputs.values()
        return cls(
            name=name,
            graph=graph,
            training=training,
            images=rng.standard_normal((batch, *pixels), np.float32),
            labels=rng.integers(0, _output(graph)[0], batch),
            parameters=start_parameters(graph, seed),
            statistics=start_state(graph),
        )

    @property
    def batch(self) -> int:
        """Number of images in a batch."""
        return len(self.images)

    @property
    def step(self) -> TrainingStep:
        """The operations of a pass, with a loss for training."""
        return TrainingStep.of(self.graph, [CrossEntropy()] if self.training else [])

    @property
    def arrays(self) -> dict[str, Array]:
        """Parameters and running statistics by name."""
        weights = ParameterLayout.of(self.graph.parameters()).views(self.parameters)
        return {**weights, **ParameterLayout.of(self.graph.state()).views(self.statistics)}


def _output(graph: Graph) -> Shape:
    """Return the output shape."""
    return graph.shapes[graph.outputs[0]]

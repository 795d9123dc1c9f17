"""What training asks of an engine, and the NumPy engine's answer.

An engine holds no numbers of its own: parameters and running statistics come in as flat buffers,
and gradients go out as one. So a step either happened or did not, and any engine can go on where
another stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from striate.functions.base import Draw
from striate.graph.parameters import Layout
from striate.graph.reference import backward, forward
from striate.graph.step import TrainingStep
from striate.shapes import Array


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The images of one step.

    Parameters
    ----------
    inputs
        For each input of the network, ``[q, maps, *pixels]``.
    targets
        For each output, in the form that its loss takes.
    weights
        What each image counts; ``None`` for 1 each.
    """

    inputs: tuple[Array, ...]
    targets: tuple[Array, ...] = ()
    weights: Array | None = None


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What a training step gives.

    Parameters
    ----------
    gradient
        Derivatives of all parameters, one flat buffer.
    statistics
        Running statistics after the step, one flat buffer.
    losses
        One for each output, as it counts in the sum.
    counted
        What the batch's images count for each output; a loss times it can be added up over batches.
    outputs
        The network's results for the batch.
    """

    gradient: Array
    statistics: Array
    losses: tuple[float, ...]
    counted: tuple[float, ...]
    outputs: tuple[Array, ...]


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a pass without training gives.

    Parameters
    ----------
    outputs
        The network's results.
    read
        What each loss reads: the net input where it takes over the transfer function.
    """

    outputs: tuple[Array, ...]
    read: tuple[Array, ...]


class Engine(Protocol):
    """Something that can run a training step."""

    name: str

    def gradients(
        self, parameters: Array, statistics: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch."""
        ...

    def predict(self, parameters: Array, statistics: Array, inputs: Sequence[Array]) -> Results:
        """Compute the network's results without training."""
        ...


class NumpyEngine:
    """The engine that walks the step with NumPy.

    Parameters
    ----------
    step
        The operations, with a loss for each output if it is to train.

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> step = TrainingStep.of(parse("dense 2", (3,)))
    >>> NumpyEngine(step).predict(np.ones(8, "f"), np.zeros(0, "f"), [np.ones((1, 3), "f")]).outputs
    (array([[4., 4.]], dtype=float32),)
    """

    name = "numpy"

    def __init__(self, step: TrainingStep) -> None:
        self.step = step
        self.parameters = Layout.of(step.graph.parameters())
        self.statistics = Layout.of(step.graph.state())

    def gradients(
        self, parameters: Array, statistics: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch."""
        named = dict(zip(self.step.graph.inputs, batch.inputs, strict=True))
        run = forward(
            self.step,
            named,
            self.parameters.views(parameters),
            self.statistics.views(statistics),
            training=True,
            draw=draw,
        )
        backward(self.step, run, batch.targets, batch.weights)
        gradient = np.zeros_like(parameters)
        for name, view in self.parameters.views(gradient).items():
            view[...] = run.gradients[name]
        after = statistics.copy()
        views = self.statistics.views(after)
        for name, array in run.next_state.items():
            views[name][...] = array
        return StepResult(
            gradient=gradient,
            statistics=after,
            losses=run.losses,
            counted=run.counted,
            outputs=tuple(run.arrays[f"{name}.A"] for name in self.step.graph.outputs),
        )

    def predict(self, parameters: Array, statistics: Array, inputs: Sequence[Array]) -> Results:
        """Compute the network's results without training."""
        run = forward(
            self.step,
            dict(zip(self.step.graph.inputs, inputs, strict=True)),
            self.parameters.views(parameters),
            self.statistics.views(statistics),
        )
        return Results(
            outputs=tuple(run.arrays[f"{name}.A"] for name in self.step.graph.outputs),
            read=tuple(run.arrays[end.reads] for end in self.step.losses),
        )

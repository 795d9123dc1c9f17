"""The interface of engines, and the NumPy engine.

An engine stores no parameters: it receives parameters and running statistics as flat buffers, and
returns gradients as one. So a step has either happened or not, and any engine can continue where
another one stopped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from striate.functions.base import Draw
from striate.functions.optimizer.base import Optimizer
from striate.graph.batch import Batch, ImageStorage, LoadImages, as_arrays
from striate.graph.parameters import ParameterLayout
from striate.graph.reference import backward, forward
from striate.graph.step import TrainingStep
from striate.shapes import Array, Shape


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """The results of a training step.

    Parameters
    ----------
    gradient
        Derivatives of all parameters, one flat buffer; 0 for those of frozen layers.
    statistics
        Running statistics after the step, one flat buffer.
    losses
        One for each output, weighted as in the sum.
    counted
        Total weight of the batch's images for each output; a loss times this weight can be summed
        over batches.
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
    """The results of a pass without training.

    Parameters
    ----------
    outputs
        The network's results.
    read
        What each loss reads: the net input if it absorbs the transfer function.
    """

    outputs: tuple[Array, ...]
    read: tuple[Array, ...]


class Steps(Protocol):
    """The steps of a training run: gradients, then an update, repeatedly.

    The arguments are never changed. Results may be in memory that is reused: gradients, losses and
    outputs are valid until the next step; parameters, statistics and optimizer state until the
    step after the next. So whenever training is interrupted, the last state is complete.
    """

    def gradients(
        self, parameters: Array, statistics: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch."""
        ...

    def update(
        self,
        parameters: Array,
        gradient: Array,
        memory: Mapping[str, Array],
        *,
        rate: float,
        step: int,
        scale: float = 1.0,
    ) -> tuple[Array, Mapping[str, Array]]:
        """Return parameters and optimizer state after a step with ``scale`` times the gradient."""
        ...


class Engine(Protocol):
    """Runs training steps and predictions of one network."""

    def steps(
        self,
        optimizer: Optimizer,
        decayed: Array,
        *,
        images: int,
        target_shapes: Sequence[Shape],
        stored: Sequence[ImageStorage | None] = (),
        pixel_weights: bool = False,
    ) -> Steps:
        """Prepare a training run.

        Parameters
        ----------
        optimizer
            The optimizer that updates the weights.
        decayed
            1 for each parameter that weight decay applies to, otherwise 0.
        images
            Maximum number of images in a batch.
        target_shapes
            For each output, the shape of one image's targets.
        stored
            For each input, how its images are stored in the user's memory; ``None`` if batches hold
            arrays, which is the default.
        pixel_weights
            Whether batches have a weight for each pixel instead of one for each image.

        Returns
        -------
        Steps
        """
        ...

    def prepare_prediction(self, images: int, stored: Sequence[ImageStorage | None] = ()) -> None:
        """Prepare predictions of up to ``images`` images, so that errors are raised now.

        Raises
        ------
        OutOfMemoryError
            If a batch does not fit in memory.
        """
        ...

    def predict(
        self,
        parameters: Array,
        statistics: Array,
        inputs: Sequence[Array | LoadImages],
        *,
        batch_size: int | None = None,
    ) -> Results:
        """Compute the outputs without training, for a batch of at most this size."""
        ...


class NumpyEngine:
    """The engine that executes the operations of a step with NumPy.

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

    def __init__(self, step: TrainingStep) -> None:
        self.step = step
        self.parameters = ParameterLayout.of(step.graph.parameters())
        self.statistics = ParameterLayout.of(step.graph.state())

    def steps(
        self,
        optimizer: Optimizer,
        decayed: Array,
        *,
        images: int,  # noqa: ARG002  # needs no preparation
        target_shapes: Sequence[Shape],  # noqa: ARG002  # likewise
        stored: Sequence[ImageStorage | None] = (),  # noqa: ARG002  # likewise
        pixel_weights: bool = False,  # noqa: ARG002  # likewise
    ) -> "NumpySteps":
        """Prepare a training run."""
        return NumpySteps(self, optimizer, decayed)

    def gradients(
        self, parameters: Array, statistics: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch."""
        named = dict(zip(self.step.graph.inputs, as_arrays(batch.inputs), strict=True))
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
        views = self.parameters.views(gradient)
        for name, derivative in run.gradients.items():  # a frozen layer's parameters have none
            views[name][...] = derivative
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

    def prepare_prediction(self, images: int, stored: Sequence[ImageStorage | None] = ()) -> None:
        """Do nothing: NumPy needs no preparation."""

    def predict(
        self,
        parameters: Array,
        statistics: Array,
        inputs: Sequence[Array | LoadImages],
        *,
        batch_size: int | None = None,  # noqa: ARG002  # all sizes are computed alike
    ) -> Results:
        """Compute the outputs without training."""
        run = forward(
            self.step,
            dict(zip(self.step.graph.inputs, as_arrays(inputs), strict=True)),
            self.parameters.views(parameters),
            self.statistics.views(statistics),
        )
        return Results(
            outputs=tuple(run.arrays[f"{name}.A"] for name in self.step.graph.outputs),
            read=tuple(run.arrays[end.reads] for end in self.step.losses),
        )


@dataclass(frozen=True)
class NumpySteps:
    """The steps of a training run with NumPy; all results are new arrays.

    Parameters
    ----------
    engine
        Computes the gradients.
    rule, decayed
        The optimizer's rule, and which parameters decay.
    """

    engine: NumpyEngine
    rule: Optimizer
    decayed: Array

    def gradients(
        self, parameters: Array, statistics: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch."""
        return self.engine.gradients(parameters, statistics, batch, draw)

    def update(
        self,
        parameters: Array,
        gradient: Array,
        memory: Mapping[str, Array],
        *,
        rate: float,
        step: int,
        scale: float = 1.0,
    ) -> tuple[Array, Mapping[str, Array]]:
        """Return parameters and optimizer state after a step with ``scale`` times the gradient."""
        if scale != 1.0:
            gradient = gradient * gradient.dtype.type(scale)
        return self.rule.apply(
            parameters, gradient, memory, rate=rate, step=step, decayed=self.decayed
        )

"""The first array of a training step that isn't finite."""

from collections.abc import Mapping

import numpy as np

from striate.functions.base import Draw
from striate.graph.batch import Batch, as_arrays
from striate.graph.parameters import ParameterLayout
from striate.graph.reference import backward, forward
from striate.graph.step import TrainingStep
from striate.shapes import Array


def first_not_finite(
    step: TrainingStep, parameters: Array, statistics: Array, batch: Batch, draw: Draw
) -> str | None:
    """Compute a step with NumPy, and name the first array with a value that isn't finite.

    Parameters
    ----------
    step
        The operations, with a loss for each output.
    parameters, statistics
        The network's buffers before the step.
    batch
        The images.
    draw
        Random numbers for dropout.

    Returns
    -------
    str or None
        Layer and quantity in Hagan's notation, ``conv2.N``, with the number of values that aren't
        finite. Parameters come first, then the forward pass, the losses, and the backward pass.
        ``None`` if all are finite.

    Examples
    --------
    >>> from striate.functions.loss import SquaredError
    >>> from striate.graph.shorthand import parse
    >>> step = TrainingStep.of(parse("dense 2 | dense 1", (3,)), [SquaredError()])
    >>> parameters = np.ones(11, "f")
    >>> parameters[:3] = 1e38
    >>> batch = Batch(inputs=(np.full((1, 3), 9, "f"),), targets=(np.zeros((1, 1)),))
    >>> draw = Draw(seed=0, step=0, layer=0, images=np.arange(1))
    >>> first_not_finite(step, parameters, np.zeros(0, "f"), batch, draw)
    'dense1.Z (1 of 2)'
    """
    named = ParameterLayout.of(step.graph.parameters()).views(parameters)
    state = ParameterLayout.of(step.graph.state()).views(statistics)
    inputs = dict(zip(step.graph.inputs, as_arrays(batch.inputs), strict=True))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        run = forward(step, inputs, named, state, training=True, draw=draw)
        before = {**named, **run.arrays}
        backward(step, run, batch.targets, batch.weights)
    losses = {
        f"{end.layer}.loss": np.array(loss)
        for end, loss in zip(step.losses, run.losses, strict=True)
    }
    after = {name: array for name, array in run.arrays.items() if name not in before}
    gradients = {f"the derivative of {name}": array for name, array in run.gradients.items()}
    return _first({**before, **losses, **after, **gradients})


def _first(arrays: Mapping[str, Array]) -> str | None:
    """Name the first array that isn't finite."""
    for name, array in arrays.items():
        wrong = array.size - int(np.isfinite(array).sum())
        if wrong:
            return f"{name} ({wrong} of {array.size})"
    return None

"""The NumPy engine: executes a training step with each kind's ``apply`` and ``backward_*``.

It is the reference for every other engine, and the fallback where no other engine runs. Float32 for
training, float64 for checks: it computes in whatever dtype its arrays have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from striate.functions.base import Call, Draw
from striate.graph.step import GradientTarget, Operation, TrainingStep
from striate.shapes import Array


@dataclass(kw_only=True)
class Pass:
    """The arrays of one forward pass, and of the backward pass after it.

    Parameters
    ----------
    arrays
        By name: ``conv1.Z``, ``conv1.N``, ``conv1.A``, and ``conv1.dA``, ``conv1.dN``,
        ``conv1.dZ``.
    calls
        The arguments of each operation, by the name of its output.
    gradients
        Derivatives of the parameters, by the parameters' names.
    losses
        The loss of each output, in the order of the outputs.
    counted
        Total weight of the images for each output: a loss is a sum over them divided by this
        weight.
    next_state
        Running statistics after a training pass.
    """

    arrays: dict[str, Array]
    calls: dict[str, Call] = field(default_factory=dict[str, Call])
    gradients: dict[str, Array] = field(default_factory=dict[str, Array])
    losses: tuple[float, ...] = ()
    counted: tuple[float, ...] = ()
    next_state: dict[str, Array] = field(default_factory=dict[str, Array])

    @property
    def loss(self) -> float:
        """The sum of the outputs' weighted losses."""
        return sum(self.losses)


def forward(
    step: TrainingStep,
    inputs: Mapping[str, Array],
    parameters: Mapping[str, Array],
    state: Mapping[str, Array],
    *,
    training: bool = False,
    draw: Draw | None = None,
) -> Pass:
    """Compute all arrays of a forward pass.

    Parameters
    ----------
    step
        The operations.
    inputs
        Images of each input, ``[q, maps, *pixels]``.
    parameters, state
        Trainable arrays and running statistics by name.
    training
        Whether dropout is active, and batch normalization uses the batch's own statistics.
    draw
        Random numbers for this pass, if it is a training pass.

    Returns
    -------
    Pass
        With ``arrays``, and ``next_state`` if it trains.

    Sources
    -------
    Hagan 8.38, 8.32, 8.51, fig. 8.12.
    """
    run = Pass(arrays={f"{name}.A": array for name, array in inputs.items()})
    for operation in step.forward:
        trains = training and not operation.frozen
        call = _call(operation, run, parameters, state, training=trains, draw=draw)
        run.calls[operation.output] = call
        run.arrays[operation.output] = operation.function.forward(call)
        if trains and operation.state:
            after = operation.function.next_state(call)
            run.next_state |= {operation.state[role]: array for role, array in after.items()}
    return run


def backward(
    step: TrainingStep,
    run: Pass,
    targets: Sequence[Array],
    sample_weights: Array | None = None,
) -> Pass:
    """Compute the losses and backpropagate them through every operation.

    Parameters
    ----------
    step
        The operations, with a loss for each output.
    run
        The forward pass; the derivatives are added to it.
    targets
        For each output, in the form that its loss takes.
    sample_weights
        Weight of each image, or of each pixel, ``[q, *pixels]``; 1 by default.

    Returns
    -------
    Pass
        ``run``, with ``losses``, ``counted``, ``gradients`` and the derivatives' arrays.

    Sources
    -------
    Hagan 8.29-8.31; Wichmann 4.2, 4.10; Wolter 7, 8.
    """
    losses: list[float] = []
    for end, y in zip(step.losses, targets, strict=True):
        read = run.arrays[end.reads]
        # In a batch whose images all have weight 0, the loss and the gradient are 0.
        divisor = end.loss.divisor(y, sample_weights)
        per_image = end.loss.weighted(read, y, sample_weights)
        losses.append(end.weight * float(np.sum(per_image, dtype=np.float64)) / divisor)
        s = np.ones(len(read)) if sample_weights is None else sample_weights
        scale = (end.weight * s / divisor).astype(read.dtype)
        pixels = read.shape[2:] if s.ndim > 1 else (1,) * (read.ndim - 2)
        derivative = end.loss.backward_n(read, y) * scale.reshape(len(scale), 1, *pixels)
        _deliver(run.arrays, end.derivative, derivative)
    run.losses = tuple(losses)
    run.counted = tuple(
        end.loss.counted(y, sample_weights) for end, y in zip(step.losses, targets, strict=True)
    )
    for back in step.backward:
        operation = back.operation
        call = run.calls[operation.output]
        call = replace(
            call,
            input_derivatives=bool(back.d_inputs),
            parameter_derivatives=not operation.frozen,
        )
        result = operation.function.backward(
            call, run.arrays[operation.output], run.arrays[back.d_output]
        )
        for target, derivative in zip(back.d_inputs, result.inputs, strict=False):
            _deliver(run.arrays, target, derivative)
        for role, target in back.d_parameters.items():
            _deliver(run.gradients, target, result.parameters[role])
    return run


def _call(
    operation: Operation,
    run: Pass,
    parameters: Mapping[str, Array],
    state: Mapping[str, Array],
    *,
    training: bool,
    draw: Draw | None,
) -> Call:
    """Collect the arguments of an operation."""
    return Call(
        inputs=tuple(run.arrays[name] for name in operation.inputs),
        parameters={role: parameters[name] for role, name in operation.parameters.items()},
        # A layer that is used repeatedly updates its statistics at each position, in order.
        state={
            role: run.next_state.get(name, state[name]) for role, name in operation.state.items()
        },
        training=training,
        draw=None if draw is None else replace(draw, layer=operation.number),
    )


def _deliver(arrays: dict[str, Array], target: GradientTarget, derivative: Array) -> None:
    """Assign a derivative, or add it to earlier ones."""
    arrays[target.name] = arrays[target.name] + derivative if target.adds else derivative

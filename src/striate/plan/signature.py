"""The buffers through which a compiled program and its caller exchange arrays.

:func:`striate.plan.lower.lower` puts a variable into each buffer, and the compiled engine binds an
array to it. Both take the buffers' names from the signature, so the names can change freely: they
only have to be unique, and readable in printed plans and memory maps.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from striate.functions.optimizer.base import Optimizer
from striate.graph.step import TrainingStep

PARAMETERS, STATISTICS = "parameters", "statistics"
"""Flat buffers of all trainable arrays, and of all running statistics."""

GRADIENT, NEXT_STATISTICS = "gradient", "next statistics"
"""Flat buffers of all derivatives, and of the running statistics after the step."""

SCALARS = "scalars"
"""Scalars that change from call to call: the number of images, or an optimizer's learning rate."""

OPTIMIZER_SCALARS = ("rate", "step", "clip_factor")
"""The scalars of an optimizer's program, in order."""


@dataclass(frozen=True)
class InputBuffers:
    """The buffers of one input: either ``array``, or all the others.

    Parameters
    ----------
    array
        The batch as the equations index it, ``[q, maps, *pixels]``.
    images
        All stored images, of which the batch is a selection.
    indices
        The index of each image of the batch among the stored ones, 64-bit integers.
    maps
        How each image is moved: rows of a packed :class:`striate.maths.pixel_map.PixelMap`.
    affine
        The rows of affine maps, if images are rotated, resized or otherwise interpolated.
    values
        Factor and offset of each image's values, together with ``affine``.
    scale
        A packed :class:`striate.graph.batch.PixelScale`.
    """

    array: str
    images: str
    indices: str
    maps: str
    affine: str
    values: str
    scale: str


@dataclass(frozen=True, kw_only=True)
class StepSignature:
    """The buffers of a training step and of inference with the same network.

    All have the flat buffers :data:`PARAMETERS`, :data:`STATISTICS` and :data:`SCALARS`, and a
    training step has :data:`GRADIENT` and :data:`NEXT_STATISTICS` as well.

    Parameters
    ----------
    inputs, outputs
        For each input and output of the network.
    derivatives
        Of the losses with respect to each input, where the step computes them.
    targets, loss_scales, pixel_weights, losses
        For each loss: its targets, the factor of each image's derivative, the weights of an image's
        pixels where they differ, and each image's loss.
    loss_inputs
        For each loss, its input; written by inference, for ``evaluate``.
    """

    inputs: Mapping[str, InputBuffers]
    outputs: Mapping[str, str]
    derivatives: Mapping[str, str]
    targets: tuple[str, ...]
    loss_scales: tuple[str, ...]
    pixel_weights: tuple[str, ...]
    losses: tuple[str, ...]
    loss_inputs: tuple[str, ...]

    @classmethod
    def of(cls, step: TrainingStep) -> "StepSignature":
        """Name the buffers of a step."""
        kinds = ("batch", "stored images", "image indices", "pixel maps")
        kinds += ("affine maps", "image values", "pixel scale")
        numbers = range(len(step.losses))
        return cls(
            inputs={
                name: InputBuffers(*(f"{kind} of {name}" for kind in kinds))
                for name in step.graph.inputs
            },
            outputs={name: f"output {name}" for name in step.graph.outputs},
            derivatives={name: f"derivative of {name}" for name in step.graph.inputs},
            targets=tuple(f"targets of loss {k}" for k in numbers),
            loss_scales=tuple(f"scale of loss {k}" for k in numbers),
            pixel_weights=tuple(f"pixel weights of loss {k}" for k in numbers),
            losses=tuple(f"loss {k}" for k in numbers),
            loss_inputs=tuple(f"input of loss {k}" for k in numbers),
        )


@dataclass(frozen=True, kw_only=True)
class OptimizerSignature:
    """The buffers of an optimizer's program, named as in the optimizer's equations.

    Parameters
    ----------
    parameters, gradient
        The parameters and the gradient that the step reads.
    decayed
        1 where weight decay applies, 0 elsewhere.
    memory
        The optimizer's buffers, kept between steps.
    updated
        For the parameters and each memory: the buffer of its value after the step.
    """

    parameters: str = "w"
    gradient: str = "dw"
    decayed: str = "decayed"
    memory: tuple[str, ...]
    updated: Mapping[str, str]

    @classmethod
    def of(cls, optimizer: Optimizer) -> "OptimizerSignature":
        """Name the buffers of an optimizer's program."""
        return cls(
            memory=optimizer.buffers,
            updated={name: f"{name}_next" for name in ("w", *optimizer.buffers)},
        )

    @property
    def buffers(self) -> frozenset[str]:
        """All buffers but the scalars."""
        given = (self.parameters, self.gradient, self.decayed, *self.memory)
        return frozenset((*given, *self.updated.values()))

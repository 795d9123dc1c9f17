"""Training steps as compiled programs, with the arrays that hold their results."""

from collections.abc import Mapping

import numpy as np

from striate.functions.base import Draw
from striate.functions.optimizer.base import Optimizer
from striate.graph.batch import Batch, LoadImages
from striate.graph.engine import StepResult
from striate.graph.parameters import ParameterLayout
from striate.graph.step import TrainingStep
from striate.plan.signature import (
    GRADIENT,
    NEXT_STATISTICS,
    OPTIMIZER_SCALARS,
    PARAMETERS,
    SCALARS,
    STATISTICS,
    InputBuffers,
    OptimizerSignature,
    StepSignature,
)
from striate.runtime.executable import Binding, Executable
from striate.shapes import Array, Shape


class TrainingBinding:
    """A compiled training step with arrays for its results, which are reused by every step.

    Parameters
    ----------
    step
        The operations.
    program
        The compiled operations.
    images
        Maximum number of images in a batch.
    """

    def __init__(self, step: TrainingStep, program: Executable, images: int) -> None:
        graph, sizes = step.graph, program.manifest.buffers
        self.step = step
        self.signature = signature = StepSignature.of(step)
        self.binding = binding = Binding(program)
        self._accepted: set[int] = set()
        self._scalars = np.zeros(1, np.float32)
        # Frozen layers have no derivatives: the gradient's zeros stay.
        size = ParameterLayout.of(graph.parameters()).size
        self._gradient = np.zeros(size, np.float32)
        self._outputs = [_per_image(images, graph.shapes[name]) for name in graph.outputs]
        self._targets = [_per_image(images, sizes[name][:1]) for name in signature.targets]
        self._scales = [_per_image(images) for _ in step.losses]
        self._pixel_weights = [
            _per_image(images, sizes[name][:1]) if name in sizes else None
            for name in signature.pixel_weights
        ]
        self._losses = [_per_image(images) for _ in step.losses]
        self.derivatives = {
            name: _per_image(images, graph.inputs[name])
            for name, buffer in signature.derivatives.items()
            if buffer in sizes
        }
        binding.bind(SCALARS, self._scalars)
        binding.bind(GRADIENT, self._gradient)
        for name, array in zip(graph.outputs, self._outputs, strict=True):
            binding.bind(signature.outputs[name], array)
        for k in range(len(step.losses)):
            binding.bind(signature.targets[k], self._targets[k])
            binding.bind(signature.loss_scales[k], self._scales[k])
            binding.bind(signature.losses[k], self._losses[k])
            weights = self._pixel_weights[k]
            if weights is not None:
                binding.bind(signature.pixel_weights[k], weights)
        for name, array in self.derivatives.items():
            binding.bind(signature.derivatives[name], array)

    def run(
        self, parameters: Array, statistics: Array, following: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch.

        The result's arrays are overwritten by the next step. The running statistics after the step
        are written to ``following``.
        """
        step, count = self.step, batch.count
        self._require_images(count)
        bind = self.binding.bind
        bind(PARAMETERS, parameters)
        bind(STATISTICS, statistics)
        bind(NEXT_STATISTICS, following)
        for name, images in zip(step.graph.inputs, batch.inputs, strict=True):
            bind_images(self.binding, self.signature.inputs[name], images)
        self._scalars[0] = count
        weights = batch.weights
        factors: list[float] = []
        counted: list[float] = []
        for k, (end, y) in enumerate(zip(step.losses, batch.targets, strict=True)):
            counted.append(end.loss.counted(y, weights))
            # Same rule as the loss's own divisor: a batch of weight 0 divides by 1, and its
            # gradient is 0.
            factors.append(end.weight / (counted[k] or 1.0))
            self._targets[k][:count] = y.reshape(count, -1)
            of_pixels = self._pixel_weights[k]
            if weights is None or of_pixels is None:
                self._scales[k][:count] = factors[k] if weights is None else factors[k] * weights
            else:
                of_pixels[:count] = weights.reshape(count, -1)
                self._scales[k][:count] = factors[k]
        self.binding.run(images=count, seed=draw.seed, step=draw.step)
        losses: list[float] = []
        for factor, each in zip(factors, self._losses, strict=True):
            by_program = weights is None or weights.ndim > 1  # which weights pixels itself
            weighted = each[:count] if by_program else each[:count] * weights
            losses.append(factor * float(np.add.reduce(weighted, dtype=np.float64)))
        return StepResult(
            gradient=self._gradient,
            statistics=following,
            losses=tuple(losses),
            counted=tuple(counted),
            outputs=tuple(output[:count] for output in self._outputs),
        )

    def _require_images(self, images: int) -> None:
        """Raise if a function can't be trained on this number of images."""
        if images in self._accepted:
            return
        shapes = self.step.shapes()
        for operation in self.step.trained:
            operation.function.require_images(images, *(shapes[name] for name in operation.inputs))
        self._accepted.add(images)


class CompiledSteps:
    """The steps of a training run: the gradient, then the optimizer.

    Parameters, running statistics and optimizer state have two sets of arrays each. A step
    reads one set and writes the other, so an interrupted step leaves its inputs unchanged.

    Parameters
    ----------
    gradients
        Computes gradients.
    program
        The compiled optimizer.
    optimizer
        The optimizer.
    decayed
        1 for each parameter to which weight decay applies, 0 for the others.
    """

    def __init__(
        self, gradients: TrainingBinding, program: Executable, optimizer: Optimizer, decayed: Array
    ) -> None:
        self._gradients = gradients
        self._signature = signature = OptimizerSignature.of(optimizer)
        self._scalars = np.zeros(len(OPTIMIZER_SCALARS), np.float32)
        size = gradients.binding.program.manifest.buffers.get(NEXT_STATISTICS, (0, False))[0]
        self._statistics = [np.zeros(size, np.float32) for _ in range(2)]
        self._sets = [
            {name: np.zeros_like(decayed, np.float32) for name in signature.updated}
            for _ in range(2)
        ]
        self._bindings = [Binding(program) for _ in self._sets]
        for binding, written in zip(self._bindings, self._sets, strict=True):
            binding.bind(SCALARS, self._scalars)
            binding.bind(signature.decayed, decayed)
            for name, array in written.items():
                binding.bind(signature.updated[name], array)

    def gradients(
        self, parameters: Array, statistics: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch."""
        following = self._statistics[statistics is self._statistics[0]]
        return self._gradients.run(parameters, statistics, following, batch, draw)

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
        signature = self._signature
        other = parameters is self._sets[0][signature.parameters]
        binding, written = self._bindings[other], self._sets[other]
        binding.bind(signature.parameters, parameters)
        binding.bind(signature.gradient, gradient)
        for name, array in memory.items():
            binding.bind(name, array)
        self._scalars[:] = rate, step, scale
        binding.run()
        return written[signature.parameters], {name: written[name] for name in memory}


def bind_images(binding: Binding, buffers: InputBuffers, images: Array | LoadImages) -> None:
    """Bind an input's images: an array, or the stored images with what to load from them."""
    if not isinstance(images, LoadImages):
        binding.bind(buffers.array, images)
        return
    binding.bind_as_is(buffers.images, images.images)
    binding.bind_as_is(buffers.indices, np.ascontiguousarray(images.indices, np.int64))
    binding.bind_as_is(buffers.maps, np.ascontiguousarray(images.maps.packed, np.int32))
    if images.maps.affine is not None and images.maps.values is not None:
        affine = np.ascontiguousarray(images.maps.affine, np.int64)
        binding.bind_as_is(buffers.affine, affine)
        binding.bind(buffers.values, images.maps.values)
    binding.bind(buffers.scale, images.scale)


def _per_image(images: int, shape: Shape = ()) -> Array:
    """Allocate an array with one element of this shape for each image."""
    return np.zeros((images, *shape), np.float32)

"""A training as machine code: programs with the memory for what they give."""

from collections.abc import Mapping

import numpy as np

from striate.engine.capabilities import shapes_of
from striate.functions.base import Draw
from striate.functions.optimizer.base import Optimizer
from striate.graph.batch import Batch, LoadImages
from striate.graph.engine import StepResult
from striate.graph.step import TrainingStep
from striate.plan.lower import (
    GRADIENT,
    NEXT_STATISTICS,
    OPTIMIZER_SCALARS,
    PARAMETERS,
    SCALARS,
    STATISTICS,
)
from striate.runtime.executable import Binding, Executable
from striate.shapes import Array, Shape


class TrainingBinding:
    """A training step with the memory for what it gives.

    Parameters
    ----------
    step
        The operations.
    program
        The operations, compiled.
    images
        The most in a batch.
    """

    def __init__(self, step: TrainingStep, program: Executable, images: int) -> None:
        graph, sizes = step.graph, program.manifest.buffers
        self.step = step
        self.call = Binding(program)
        self._sound: set[int] = set()
        self._scalars = np.zeros(1, np.float32)
        self._gradient = np.zeros(sizes.get(GRADIENT, (0, False))[0], np.float32)
        self._outputs = [_rows(images, graph.shapes[name]) for name in graph.outputs]
        self._targets = [_rows(images, sizes[f"target {k}"][:1]) for k in range(len(step.losses))]
        self._scales = [_rows(images) for _ in step.losses]
        self._losses = [_rows(images) for _ in step.losses]
        self.derivatives = {
            f"derivative {name}": _rows(images, shape)
            for name, shape in graph.inputs.items()
            if f"derivative {name}" in sizes
        }
        self.call.put(SCALARS, self._scalars)
        self.call.put(GRADIENT, self._gradient)
        for name, array in zip(graph.outputs, self._outputs, strict=True):
            self.call.put(f"output {name}", array)
        for k in range(len(step.losses)):
            self.call.put(f"target {k}", self._targets[k])
            self.call.put(f"scale {k}", self._scales[k])
            self.call.put(f"loss {k}", self._losses[k])
        for name, array in self.derivatives.items():
            self.call.put(name, array)

    def run(
        self, parameters: Array, statistics: Array, following: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch.

        What it gives lies in the same memory every time; ``following`` is where the statistics
        after the step go.
        """
        step, count = self.step, batch.count
        self._require_sound(count)
        put = self.call.put
        put(PARAMETERS, parameters)
        put(STATISTICS, statistics)
        put(NEXT_STATISTICS, following)
        for name, images in zip(step.graph.inputs, batch.inputs, strict=True):
            put_images(self.call, name, images)
        self._scalars[0] = count
        weights = batch.weights
        factors: list[float] = []
        counted: list[float] = []
        for k, (end, y) in enumerate(zip(step.losses, batch.targets, strict=True)):
            counted.append(end.loss.counted(y, weights))
            # As the loss's own divisor: in a batch whose images count nothing, nothing is learned.
            factors.append(end.weight / (counted[k] or 1.0))
            self._targets[k][:count] = y.reshape(count, -1)
            self._scales[k][:count] = factors[k] if weights is None else factors[k] * weights
        self.call.run(images=count, seed=draw.seed, step=draw.step)
        losses: list[float] = []
        for factor, each in zip(factors, self._losses, strict=True):
            weighted = each[:count] if weights is None else each[:count] * weights
            losses.append(factor * float(np.add.reduce(weighted, dtype=np.float64)))
        return StepResult(
            gradient=self._gradient,
            statistics=following,
            losses=tuple(losses),
            counted=tuple(counted),
            outputs=tuple(output[:count] for output in self._outputs),
        )

    def _require_sound(self, images: int) -> None:
        """Let each function refuse a batch of so many images."""
        if images in self._sound:
            return
        shapes = shapes_of(self.step)
        for operation in self.step.forward:
            operation.function.require_images(images, *(shapes[name] for name in operation.inputs))
        self._sound.add(images)


class CompiledSteps:
    """The steps of a training as machine code, in two sets of arrays: one is read, one written.

    Parameters
    ----------
    gradients
        Computes gradients.
    program
        The update, compiled.
    optimizer, decayed
        How weights follow the gradient, and which of them decay.
    """

    def __init__(
        self, gradients: TrainingBinding, program: Executable, optimizer: Optimizer, decayed: Array
    ) -> None:
        self._gradients = gradients
        self._scalars = np.zeros(len(OPTIMIZER_SCALARS), np.float32)
        size = gradients.call.program.manifest.buffers.get(NEXT_STATISTICS, (0, False))[0]
        self._statistics = [np.zeros(size, np.float32) for _ in range(2)]
        names = ("w", *optimizer.buffers)
        self._sets = [{name: np.zeros_like(decayed, np.float32) for name in names} for _ in "ab"]
        self._updates = [Binding(program) for _ in self._sets]
        for call, written in zip(self._updates, self._sets, strict=True):
            call.put(SCALARS, self._scalars)
            call.put("decayed", decayed)
            for name, array in written.items():
                call.put(f"{name}_next", array)

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
        """Compute parameters and memory after a step, of ``scale`` times the gradient."""
        other = parameters is self._sets[0]["w"]
        call, written = self._updates[other], self._sets[other]
        call.put("w", parameters)
        call.put("dw", gradient)
        for name, array in memory.items():
            call.put(name, array)
        self._scalars[:] = rate, step, scale
        call.run()
        return written["w"], {name: written[name] for name in memory}


def put_images(call: Binding, name: str, images: Array | LoadImages) -> None:
    """Pass an input's images to the program: an array, or the stored images to load from."""
    if not isinstance(images, LoadImages):
        call.put(f"input {name}", images)
        return
    call.put_as_is(f"images {name}", images.images)
    call.put_as_is(f"indices {name}", np.ascontiguousarray(images.indices, np.int64))
    call.put_as_is(f"maps {name}", np.ascontiguousarray(images.maps.packed, np.int32))
    call.put(f"scale {name}", images.scale)


def _rows(images: int, shape: Shape = ()) -> Array:
    """Make room for an array of each image."""
    return np.zeros((images, *shape), np.float32)

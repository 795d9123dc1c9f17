"""The compiled engine: a training step as one program, an update as another."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from threading import Lock

import numpy as np

from striate.compile import load_lowered
from striate.errors import EngineError
from striate.functions import registry
from striate.functions.base import Draw
from striate.functions.update.base import Update
from striate.graph.batch import Batch, Chosen, Stored, forms_of
from striate.graph.engine import Results, StepResult
from striate.graph.step import TrainingStep
from striate.llvm.machine import host
from striate.plan.lower import (
    GRADIENT,
    NEXT_STATISTICS,
    PARAMETERS,
    SCALARS,
    STATISTICS,
    UPDATE_SCALARS,
    lower,
    lower_update,
)
from striate.plan.statement import Lowered
from striate.plan.target import Target
from striate.runtime.executable import Call, Executable
from striate.shapes import Array, Shape

_KEPT = 16  # programs of an engine that are kept in memory

_STATES = {"equation", "statements", "lowering", "inference_lowering"}
_COMPUTES = {"apply", "forward", "backward", "backward_a", "backward_n", "backward_w", "next_state"}


class CompiledEngine:
    """The engine that runs a step as machine code.

    Parameters
    ----------
    step
        The operations, with a loss for each output if it is to train.
    threads
        How many threads share the work; by default what :mod:`striate.runtime.settings` says.
        Results do not depend on it.
    target
        For which processor to compile; by default this one.
    winograd
        Whether 3 x 3 convolutions may be computed by Winograd's method; see
        :mod:`striate.plan.winograd`.

    Raises
    ------
    EngineError
        If there is no machine code for this processor, or a kind states no equation.
    """

    name = "compiled"

    def __init__(
        self,
        step: TrainingStep,
        *,
        threads: int | None = None,
        target: Target | None = None,
        winograd: bool = True,
    ) -> None:
        self.step = step
        self.target = target or _this_processor()
        self.threads = threads
        self.winograd = winograd
        self._programs: OrderedDict[Hashable, Executable] = OrderedDict()
        self._lock = Lock()
        _require_equations(_silent(step))

    def steps(
        self,
        update: Update,
        decayed: Array,
        *,
        images: int,
        target_shapes: Sequence[Shape],
        stored: Sequence[Stored | None] = (),
    ) -> "CompiledSteps":
        """Compile what a training needs; see :class:`striate.graph.engine.Engine`.

        Raises
        ------
        EngineError
            If the update states no equation.
        """
        if not (_own_equations(update) and getattr(update, "statements", ())):
            _require_equations([f"{registry.name_of(update)} (update)"])
        gradients = self._program(images, training=True, target_shapes=target_shapes, stored=stored)
        updating = self._kept(
            (repr(update), decayed.size),
            lambda: (lower_update(update, decayed.size), 1),
        )
        return CompiledSteps(TrainingCall(self.step, gradients, images), updating, update, decayed)

    def gradients(
        self, parameters: Array, statistics: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch."""
        result, _ = self.run(parameters, statistics, batch, draw)
        return result

    def run(
        self, parameters: Array, statistics: Array, batch: Batch, draw: Draw
    ) -> tuple[StepResult, dict[str, Array]]:
        """Compute a step; give the derivatives at the inputs too, where the step asks for them."""
        program = self._program(
            batch.count,
            training=True,
            target_shapes=[y.shape[1:] for y in batch.targets],
            stored=forms_of(batch.inputs),
        )
        call = TrainingCall(self.step, program, batch.count)
        following = np.zeros(statistics.shape, np.float32)
        result = call.run(parameters, statistics, following, batch, draw)
        return result, call.derivatives

    def predict(
        self,
        parameters: Array,
        statistics: Array,
        inputs: Sequence[Array | Chosen],
        *,
        batch_size: int | None = None,
    ) -> Results:
        """Compute the network's results without training.

        With a batch size, batches of all sizes up to it share one program.
        """
        count = len(inputs[0])
        graph = self.step.graph
        call = Call(self._program(batch_size or count, stored=forms_of(inputs)))
        call.put(PARAMETERS, parameters)
        call.put(STATISTICS, statistics)
        call.put(SCALARS, np.array([count], np.float32))
        for name, images in zip(graph.inputs, inputs, strict=True):
            _put_images(call, name, images)
        outputs = [np.empty((count, *graph.shapes[name]), np.float32) for name in graph.outputs]
        read = [np.empty((count, *graph.shapes[end.layer]), np.float32) for end in self.step.losses]
        for name, array in zip(graph.outputs, outputs, strict=True):
            call.put(f"output {name}", array)
        for k, array in enumerate(read):
            call.put(f"read {k}", array)
        call.run(images=count)
        return Results(outputs=tuple(outputs), read=tuple(read))

    def _program(
        self,
        images: int,
        *,
        training: bool = False,
        target_shapes: Sequence[Shape] = (),
        stored: Sequence[Stored | None] = (),
    ) -> Executable:
        """Give the program for batches of so many images, or fewer."""
        given = zip(self.step.graph.inputs, stored, strict=False)  # none: all are arrays
        forms = {name: form for name, form in given if form}

        def lowered() -> tuple[Lowered, int]:
            found = lower(self.step, training=training, target_shapes=target_shapes, stored=forms)
            return found, images

        return self._kept((images, training, *target_shapes, *forms.items()), lowered)

    def _kept(self, key: Hashable, lowered: Callable[[], tuple[Lowered, int]]) -> Executable:
        """Give a program that is kept, or compile it."""
        with self._lock:
            program = self._programs.pop(key, None)
            if program is None:
                program = load_lowered(
                    *lowered(), self.target, threads=self.threads, winograd=self.winograd
                )
            self._programs[key] = program
            while len(self._programs) > _KEPT:
                self._programs.popitem(last=False)
        return program


class TrainingCall:
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
        graph, sizes = step.graph, program.frame.buffers
        self.step = step
        self.call = Call(program)
        self._sound: set[int] = set()
        self._scalars = np.zeros(1, np.float32)
        self._gradient = np.zeros(sizes.get(GRADIENT, (0, False))[0], np.float32)
        self._outputs = [_rows(images, graph.shapes[name]) for name in graph.outputs]
        self._targets = [_rows(images, sizes[f"target {k}"][:1]) for k in range(len(step.losses))]
        self._scales = [_rows(images) for _ in step.losses]
        self._losses = [_rows(images) for _ in step.losses]
        self.derivatives = {
            f"derivative {name}": _rows(images, shape) for name, shape in graph.inputs.items()
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
            _put_images(self.call, name, images)
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
        shapes = _shapes(self.step)
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
    update, decayed
        How weights follow the gradient, and which of them decay.
    """

    def __init__(
        self, gradients: TrainingCall, program: Executable, update: Update, decayed: Array
    ) -> None:
        self._gradients = gradients
        self._scalars = np.zeros(len(UPDATE_SCALARS), np.float32)
        size = gradients.call.program.frame.buffers.get(NEXT_STATISTICS, (0, False))[0]
        self._statistics = [np.zeros(size, np.float32) for _ in range(2)]
        names = ("w", *update.buffers)
        self._sets = [{name: np.zeros_like(decayed, np.float32) for name in names} for _ in "ab"]
        self._updates = [Call(program) for _ in self._sets]
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


def _put_images(call: Call, name: str, images: Array | Chosen) -> None:
    """Give the images of an input their place: an array, or what is to be taken of the user's."""
    if not isinstance(images, Chosen):
        call.put(f"input {name}", images)
        return
    call.put_as_is(f"images {name}", images.images)
    call.put_as_is(f"numbers {name}", np.ascontiguousarray(images.numbers, np.int64))
    call.put_as_is(f"moves {name}", np.ascontiguousarray(images.moves, np.int32))
    call.put(f"tones {name}", images.tones)


def _this_processor() -> Target:
    """Describe this machine's processor; raise where it lacks what the machine code needs."""
    try:
        target = host()
    except RuntimeError as error:
        raise EngineError(
            f"The compiled engine cannot run: LLVM has no code for this processor ({error}). "
            'It writes the machine code. Choose engine="numpy".'
        ) from error
    intel = target.triple.startswith(("x86_64", "i686"))
    if intel and not {"+fma", "+avx2"} <= set(target.features.split(",")):
        raise EngineError(
            f"The compiled engine cannot run: this processor ({target.name}) has no fused "
            "multiply-adds on AVX2 registers. Its machine code is made of them. "
            'Choose engine="numpy".'
        )
    return target


def _silent(step: TrainingStep) -> list[str]:
    """Name the kinds of a step that state no equation, with their layers."""
    shapes = _shapes(step)
    silent = [
        f"{registry.name_of(operation.function)} ({operation.layer})"
        for operation in step.forward
        if not _own_equations(operation.function)
        or operation.function.lowering(*(shapes[name] for name in operation.inputs)) is None
    ]
    # Whether a loss states equations does not depend on the form of its targets.
    silent += [
        f"{registry.name_of(end.loss)} (loss)"
        for end in step.losses
        if not _own_equations(end.loss)
        or end.loss.lowering(shapes[end.reads], shapes[end.reads]) is None
    ]
    return silent


def _own_equations(kind: object) -> bool:
    """Say whether a kind's equations stand beside its NumPy code, or above it.

    A class that inherits equations and computes something else would be compiled as what it is not.
    """
    for base in (kind if isinstance(kind, type) else type(kind)).__mro__:
        if not _STATES.isdisjoint(vars(base)):
            return True
        if not _COMPUTES.isdisjoint(vars(base)):
            return False
    return False


def _require_equations(silent: Sequence[str]) -> None:
    """Raise where kinds state no equation."""
    if silent:
        raise EngineError(
            f"The compiled engine cannot compute {', '.join(silent)}. It compiles the equations "
            "that a kind states beside its NumPy code, and there are none. "
            'State them in the lowering of the kind, or choose engine="numpy".'
        )


def _shapes(step: TrainingStep) -> dict[str, Shape]:
    """Give the shape of every array of the forward pass."""
    shapes = {f"{name}.A": shape for name, shape in step.graph.inputs.items()}
    for operation in step.forward:
        inputs = [shapes[name] for name in operation.inputs]
        shapes[operation.output] = operation.function.output_shape(*inputs)
    return shapes


def _rows(images: int, shape: Shape = ()) -> Array:
    """Make room for an array of each image."""
    return np.zeros((images, *shape), np.float32)

"""The compiled engine: a training step as one program, an update as another."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Sequence
from functools import lru_cache

import numpy as np

from striate.compile import load_lowered
from striate.engine.capabilities import require_equations, silent, this_processor
from striate.engine.steps import CompiledSteps, TrainingBinding, put_images
from striate.errors import OutOfMemoryError
from striate.functions import registry
from striate.functions.base import Draw
from striate.functions.optimizer.base import Optimizer
from striate.graph.batch import Batch, ImageStorage, LoadImages, storage_of
from striate.graph.engine import Results, StepResult
from striate.graph.step import TrainingStep
from striate.plan.lower import PARAMETERS, SCALARS, STATISTICS, lower, lower_optimizer
from striate.plan.statement import Lowered
from striate.plan.target import Target
from striate.runtime.executable import Binding, Executable
from striate.runtime.locked import Locked
from striate.shapes import Array, Shape

_KEPT = 16  # programs of an engine that are kept in memory


class _LoadedProgram:
    """A program in memory, and calls of it that nobody uses now.

    To make a call and give all arrays their places takes as long as LeNet-5 takes for an image.
    """

    def __init__(self, executable: Executable) -> None:
        self.executable = executable
        self._idle: list[Binding] = []

    def idle(self) -> Binding:
        """Give a call for the time of one run; each thread gets another."""
        try:
            return self._idle.pop()
        except IndexError:
            return Binding(self.executable)

    def keep(self, call: Binding, names: Collection[str]) -> None:
        """Take a call back, with those of its arrays that the next run is likely to need."""
        call.keep(names)
        self._idle.append(call)


class CompiledEngine(Locked):
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
        super().__init__()
        self.step = step
        self.target = target or this_processor()
        self.threads = threads
        self.winograd = winograd
        self._programs: OrderedDict[Hashable, _LoadedProgram] = OrderedDict()
        require_equations(silent(step))

    def steps(
        self,
        optimizer: Optimizer,
        decayed: Array,
        *,
        images: int,
        target_shapes: Sequence[Shape],
        stored: Sequence[ImageStorage | None] = (),
    ) -> "CompiledSteps":
        """Compile what a training needs; see :class:`striate.graph.engine.Engine`.

        Raises
        ------
        EngineError
            If the update states no equation.
        """
        if not optimizer.states_equations:
            require_equations([f"{registry.name_of(optimizer)} (optimizer)"])
        gradients = self._program(images, training=True, target_shapes=target_shapes, stored=stored)
        updating = self._kept(
            (type(optimizer), repr(optimizer), decayed.size),
            lambda: (lower_optimizer(optimizer, decayed.size), 1),
        )
        training = TrainingBinding(self.step, gradients.executable, images)
        return CompiledSteps(training, updating.executable, optimizer, decayed)

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
            stored=storage_of(batch.inputs),
        )
        call = TrainingBinding(self.step, program.executable, batch.count)
        following = np.zeros(statistics.shape, np.float32)
        result = call.run(parameters, statistics, following, batch, draw)
        return result, call.derivatives

    def predict(
        self,
        parameters: Array,
        statistics: Array,
        inputs: Sequence[Array | LoadImages],
        *,
        batch_size: int | None = None,
    ) -> Results:
        """Compute the network's results without training.

        With a batch size, batches of all sizes up to it share one program.
        """
        count = len(inputs[0])
        graph = self.step.graph
        program = self._program(batch_size or count, stored=storage_of(inputs))
        call = program.idle()
        call.put(PARAMETERS, parameters)
        call.put(STATISTICS, statistics)
        call.put(SCALARS, _scalars(count))
        for name, images in zip(graph.inputs, inputs, strict=True):
            put_images(call, name, images)
        shapes = graph.shapes
        outputs = [np.empty((count, *shapes[name]), np.float32) for name in graph.outputs]
        read = [np.empty((count, *shapes[end.layer]), np.float32) for end in self.step.losses]
        for name, array in zip(graph.outputs, outputs, strict=True):
            call.put(f"output {name}", array)
        for k, array in enumerate(read):
            call.put(f"read {k}", array)
        call.run(images=count)
        program.keep(call, (PARAMETERS, STATISTICS, SCALARS))
        return Results(outputs=tuple(outputs), read=tuple(read))

    def _program(
        self,
        images: int,
        *,
        training: bool = False,
        target_shapes: Sequence[Shape] = (),
        stored: Sequence[ImageStorage | None] = (),
    ) -> _LoadedProgram:
        """Give the program for batches of so many images, or fewer."""
        given = zip(self.step.graph.inputs, stored, strict=False)  # none: all are arrays
        forms = {name: form for name, form in given if form}

        def lowered() -> tuple[Lowered, int]:
            found = lower(self.step, training=training, target_shapes=target_shapes, stored=forms)
            return found, images

        return self._kept((images, training, *target_shapes, *forms.items()), lowered)

    def _kept(self, key: Hashable, lowered: Callable[[], tuple[Lowered, int]]) -> _LoadedProgram:
        """Give a program that is kept, or compile it."""
        with self.lock:
            program = self._programs.pop(key, None)
            if program is None:
                program = _LoadedProgram(self._made(*lowered()))
            self._programs[key] = program
            while len(self._programs) > _KEPT:
                self._programs.popitem(last=False)
        return program

    def _made(self, lowered: Lowered, images: int) -> Executable:
        """Compile a program, or find it in the cache; where memory is short, others make room."""

        def made() -> Executable:
            return load_lowered(
                lowered, images, self.target, threads=self.threads, winograd=self.winograd
            )

        try:
            return made()
        except OutOfMemoryError:
            if not self._programs:
                raise
            self._programs.clear()
            return made()


@lru_cache(maxsize=256)
def _scalars(count: int) -> Array:
    """Give what a program is told of a batch."""
    return np.array([count], np.float32)

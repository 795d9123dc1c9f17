"""The compiled engine: programs for inference, for a training step, and for the optimizer."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Sequence
from functools import lru_cache, partial

import numpy as np

from striate.compile import load_lowered
from striate.engine.capabilities import (
    require_equations,
    require_pixel_weights,
    this_processor,
    without_equations,
)
from striate.engine.steps import CompiledSteps, TrainingBinding, bind_images
from striate.errors import OutOfMemoryError
from striate.functions import registry
from striate.functions.base import Draw
from striate.functions.optimizer.base import Optimizer
from striate.graph.batch import Batch, ImageStorage, LoadImages, storage_of
from striate.graph.engine import Results, StepResult
from striate.graph.step import TrainingStep
from striate.plan.lower import lower, lower_optimizer
from striate.plan.signature import PARAMETERS, SCALARS, STATISTICS, StepSignature
from striate.plan.statement import Lowered
from striate.plan.target import Target
from striate.runtime.executable import Binding, Executable
from striate.runtime.locked import Locked
from striate.shapes import Array, Shape

_KEPT = 16  # maximum number of programs that an engine keeps in memory


class _LoadedProgram:
    """A loaded program, and a free list of its bindings.

    Creating a binding and binding all arrays takes as long as LeNet-5's inference for one image,
    so bindings are reused.
    """

    def __init__(self, executable: Executable) -> None:
        self.executable = executable
        self._idle: list[Binding] = []

    def acquire(self) -> Binding:
        """Take a free binding, or create one; no other thread gets it until it is released."""
        try:
            return self._idle.pop()
        except IndexError:
            return Binding(self.executable)

    def release(self, binding: Binding, names: Collection[str]) -> None:
        """Return a binding to the free list; keep only the named arrays bound, for the next run."""
        binding.keep_only(names)
        self._idle.append(binding)


class CompiledEngine(Locked):
    """Runs a network as machine code.

    Parameters
    ----------
    step
        The operations, with a loss for each output if the network is to be trained.
    threads
        Number of threads; by default that of :mod:`striate.runtime.settings`. Results don't depend
        on it.
    target
        The processor to compile for; by default this one.
    winograd
        Whether 3 x 3 convolutions may use Winograd's algorithm; see
        :mod:`striate.plan.winograd`.

    Raises
    ------
    EngineError
        If striate can't compile for this processor, or a layer defines no index equations.
    """

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
        self.signature = StepSignature.of(step)
        self._programs: OrderedDict[Hashable, _LoadedProgram] = OrderedDict()
        require_equations(without_equations(step))

    def steps(
        self,
        optimizer: Optimizer,
        decayed: Array,
        *,
        images: int,
        target_shapes: Sequence[Shape],
        stored: Sequence[ImageStorage | None] = (),
        pixel_weights: bool = False,
    ) -> "CompiledSteps":
        """Compile the programs of a training run; see :class:`striate.graph.engine.Engine`.

        Raises
        ------
        EngineError
            If the optimizer defines no index equations, or a loss can't weight pixels.
        """
        if pixel_weights:
            require_pixel_weights(self.step)
        if not optimizer.states_equations:
            require_equations([f"{registry.name_of(optimizer)} (optimizer)"])
        gradients = self._program(
            images,
            training=True,
            target_shapes=target_shapes,
            stored=stored,
            pixel_weights=pixel_weights,
        )
        updating = self._cached(
            (type(optimizer), repr(optimizer), decayed.size),
            lambda: (lower_optimizer(optimizer, decayed.size), 1),
        )
        training = TrainingBinding(self.step, gradients.executable, images)
        return CompiledSteps(training, updating.executable, optimizer, decayed)

    def gradients(
        self, parameters: Array, statistics: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch."""
        program = self._program(
            batch.count,
            training=True,
            target_shapes=[y.shape[1:] for y in batch.targets],
            stored=storage_of(batch.inputs),
            pixel_weights=batch.weights_pixels,
        )
        binding = TrainingBinding(self.step, program.executable, batch.count)
        following = np.zeros(statistics.shape, np.float32)
        return binding.run(parameters, statistics, following, batch, draw)

    def prepare_prediction(self, images: int, stored: Sequence[ImageStorage | None] = ()) -> None:
        """Compile the program for predictions of up to ``images`` images."""
        self._program(images, stored=stored)

    def predict(
        self,
        parameters: Array,
        statistics: Array,
        inputs: Sequence[Array | LoadImages],
        *,
        batch_size: int | None = None,
    ) -> Results:
        """Compute the network's outputs in inference mode.

        With ``batch_size``, one program computes batches of all sizes up to it.
        """
        count = len(inputs[0])
        graph = self.step.graph
        program = self._program(batch_size or count, stored=storage_of(inputs))
        binding = program.acquire()
        binding.bind(PARAMETERS, parameters)
        binding.bind(STATISTICS, statistics)
        binding.bind(SCALARS, _scalars(count))
        for name, images in zip(graph.inputs, inputs, strict=True):
            bind_images(binding, self.signature.inputs[name], images)
        shapes = graph.shapes
        outputs = [np.empty((count, *shapes[name]), np.float32) for name in graph.outputs]
        read = [np.empty((count, *shapes[end.layer]), np.float32) for end in self.step.losses]
        for name, array in zip(graph.outputs, outputs, strict=True):
            binding.bind(self.signature.outputs[name], array)
        for buffer, array in zip(self.signature.loss_inputs, read, strict=True):
            binding.bind(buffer, array)
        binding.run(images=count)
        program.release(binding, (PARAMETERS, STATISTICS, SCALARS))
        return Results(outputs=tuple(outputs), read=tuple(read))

    def _program(
        self,
        images: int,
        *,
        training: bool = False,
        target_shapes: Sequence[Shape] = (),
        stored: Sequence[ImageStorage | None] = (),
        pixel_weights: bool = False,
    ) -> _LoadedProgram:
        """Return the program for batches of up to ``images`` images."""
        given = zip(self.step.graph.inputs, stored, strict=False)  # empty: all inputs are arrays
        forms = {name: form for name, form in given if form}

        def lowered() -> tuple[Lowered, int]:
            found = lower(
                self.step,
                training=training,
                target_shapes=target_shapes,
                stored=forms,
                pixel_weights=pixel_weights,
            )
            return found, images

        key = (images, training, pixel_weights, *target_shapes, *forms.items())
        return self._cached(key, lowered)

    def _cached(self, key: Hashable, lowered: Callable[[], tuple[Lowered, int]]) -> _LoadedProgram:
        """Return a program from memory, or load or compile it."""
        with self.lock:
            program = self._programs.pop(key, None)
            if program is None:
                program = _LoadedProgram(self._load(*lowered()))
            self._programs[key] = program
            while len(self._programs) > _KEPT:
                self._programs.popitem(last=False)
        return program

    def _load(self, lowered: Lowered, images: int) -> Executable:
        """Load a program; if memory runs out, drop the other programs and try again."""
        load = partial(
            load_lowered,
            lowered,
            images,
            self.target,
            threads=self.threads,
            winograd=self.winograd,
        )
        try:
            return load()
        except OutOfMemoryError:
            if not self._programs:
                raise
            self._programs.clear()
            return load()


@lru_cache(maxsize=256)
def _scalars(count: int) -> Array:
    """Make the scalars of inference: the number of images."""
    return np.array([count], np.float32)
